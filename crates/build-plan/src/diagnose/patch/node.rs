//! Changes of package.json.

use super::diff::Change;
use super::{Files, json, known};
use crate::diagnose::Phase;
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

/// How an app of a framework is started once it is built, by the package that says so.
const FRAMEWORKS: &[(&str, &str)] = &[
    ("next", "next start"),
    ("nuxt", "node .output/server/index.mjs"),
    ("@nestjs/core", "node dist/main"),
    ("@react-router/serve", "react-router-serve ./build/server/index.js"),
    ("@remix-run/serve", "remix-serve ./build/server/index.js"),
    ("@astrojs/node", "node ./dist/server/entry.mjs"),
    ("@sveltejs/adapter-node", "node build"),
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

/// Adds the package of a program that a script runs: beside what the app itself needs if the app starts with it.
pub(super) fn require_tool(scene: &Scene, files: &Files<'_>, program: &str) -> Option<Change> {
    let kind = match scene.phase {
        Phase::Install | Phase::Build | Phase::Test => "devDependencies",
        Phase::Release | Phase::Start | Phase::Health => "dependencies",
    };
    depend(files, kind, known::package_of_program(program)?)
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
    if let Some((_, command)) =
        FRAMEWORKS.iter().find(|(package, _)| parsed["dependencies"][package].is_string())
    {
        return add_script(files, "start", command);
    }
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
