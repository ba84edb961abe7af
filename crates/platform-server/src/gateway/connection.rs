//! One client's connection, from its acceptance to its end.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::HeaderValue;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::host::{OwnHosts, SharedHosts};
use super::proxy;
use super::route::Route;
use super::watch::{Timer, Verdict, Watch, Watched};
use super::worker::Worker;

/// The largest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// How much of a body is buffered, in bytes.
const BUFFER_BYTES_MAX: usize = 128 << 10;
/// How long a TLS handshake may take, in seconds.
const HANDSHAKE_S_MAX: u64 = 10;
/// How long bytes may stay unacknowledged before a client counts as gone, in milliseconds.
const CLIENT_GONE_MS: u32 = 60_000;

/// How clients speak to a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    /// Its name in addresses.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// The port that a client came in by, and the hosts that it accepts.
#[derive(Debug, Clone)]
pub(super) enum Entrance {
    /// The port of all projects.
    Shared {
        /// Its hosts.
        hosts: Arc<SharedHosts>,
    },
    /// One project's own port.
    Own {
        /// The project's route.
        route: Arc<Route>,
        /// Its hosts.
        hosts: Arc<OwnHosts>,
    },
}

/// A connection as it was accepted.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) stream: std::net::TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) entrance: Entrance,
    /// Its place among the connections that the gateway has at most.
    pub(super) permit: OwnedSemaphorePermit,
}

/// Who is on a connection.
#[derive(Debug)]
pub(super) struct Visitor {
    entrance: Entrance,
    address: HeaderValue,
    watch: Arc<Watch>,
    worker: Arc<Worker>,
    _permit: OwnedSemaphorePermit,
}

impl Visitor {
    pub(super) fn entrance(&self) -> &Entrance {
        &self.entrance
    }

    /// The client's address, as apps are told it.
    pub(super) fn address(&self) -> &HeaderValue {
        &self.address
    }

    /// How the client speaks to us.
    pub(super) fn scheme(&self) -> Scheme {
        if self.worker.tls().is_some() { Scheme::Https } else { Scheme::Http }
    }

    pub(super) fn watch(&self) -> &Watch {
        &self.watch
    }

    pub(super) fn worker(&self) -> &Arc<Worker> {
        &self.worker
    }
}

/// Serves a connection until it ends, takes too long, or the worker stops.
pub(super) async fn serve(accepted: Accepted, worker: Arc<Worker>) {
    let Accepted { stream, peer, entrance, permit } = accepted;
    let stream = match open(stream) {
        Ok(stream) => stream,
        Err(error) => {
            tracing::debug!(%error, "a client left before it was served");
            return;
        }
    };
    match worker.tls().cloned() {
        None => converse(stream, Caller { peer, entrance, permit }, worker).await,
        // In a box, so that plain connections stay as small as they are.
        Some(tls) => {
            Box::pin(converse_secretly(tls, stream, Caller { peer, entrance, permit }, worker)).await;
        }
    }
}

/// Who called.
struct Caller {
    peer: SocketAddr,
    entrance: Entrance,
    permit: OwnedSemaphorePermit,
}

async fn converse_secretly(tls: Arc<ServerConfig>, stream: TcpStream, caller: Caller, worker: Arc<Worker>) {
    let handshake = timeout(Duration::from_secs(HANDSHAKE_S_MAX), TlsAcceptor::from(tls).accept(stream));
    match worker.closing().run_until_cancelled(handshake).await {
        Some(Ok(Ok(stream))) => converse(stream, caller, worker).await,
        Some(Ok(Err(error))) => tracing::debug!(%error, "a client's handshake failed"),
        Some(Err(_)) | None => tracing::debug!("a client's handshake took too long"),
    }
}

/// Answers requests until the connection ends.
async fn converse<I>(stream: I, caller: Caller, worker: Arc<Worker>)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Caller { peer, entrance, permit } = caller;
    let address =
        HeaderValue::try_from(peer.ip().to_canonical().to_string()).expect("an address is a header value");
    let watch = Arc::new(Watch::new());
    let visitor = Arc::new(Visitor {
        entrance,
        address,
        watch: Arc::clone(&watch),
        worker: Arc::clone(&worker),
        _permit: permit,
    });
    let io = Watched::new(TokioIo::new(stream), Arc::clone(&watch));
    let service = service_fn(|request| proxy::serve(request, Arc::clone(&visitor)));
    let mut connection = pin!(
        Builder::new()
            .max_header_size(HEAD_BYTES_MAX)
            .max_buf_size(BUFFER_BYTES_MAX)
            // Heads and bodies are mostly small: one copy costs less than a gathering write.
            .writev(false)
            .serve_connection(io, service)
            .with_upgrades()
    );
    let mut closing = pin!(worker.closing().cancelled());
    let (mut timer, mut is_closing) = (Timer::new(), false);
    let ended = poll_fn(|cx| {
        loop {
            if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                return Poll::Ready(ended);
            }
            if !is_closing && closing.as_mut().poll(cx).is_ready() {
                is_closing = true;
                connection.as_mut().graceful_shutdown();
                continue;
            }
            match timer.poll(&watch, cx) {
                Poll::Ready(Verdict::Answer) => {}
                Poll::Ready(Verdict::Close) => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
    });
    if let Err(error) = ended.await {
        tracing::debug!(%error, "a client's connection broke");
    }
}

fn open(stream: std::net::TcpStream) -> std::io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    rustix::net::sockopt::set_tcp_user_timeout(&stream, CLIENT_GONE_MS)?;
    TcpStream::from_std(stream)
}
