//! Deploying, and what becomes of it.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use platform_api::limits::LONG_POLL_S_MAX;
use platform_api::{DeployRequest, Deployment, DeploymentAccepted, DeploymentId};
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use super::Api;
use super::extract::{Path, Query};
use super::guard::Host;
use super::problem::Accepted;
use super::rate::Admitted;
use super::upload::Upload;
use crate::platform::Refusal;

/// Deploys files, an archive, a manifest or a change; answers once the commit and the deployment are on disk.
///
/// With `multipart/form-data` the part `source` is a tar.gz of the project and `config` this body without files.
#[utoipa::path(
    post, path = "/api/deploy", tag = "deployments",
    request_body(content((DeployRequest = "application/json"), (DeployRequest = "multipart/form-data"))),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body answer with the same deployment.")),
    responses((status = 202, body = DeploymentAccepted)),
)]
pub(super) async fn deploy(
    State(api): State<Api>,
    host: Host,
    _: Admitted,
    Upload(input): Upload,
) -> Result<Accepted<DeploymentAccepted>, Refusal> {
    let accepted = api.platform.deploy(input).await?;
    if !accepted.unchanged {
        api.deploys.count();
    }
    Ok(api.accepted(&host, accepted))
}

impl Api {
    /// The answer, with where to follow it.
    pub(super) fn accepted(&self, host: &Host, accepted: DeploymentAccepted) -> Accepted<DeploymentAccepted> {
        let websocket_url = self.own.websocket(host, accepted.deployment_id);
        Accepted(DeploymentAccepted { websocket_url, ..accepted })
    }
}

/// Shows a deployment as it is now.
#[utoipa::path(
    get, path = "/api/status/{id}", tag = "deployments", params(("id" = DeploymentId, Path)),
    responses((status = 200, body = Deployment)),
)]
pub(super) async fn status(
    State(api): State<Api>,
    Path(id): Path<DeploymentId>,
) -> Result<Json<Deployment>, Refusal> {
    Ok(Json(api.platform.deployment(id).await?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct Patience {
    /// Answer as soon as there is an event after this number, or trying the patch of a failed deployment has ended; at once
    /// where it is absent.
    after: Option<u64>,
    /// How long to wait for it, in seconds; 45 at most, not at all by default.
    #[serde(rename = "timeoutS", default)]
    #[param(rename = "timeoutS")]
    timeout_s: u64,
    /// `terminal`: answer only once the deployment has ended. `verified`: and trying its patch, if it has one, too.
    #[param(inline)]
    wait_for: Option<WaitFor>,
}

#[derive(Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum WaitFor {
    /// Complete, failed or cancelled.
    Terminal,
    /// And no patch of it is being tried.
    Verified,
}

/// Shows a deployment as soon as there is news of it.
#[utoipa::path(
    get, path = "/api/deployments/{id}", tag = "deployments", params(("id" = DeploymentId, Path), Patience),
    responses((status = 200, body = Deployment)),
)]
pub(super) async fn wait(
    State(api): State<Api>,
    Path(id): Path<DeploymentId>,
    Query(wait): Query<Patience>,
) -> Result<Json<Deployment>, Refusal> {
    let deadline = Instant::now() + Duration::from_secs(wait.timeout_s.min(LONG_POLL_S_MAX));
    let news = api.shutdown.run_until_cancelled(api.news(id, &wait));
    // No news in time is an answer too: the deployment as it is.
    if let Ok(Some(Err(refusal))) = timeout_at(deadline, news).await {
        return Err(refusal);
    }
    Ok(Json(api.platform.deployment(id).await?))
}

impl Api {
    /// Resolves once there is what the caller waits for.
    async fn news(&self, id: DeploymentId, wait: &Patience) -> Result<(), Refusal> {
        let mut head = self.platform.watch(id)?;
        let verification = self.platform.verification(id)?;
        loop {
            let seq = *head.borrow_and_update();
            let is_newer = wait.after.is_none_or(|after| seq > after);
            let is_news = match wait.wait_for {
                None => is_newer || self.platform.verification(id)? != verification,
                Some(WaitFor::Verified) => self.platform.is_settled(id)?,
                Some(WaitFor::Terminal) => self.platform.deployment(id).await?.status.is_terminal(),
            };
            if is_news || head.changed().await.is_err() {
                return Ok(());
            }
        }
    }
}

/// Ends a deployment that is under way; answers once it has ended.
#[utoipa::path(
    post, path = "/api/deployments/{id}/cancel", tag = "deployments", params(("id" = DeploymentId, Path)),
    responses((status = 200, body = Deployment)),
)]
pub(super) async fn cancel(
    State(api): State<Api>,
    Path(id): Path<DeploymentId>,
) -> Result<Json<Deployment>, Refusal> {
    Ok(Json(api.platform.cancel(id).await?))
}
