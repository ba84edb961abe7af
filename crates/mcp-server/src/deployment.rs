//! A deployment as tools show it, and what to do next about it.

use platform_api::{Deployment, DeploymentAccepted, Status};
use platform_client::{Verification, diagnosis};
use rmcp::model::JsonObject;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::error::ToolError;
use crate::output;

// No doc comments on the fields: they would travel with every list of tools.

/// The fields that every tool about one deployment shares.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DeploymentOut {
    pub(crate) deployment_id: String,
    pub(crate) project_id: String,
    pub(crate) commit_hash: String,
    pub(crate) status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) direct_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) preview_url: Option<String>,
    pub(crate) live: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    superseded_by: Option<String>,
    phases: Vec<PhaseOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) plan: Option<JsonObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<ReceiptOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ToolError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    diagnosis: Option<JsonObject>,
}

/// How long one phase took.
#[derive(Debug, Serialize, JsonSchema)]
struct PhaseOut {
    status: &'static str,
    ms: u64,
}

/// What the route switch cost.
#[derive(Debug, Serialize, JsonSchema)]
struct ReceiptOut {
    requests: u64,
    failed: u64,
    in_flight: u64,
    drain_ms: u64,
}

impl From<Deployment> for DeploymentOut {
    fn from(deployment: Deployment) -> Self {
        let diagnosis = deployment.error.as_ref().and_then(|error| error.diagnosis.clone());
        Self {
            deployment_id: deployment.id.to_string(),
            project_id: deployment.project_id.to_string(),
            commit_hash: deployment.commit_hash.to_string(),
            status: deployment.status.as_str().to_owned(),
            url: deployment.url,
            direct_url: deployment.direct_url,
            preview_url: deployment.preview_url,
            live: deployment.live,
            superseded_by: deployment.superseded_by.map(|id| id.to_string()),
            phases: deployment
                .phases
                .iter()
                .map(|phase| PhaseOut { status: phase.status.as_str(), ms: phase.ms })
                .collect(),
            plan: deployment.plan.and_then(object),
            receipt: deployment.receipt.map(|receipt| ReceiptOut {
                requests: receipt.requests,
                failed: receipt.failed,
                in_flight: receipt.in_flight,
                drain_ms: receipt.drain_ms,
            }),
            error: deployment.error.as_ref().map(ToolError::from),
            diagnosis: diagnosis.and_then(object).map(with_whole_patch),
        }
    }
}

impl From<&DeploymentAccepted> for DeploymentOut {
    fn from(accepted: &DeploymentAccepted) -> Self {
        Self {
            deployment_id: accepted.deployment_id.to_string(),
            project_id: accepted.project_id.to_string(),
            commit_hash: accepted.commit_hash.to_string(),
            status: accepted.status.as_str().to_owned(),
            url: None,
            direct_url: None,
            preview_url: None,
            live: false,
            superseded_by: None,
            phases: Vec::new(),
            plan: None,
            receipt: None,
            error: None,
            diagnosis: None,
        }
    }
}

impl DeploymentOut {
    /// What there is to say in a few lines.
    pub(crate) fn text(&self) -> String {
        let mut lines = vec![format!(
            "{} · project {} · commit {} · deployment {}",
            self.status, self.project_id, self.commit_hash, self.deployment_id
        )];
        let urls = [("url", &self.url), ("direct url", &self.direct_url), ("preview", &self.preview_url)];
        lines.extend(urls.iter().filter_map(|(name, url)| Some(format!("{name}: {}", url.as_ref()?))));
        if !self.phases.is_empty() {
            let phases: Vec<_> =
                self.phases.iter().map(|phase| format!("{} {} ms", phase.status, phase.ms)).collect();
            lines.push(format!("phases: {}", phases.join(", ")));
        }
        lines.extend(self.error.as_ref().map(ToolError::head));
        lines.join("\n")
    }

    /// What project and app have to do with it: why it failed.
    pub(crate) fn quoted(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.error.iter().flat_map(ToolError::quoted).collect();
        if let Some(diagnosis) = &self.diagnosis {
            let parts = ["title", "cause_line", "fix", "verification_note"];
            let said = |part: &&str| Some(format!("{part}: {}", diagnosis.get(*part)?.as_str()?));
            lines.extend(parts.iter().filter_map(said));
        }
        lines
    }
}

/// What to call next about a deployment.
pub(crate) fn next(deployment: &Deployment) -> String {
    let id = deployment.id;
    match deployment.status {
        Status::Complete => match (deployment.superseded_by, &deployment.url) {
            (Some(other), _) => format!("Replaced: call get_status with deployment_id {other}."),
            (None, Some(url)) if deployment.live => {
                format!(
                    "Live: tell the person {url} (direct_url where that name does not resolve). Call stream_logs \
                     for its output, deploy_project after a change."
                )
            }
            _ => "It went live and serves no longer: call list_projects to see what does.".to_owned(),
        },
        Status::Failed => match &deployment.error {
            Some(error) if error.retryable => "Repeating may help: call deploy_project again.".to_owned(),
            Some(error) if error.diagnosis.is_some() => mend(deployment),
            _ => format!(
                "Call stream_logs with deployment_id {id}, mend the cause, then call deploy_project again."
            ),
        },
        Status::Cancelled => {
            "Cancelled; the version before goes on. Call deploy_project to start anew.".to_owned()
        }
        _ => format!("It goes on by itself: call get_status with deployment_id {id} and wait_seconds 45."),
    }
}

/// What to do about a failure whose cause is known.
fn mend(deployment: &Deployment) -> String {
    let id = deployment.id;
    let shown = diagnosis(deployment).filter(|found| found.patch.as_deref().is_some_and(is_shown_whole));
    let step = match shown.and_then(|found| found.verification) {
        Some(Verification::Passed) => {
            "diagnosis.patch was tried and the app became healthy: apply it".to_owned()
        }
        Some(Verification::Failed) => "diagnosis.patch was tried and is not enough alone: \
             diagnosis.verification_note says what happened instead; mend that too"
            .to_owned(),
        Some(Verification::Pending) => format!(
            "diagnosis.patch is being tried: get_status with deployment_id {id} and wait_seconds 45 tells how that went. \
             Apply it"
        ),
        None => "Apply diagnosis.patch where there is one, else do what diagnosis.fix says".to_owned(),
    };
    format!("{step}, then call deploy_project again. The version before goes on serving.")
}

/// What a status means, in words for a person who watches.
pub(crate) fn phase(status: Status) -> &'static str {
    match status {
        Status::Queued => "queued",
        Status::Committing => "committing",
        Status::CreatingNamespace => "creating_namespace",
        Status::CreatingPvc => "creating_pvc: making the data directory ready",
        Status::Building => "building: dependencies, build and tests",
        Status::Deploying => "deploying: starting the new version",
        Status::HealthCheck => "health_check: probing the new version",
        Status::Complete => "complete",
        Status::Failed => "failed",
        Status::Cancelled => "cancelled",
    }
}

/// The diagnosis without a patch that would have to be cut, and without what is said of it: half of one fits nothing.
fn with_whole_patch(mut diagnosis: JsonObject) -> JsonObject {
    let is_whole = |patch: &Value| patch.as_str().is_some_and(is_shown_whole);
    if diagnosis.get("patch").is_some_and(|patch| !is_whole(patch)) {
        for name in ["patch", "verification", "verification_note"] {
            diagnosis.shift_remove(name);
        }
    }
    diagnosis
}

fn is_shown_whole(patch: &str) -> bool {
    patch.chars().count() <= output::LINE_CHARS_MAX
}

/// The object that a value is, if it is one.
pub(crate) fn object(value: Value) -> Option<JsonObject> {
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}
