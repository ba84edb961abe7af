//! uv.lock, poetry.lock and pdm.lock: what else gets installed because of the packages that a project names. One reader
//! for all three, because they differ only in how a package lists what it needs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::super::toml_text;
use super::packages::{named, normalised};
use super::pyproject::Pyproject;
use crate::PlanError;
use crate::project::{Project, extension};

/// How many files of local packages take part in a layer's key.
const LOCAL_FILES_MAX: usize = 2_000;

#[derive(Deserialize, Default)]
#[serde(default)]
struct LockFile {
    package: Vec<LockedPackage>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct LockedPackage {
    name: String,
    dependencies: Option<toml::Value>,
    source: Option<toml::Value>,
}

/// What a package of the lock needs, and where it lies when it is a folder of the project.
struct Locked {
    needs: Vec<String>,
    folder: Option<String>,
}

/// Adds to a pyproject's packages what the lock installs because of them. Development groups stay out, as they do when
/// it is installed. A lock that is too big to be read says nothing.
///
/// # Errors
/// [`PlanError::InvalidManifest`].
pub(crate) fn close_over(
    file: &str,
    project: &Project<'_>,
    pyproject: &mut Pyproject,
) -> Result<(), PlanError> {
    let Ok(Some(text)) = project.lock(file) else { return Ok(()) };
    let lock: LockFile = toml_text::parse(file, &text)?;
    let locked: BTreeMap<String, Locked> =
        lock.package.into_iter().map(|package| (normalised(&package.name), package.read())).collect();
    let packages = &mut pyproject.packages;
    let mut pending: Vec<String> = packages.names.iter().cloned().chain(pyproject.name.clone()).collect();
    let mut seen = BTreeSet::new();
    while let Some(name) = pending.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let package = locked.get(&name);
        pending.extend(package.into_iter().flat_map(|package| package.needs.iter().cloned()));
        if pyproject.name.as_ref() == Some(&name) {
            continue;
        }
        if let Some(folder) = package.and_then(|package| package.folder.as_ref()) {
            packages.inputs.extend(local_files(project, folder));
        }
        packages.names.insert(name);
    }
    Ok(())
}

impl LockedPackage {
    fn read(self) -> Locked {
        let local = |kind| self.source.as_ref()?.get(kind)?.as_str();
        let folder = ["editable", "directory", "virtual"].into_iter().find_map(local);
        let folder = folder.map(|folder| folder.trim_start_matches("./").to_owned());
        Locked {
            needs: self.dependencies.as_ref().map(needs).unwrap_or_default(),
            folder: folder.filter(|folder| !matches!(folder.as_str(), "" | ".")),
        }
    }
}

/// The names in `[{name = "a"}]`, in `["a>=1"]` or in `{a = ">=1"}`.
fn needs(dependencies: &toml::Value) -> Vec<String> {
    match dependencies {
        toml::Value::Array(items) => items
            .iter()
            .filter_map(|item| item.as_str().or_else(|| item.get("name")?.as_str()))
            .filter_map(|text| named(text).map(|(name, _)| name))
            .collect(),
        toml::Value::Table(table) => table.keys().map(|name| normalised(name)).collect(),
        _ => Vec::new(),
    }
}

/// A local package is copied into the layer, so all of its files decide what the layer holds.
fn local_files(project: &Project<'_>, folder: &str) -> Vec<String> {
    let files = project.listing().under(folder).map(|file| &file.path);
    let decides = |path: &&String| matches!(extension(path), "py" | "toml" | "cfg" | "json" | "html" | "txt");
    files.filter(decides).take(LOCAL_FILES_MAX).cloned().collect()
}
