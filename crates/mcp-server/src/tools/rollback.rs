//! `rollback_project`: an earlier version serves again.

use std::time::Duration;

use platform_api::{ShortCommit, limits as api_limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Call, Effect, Output, Tool, follow, limits};
use crate::deployment;
use crate::error::{Halt, ToolError};
use crate::progress::Opening;
use crate::schema;

pub(super) struct RollbackProject;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RollbackArguments {
    /// Name or id
    project: String,
    /// Commit hash; default: the healthy release before the live one
    to: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RollbackOut {
    deployment_id: String,
    project_id: String,
    commit_hash: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    direct_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::plain")]
    error: Option<ToolError>,
    next: String,
}

impl Tool for RollbackProject {
    type Arguments = RollbackArguments;
    type Output = RollbackOut;

    const NAME: &'static str = "rollback_project";
    const TITLE: &'static str = "Roll a project back";
    const DESCRIPTION: &'static str = "\
Lets an earlier version of a project serve again, in about a second and without building. Use it when the live version \
turns out to be bad. Data and local files stay as they are. Next: get_status with the deployment_id unless status is \
complete; list_projects with `project` shows the commits.";
    const EFFECT: Effect = Effect::GoesBack;

    fn opening(_: &RollbackArguments) -> Opening {
        Opening::Now("going back to an earlier version")
    }

    async fn call(call: &Call<'_>, arguments: RollbackArguments) -> Result<RollbackOut, Halt> {
        let to = arguments.to.as_deref().map(|to| limits::parse::<ShortCommit>("to", to)).transpose()?;
        let accepted = call.backend.rollback(&arguments.project, to).await?;
        let limit = Duration::from_secs(api_limits::LONG_POLL_S_MAX);
        let id = accepted.deployment_id;
        let settled = follow::settle(call, id, limit).await;
        let (status, next) = match &settled {
            Ok(deployment) => (deployment.status, deployment::next(deployment)),
            Err(_) => (accepted.status, format!("Call get_status with deployment_id {id}.")),
        };
        let deployment = settled.ok();
        Ok(RollbackOut {
            deployment_id: id.to_string(),
            project_id: accepted.project_id.to_string(),
            commit_hash: accepted.commit_hash.to_string(),
            status: status.as_str().to_owned(),
            url: deployment.as_ref().and_then(|deployment| deployment.url.clone()),
            direct_url: deployment.as_ref().and_then(|deployment| deployment.direct_url.clone()),
            error: deployment.and_then(|deployment| deployment.error).as_ref().map(ToolError::from),
            next,
        })
    }
}

impl Output for RollbackOut {
    fn text(&self) -> String {
        let mut lines = vec![format!(
            "{} · project {} · commit {} · deployment {}",
            self.status, self.project_id, self.commit_hash, self.deployment_id
        )];
        lines.extend(self.url.iter().map(|url| format!("url: {url}")));
        lines.extend(self.direct_url.iter().map(|url| format!("direct url: {url}")));
        lines.extend(self.error.iter().map(ToolError::text));
        lines.push(format!("next: {}", self.next));
        lines.join("\n")
    }

    fn quotes(&self) -> bool {
        self.error.is_some()
    }
}
