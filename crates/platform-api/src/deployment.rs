//! Deployments: what is asked for and what is shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    BlobId, Code, DeploymentId, FileMode, FilePath, InstanceId, LogCursor, ManifestEntry, ProjectId,
    ShortCommit, Status,
};

/// The JSON body of `POST /api/deploy`, and the `config` part of a multipart one. Exactly one of `files`, `manifest`,
/// `base` with `changes`, `source` and `image` says what to deploy; the multipart form brings its own archive.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeployRequest {
    /// The project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<ProjectId>,
    /// Another way to name the project: its name, for `user_id` or else the caller's own user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_name: Option<String>,
    /// The user of `project_name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The whole project: path to text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<BTreeMap<FilePath, String>>,
    /// The whole project as a base64 tar.gz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The whole project as ids of blobs that the platform has or asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Vec<ManifestEntry>>,
    /// The commit that `changes` and `deleted` start from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<ShortCommit>,
    /// Files that were added or changed since `base`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Vec<Change>>,
    /// Files that are gone since `base`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Vec<FilePath>>,
    /// An image instead of files, for engines that run containers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Environment variables, kept for this and later deployments of the project. Never secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<BTreeMap<String, String>>,
    /// Why; becomes the commit's message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Refuse when the plan's inputs changed since the plan with this hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_hash: Option<String>,
    /// The commit at which the folder and the platform were last equal; with it the platform refuses to bury changes
    /// that the folder has not seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_equal: Option<ShortCommit>,
    /// Deploy although the platform's head has changes that the folder has not seen.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
}

/// One file of a delta.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    /// Where.
    pub path: FilePath,
    /// File, executable or link.
    pub mode: FileMode,
    /// Its content's id.
    pub oid: BlobId,
    /// Its bytes in base64, at most [`crate::limits::INLINE_BYTES_MAX`] of them; absent when the platform has the blob.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

/// The 202 answer to a deploy or a rollback.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeploymentAccepted {
    /// The deployment: new, or the live one when nothing changed.
    pub deployment_id: DeploymentId,
    /// Its project.
    pub project_id: ProjectId,
    /// Its commit.
    pub commit_hash: ShortCommit,
    /// Where it is.
    pub status: Status,
    /// Where to follow it.
    pub websocket_url: String,
    /// Whether tree, plan and environment equal the live release's, so that nothing was started.
    #[serde(default)]
    pub unchanged: bool,
}

/// The body of `POST /api/projects/{id}/rollback`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RollbackRequest {
    /// The commit to go back to; by default the healthy release before the live one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ShortCommit>,
}

/// What started a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Trigger {
    /// A deploy.
    Deploy,
    /// A rollback: an earlier commit again.
    Rollback,
}

/// A deployment as `GET /api/status/{id}` shows it. `id` to `logs` are the published part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Deployment {
    /// Its id.
    pub id: DeploymentId,
    /// Its project.
    pub project_id: ProjectId,
    /// Its commit.
    pub commit_hash: ShortCommit,
    /// Where it is.
    pub status: Status,
    /// Where the project answers by name, once this deployment went live; null before and when it never did.
    pub url: Option<String>,
    /// The newest lines, oldest first, at most [`crate::limits::STATUS_LINES_MAX`].
    pub logs: Vec<String>,
    /// Where the project answers by port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct_url: Option<String>,
    /// Where this very release answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_url: Option<String>,
    /// Whether it serves now.
    pub live: bool,
    /// The deployment that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<DeploymentId>,
    /// Deploy or rollback.
    pub trigger: Trigger,
    /// Why it was made, in its maker's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When it was accepted, in milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<u64>,
    /// How long each phase took, in order; the last one may still run.
    pub phases: Vec<Phase>,
    /// The number of its last event.
    pub seq: u64,
    /// Where its log ended when this was made.
    pub log_cursor: LogCursor,
    /// The build plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<serde_json::Value>,
    /// The plan's hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_hash: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// What its switch cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// What of it runs now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<InstanceView>,
}

/// How long a deployment was in one status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Phase {
    /// The status.
    pub status: Status,
    /// Milliseconds.
    pub ms: u64,
}

/// A running copy of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstanceView {
    /// Its id.
    pub id: InstanceId,
    /// Where it listens.
    pub address: String,
    /// Since when, in milliseconds since the Unix epoch.
    pub started_ms: u64,
    /// How often it ended by itself and was started again.
    pub restarts: u32,
}

/// What a route switch cost: the proof that nobody was dropped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Receipt {
    /// Requests that the gateway saw for the project from the switch until the old instance had nothing in flight any
    /// more, or a moment had passed.
    pub requests: u64,
    /// How many of them the gateway could not hand to an instance or lost on the way.
    pub failed: u64,
    /// How many requests were still in flight on the old instance when the route switched.
    pub in_flight: u64,
    /// How long that took, in milliseconds.
    pub drain_ms: u64,
    /// How many of those in flight were open even then, as streams are: they go on, and end with the old instance.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub open: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Why a deployment failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Failure {
    /// Stable code.
    pub code: Code,
    /// What happened.
    pub message: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Whether the same deploy may succeed when repeated.
    pub retryable: bool,
    /// What the output says about the cause: the line, the evidence, the fix. Where a `patch` is or was tried, a
    /// deployment says so here: `verification` is `pending`, `passed` or `failed`, `verification_note` what came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<serde_json::Value>,
}

impl Failure {
    /// A failure that repeating does not mend, with neither hint nor diagnosis yet.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, retryable: false, diagnosis: None }
    }

    /// With what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Marks it as worth repeating.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }
}
