//! From a prompt to files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{FilePath, ProjectId, ShortCommit};

/// The body of `POST /api/generate`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GenerateRequest {
    /// What to write, in plain language.
    pub prompt: String,
    /// The project to commit to; named after the prompt's subject where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<ProjectId>,
    /// Another way to name the project: the name alone, for the caller's own user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_name: Option<String>,
    /// The stack to write for, such as `fastapi`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    /// Entities and fields given exactly instead of derived from the prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spec: Option<serde_json::Value>,
    /// Whether the commit is held back until `POST /api/projects/{id}/keep`: for those who must first see whether the
    /// files have a place where they are to go.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
}

/// The body of `POST /api/projects/{id}/keep`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeepRequest {
    /// The commit that was held back.
    pub commit: ShortCommit,
}

/// The answer to `POST /api/generate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GenerateAnswer {
    /// The files, path to text.
    pub files: BTreeMap<FilePath, String>,
    /// The project they were committed to.
    pub project_id: ProjectId,
    /// The commit.
    pub commit_hash: ShortCommit,
    /// What they are written in.
    pub stack: String,
    /// What wrote them.
    pub generator: String,
    /// What of the prompt was not understood or not done.
    pub warnings: Vec<String>,
}
