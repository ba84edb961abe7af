//! Projects within a project: which folder is meant when the top says nothing, and when it only has pages.

use std::collections::BTreeSet;

use super::text::{at, folder};
use super::{Place, consider, declared, drafted, js};
use crate::config::Settings;
use crate::draft::{Draft, Strength};
use crate::project::{Project, extension};
use crate::{Candidate, PlanError};

/// Files that make a folder a project of its own.
pub(super) const MARKERS: &[&str] = &[
    "requirements.txt",
    "pyproject.toml",
    "Pipfile",
    "manage.py",
    "package.json",
    "deno.json",
    "deno.jsonc",
    "go.mod",
    "Cargo.toml",
    "Gemfile",
    "composer.json",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "mix.exs",
    "Procfile",
];
/// Folders that hold no part of what runs.
const ASIDE: &[&str] = &[
    "node_modules",
    "vendor",
    "venv",
    "target",
    "example",
    "examples",
    "sample",
    "samples",
    "test",
    "tests",
    "testdata",
    "fixtures",
    "e2e",
    "cypress",
    "docs",
    "doc",
    "scripts",
    "tools",
    "infra",
    "infrastructure",
    "terraform",
    "deploy",
    "benchmarks",
    "migrations",
    "notebooks",
];
/// Names that people give to the part that answers requests, likeliest first.
const SERVING: &[&str] = &["backend", "server", "api", "app", "web", "service", "src"];
/// The package managers of JavaScript.
const JS: &[&str] = &["npm", "pnpm", "yarn", "bun"];
/// How many parts a folder's path may have.
const DEPTH_MAX: usize = 3;
/// How many folders are looked at.
const FOLDERS_MAX: usize = 24;

/// What one folder would be.
struct Found {
    root: String,
    draft: Draft,
    /// Whether the project tells another platform to run this one, and no other.
    is_named: bool,
}

/// The folder that is the project, where the top of what is uploaded is none.
///
/// # Errors
/// [`PlanError::Ambiguous`] where several fit equally well; `otherwise` where none does.
pub(super) fn search(
    whole: &Project<'_>,
    settings: &Settings,
    file: &'static str,
    otherwise: PlanError,
) -> Result<(String, Vec<String>), PlanError> {
    best(preferred(whole, found(whole, settings, file, DEPTH_MAX)))?.ok_or(otherwise)
}

/// The folder with a server, where the top has only pages or files.
///
/// # Errors
/// [`PlanError::Ambiguous`] where several fit equally well.
pub(super) fn server(
    whole: &Project<'_>,
    settings: &Settings,
    file: &'static str,
) -> Result<Option<String>, PlanError> {
    let mut found = found(whole, settings, file, 1);
    found.retain(|found| found.draft.strength == Strength::Server);
    Ok(best(preferred(whole, found))?.map(|(root, _)| root))
}

/// With the folder in front that the project tells another platform to run, where it is one of several servers.
fn preferred(whole: &Project<'_>, mut found: Vec<Found>) -> Vec<Found> {
    let roots: BTreeSet<String> =
        declared::read(whole).into_iter().filter_map(|declared| declared.root).collect();
    let is_named = |found: &Found| roots.contains(&found.root);
    if found.iter().filter(|found| is_named(found) && found.draft.strength == Strength::Server).count() == 1 {
        for found in &mut found {
            found.is_named = roots.contains(&found.root);
        }
    }
    found
}

/// The strongest one, with what the others are.
fn best(mut found: Vec<Found>) -> Result<Option<(String, Vec<String>)>, PlanError> {
    found.sort_by_key(|found| (!found.is_named, std::cmp::Reverse(found.draft.strength), rank(&found.root)));
    let Some(first) = found.first() else { return Ok(None) };
    let best = (first.is_named, first.draft.strength);
    let equals: Vec<&Found> =
        found.iter().take_while(|other| (other.is_named, other.draft.strength) == best).collect();
    if equals.len() > 1 {
        return Err(PlanError::Ambiguous { candidates: equals.into_iter().map(candidate).collect() });
    }
    let root = first.root.clone();
    Ok(Some((root, found[1..].iter().map(Found::source).collect())))
}

impl Found {
    /// The file that speaks for it.
    fn source(&self) -> String {
        at(&self.root, &self.draft.evidence[0].source)
    }
}

fn candidate(found: &Found) -> Candidate {
    let runtime = found.draft.runtime.name();
    let what = match &found.draft.framework {
        Some(framework) => format!("{runtime} with {framework}"),
        None => runtime.to_owned(),
    };
    Candidate { what, source: found.source(), setting: format!("root: {}", found.root) }
}

/// Likely names first, then shallow ones.
fn rank(root: &str) -> (usize, usize, String) {
    let name = root.rsplit('/').next().unwrap_or(root).to_ascii_lowercase();
    let known = SERVING.iter().position(|known| *known == name).unwrap_or(SERVING.len());
    (known, root.matches('/').count(), root.to_owned())
}

fn found(whole: &Project<'_>, settings: &Settings, file: &'static str, depth_max: usize) -> Vec<Found> {
    let folders = folders(whole, depth_max);
    let members = js::members::folders(whole);
    let draft = |root: String| {
        let listing = whole.listing().inside(&root);
        let read = |path: &str| whole.bytes(&at(&root, path));
        let project = whole.within(&listing, &read);
        let place =
            Place { project: &project, whole: Some(whole), root: Some(&root), member: None, because: None };
        let draft = consider(&place, settings, file, drafted).ok()?;
        // A member of a workspace cannot be installed by itself, and was considered with the whole already.
        // Rush installs with a tool of its own.
        if (members.contains(&root) || whole.has("rush.json"))
            && draft.package_manager.as_ref().is_some_and(|manager| JS.contains(&manager.name.as_str()))
        {
            return None;
        }
        Some(Found { draft, root: root.clone(), is_named: false })
    };
    folders.into_iter().filter_map(draft).collect()
}

/// The folders that are projects of their own, without those within others.
fn folders(whole: &Project<'_>, depth_max: usize) -> Vec<String> {
    let is_marker = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        MARKERS.contains(&name) || matches!(extension(name), "csproj" | "fsproj")
    };
    let files = whole.listing().iter().filter(|file| !file.is_link() && is_marker(&file.path));
    let mut folders: Vec<&str> =
        files.map(|file| folder(&file.path)).filter(|folder| !folder.is_empty()).collect();
    folders.retain(|folder| folder.split('/').count() <= depth_max && !folder.split('/').any(is_aside));
    folders.sort_by_key(|folder| (folder.matches('/').count(), *folder));
    let mut kept: Vec<String> = Vec::new();
    for folder in folders {
        let is_inner = kept.iter().any(|outer| folder == outer || folder.starts_with(&format!("{outer}/")));
        if !is_inner && kept.len() < FOLDERS_MAX {
            kept.push(folder.to_owned());
        }
    }
    kept
}

fn is_aside(part: &str) -> bool {
    part.starts_with(['.', '_']) || ASIDE.contains(&part.to_ascii_lowercase().as_str())
}
