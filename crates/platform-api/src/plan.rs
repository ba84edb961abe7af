//! Planning on the platform.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{FilePath, ManifestEntry};

/// The body of `POST /api/plan`. A first call may leave `files` empty: the refusal lists what detection needs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanRequest {
    /// Every file of the project.
    pub manifest: Vec<ManifestEntry>,
    /// The files that detection asks for, path to bytes in base64.
    #[serde(default)]
    pub files: BTreeMap<FilePath, String>,
}
