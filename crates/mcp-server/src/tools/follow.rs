//! Waiting for a deployment on behalf of a call, which never holds the deployment itself.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use platform_api::{Deployment, DeploymentId, Status};
use platform_client::{ClientError, FollowFrom, Target, is_settled};
use tokio::time::timeout;

use super::Call;
use crate::deployment;

/// Follows the deployment until it ends, `limit` is over or the caller is gone; then shows it as it is.
///
/// # Cancel safety
/// The deployment goes on whatever happens here.
pub(super) async fn settle(
    call: &Call<'_>,
    id: DeploymentId,
    limit: Duration,
) -> Result<Deployment, ClientError> {
    if !limit.is_zero() {
        // How the waiting ended does not matter: the deployment itself is asked next.
        call.gone.run_until_cancelled(timeout(limit, told(call, id))).await;
    }
    call.backend.status(&Target::Deployment(id), Duration::ZERO).await
}

/// The deployment once it has changed, or as it is when nothing more becomes of it or after `limit`.
pub(super) async fn changed(
    call: &Call<'_>,
    target: Target,
    limit: Duration,
) -> Result<Deployment, ClientError> {
    // Of a project only the id is taken: what its newest deployment shows is shorter than the deployment itself, and a
    // newer deployment is not a change of this one.
    let id = match target {
        Target::Deployment(id) => id,
        project @ Target::Project(_) => call.backend.status(&project, Duration::ZERO).await?.id,
    };
    let target = Target::Deployment(id);
    let deployment = call.backend.status(&target, Duration::ZERO).await?;
    if limit.is_zero() || is_settled(&deployment) {
        return Ok(deployment);
    }
    call.voice.say(match deployment.status {
        Status::Failed => "failed: trying the patch",
        status => deployment::phase(status),
    });
    let change = call.backend.status(&target, limit);
    call.gone.run_until_cancelled(change).await.unwrap_or(Ok(deployment))
}

/// Says every phase until the last one.
async fn told(call: &Call<'_>, id: DeploymentId) {
    let mut messages = pin!(call.backend.follow(id, FollowFrom { seq: 0, logs: None }));
    let mut last = None;
    while let Some(Ok(message)) = messages.next().await {
        if message.status.is_terminal() {
            return;
        }
        if last.replace(message.status) != Some(message.status) {
            call.voice.say(deployment::phase(message.status));
        }
    }
}
