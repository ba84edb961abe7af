//! The threads that carry requests. Each has its own runtime with its own reactor and its own connections to instances,
//! so that a request never changes threads; connections are dealt out to them in turn.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{self, Accepted};
use super::route::Routes;

/// How many workers there are at most. They take half of the cores, because the apps that answer need the rest: with two
/// workers on two cores the slowest answers took longer in every quiet measurement, for a few per cent more of them.
const WORKERS_MAX: usize = 4;
/// How many accepted connections wait for one worker at most; then accepting waits.
const QUEUE_MAX: usize = 256;
/// How long requests in flight may take to finish when the gateway stops, in seconds.
const STOP_GRACE_S: u64 = 10;

/// What the connections of one thread share.
#[derive(Debug)]
pub(super) struct Worker {
    index: usize,
    routes: Arc<Routes>,
    tls: Option<Arc<ServerConfig>>,
    connections: TaskTracker,
    beside: TaskTracker,
    closing: CancellationToken,
    stopping: CancellationToken,
}

impl Worker {
    pub(super) fn new(
        index: usize,
        routes: &Arc<Routes>,
        tls: Option<Arc<ServerConfig>>,
        shutdown: &CancellationToken,
    ) -> Self {
        Self {
            index,
            routes: Arc::clone(routes),
            tls,
            connections: TaskTracker::new(),
            beside: TaskTracker::new(),
            closing: shutdown.child_token(),
            stopping: CancellationToken::new(),
        }
    }

    /// Which of the workers this is, from 0.
    pub(super) fn index(&self) -> usize {
        self.index
    }

    pub(super) fn routes(&self) -> &Routes {
        &self.routes
    }

    /// What makes connections secure, where they are.
    pub(super) fn tls(&self) -> Option<&Arc<ServerConfig>> {
        self.tls.as_ref()
    }

    /// Cancelled when the gateway stops: finish the request in flight, take no other.
    pub(super) fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Runs `task` on this worker's thread until the worker has no requests left when it stops. Call only from that
    /// thread.
    pub(super) fn run_beside(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stopping = self.stopping.clone();
        self.beside.spawn(async move {
            // What it leaves undone concerns connections that end with the worker.
            stopping.run_until_cancelled_owned(task).await;
        });
    }

    async fn serve(self: Arc<Self>, mut queue: mpsc::Receiver<Accepted>) {
        while let Some(Some(accepted)) = self.closing.run_until_cancelled(queue.recv()).await {
            self.connections.spawn(connection::serve(accepted, Arc::clone(&self)));
        }
        drop(queue);
        self.closing.cancel();
        self.connections.close();
        if timeout(Duration::from_secs(STOP_GRACE_S), self.connections.wait()).await.is_err() {
            let left = self.connections.len();
            tracing::warn!(left, "the gateway stops with {left} connections still busy");
        }
        self.stopping.cancel();
        self.beside.close();
        self.beside.wait().await;
    }
}

/// All workers.
#[derive(Debug)]
pub(super) struct Workers {
    queues: Vec<mpsc::Sender<Accepted>>,
    next: AtomicUsize,
}

impl Workers {
    /// Starts the threads. They end after `shutdown`, or when the last sender of connections is gone; who gets the
    /// handles joins them.
    pub(super) fn start(
        routes: &Arc<Routes>,
        tls: Option<&Arc<ServerConfig>>,
        shutdown: &CancellationToken,
    ) -> io::Result<(Self, Vec<JoinHandle<()>>)> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let count = (cores / 2).clamp(1, WORKERS_MAX);
        let (mut queues, mut threads) = (Vec::new(), Vec::new());
        for index in 0..count {
            let (sender, queue) = mpsc::channel(QUEUE_MAX);
            let worker = Arc::new(Worker::new(index, routes, tls.cloned(), shutdown));
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let thread = std::thread::Builder::new()
                .name(format!("gateway-{index}"))
                .spawn(move || runtime.block_on(worker.serve(queue)))?;
            queues.push(sender);
            threads.push(thread);
        }
        Ok((Self { queues, next: AtomicUsize::new(0) }, threads))
    }

    pub(super) fn count(&self) -> usize {
        self.queues.len()
    }

    /// Hands a connection to the next worker in turn; waits while its queue is full.
    pub(super) async fn serve(&self, accepted: Accepted) {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.queues.len();
        if self.queues[turn].send(accepted).await.is_err() {
            tracing::debug!("a client came while the gateway was stopping");
        }
    }
}
