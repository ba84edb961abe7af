//! The platform itself: what it is, whether it is well, and its end.

use axum::Json;
use axum::extract::State;
use platform_api::{PlatformStatus, StopAnswer, Version};
use serde::Deserialize;

use super::Api;
use super::extract::Query;
use crate::deployment::AppsAtEnd;
use crate::platform::Refusal;

/// Answers as long as the process does.
#[utoipa::path(get, path = "/healthz", tag = "platform", responses((status = 200, body = String)))]
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Answers 200 while the platform takes work.
#[utoipa::path(get, path = "/readyz", tag = "platform", responses((status = 200, body = String)))]
pub(super) async fn readyz(State(api): State<Api>) -> Result<&'static str, Refusal> {
    if api.shutdown.is_cancelled() {
        return Err(Refusal::draining());
    }
    api.platform.status().await.map(|_| "ready\n")
}

/// Says which contract, which program and which engine this is.
#[utoipa::path(get, path = "/api/version", tag = "platform", responses((status = 200, body = Version)))]
pub(super) async fn version(State(api): State<Api>) -> Json<Version> {
    Json(api.platform.version())
}

/// Says what the platform does now.
#[utoipa::path(get, path = "/api/platform", tag = "platform", responses((status = 200, body = PlatformStatus)))]
pub(super) async fn status(State(api): State<Api>) -> Result<Json<PlatformStatus>, Refusal> {
    Ok(Json(api.platform.status().await?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct End {
    /// What becomes of the apps; `stop` by default.
    #[serde(default)]
    #[param(inline)]
    apps: Apps,
}

#[derive(Clone, Copy, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Apps {
    /// They are ended.
    #[default]
    Stop,
    /// They go on; the next platform adopts them.
    Keep,
}

/// Ends the platform, after this answer.
#[utoipa::path(post, path = "/api/platform/stop", tag = "platform", params(End), responses((status = 200, body = StopAnswer)))]
pub(super) async fn stop(State(api): State<Api>, Query(end): Query<End>) -> Json<StopAnswer> {
    let apps = match end.apps {
        Apps::Stop => AppsAtEnd::Stop,
        Apps::Keep => AppsAtEnd::Keep,
    };
    Json(api.platform.stop(apps).await)
}
