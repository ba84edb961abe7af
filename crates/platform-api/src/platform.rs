//! What the platform says of itself.

use serde::{Deserialize, Serialize};

use crate::ProjectId;

/// The answer to `GET /api/version`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Version {
    /// The version of the wire contract.
    pub contract: String,
    /// The version of the platform's program.
    pub server: String,
    /// Which engine runs the apps.
    pub engine: String,
}

/// The answer to `GET /api/auth/verify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Verification {
    /// Always true; an invalid token is a 401.
    pub valid: bool,
    /// The caller.
    pub user_id: String,
    /// The caller's address.
    pub email: String,
}

/// The answer to `GET /api/challenge?nonce=…`: proof that the platform knows the token, before the token is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Challenge {
    /// Hex of HMAC-SHA-256, keyed with the token, over `backend-im challenge v1\n{host}\n{nonce}`, where `host` is the
    /// request's Host header, so that an answer cannot be fetched from another port and passed on.
    pub answer: String,
}

/// `$BACKEND_IM_HOME/platform.json`: how the embedded platform of this machine is reached. Holds no token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlatformFile {
    /// Process id.
    pub pid: u32,
    /// The program's version.
    pub version: String,
    /// Loopback port of the API.
    pub api_port: u16,
    /// Loopback port of the gateway.
    pub gateway_port: u16,
}

/// The answer to `GET /api/platform`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlatformStatus {
    /// The program's version.
    pub version: String,
    /// Process id.
    pub pid: u32,
    /// Which engine runs the apps.
    pub engine: String,
    /// Since when it runs, in milliseconds since the Unix epoch.
    pub started_ms: u64,
    /// Where the gateway listens.
    pub gateway: String,
    /// Projects that have a live version.
    pub live: Vec<ProjectId>,
    /// How many deployments are under way.
    pub deployments_under_way: usize,
}

/// An app that `platform stop` ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoppedApp {
    /// Whose app.
    pub project_id: ProjectId,
    /// Where it answered.
    pub url: String,
}

/// The answer to `POST /api/platform/stop?apps=stop|keep`; with `keep` the apps go on and the next platform adopts them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StopAnswer {
    /// What was ended.
    pub stopped: Vec<StoppedApp>,
}
