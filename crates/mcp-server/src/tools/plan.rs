//! `plan_deploy`: how a folder would be built, without doing it.

use platform_client::{Part, Plan, PlanOptions, Preview};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::ignored::{self, IgnoredOut};
use super::{Call, Effect, Output, Tool};
use crate::error::Halt;
use crate::progress::Opening;
use crate::quote;
use crate::root::Expect;

pub(super) struct PlanDeploy;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanArguments {
    /// Folder within the workspace; default: the workspace itself
    path: Option<String>,
    /// Name or id; default: the folder's project
    project: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(transform = loosened)]
pub(super) struct PlanOut {
    #[serde(flatten)]
    plan: Plan,
    upload: Vec<PartOut>,
    ignored: Vec<IgnoredOut>,
    next: String,
}

/// What would travel: a file, or a folder with the number of its files.
#[derive(Debug, Serialize, JsonSchema)]
struct PartOut {
    path: String,
    files: u64,
    bytes: u64,
}

/// How many parts show what would be uploaded: enough for a small project's every file.
const PARTS_MAX: usize = 40;

/// Leaves plain what only the engine looks into, and what says itself what it is.
fn loosened(schema: &mut Schema) {
    for list in ["/properties/layers", "/properties/upload"] {
        if let Some(list) = schema.pointer_mut(list) {
            *list = json!({ "type": "array", "items": { "type": "object" } });
        }
    }
}

impl Tool for PlanDeploy {
    type Arguments = PlanArguments;
    type Output = PlanOut;

    const NAME: &'static str = "plan_deploy";
    const TITLE: &'static str = "Show the build plan";
    const DESCRIPTION: &'static str = "\
Shows how deploy_project would build and start a folder, and which file decided what (`evidence`). Changes nothing. Use it \
before a first deploy, when the wrong thing was built or started, or to check a backend-im.yml. `upload` lists what would \
travel, `ignored` what stays behind and why. Next: deploy_project, with `plan_hash` if only this very plan may be deployed.";
    const EFFECT: Effect = Effect::Reads;

    fn opening(_: &PlanArguments) -> Opening {
        Opening::Now("reading the folder")
    }

    async fn call(call: &Call<'_>, arguments: PlanArguments) -> Result<PlanOut, Halt> {
        let options = PlanOptions {
            path: call.root.resolve("path", arguments.path.as_deref(), Expect::Folder)?,
            project: call.project(arguments.project),
        };
        let Preview { report, parcel } = call.backend.plan(options).await?;
        let part = |part: Part| PartOut { path: part.path, files: part.files, bytes: part.bytes };
        let upload = parcel.folded(PARTS_MAX).into_iter().map(part).collect();
        let next =
            "If this is right, call deploy_project; if not, state it in backend-im.yml and plan again.";
        let ignored = ignored::listed(report.ignored);
        Ok(PlanOut { plan: report.plan, upload, ignored, next: next.to_owned() })
    }
}

/// What would travel, in one line.
fn uploaded(parts: &[PartOut]) -> String {
    let part = |part: &PartOut| match part.files {
        1 => part.path.clone(),
        files => format!("{} ({files} files)", part.path),
    };
    format!("uploads: {}", parts.iter().map(part).collect::<Vec<_>>().join(", "))
}

impl Output for PlanOut {
    fn text(&self) -> String {
        let plan = &self.plan;
        let mut lines =
            vec![format!("{} files, {} bytes, plan_hash {}", plan.files, plan.bytes, plan.plan_hash)];
        let decided =
            plan.evidence.iter().map(|found| format!("{}: {} ({})", found.field, found.value, found.source));
        let mut quoted: Vec<_> = decided.collect();
        let steps = [
            ("install", plan.install.as_ref().map(|install| &install.command)),
            ("build", plan.build.as_ref()),
            ("test", plan.test.as_ref()),
            ("start", plan.start.as_ref()),
        ];
        let commands =
            steps.iter().filter_map(|(step, command)| Some(format!("{step}: {}", command.as_ref()?)));
        quoted.extend(commands);
        quoted.extend(plan.warnings.iter().map(|warning| format!("warning: {warning}")));
        quoted.push(uploaded(&self.upload));
        quoted.extend(ignored::line(&self.ignored));
        lines.extend(quote::fence(quoted.iter().map(String::as_str)));
        lines.push(format!("next: {}", self.next));
        lines.join("\n")
    }

    fn quotes(&self) -> bool {
        true
    }
}
