//! Pipfile and Pipfile.lock.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::constraint::versions;
use super::requirement::{Origin, Requirement, git, is_name, strong};
use super::{Requirements, written};
use crate::PlanError;
use crate::detect::toml_manifest;

/// A package of either file: a version, or a table.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Package {
    version: Option<String>,
    extras: Vec<String>,
    markers: Option<String>,
    hashes: Vec<String>,
    git: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    subdirectory: Option<String>,
    file: Option<String>,
    path: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Lock {
    #[serde(rename = "_meta")]
    meta: Meta,
    default: BTreeMap<String, Package>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Meta {
    sources: Vec<Source>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Source {
    url: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pipfile {
    source: Vec<Source>,
    packages: BTreeMap<String, toml::Value>,
}

/// What Pipfile.lock says to install.
pub(super) fn locked(text: &str) -> Result<Requirements, PlanError> {
    let lock: Lock = serde_json::from_str(text).map_err(|error| PlanError::InvalidManifest {
        file: "Pipfile.lock".to_owned(),
        line: Some(error.line() as u64),
        message: "not a lock of Pipenv".to_owned(),
    })?;
    let indexes = indexes(&lock.meta.sources);
    let packages = lock.default.into_iter().filter(|(name, _)| is_name(name));
    let text = written(packages.map(|(name, package)| package.requirement(name)), &indexes);
    Ok(Requirements { text, is_complete: true })
}

/// What the Pipfile alone says to install.
pub(super) fn unlocked(text: &str) -> Result<Requirements, PlanError> {
    let file: Pipfile = toml_manifest("Pipfile", text)?;
    let indexes = indexes(&file.source);
    let packages = file.packages.into_iter().filter(|(name, _)| is_name(name));
    let requirements = packages.map(|(name, value)| {
        let package = match value {
            toml::Value::String(version) => Package { version: Some(version), ..Package::default() },
            value => value.try_into().unwrap_or_default(),
        };
        package.requirement(name)
    });
    Ok(Requirements { text: written(requirements, &indexes), is_complete: false })
}

/// The indexes besides the public one, which every installer asks anyway.
fn indexes(sources: &[Source]) -> Vec<String> {
    let others = sources.iter().map(|source| source.url.trim());
    let is_other = |url: &&str| url.starts_with("http") && !is_public(url) && !url.contains(' ');
    others.filter(is_other).map(str::to_owned).collect()
}

/// Whether a host has the public index's own domain: `pypi` below a top-level one. Mirrors have a longer one.
fn is_public(url: &str) -> bool {
    let authority = url.split('/').nth(2).unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.rsplit('.').nth(1) == Some("pypi")
}

impl Package {
    fn requirement(self, name: String) -> Requirement {
        let origin = match (&self.git, &self.file, &self.path) {
            (Some(url), _, _) => git(url, self.reference.as_deref(), self.subdirectory.as_deref()),
            (None, Some(url), _) if url.contains("://") => Origin::Url(url.clone()),
            (None, Some(path), _) | (None, None, Some(path)) => Origin::Path(path.clone()),
            (None, None, None) => Origin::Index(versions(self.version.as_deref().unwrap_or_default())),
        };
        let hashes = strong(self.hashes);
        Requirement { name, extras: self.extras, origin, marker: self.markers, hashes }
    }
}
