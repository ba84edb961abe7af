//! What happened, numbered; and the message that carries it over a WebSocket.

use serde::{Deserialize, Serialize};

use crate::{DeploymentId, Fact, Failure, LogCursor, ProjectId, ShortCommit, Status};

/// One fact about a deployment, numbered without gaps from 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// The number; `?after=` takes it.
    pub seq: u64,
    /// When, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// What.
    #[serde(flatten)]
    pub fact: Fact,
}

/// One message of `GET /ws`: a step of the deployment, a batch of its lines, or both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusMessage {
    /// Which deployment.
    pub deployment_id: DeploymentId,
    /// Of which project.
    pub project_id: ProjectId,
    /// Which commit.
    pub commit_hash: ShortCommit,
    /// Its status after everything in this message.
    pub status: Status,
    /// New lines, oldest first.
    pub logs: Vec<String>,
    /// The number of the last event in or before this message.
    pub seq: u64,
    /// Where the lines end; resume with `?logs=`. Present in every message that carries lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_cursor: Option<LogCursor>,
    /// The fact, in messages that carry a step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,
    /// Where it answers, in the last message of a complete deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Why it failed, in the last message of a failed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}
