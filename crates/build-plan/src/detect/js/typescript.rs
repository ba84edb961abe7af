//! TypeScript that nothing says how to build: by the project's own compiler, or run as it is.

use serde_json::Value;

use super::entry::Entry;
use super::jsonc;
use super::manifest::PackageJson;
use crate::project::Project;
use crate::shell;

/// How an entry in TypeScript is started.
pub(super) struct Way {
    pub(super) build: Option<String>,
    pub(super) start: String,
    /// Why.
    pub(super) source: String,
    /// A package that the project needs and does not name.
    pub(super) extra: Option<&'static str>,
}

/// What runs TypeScript as it is and lies among the packages.
const RUNNERS: &[&str] = &["tsx", "ts-node"];

/// Decides how the entry is started.
pub(super) fn way(project: &Project<'_>, package: &PackageJson, entry: &Entry) -> Way {
    let file = shell::word(&entry.path);
    // A build script that only the entry's own folder knows is run by the caller.
    if let Some(runner) = RUNNERS.iter().find(|runner| package.uses(runner)) {
        let source = format!("package.json: {runner}");
        return Way { build: None, start: format!("{runner} {file}"), source, extra: None };
    }
    if package.uses("typescript")
        && let Some(compiled) = compiled(project, &entry.path)
    {
        let source = "tsconfig.json: compilerOptions.outDir".to_owned();
        let start = format!("node {}", shell::word(&compiled));
        return Way { build: Some("tsc".to_owned()), start, source, extra: None };
    }
    let source = format!("{}: TypeScript without a build", entry.path);
    Way { build: None, start: format!("tsx {file}"), source, extra: Some("tsx") }
}

/// Where the compiler puts what it makes of a file; nothing when it is told to make nothing.
pub(super) fn compiled(project: &Project<'_>, path: &str) -> Option<String> {
    let config = jsonc::parse(&project.manifest("tsconfig.json").ok()??)?;
    let options = &config["compilerOptions"];
    if options["noEmit"].as_bool() == Some(true) || options["emitDeclarationOnly"].as_bool() == Some(true) {
        return None;
    }
    let folder = |value: &Value| value.as_str().map(|text| text.trim_matches(['.', '/']).to_owned());
    let out = folder(&options["outDir"])?;
    let root = folder(&options["rootDir"]).unwrap_or_else(|| common_root(&config, path));
    let inner = path.strip_prefix(&root).map_or(path, |path| path.trim_start_matches('/'));
    let (stem, ending) = inner.rsplit_once('.')?;
    let ending = match ending {
        "mts" => "mjs",
        "cts" => "cjs",
        _ => "js",
    };
    Some(if out.is_empty() { format!("{stem}.{ending}") } else { format!("{out}/{stem}.{ending}") })
}

/// The folder that all sources have in common, as far as the configuration says which they are.
fn common_root(config: &Value, path: &str) -> String {
    let includes = config["include"].as_array();
    let top = path.split_once('/').map_or("", |(top, _)| top);
    let inside = |pattern: &Value| {
        pattern.as_str().is_some_and(|text| text.trim_start_matches("./").split('/').next() == Some(top))
    };
    match includes {
        Some(patterns) if !top.is_empty() && patterns.iter().all(inside) => top.to_owned(),
        // Without a list everything is a source; most projects then have nothing beside `src`.
        None if top == "src" => top.to_owned(),
        _ => String::new(),
    }
}
