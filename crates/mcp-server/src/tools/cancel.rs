//! `cancel_deployment`: the only thing that stops a deployment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Call, Effect, Output, Tool, limits};
use crate::error::Halt;
use crate::progress::Opening;

pub(super) struct CancelDeployment;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelArguments {
    /// From `deploy_project` or `list_projects`
    deployment_id: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct CancelOut {
    deployment_id: String,
    status: String,
    next: String,
}

impl Tool for CancelDeployment {
    type Arguments = CancelArguments;
    type Output = CancelOut;

    const NAME: &'static str = "cancel_deployment";
    const TITLE: &'static str = "Cancel a deployment";
    const DESCRIPTION: &'static str = "\
Stops a deployment that has not ended; the version before goes on serving. The only way to stop one: cancelling a call does \
not. For a version that is live already use rollback_project.";
    const EFFECT: Effect = Effect::Ends;

    fn opening(_: &CancelArguments) -> Opening {
        Opening::IfSlow("cancelling the deployment")
    }

    async fn call(call: &Call<'_>, arguments: CancelArguments) -> Result<CancelOut, Halt> {
        let id = limits::parse("deployment_id", &arguments.deployment_id)?;
        let deployment = call.backend.cancel(id).await?;
        let next = if deployment.status.is_terminal() {
            "Call deploy_project when the project is ready.".to_owned()
        } else {
            format!("It is being stopped: call get_status with deployment_id {id} and wait_seconds 45.")
        };
        Ok(CancelOut {
            deployment_id: deployment.id.to_string(),
            status: deployment.status.as_str().to_owned(),
            next,
        })
    }
}

impl Output for CancelOut {
    fn text(&self) -> String {
        format!("{} · deployment {}\nnext: {}", self.status, self.deployment_id, self.next)
    }

    fn quotes(&self) -> bool {
        false
    }
}
