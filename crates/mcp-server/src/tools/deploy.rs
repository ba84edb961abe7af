//! `deploy_project`: from the folder to a URL.

use std::collections::BTreeMap;
use std::time::Duration;

use platform_api::Deployment;
use platform_client::{DeployOptions, Deployed, Force, Shortfall, UploadReport};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ignored::{self, IgnoredOut};
use super::{Call, Effect, Output, Tool, follow, limits};
use crate::deployment::{self, DeploymentOut};
use crate::error::Halt;
use crate::progress::{self, Opening};
use crate::quote;
use crate::root::Expect;
use crate::schema;
use crate::tasks;

/// How long a deploy is waited for unless the caller says otherwise.
const WAIT_S: u64 = 45;

pub(super) struct DeployProject;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeployArguments {
    /// Folder within the workspace; default: the workspace itself
    path: Option<String>,
    /// Name or id; default: the folder's project
    project: Option<String>,
    /// Environment variables, kept for later deployments; secrets: `set_secret`
    env: Option<BTreeMap<String, String>>,
    /// Why; becomes the commit message
    message: Option<String>,
    /// From `plan_deploy`: refuse if the files changed since
    plan_hash: Option<String>,
    /// Default 45; 0 returns at once
    #[schemars(range(max = 45))]
    wait_seconds: Option<u64>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DeployOut {
    #[serde(flatten)]
    deployment: DeploymentOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<UploadOut>,
    unchanged: bool,
    warnings: Vec<String>,
    #[schemars(schema_with = "schema::list")]
    ignored: Vec<IgnoredOut>,
    next: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct UploadOut {
    files: u64,
    bytes: u64,
    sent_files: u64,
    sent_bytes: u64,
}

impl Tool for DeployProject {
    type Arguments = DeployArguments;
    type Output = DeployOut;

    const NAME: &'static str = "deploy_project";
    const TITLE: &'static str = "Deploy a project";
    const DESCRIPTION: &'static str = "\
Builds and starts the project in a folder and gives it a URL. Use it whenever something should run or an edit should go \
live: Python, Node, Rust, static sites, anything with a Procfile or a start command. Uploads only what changed; the old \
version serves until the new one is healthy. The deploy goes on even if this call is cancelled or its wait ends: \
then call get_status. When it is complete, show the person `url`; when it failed, read `error` and `diagnosis`, mend the files, \
deploy again. `unchanged`: this very version was live already.";
    const EFFECT: Effect = Effect::Deploys;

    fn opening(_: &DeployArguments) -> Opening {
        Opening::Now("reading the folder")
    }

    async fn call(call: &Call<'_>, arguments: DeployArguments) -> Result<DeployOut, Halt> {
        let limit = limits::wait("wait_seconds", arguments.wait_seconds, WAIT_S)?;
        let options = DeployOptions {
            path: call.root.resolve("path", arguments.path.as_deref(), Expect::Folder)?,
            project: call.project(arguments.project),
            env: arguments.env.unwrap_or_default(),
            message: arguments.message,
            plan_hash: arguments.plan_hash,
            force: Force::No,
        };
        // Not cut short when the caller goes away: whether the platform accepted must not depend on luck.
        let tell = |step| call.voice.say(progress::said(&step));
        let deployed = call.backend.deploy(options, &tell).await?;
        let limit = if deployed.accepted.unchanged { Duration::ZERO } else { limit };
        // Who does not want to wait gets the id as everybody does.
        let as_task = call.takes_tasks && !limit.is_zero();
        let limit = if as_task { limit.min(tasks::PATIENCE) } else { limit };
        Ok(match follow::settle(call, deployed.accepted.deployment_id, limit).await {
            Ok(deployment) if as_task && !deployment.status.is_terminal() => {
                return Err(Halt::GoesOn(Box::new(tasks::of(&deployment))));
            }
            Ok(deployment) => {
                let next = deployment::next(&deployment);
                DeployOut::new(deployed, deployment.into(), next)
            }
            // It is on the platform's disk, so the caller gets its id even if the platform cannot be asked now.
            Err(error) => {
                let accepted = DeploymentOut::from(&deployed.accepted);
                let id = &accepted.deployment_id;
                let next = format!(
                    "Accepted; how it goes on is not known ({}). Call get_status with deployment_id {id}.",
                    error.code
                );
                DeployOut::new(deployed, accepted, next)
            }
        })
    }
}

impl DeployOut {
    /// The answer about a deployment of which nobody knows any more how it was uploaded.
    pub(super) fn of_task(deployment: Deployment) -> Self {
        let next = deployment::next(&deployment);
        let deployment = DeploymentOut::from(deployment);
        Self { deployment, upload: None, unchanged: false, warnings: Vec::new(), ignored: Vec::new(), next }
    }

    fn new(deployed: Deployed, mut deployment: DeploymentOut, next: String) -> Self {
        let Deployed { accepted, upload, plan } = deployed;
        let missing = plan.missing.iter().map(Shortfall::line);
        if deployment.plan.is_none() {
            deployment.plan = serde_json::to_value(&plan.plan).ok().and_then(deployment::object);
        }
        let unchanged = accepted.unchanged;
        Self {
            deployment,
            upload: Some(upload.into()),
            unchanged,
            warnings: plan.plan.warnings.into_iter().chain(missing).collect(),
            ignored: ignored::listed(plan.ignored),
            next: if unchanged { format!("Nothing changed since this went live. {next}") } else { next },
        }
    }
}

impl From<UploadReport> for UploadOut {
    fn from(upload: UploadReport) -> Self {
        let UploadReport { files, bytes, sent_files, sent_bytes } = upload;
        Self { files, bytes, sent_files, sent_bytes }
    }
}

impl Output for DeployOut {
    fn text(&self) -> String {
        let mut lines = vec![self.deployment.text()];
        lines.extend(self.upload.as_ref().map(|upload| {
            let UploadOut { files, bytes, sent_files, sent_bytes } = upload;
            format!("upload: {sent_files} of {files} files, {sent_bytes} of {bytes} bytes")
        }));
        let mut quoted = self.deployment.quoted();
        quoted.extend(self.warnings.iter().map(|warning| format!("warning: {warning}")));
        quoted.extend(ignored::line(&self.ignored));
        lines.extend(quote::fence(quoted.iter().map(String::as_str)));
        lines.push(format!("next: {}", self.next));
        lines.join("\n")
    }

    fn quotes(&self) -> bool {
        true
    }
}
