//! A project's secrets. Values come in as the bare body of one call and never go out.

use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use platform_api::limits::{LONG_POLL_S_MAX, SECRET_VALUE_BYTES_MAX};
use platform_api::{Code, ProjectId, SecretName, SecretRequest, SecretRequestView, Secrets};
use secrecy::zeroize::Zeroizing;
use serde::Deserialize;
use tokio::time::Instant;

use super::extract::{Path, Posted, Query};
use super::guard::Host;
use super::problem::Accepted;
use super::{Api, body};
use crate::platform::Refusal;
use crate::secrets::AskedFor;

/// Lists a project's secrets: names, versions and times, never values.
#[utoipa::path(
    get, path = "/api/projects/{id}/secrets", tag = "secrets", params(("id" = ProjectId, Path)),
    responses((status = 200, body = Secrets)),
)]
pub(super) async fn list(
    State(api): State<Api>,
    Path(id): Path<ProjectId>,
) -> Result<Json<Secrets>, Refusal> {
    Ok(Json(api.platform.secrets(&id)?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Fulfilled {
    /// The request that the person agreed to and that this fulfils.
    request: Option<String>,
}

/// Sets a secret. The body is the value itself: UTF-8, 64 KiB at most, without NUL. Nothing is redeployed; the next deploy
/// applies it. A project that does not exist yet comes to be.
#[utoipa::path(
    put, path = "/api/projects/{id}/secrets/{name}", tag = "secrets",
    params(("id" = ProjectId, Path), ("name" = SecretName, Path), Fulfilled),
    request_body(content = String, content_type = "text/plain"),
    responses((status = 200, body = Secrets)),
)]
pub(super) async fn set(
    State(api): State<Api>,
    Path((id, name)): Path<(ProjectId, SecretName)>,
    Query(fulfilled): Query<Fulfilled>,
    request: Request,
) -> Result<Json<Secrets>, Refusal> {
    let bytes = body::collect_secret(request.into_body(), SECRET_VALUE_BYTES_MAX).await?;
    let value = String::from_utf8(bytes).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        Refusal::new(Code::MALFORMED, "the value is not UTF-8").hint("Encode it, in base64 for example.")
    })?;
    Ok(Json(api.platform.set_secret(&id, &name, value, fulfilled.request.as_deref()).await?))
}

/// Removes a secret. What runs goes on with it; the next deploy does without.
#[utoipa::path(
    delete, path = "/api/projects/{id}/secrets/{name}", tag = "secrets",
    params(("id" = ProjectId, Path), ("name" = SecretName, Path)),
    responses((status = 200, body = Secrets)),
)]
pub(super) async fn remove(
    State(api): State<Api>,
    Path((id, name)): Path<(ProjectId, SecretName)>,
) -> Result<Json<Secrets>, Refusal> {
    Ok(Json(api.platform.remove_secret(&id, &name).await?))
}

/// Asks a person for a secret, on a page that answers once. The same question, while it is open, is the same request.
#[utoipa::path(
    post, path = "/api/projects/{id}/secrets/requests", tag = "secrets", params(("id" = ProjectId, Path)),
    request_body = SecretRequest, responses((status = 202, body = SecretRequestView)),
)]
pub(super) async fn ask(
    State(api): State<Api>,
    Path(id): Path<ProjectId>,
    host: Host,
    posted: Posted<SecretRequest>,
) -> Result<Accepted<SecretRequestView>, Refusal> {
    let asked = api.platform.ask_for_secret(&id, posted.value)?;
    Ok(Accepted(api.request_view(&host, asked)))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Patience {
    /// How long to wait for the person, in seconds; 45 at most, not at all by default.
    #[serde(rename = "timeoutS", default)]
    #[param(rename = "timeoutS")]
    timeout_s: u64,
}

/// Shows how far a request is, as soon as it is answered.
#[utoipa::path(
    get, path = "/api/projects/{id}/secrets/requests/{request}", tag = "secrets",
    params(("id" = ProjectId, Path), ("request" = String, Path), Patience),
    responses((status = 200, body = SecretRequestView)),
)]
pub(super) async fn wait(
    State(api): State<Api>,
    Path((id, request)): Path<(ProjectId, String)>,
    Query(patience): Query<Patience>,
    host: Host,
) -> Result<Json<SecretRequestView>, Refusal> {
    let deadline = Instant::now() + Duration::from_secs(patience.timeout_s.min(LONG_POLL_S_MAX));
    let waited = api.shutdown.run_until_cancelled(api.platform.secret_request(&id, &request, deadline)).await;
    let asked = waited.unwrap_or_else(|| Err(Refusal::draining()))?;
    Ok(Json(api.request_view(&host, asked)))
}

impl Api {
    fn request_view(&self, host: &Host, asked: AskedFor) -> SecretRequestView {
        SecretRequestView {
            id: asked.id,
            project_id: asked.project,
            name: asked.request.name,
            state: asked.state,
            page_url: self.own.page(host, &format!("/secrets/{}", asked.page)),
            expires_ms: asked.expires_ms,
            is_new: asked.is_new,
        }
    }
}
