//! The accept loop: bounded connections, bounded heads, a time for everything, and an end that lets answers finish.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::HttpError;

/// How many connections are open at once; more wait in the kernel.
const CONNECTIONS_MAX: usize = 256;
/// How long a request's head may take to arrive.
const HEAD_LIMIT: Duration = Duration::from_secs(10);
/// How large a request's head may be, in bytes.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// How many headers a request may have.
const HEADERS_MAX: usize = 64;
/// How long answers under way may take once the server stops.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);
/// How long accepting rests when the system has no file descriptor left.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// The port, taken but not served yet.
pub(super) struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

impl Bound {
    /// Takes the port. Only on loopback: the token never travels in the clear.
    pub(super) async fn bind(address: SocketAddr) -> Result<Self, HttpError> {
        if !address.ip().is_loopback() {
            return Err(HttpError::OffLoopback { address });
        }
        let bind = |source| HttpError::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        Ok(Self { listener, address })
    }

    /// What was taken.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `closing`, then lets answers under way and `tasks` finish; how many of both it had to abandon.
    pub(super) async fn serve(self, router: Router, tasks: TaskTracker, closing: CancellationToken) -> usize {
        let mut connections = JoinSet::new();
        let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            tokio::select! {
                biased;
                () = closing.cancelled() => break,
                Some(ended) = connections.join_next() => note(ended),
                (stream, slot) = accept(&self.listener, &slots) => {
                    connections.spawn(connection(stream, router.clone(), closing.clone(), slot));
                }
            }
        }
        drop(self.listener);
        tasks.close();
        drain(connections, &tasks).await
    }
}

/// Waits for connections and tasks to end; how many did not.
async fn drain(mut connections: JoinSet<()>, tasks: &TaskTracker) -> usize {
    let all = async {
        while let Some(ended) = connections.join_next().await {
            note(ended);
        }
        tasks.wait().await;
    };
    let in_time = timeout(DRAIN_LIMIT, all).await.is_ok();
    let abandoned = if in_time { 0 } else { connections.len() + tasks.len() };
    connections.shutdown().await;
    abandoned
}

fn note(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        let error: &dyn std::error::Error = &error;
        tracing::error!(error, "a connection's task failed");
    }
}

/// The next connection, once there is room for it.
async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    let slot = Arc::clone(slots).acquire_owned().await.expect("is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, slot),
            Err(error) if is_callers(&error) => {}
            Err(error) => {
                tracing::error!(%error, "could not accept a connection");
                sleep(ACCEPT_REST).await;
            }
        }
    }
}

/// Whether the failure is about one caller who has gone already.
fn is_callers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}

/// One connection to its end. The slot is given back when it is over.
async fn connection(
    stream: TcpStream,
    router: Router,
    closing: CancellationToken,
    _slot: OwnedSemaphorePermit,
) {
    // Without it, small answers wait for the other end's delayed acknowledgement. A socket that is gone says so later.
    stream.set_nodelay(true).ok();
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = closing.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        let error: &dyn std::error::Error = &error;
        tracing::debug!(error, "a connection ended early");
    }
}
