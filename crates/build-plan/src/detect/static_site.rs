//! Static sites: files that are served as they are.

use super::Context;
use super::text::at;
use crate::Runtime;
use crate::draft::{Draft, Strength};
use crate::project::Project;

/// Folders that hold the pages, likeliest first; empty for the project itself.
const ROOTS: &[&str] = &[
    "", "public", "dist", "site", "_site", "build", "out", "www", "html", "docs", "src", "static", "web",
    "website", "client",
];

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
    let root = ROOTS.iter().find(|root| project.has(&at(root, "index.html")) && !is_source(root))?;
    let mut draft = Draft::new(Runtime::Static, Strength::Files, at(root, "index.html"));
    draft.set_static_root(if root.is_empty() { "." } else { root }, at(root, "index.html"));
    Some(draft)
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
