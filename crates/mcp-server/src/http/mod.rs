//! The same server over HTTP, for clients that do not start it themselves: Streamable HTTP at `/mcp` in both eras of the
//! protocol, and the pair `/sse` and `/messages` of 2024-11-05.
//!
//! A request's way: `listen.rs` takes its connection → `guard.rs` asks whether it is meant for this server → `token.rs`
//! whether it may call → `body.rs` reads all of it → `sessions.rs` and rmcp's service answer it, or `sse.rs` does. What
//! goes no further is told so by `refusal.rs`. Nothing here knows a tool.
//!
//! Off loopback it listens nowhere. A proxy that ends TLS may stand in front of it; its name has to be given.

mod body;
mod guard;
mod listen;
mod refusal;
mod sessions;
mod sse;
mod token;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::Method;
use axum::http::uri::Authority;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use futures_util::StreamExt;
use platform_api::Code;
use rmcp::ServerHandler;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::token::HttpToken;

use self::guard::Own;
use self::listen::Bound;
use self::refusal::Refusal;
use self::sessions::Sessions;
use crate::ServerConfig;
use crate::server::Server;

/// How the server is reached over HTTP.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Where it listens: on loopback; port 0 takes any that is free.
    pub address: SocketAddr,
    /// The hosts, `name` or `name:port`, of a proxy that ends TLS in front of it.
    pub hosts: Vec<String>,
    /// Who may call.
    pub access: Access,
    /// Whether clients that open with `initialize` get a session. Newer clients need none.
    pub legacy: Legacy,
}

/// Who may call.
#[derive(Debug, Clone)]
pub enum Access {
    /// Who has the token.
    Token(HttpToken),
    /// Every program on this machine.
    Anyone,
}

/// How clients that open with `initialize` are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Legacy {
    /// With a session each.
    Sessions,
    /// Every request by itself: nothing is remembered, and nobody can be asked back.
    Stateless,
}

/// Why the server cannot be offered over HTTP.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address cannot be had.
    #[error("could not listen on {address}")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The token would travel in the clear.
    #[error("{address} can be reached from other machines, and tokens never travel in the clear")]
    OffLoopback {
        /// Which.
        address: SocketAddr,
    },
    /// A name that no request could carry.
    #[error("`{host}` is no host")]
    Host {
        /// Which.
        host: String,
    },
}

impl HttpError {
    /// The stable code for it.
    pub fn code(&self) -> Code {
        match self {
            Self::Bind { source, .. } if source.kind() == io::ErrorKind::AddrInUse => Code::PORT_TAKEN,
            Self::Bind { .. } | Self::Host { .. } => Code::INVALID_CONFIG,
            Self::OffLoopback { .. } => Code::INSECURE_URL,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Bind { .. } => "choose another port, or 0 for any that is free",
            Self::OffLoopback { .. } => {
                "listen on 127.0.0.1 behind a proxy that ends TLS, and give its name with --allow-host"
            }
            Self::Host { .. } => "give a name or name:port, such as mcp.example.com",
        }
    }
}

/// Serves agents over HTTP until `closing`. `ready` is called with the address once connections are taken; what is
/// returned is how many answers were given up after a limit.
///
/// From `closing` on nobody new is served, calls that wait return what they know, and answers under way finish.
/// Deployments that clients started go on afterwards.
///
/// # Errors
/// [`HttpError`] when it cannot listen as told.
pub async fn serve_http(
    config: ServerConfig,
    http: HttpConfig,
    ready: impl FnOnce(SocketAddr),
    closing: CancellationToken,
) -> Result<usize, HttpError> {
    let first = Server::until(config, closing.clone());
    // A conversation for each client, so that nobody misses a line because somebody else has read it.
    serve(Arc::new(move || first.beside()), http, ready, closing).await
}

/// Serves any handler as [`serve_http`] serves the product: the same guards, limits and transports.
///
/// # Errors
/// [`HttpError`] when it cannot listen as told.
#[cfg(feature = "conformance")]
pub async fn serve_handler<H: ServerHandler>(
    make: impl Fn() -> H + Send + Sync + 'static,
    http: HttpConfig,
    ready: impl FnOnce(SocketAddr),
    closing: CancellationToken,
) -> Result<usize, HttpError> {
    serve(Arc::new(make), http, ready, closing).await
}

async fn serve<H: ServerHandler>(
    make: Arc<dyn Fn() -> H + Send + Sync>,
    http: HttpConfig,
    ready: impl FnOnce(SocketAddr),
    closing: CancellationToken,
) -> Result<usize, HttpError> {
    let hosts = http
        .hosts
        .iter()
        .map(|host| guard::authority(host).ok_or_else(|| HttpError::Host { host: host.clone() }));
    let hosts: Vec<Authority> = hosts.collect::<Result<_, _>>()?;
    let bound = Bound::bind(http.address).await?;
    let own = Own::new(bound.address().port(), hosts);
    let (over, tasks) = (CancellationToken::new(), TaskTracker::new());
    let ends = Ends { closing: closing.clone(), over: over.clone() };
    let router = guarded(routes(make, http.legacy, &tasks, &ends), http.access, own);
    ready(bound.address());
    let abandoned = bound.serve(router, tasks, closing).await;
    over.cancel();
    Ok(abandoned)
}

/// The two ends of a server: no more questions, and no more answers.
struct Ends {
    closing: CancellationToken,
    over: CancellationToken,
}

fn routes<H: ServerHandler>(
    make: Arc<dyn Fn() -> H + Send + Sync>,
    legacy: Legacy,
    tasks: &TaskTracker,
    ends: &Ends,
) -> Router {
    let conversations = sse::Conversations::new(make.clone(), tasks.clone(), ends.closing.clone());
    let sessions = Sessions::new();
    let config = StreamableHttpServerConfig::default()
        // The guard decides whose requests these are, for all paths alike.
        .disable_allowed_hosts()
        .with_max_request_body_bytes(body::BODY_BYTES_MAX)
        .with_legacy_session_mode(legacy == Legacy::Sessions)
        .with_cancellation_token(ends.over.clone());
    let service = StreamableHttpService::new(move || Ok(make()), sessions.manager(), config);
    Router::new()
        .route_service("/mcp", service)
        .layer(middleware::from_fn_with_state(sessions, sessions::note))
        .layer(middleware::from_fn_with_state(ends.closing.clone(), cut))
        .route("/sse", get(sse::open::<H>))
        .route("/messages", post(sse::post::<H>))
        .with_state(conversations)
}

/// The routes behind everything that a request has to pass. Unknown paths tell a stranger nothing but that.
fn guarded(routes: Router, access: Access, own: Own) -> Router {
    let bodies = routes.layer(DefaultBodyLimit::disable()).route_layer(middleware::from_fn(body::take));
    let called = match access {
        Access::Token(token) => bodies.route_layer(middleware::from_fn_with_state(token, token::require)),
        Access::Anyone => bodies,
    };
    called
        .fallback(async || Refusal::UnknownPath)
        .layer(middleware::from_fn_with_state(Arc::new(own), guard::check))
}

/// Ends, once the server closes, the streams that only end when somebody ends them.
async fn cut(State(closing): State<CancellationToken>, request: Request, next: Next) -> Response {
    let is_answer = request.method() != Method::GET;
    let response = next.run(request).await;
    if is_answer {
        return response;
    }
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(closing.cancelled_owned())))
}
