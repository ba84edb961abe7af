//! Static sites: files that are served as they are.

use super::Context;
use super::text::{at, folder};
use crate::Runtime;
use crate::draft::{Draft, Strength};
use crate::project::{Project, extension};

/// Folders that hold the pages, likeliest first; empty for the project itself.
const ROOTS: &[&str] = &["", "public", "dist", "site", "_site", "build", "out", "www", "html"];
/// Folders that hold the pages where nothing else is the project; beside a package they are only about it.
const ROOTS_BESIDE_NOTHING: &[&str] = &["docs", "src", "static", "web", "website", "client"];
/// Files of packages and programs, beside which such pages are not what is to be deployed.
const PACKAGES: &[&str] = &[
    "pyproject.toml",
    "setup.py",
    "go.mod",
    "Cargo.toml",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "composer.json",
    "mix.exs",
    "Package.swift",
    "CMakeLists.txt",
];
/// Endings of files that are or belong to pages.
const PAGES: &[&str] = &[
    "html",
    "htm",
    "css",
    "js",
    "mjs",
    "map",
    "json",
    "xml",
    "svg",
    "png",
    "jpg",
    "jpeg",
    "gif",
    "webp",
    "avif",
    "ico",
    "woff",
    "woff2",
    "ttf",
    "otf",
    "eot",
    "mp3",
    "mp4",
    "webm",
    "ogg",
    "wav",
    "pdf",
    "txt",
    "md",
    "webmanifest",
    "scss",
    "sass",
    "less",
    "zip",
    "psd",
    "csv",
    "",
];
/// How deep the only page of a project may lie.
const DEPTH_MAX: usize = 4;

/// Looks for an index.html.
pub(crate) fn detect(context: &Context<'_>) -> Option<Draft> {
    let project = context.project;
    if let Some(root) = &context.settings.static_root {
        let source = context.setting("static_root");
        let mut draft = Draft::new(Runtime::Static, Strength::Files, source.clone());
        draft.set_static_root(root, source);
        return Some(draft);
    }
    let mut draft = staticfile(project).or_else(|| index(project))?;
    redirects(project, &mut draft);
    Some(draft)
}

/// The shallowest usual folder with an index.html.
fn index(project: &Project<'_>) -> Option<Draft> {
    // The page of a folder with packages of its own is a source, which is built first.
    let is_source = |root: &str| !root.is_empty() && project.has(&at(root, "package.json"));
    let has_index = |root: &&&str| project.has(&at(root, "index.html")) && !is_source(root);
    let beside_nothing = || {
        let is_package = project.first_of(PACKAGES).is_some();
        ROOTS_BESIDE_NOTHING.iter().find(|root| !is_package && has_index(root))
    };
    let usual = ROOTS.iter().find(has_index).or_else(beside_nothing).map(|root| (*root).to_owned());
    let root = usual.or_else(|| only_page(project))?;
    let source = at(&root, "index.html");
    let mut draft = Draft::new(Runtime::Static, Strength::Files, source.clone());
    draft.set_static_root(if root.is_empty() { "." } else { &root }, source);
    Some(draft)
}

/// The folder of the first index.html of a project that is nothing but pages, where only one lies at its depth.
fn only_page(project: &Project<'_>) -> Option<String> {
    let files = || project.listing().iter().map(|file| file.path.as_str());
    if !files().all(|path| PAGES.contains(&extension(path).to_ascii_lowercase().as_str()))
        || project.has("package.json")
    {
        return None;
    }
    let pages: Vec<&str> =
        files().filter(|path| path.ends_with("/index.html") && project.has(path)).collect();
    let depth =
        pages.iter().map(|path| path.matches('/').count()).min().filter(|depth| *depth <= DEPTH_MAX)?;
    let mut shallowest = pages.into_iter().filter(|path| path.matches('/').count() == depth);
    let only = shallowest.next().filter(|_| shallowest.next().is_none())?;
    Some(folder(only).to_owned())
}

/// A `Staticfile` names the folder, and whether the page has a router of its own.
fn staticfile(project: &Project<'_>) -> Option<Draft> {
    const FILE: &str = "Staticfile";
    let text = project.manifest(FILE).ok()??;
    let value = |key: &str| {
        let line =
            text.lines().find_map(|line| line.trim().strip_prefix(key)?.trim_start().strip_prefix(':'));
        line.map(|value| value.trim().trim_matches(['"', '\'']).trim_matches('/').to_owned())
    };
    let mut draft = Draft::new(Runtime::Static, Strength::Files, FILE);
    let root = value("root").filter(|root| !root.is_empty() && !root.split('/').any(|part| part == ".."));
    let root =
        root.unwrap_or_else(|| if project.has("public/index.html") { "public" } else { "." }.to_owned());
    draft.set_static_root(&root, format!("{FILE}: root"));
    if value("pushstate").is_some_and(|value| matches!(value.as_str(), "enabled" | "true")) {
        draft.set_single_page(format!("{FILE}: pushstate"));
    }
    Some(draft)
}

/// A `_redirects` file that sends everything to the page.
fn redirects(project: &Project<'_>, draft: &mut Draft) {
    let root = draft.static_root.as_deref().filter(|root| *root != ".").unwrap_or_default();
    let file = at(root, "_redirects");
    let Ok(Some(text)) = project.manifest(&file) else { return };
    let is_fallback = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        matches!(words.as_slice(), ["/*", "/index.html" | "/", "200" | "200!"])
    };
    if text.lines().any(is_fallback) {
        draft.set_single_page(file);
    }
}
