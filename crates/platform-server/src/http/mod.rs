//! The platform over HTTP and WebSocket.
//!
//! ```text
//! connection ─► serve ─► guard (Host, Origin) ─► auth (bearer) ─► handler ─► Platform
//!                 limits                                             │
//! problem+json ◄──────────────────────────────────── problem ◄── Refusal
//! ```
//! Handlers parse, call and convert; what the platform does is in `platform`, and what an error looks like on the wire, in
//! `problem` alone. Bodies are the types of `platform-api`; the `OpenAPI` document is made from the same handlers.

mod auth;
mod blobs;
mod body;
mod challenge;
mod deployments;
mod events;
mod extract;
mod follower;
mod generate;
mod guard;
mod lines;
mod logs;
mod openapi;
mod plan;
mod platform;
mod problem;
mod projects;
mod rate;
mod schema;
mod secret_page;
mod secrets;
mod serve;
mod tls;
mod upload;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::routing::MethodRouter;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;

pub(crate) use auth::{ApiToken, InvalidToken};
pub(crate) use serve::{Bound, ListenError};
pub(crate) use tls::Certificate;
pub use tls::Tls;

use crate::platform::Platform;

/// What every handler shares.
#[derive(Clone)]
struct Api {
    platform: Platform,
    token: ApiToken,
    own: guard::Own,
    deploys: Arc<rate::Rate>,
    /// Cancelled when the platform stops: whoever waits for news answers with what there is.
    shutdown: CancellationToken,
    /// Owns the sockets, which outlive the connections that they came over.
    tasks: TaskTracker,
}

/// The routes: method, path, further paths of the same handler, handler. `open` ones need no token.
macro_rules! routes {
    ($($access:ident { $($method:ident $path:literal $(also $alias:literal)* => $module:ident :: $handler:ident;)* })*) => {
        $(fn $access() -> Router<Api> {
            Router::new()$(
                .route($path, on(stringify!($method), $module::$handler))
                $(.route($alias, on(stringify!($method), $module::$handler)))*
            )*
        })*

        /// Method, path, further paths, and whether a token is needed, of every route.
        const ROUTES: &[Route] = &[
            $($(Route {
                method: stringify!($method),
                path: $path,
                aliases: &[$($alias),*],
                access: stringify!($access),
            },)*)*
        ];

        #[derive(utoipa::OpenApi)]
        #[openapi(paths($($($module::$handler),*),*))]
        struct Document;
    };
}

/// One line of the list of routes.
struct Route {
    method: &'static str,
    path: &'static str,
    aliases: &'static [&'static str],
    access: &'static str,
}

routes! {
    open {
        GET "/healthz" => platform::healthz;
        GET "/readyz" => platform::readyz;
        GET "/api/version" => platform::version;
        GET "/api/openapi.json" => openapi::document;
        GET "/api/backend-im.schema.json" => schema::settings;
        GET "/api/challenge" => challenge::challenge;
        GET "/secrets/{page}" => secret_page::show;
        POST "/secrets/{page}" => secret_page::answer;
    }
    token {
        GET "/api/auth/verify" => auth::verify;
        POST "/api/generate" => generate::generate;
        POST "/api/plan" => plan::plan;
        POST "/api/deploy" also "/v1/deployments" also "/deploy" => deployments::deploy;
        GET "/api/status/{id}" also "/status/{id}" => deployments::status;
        GET "/ws" => events::follow;
        POST "/api/blobs" => blobs::store;
        GET "/api/deployments/{id}" => deployments::wait;
        GET "/api/deployments/{id}/logs" => logs::read;
        POST "/api/deployments/{id}/cancel" => deployments::cancel;
        GET "/api/projects" => projects::list;
        GET "/api/projects/{id}" => projects::show;
        DELETE "/api/projects/{id}" also "/app/{id}" => projects::delete;
        GET "/api/projects/{id}/deployments" => projects::deployments;
        GET "/api/projects/{id}/files" => projects::files;
        POST "/api/projects/{id}/keep" => generate::keep;
        POST "/api/projects/{id}/rollback" => projects::rollback;
        GET "/api/projects/{id}/secrets" => secrets::list;
        POST "/api/projects/{id}/secrets/requests" => secrets::ask;
        GET "/api/projects/{id}/secrets/requests/{request}" => secrets::wait;
        PUT "/api/projects/{id}/secrets/{name}" => secrets::set;
        DELETE "/api/projects/{id}/secrets/{name}" => secrets::remove;
        GET "/api/platform" => platform::status;
        POST "/api/platform/stop" => platform::stop;
    }
}

fn on<H: Handler<T, Api>, T: 'static>(method: &str, handler: H) -> MethodRouter<Api> {
    match method {
        "GET" => axum::routing::get(handler),
        "POST" => axum::routing::post(handler),
        "PUT" => axum::routing::put(handler),
        "DELETE" => axum::routing::delete(handler),
        _ => unreachable!("the list above has no other method"),
    }
}

/// Everything that the API answers.
fn router(api: Api) -> Router {
    let token = token().route_layer(axum::middleware::from_fn_with_state(api.clone(), auth::require));
    open()
        .merge(token)
        .fallback(problem::no_such_route)
        .method_not_allowed_fallback(problem::method_not_allowed)
        // Every handler bounds its own body, as it reads it.
        .layer(DefaultBodyLimit::disable())
        .layer(axum::middleware::from_fn_with_state(api.clone(), guard::check))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(axum::middleware::map_response(problem::dress))
        .with_state(api)
}

#[cfg(test)]
mod tests;
