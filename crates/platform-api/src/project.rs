//! Projects and their files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Deployment, DeploymentId, FileMode, FilePath, ManifestEntry, ProjectId, ShortCommit};

/// A project as `GET /api/projects` shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Its name, the part of the id after the user.
    pub name: String,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// The newest commit of its repository, if anything was committed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<ShortCommit>,
    /// The deployment that serves now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<DeploymentId>,
    /// The commit that serves now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_commit: Option<ShortCommit>,
    /// Where it answers by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Where it answers by port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct_url: Option<String>,
    /// Environment variables kept for its deployments. Configuration, never secrets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Its newest deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Box<Deployment>>,
}

/// One page of a list, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Pass it as `?cursor=` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// The source of a commit: the answer to `GET /api/projects/{id}/files`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProjectFiles {
    /// Whose.
    pub project_id: ProjectId,
    /// At which commit.
    pub commit_hash: ShortCommit,
    /// Every file; contents come with `?content=true`, or one at a time with `?path=`.
    pub files: Vec<FileContent>,
}

/// A file of a commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileContent {
    /// Where.
    pub path: FilePath,
    /// File, executable or link.
    pub mode: FileMode,
    /// Its length in bytes.
    pub size: u64,
    /// Its content's id.
    pub oid: crate::BlobId,
    /// Its bytes in base64, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

impl FileContent {
    /// The file without its content.
    pub fn entry(&self) -> ManifestEntry {
        ManifestEntry { path: self.path.clone(), mode: self.mode, size: self.size, oid: self.oid }
    }
}

/// The answer to `DELETE /api/projects/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeletedProject {
    /// What was deleted: instances, releases, repository, data and history.
    pub project_id: ProjectId,
}
