//! The API's own accept loop: bounded connections, bounded heads, a time for everything, and an end that lets answers finish.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use platform_api::Code;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::guard::{Own, Scheme};
use super::rate::Rate;
use super::tls::Certificate;
use super::{Api, ApiToken, router};
use crate::platform::Platform;

/// How many connections are open at once; more wait in the kernel.
const CONNECTIONS_MAX: usize = 1024;
/// How long a request's head, or a TLS handshake, may take to arrive.
const HEAD: Duration = Duration::from_secs(10);
/// How large a request's head may be, in bytes.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// How many headers a request may have.
const HEADERS_MAX: usize = 64;
/// How long answers under way may take once the platform stops.
const DRAIN: Duration = Duration::from_secs(10);
/// How long accepting rests when the system has no file descriptor left.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// Why the API cannot be offered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListenError {
    /// The address cannot be had.
    #[error("could not listen on {address}")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A token would travel in the clear.
    #[error("{address} is not a loopback address, and there is no certificate for HTTPS")]
    PlainOffLoopback {
        /// Which.
        address: SocketAddr,
    },
    /// The certificate or its key cannot be used.
    #[error("the certificate or key in `{}` cannot be used", .path.display())]
    Certificate {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl ListenError {
    /// The stable code for it.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Bind { source, .. } if source.kind() == io::ErrorKind::AddrInUse => Code::PORT_TAKEN,
            Self::Bind { .. } | Self::Certificate { .. } => Code::PLATFORM_START_FAILED,
            Self::PlainOffLoopback { .. } => Code::INSECURE_URL,
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Bind { .. } => "choose another address, or end what uses this one",
            Self::PlainOffLoopback { .. } => "give a certificate and its key, or listen on 127.0.0.1",
            Self::Certificate { .. } => {
                "give a PEM certificate chain and the PEM key of its first certificate"
            }
        }
    }
}

/// The API's port, taken but not served yet.
pub(crate) struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    deploys: Rate,
}

impl Bound {
    /// Takes the port. Off loopback only with a certificate.
    pub(crate) async fn bind(address: SocketAddr, tls: Option<&Certificate>) -> Result<Self, ListenError> {
        if tls.is_none() && !address.ip().is_loopback() {
            return Err(ListenError::PlainOffLoopback { address });
        }
        let tls = tls.map(|certificate| TlsAcceptor::from(Arc::clone(&certificate.config)));
        let bind = |source| ListenError::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        Ok(Self { listener, address, tls, deploys: Rate::new(None) })
    }

    /// With a limit on the deploys that it takes.
    pub(crate) fn limited(self, deploys_per_minute: Option<NonZeroUsize>) -> Self {
        Self { deploys: Rate::new(deploys_per_minute), ..self }
    }

    /// The port that was taken.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Serves until `shutdown`, then lets answers under way finish; how many connections it had to abandon.
    pub(crate) async fn serve(
        self,
        platform: Platform,
        token: ApiToken,
        shutdown: CancellationToken,
    ) -> usize {
        let scheme = if self.tls.is_some() { Scheme::Https } else { Scheme::Http };
        let (own, tasks) = (Own::new(self.address, scheme), TaskTracker::new());
        let deploys = Arc::new(self.deploys);
        let router =
            router(Api { platform, token, own, deploys, shutdown: shutdown.clone(), tasks: tasks.clone() });
        let mut connections = JoinSet::new();
        let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(ended) = connections.join_next() => note(ended),
                (stream, slot) = accept(&self.listener, &slots) => {
                    connections.spawn(connection(stream, self.tls.clone(), router.clone(), shutdown.clone(), slot));
                }
            }
        }
        drop(self.listener);
        tasks.close();
        drain(connections, &tasks).await
    }
}

/// Waits for connections and sockets to end; how many did not.
async fn drain(mut connections: JoinSet<()>, tasks: &TaskTracker) -> usize {
    let all = async {
        while let Some(ended) = connections.join_next().await {
            note(ended);
        }
        tasks.wait().await;
    };
    let in_time = timeout(DRAIN, all).await.is_ok();
    let abandoned = if in_time { 0 } else { connections.len() + tasks.len() };
    connections.shutdown().await;
    abandoned
}

fn note(ended: Result<(), tokio::task::JoinError>) {
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
                complain(&error);
                sleep(ACCEPT_REST).await;
            }
        }
    }
}

fn complain(error: &(dyn std::error::Error + 'static)) {
    tracing::error!(error, "could not accept a connection");
}

/// Whether the failure is about one caller who has gone already.
fn is_callers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}

/// One connection from handshake to end. The slot is given back when it is over.
async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    router: Router,
    shutdown: CancellationToken,
    _slot: OwnedSemaphorePermit,
) {
    // Without it, small answers wait for the other end's delayed acknowledgement. A socket that is gone says so later.
    stream.set_nodelay(true).ok();
    match tls {
        None => serve_http(stream, router, shutdown).await,
        Some(tls) => {
            if let Ok(Ok(stream)) = timeout(HEAD, tls.accept(stream)).await {
                serve_http(stream, router, shutdown).await;
            }
        }
    }
}

async fn serve_http(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    shutdown: CancellationToken,
) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        let error: &dyn std::error::Error = &error;
        tracing::debug!(error, "a connection ended early");
    }
}
