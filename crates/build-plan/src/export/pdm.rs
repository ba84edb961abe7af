//! pdm.lock.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::requirement::{Origin, Requirement, git, is_name, strong};
use super::{Asked, Requirements, written};
use crate::PlanError;
use crate::detect::toml_manifest;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Lock {
    package: Vec<Package>,
    metadata: Metadata,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    /// The hashes, in locks before 4.4: `"name version"` to files.
    files: BTreeMap<String, Vec<File>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Package {
    name: String,
    version: String,
    groups: Option<Vec<String>>,
    extras: Vec<String>,
    marker: Option<String>,
    files: Vec<File>,
    git: Option<String>,
    revision: Option<String>,
    subdirectory: Option<String>,
    url: Option<String>,
    path: Option<String>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
struct File {
    hash: String,
}

/// What pdm.lock says to install.
pub(super) fn locked(text: &str, asked: &Asked) -> Result<Requirements, PlanError> {
    let lock: Lock = toml_manifest("pdm.lock", text)?;
    // A package with extras stands there twice; the one without them has the files.
    let mut seen = BTreeSet::new();
    let is_wanted = |package: &&Package| {
        package.groups.as_ref().is_none_or(|groups| groups.iter().any(|group| asked.has_group(group)))
    };
    let packages = lock.package.iter().filter(|package| is_name(&package.name) && package.extras.is_empty());
    let requirements = packages
        .filter(is_wanted)
        .filter(|package| seen.insert((package.name.clone(), package.version.clone())))
        .map(|package| package.requirement(&lock.metadata));
    Ok(Requirements { text: written(requirements, &[]), is_complete: true })
}

impl Package {
    fn requirement(&self, metadata: &Metadata) -> Requirement {
        let older = metadata.files.get(&format!("{} {}", self.name, self.version));
        let files =
            if self.files.is_empty() { older.cloned().unwrap_or_default() } else { self.files.clone() };
        let origin = match (&self.git, &self.url, &self.path) {
            (Some(url), _, _) => git(url, self.revision.as_deref(), self.subdirectory.as_deref()),
            (None, Some(url), _) => Origin::Url(url.clone()),
            (None, None, Some(path)) => Origin::Path(path.clone()),
            (None, None, None) => Origin::Index(format!("=={}", self.version)),
        };
        Requirement {
            name: self.name.clone(),
            extras: Vec::new(),
            origin,
            marker: self.marker.clone(),
            hashes: strong(files.into_iter().map(|file| file.hash)),
        }
    }
}
