//! Connections to instances. Each is driven by the task whose request it carries, without a task of its own: a request
//! then costs no switch between tasks. Whatever only this connection can resolve is polled with a waker that does
//! nothing, because the connection itself has just been polled with the real one.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::body::RequestBody;
use super::instance::Instance;
use super::watch::Watch;
use super::worker::Worker;

/// How long a connection may have been idle to be used again, in milliseconds. Servers close idle connections without
/// a word (gunicorn after 2 s, uvicorn and Node after 5 s), and a request that meets such a closing is lost.
const IDLE_MS: u64 = 1_000;
/// How many idle connections one worker keeps to one instance.
const IDLE_MAX: usize = 128;
/// How long an instance may take to accept a connection, in seconds.
const CONNECT_S: u64 = 5;
/// The largest head of an answer, and how much of a body is buffered, in bytes.
const BUFFER_BYTES_MAX: usize = 256 << 10;

/// One connection to an instance.
pub(super) struct Upstream {
    sender: SendRequest<RequestBody>,
    connection: Connection<TokioIo<TcpStream>, RequestBody>,
    ended: bool,
}

/// Why a request got no answer.
#[derive(Debug)]
pub(super) enum Lost {
    /// Nothing of it was sent; here it is again.
    Unsent(Box<Request<RequestBody>>),
    /// The connection broke after some of it may have been sent.
    Broken(hyper::Error),
    /// The answer took too long.
    Overdue,
}

impl Upstream {
    pub(super) async fn connect(address: SocketAddr) -> io::Result<Box<Self>> {
        let connecting = timeout(Duration::from_secs(CONNECT_S), TcpStream::connect(address));
        let stream = connecting.await.map_err(|_elapsed| io::ErrorKind::TimedOut)??;
        stream.set_nodelay(true)?;
        let mut builder = Builder::new();
        builder.max_buf_size(BUFFER_BYTES_MAX).writev(false);
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        Ok(Box::new(Self { sender, connection, ended: false }))
    }

    /// Moves bytes. True once the connection has ended.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) -> bool {
        // An error also reaches whoever waits for the answer or reads the body, so it is not lost here.
        self.ended = self.ended || self.connection.poll_without_shutdown(cx).is_ready();
        self.ended
    }

    /// Sends `request` and waits for the head of the answer.
    pub(super) async fn exchange(
        mut self: Box<Self>,
        request: Request<RequestBody>,
        watch: &Watch,
    ) -> Result<(Response<Incoming>, Box<Self>), Lost> {
        let answer = self.sender.try_send_request(request);
        let mut answer = pin!(answer);
        let mut running = Some(self);
        let answered = poll_fn(|cx| {
            if watch.answer_is_overdue() {
                return Poll::Ready(Err(Lost::Overdue));
            }
            let mut quiet = Context::from_waker(Waker::noop());
            let ended = running.as_mut().is_none_or(|upstream| upstream.drive(cx));
            let mut polled = answer.as_mut().poll(&mut quiet);
            if ended && polled.is_pending() {
                // A request that still waits in a connection that has ended comes back when the connection is dropped.
                running = None;
                polled = answer.as_mut().poll(&mut quiet);
            }
            polled.map_err(|mut error| match error.take_message() {
                Some(request) => Lost::Unsent(Box::new(request)),
                None => Lost::Broken(error.into_error()),
            })
        })
        .await?;
        let upstream = running.expect("only an ended connection without an answer is dropped");
        Ok((answered, upstream))
    }

    /// Whether the connection has finished its request and may carry another.
    fn is_idle(&mut self) -> bool {
        let mut quiet = Context::from_waker(Waker::noop());
        !self.drive(&mut quiet) && self.sender.is_ready()
    }

    /// Takes the connection out of HTTP after the instance agreed to upgrade it: the socket, and what was read of it.
    pub(super) async fn into_raw(mut self: Box<Self>) -> (TcpStream, Bytes) {
        poll_fn(|cx| if self.drive(cx) { Poll::Ready(()) } else { Poll::Pending }).await;
        let parts = self.connection.into_parts();
        (parts.io.into_inner(), parts.read_buf)
    }
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream").field("ended", &self.ended).finish_non_exhaustive()
    }
}

/// The idle connections of one worker to one instance, the most recently used last.
#[derive(Debug, Default)]
pub(super) struct Pool {
    idle: Mutex<Vec<Idle>>,
    closed: AtomicBool,
    sweeping: AtomicBool,
}

#[derive(Debug)]
struct Idle {
    upstream: Box<Upstream>,
    since: Instant,
}

impl Pool {
    /// The connection that was used last, unless all have been idle for too long.
    pub(super) fn take(&self) -> Option<Box<Upstream>> {
        let last = self.idle().pop()?;
        (Instant::now() - last.since < Duration::from_millis(IDLE_MS)).then_some(last.upstream)
    }

    /// Keeps a connection whose exchange is over, if another can follow on it.
    pub(super) fn put(instance: &Arc<Instance>, mut upstream: Box<Upstream>, worker: &Worker) {
        let pool = instance.pool(worker.index());
        if pool.closed.load(Ordering::Acquire) || !upstream.is_idle() {
            return;
        }
        let mut idle = pool.idle();
        if idle.len() < IDLE_MAX {
            idle.push(Idle { upstream, since: Instant::now() });
        }
        drop(idle);
        if !pool.sweeping.swap(true, Ordering::AcqRel) {
            let instance = Arc::clone(instance);
            let index = worker.index();
            worker.run_beside(async move { instance.pool(index).sweep().await });
        }
    }

    /// Closes what is idle, and keeps nothing from now on.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let idle = std::mem::take(&mut *self.idle());
        drop(idle);
    }

    /// Closes connections when they have been idle for too long, until none is left.
    async fn sweep(&self) {
        while let Some(due) = self.first_due() {
            tokio::time::sleep_until(due).await;
            let now = Instant::now();
            let old: Vec<Idle> = self
                .idle()
                .extract_if(.., |idle| idle.since + Duration::from_millis(IDLE_MS) <= now)
                .collect();
            drop(old);
        }
    }

    /// When the connection that has been idle longest is to be closed; `None`, and nobody sweeps, when there is none.
    fn first_due(&self) -> Option<Instant> {
        let idle = self.idle();
        let due = idle.first().map(|first| first.since + Duration::from_millis(IDLE_MS));
        if due.is_none() {
            self.sweeping.store(false, Ordering::Release);
        }
        due
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer's body, which moves as its reader asks for more.
pub(super) fn poll_body(
    upstream: Option<&mut Box<Upstream>>,
    mut incoming: Pin<&mut Incoming>,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<hyper::body::Frame<Bytes>, hyper::Error>>> {
    use hyper::body::Body;
    let mut quiet = Context::from_waker(Waker::noop());
    let ready = incoming.as_mut().poll_frame(&mut quiet);
    match upstream {
        Some(upstream) if ready.is_pending() => {
            upstream.drive(cx);
            incoming.poll_frame(&mut quiet)
        }
        _ => ready,
    }
}
