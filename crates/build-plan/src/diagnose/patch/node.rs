//! Changes of package.json.

use super::diff::Change;
use super::{Files, json, known};
use crate::diagnose::node::package;
use crate::diagnose::rule::Finding;
use crate::diagnose::scene::Scene;

const MANIFEST: &str = "package.json";
/// Where one of these is there, a change of the dependencies needs a new lock too, which only the tool can write.
const LOCKS: &[&str] =
    &["package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"];
/// Files that usually serve.
const ENTRIES: &[&str] = &[
    "server.js",
    "index.js",
    "app.js",
    "main.js",
    "src/server.js",
    "src/index.js",
    "src/app.js",
    "src/main.js",
    "server.mjs",
    "index.mjs",
    "src/index.mjs",
];

fn change(files: &Files<'_>, edit: impl Fn(&str) -> Option<String>) -> Option<Change> {
    let text = files.text(MANIFEST)?;
    let new = edit(&text)?;
    Some(Change::of(MANIFEST, text, new))
}

fn depend(files: &Files<'_>, kind: &str, name: &str) -> Option<Change> {
    if LOCKS.iter().any(|lock| files.has(lock)) {
        return None;
    }
    change(files, |text| json::with_member(text, kind, name, "*"))
}

/// Adds the package of a module.
pub(super) fn require(files: &Files<'_>, module: &str) -> Option<Change> {
    let name = package(module);
    known::is_node(&name).then(|| depend(files, "dependencies", &name))?
}

/// Adds the package of a program that a script runs.
pub(super) fn require_tool(files: &Files<'_>, program: &str) -> Option<Change> {
    depend(files, "devDependencies", known::package_of_program(program)?)
}

/// Adds a script.
pub(super) fn add_script(files: &Files<'_>, name: &str, command: &str) -> Option<Change> {
    change(files, |text| json::with_member(text, "scripts", name, command))
}

/// Adds the script that starts the file which serves.
pub(super) fn add_start(files: &Files<'_>, name: &str) -> Option<Change> {
    if name != "start" {
        return None;
    }
    let parsed: serde_json::Value = serde_json::from_str(&files.text(MANIFEST)?).ok()?;
    let main = parsed["main"].as_str().filter(|main| files.text(main).is_some()).map(str::to_owned);
    let entry = main.or_else(|| files.first(ENTRIES).map(|(path, _)| path.to_owned()))?;
    add_script(files, "start", &format!("node {}", crate::shell::word(&entry)))
}

/// Says that files with `import` are modules.
pub(super) fn make_module(scene: &Scene, found: &Finding, files: &Files<'_>) -> Option<Change> {
    let line = found.line.map(|line| scene.plain[line].as_str())?;
    if !line.contains("Cannot use import statement outside a module") {
        return None;
    }
    // A project that mixes both ways needs more than one word.
    if files.first(ENTRIES).is_some_and(|(_, source)| source.contains("require(")) {
        return None;
    }
    change(files, |text| json::with_member(text, "", "type", "module"))
}
