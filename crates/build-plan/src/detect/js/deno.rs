//! Deno: its tasks, or the file that serves with only those permissions that the sources ask for.

use std::collections::BTreeSet;

use serde_json::Value;

use super::script::is_source;
use super::source::{Native, scan};
use super::{address, entry, jsonc};
use crate::detect::{Context, versions};
use crate::draft::{Draft, Strength};
use crate::project::{Project, extension};
use crate::{Install, InstallMethod, PlanError, Runtime, shell};

const MANIFESTS: &[&str] = &["deno.json", "deno.jsonc"];
const ENTRIES: &[&str] = &[
    "main.ts",
    "server.ts",
    "app.ts",
    "index.ts",
    "mod.ts",
    "main.js",
    "server.js",
    "main.tsx",
    "src/main.ts",
    "src/server.ts",
    "src/index.ts",
    "src/app.ts",
];
/// How many sources are read for the permissions that they need.
const SOURCES_MAX: usize = 200;

/// Calls by the permission that each needs.
const PERMISSIONS: &[(&str, &[&str])] = &[
    ("env", &["Deno.env", "process.env"]),
    (
        "read",
        &[
            "Deno.read",
            "Deno.open",
            "Deno.stat",
            "Deno.lstat",
            "node:fs",
            "jsr:@std/fs",
            "serveDir",
            "serveFile",
            "Deno.openKv",
            "send(",
        ],
    ),
    (
        "write",
        &[
            "Deno.write",
            "Deno.create",
            "Deno.mkdir",
            "Deno.remove",
            "Deno.rename",
            "Deno.copyFile",
            "Deno.makeTemp",
            "Deno.openKv",
        ],
    ),
    ("run", &["Deno.Command", "Deno.run(", "node:child_process"]),
    ("ffi", &["Deno.dlopen", "npm:better-sqlite3", "jsr:@db/sqlite"]),
    (
        "sys",
        &["Deno.hostname", "Deno.osRelease", "Deno.systemMemoryInfo", "node:os", "Deno.networkInterfaces"],
    ),
];

/// Frameworks by a part of what imports them.
const FRAMEWORKS: &[(&str, &str)] = &[
    ("@fresh/core", "fresh"),
    ("$fresh", "fresh"),
    ("@oak/oak", "oak"),
    ("deno.land/x/oak", "oak"),
    ("hono", "hono"),
    ("express", "express"),
    ("fastify", "fastify"),
    ("aleph", "aleph"),
    ("lume", "lume"),
];

/// Looks for a project of Deno.
///
/// # Errors
/// [`PlanError`] when its manifest cannot be read.
pub(crate) fn detect(context: &Context<'_>) -> Result<Option<Draft>, PlanError> {
    let project = context.project;
    let manifest = project.first_of(MANIFESTS);
    let config = match manifest {
        Some(file) => read(project, file)?,
        None => Value::Null,
    };
    let tasks = |name: &str| task(&config, name);
    // With package.json and no task, deno.json is most often there for the editor alone.
    if project.has("package.json")
        && (manifest.is_none() || (tasks("start").is_none() && !project.has("deno.lock")))
    {
        return Ok(None);
    }
    let is_deno = |path: &str| {
        let script = project.source(path).map(|source| scan(&source)).unwrap_or_default();
        manifest.is_some() || matches!(script.native, Some((Native::Deno, _)))
    };
    let asked = context.entry.as_ref().filter(|entry| is_deno(&entry.path));
    if context.entry.is_some() && asked.is_none() {
        return Ok(None);
    }
    let asked = asked.map(|entry| (entry.path.clone(), entry.source.clone()));
    let Some(entry) = asked.or_else(|| entry(project, &config, manifest)) else {
        return Ok(by_task_alone(context, &config, manifest));
    };
    let mut draft =
        Draft::new(Runtime::Deno, Strength::Server, manifest.map_or_else(|| entry.1.clone(), str::to_owned));
    framework(project, &config, &entry.0, &mut draft);
    if context.start.is_none() {
        start(project, &config, manifest, &entry, &mut draft);
    }
    complete(project, &config, manifest, Some(&entry.0), &mut draft);
    Ok(Some(draft))
}

fn read(project: &Project<'_>, file: &str) -> Result<Value, PlanError> {
    let text = project.manifest(file)?.unwrap_or_default();
    jsonc::parse(&text).ok_or_else(|| PlanError::InvalidManifest {
        file: file.to_owned(),
        line: None,
        message: "not valid JSON".to_owned(),
    })
}

/// The command of a task: a text, or an object with one.
fn task<'c>(config: &'c Value, name: &str) -> Option<&'c str> {
    let task = &config["tasks"][name];
    task.as_str().or_else(|| task["command"].as_str())
}

/// The task that starts what is not for development: of the usual names the first one that watches nothing.
fn starting(config: &Value) -> Option<(&'static str, &str)> {
    let tasks = ["start", "serve", "prod", "production", "preview"];
    tasks
        .into_iter()
        .filter_map(|name| Some((name, task(config, name)?)))
        .find(|(_, text)| !text.contains("--watch"))
}

/// A manifest whose task starts something that was not found among the sources.
fn by_task_alone(context: &Context<'_>, config: &Value, manifest: Option<&str>) -> Option<Draft> {
    let file = manifest?;
    let wish = context.start.is_some().then_some(());
    let task = starting(config);
    wish.or(task.map(drop))?;
    let known = framework_of(config);
    let strength = if known.is_some() { Strength::Server } else { Strength::Program };
    let mut draft = Draft::new(Runtime::Deno, strength, file);
    if let Some(name) = known {
        draft.set_framework(name, format!("{file}: imports"));
    }
    if let Some((name, text)) = task.filter(|_| context.start.is_none()) {
        draft.set_start(by_task(name, text), format!("{file}: tasks.{name}"));
    }
    complete(context.project, config, manifest, None, &mut draft);
    Some(draft)
}

/// The file that serves, with what says so.
fn entry(project: &Project<'_>, config: &Value, manifest: Option<&str>) -> Option<(String, String)> {
    let tasks = starting(config)
        .into_iter()
        .chain(["start", "dev"].into_iter().filter_map(|name| Some((name, task(config, name)?))));
    let of_task = tasks.into_iter().find_map(|(name, text)| {
        let path = text.split_whitespace().rfind(|word| is_source(word))?.trim_start_matches("./");
        project
            .has(path)
            .then(|| (path.to_owned(), format!("{}: tasks.{name}", manifest.unwrap_or_default())))
    });
    let script_of = |path: &str| {
        let script = scan(&project.source(path)?);
        let is_deno = manifest.is_some() || matches!(script.native, Some((Native::Deno, _)));
        is_deno.then_some(script)
    };
    let serves =
        |path: &str| script_of(path).is_some_and(|script| script.listens.is_some() || script.exports_handler);
    of_task.or_else(|| {
        let usual = ENTRIES.iter().copied().find(|path| project.has(path) && serves(path));
        let searched = || {
            manifest?;
            let listens = |path: &&str| script_of(path).is_some_and(|script| script.listens.is_some());
            let mut found = entry::candidates(project).filter(listens);
            found.next().filter(|_| found.next().is_none())
        };
        let path = usual.or_else(searched)?;
        Some((path.to_owned(), path.to_owned()))
    })
}

/// The framework that the manifest imports.
fn framework_of(config: &Value) -> Option<&'static str> {
    let imports = config["imports"].as_object();
    let listed =
        imports.into_iter().flatten().flat_map(|(name, target)| [Some(name.as_str()), target.as_str()]);
    let named: Vec<&str> = listed.flatten().collect();
    let is_named = |part: &str| named.iter().any(|name| name.contains(part));
    FRAMEWORKS.iter().find(|(part, _)| is_named(part)).map(|(_, name)| *name)
}

fn framework(project: &Project<'_>, config: &Value, entry: &str, draft: &mut Draft) {
    let source = project.source(entry).unwrap_or_default();
    let script = scan(&source);
    if let Some(port) = script.port.filter(|_| script.listens.is_some() || script.exports_handler) {
        draft.set_port(port.0, format!("{entry}:{}", port.1));
    }
    if let Some(name) = framework_of(config) {
        draft.set_framework(name, "deno.json: imports");
    } else if let Some((name, line)) = script.imports.iter().find_map(|(module, line)| {
        FRAMEWORKS.iter().find(|(part, _)| module.contains(part)).map(|(_, name)| (*name, *line))
    }) {
        draft.set_framework(name, format!("{entry}:{line}"));
    }
}

/// The task, or the file with the permissions that it needs.
fn start(
    project: &Project<'_>,
    config: &Value,
    manifest: Option<&str>,
    (path, source): &(String, String),
    draft: &mut Draft,
) {
    if let Some((name, text)) = starting(config) {
        draft.set_start(by_task(name, text), format!("{}: tasks.{name}", manifest.unwrap_or_default()));
        return;
    }
    let text = project.source(path).unwrap_or_default();
    let flags = permissions(project);
    let flags = flags.iter().map(|flag| format!("--allow-{flag}")).collect::<Vec<_>>().join(" ");
    let script = scan(&text);
    let file = shell::word(path);
    let command = if script.exports_handler && script.listens.is_none() {
        format!("deno serve --host $HOST --port $PORT {flags} {file}")
    } else {
        format!("{ADDRESS} deno run {flags} {file}")
    };
    draft.set_start(command, source.clone());
}

/// Where `Deno.serve` listens, whatever the source says.
const ADDRESS: &str = "DENO_SERVE_ADDRESS=tcp:$HOST:$PORT";

fn by_task(name: &str, text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    if !shell::is_compound(text) && words.starts_with(&["deno", "serve"]) {
        return format!("deno serve --host $HOST --port $PORT {}", address::without(&words[2..]).join(" "));
    }
    format!("{ADDRESS} deno task {name}")
}

/// What the sources ask the machine for. Packages of Node read files and variables on their own.
fn permissions(project: &Project<'_>) -> BTreeSet<&'static str> {
    let mut flags = BTreeSet::from(["net"]);
    let is_tested = |path: &str| path.contains("test") || path.starts_with("node_modules/");
    let paths = project.listing().iter().map(|file| file.path.as_str());
    let sources = paths.filter(|path| (is_source(path) || extension(path) == "tsx") && !is_tested(path));
    for text in sources.take(SOURCES_MAX).filter_map(|path| project.source(path)) {
        flags.extend(
            PERMISSIONS
                .iter()
                .filter(|(_, calls)| calls.iter().any(|call| text.contains(call)))
                .map(|(flag, _)| *flag),
        );
        if text.contains("npm:") {
            flags.extend(["env", "read", "sys"]);
        }
    }
    let imports = MANIFESTS.iter().find_map(|file| project.source(file)).unwrap_or_default();
    if imports.contains("npm:") {
        flags.extend(["env", "read", "sys"]);
    }
    flags
}

/// Installation, build and version.
fn complete(
    project: &Project<'_>,
    config: &Value,
    manifest: Option<&str>,
    entry: Option<&str>,
    draft: &mut Draft,
) {
    let is_locked = project.has("deno.lock");
    let frozen = if is_locked { " --frozen" } else { "" };
    let target = entry.map_or_else(String::new, |entry| format!(" --entrypoint {}", shell::word(entry)));
    let inputs = manifest
        .into_iter()
        .chain(["deno.lock", "package.json"].into_iter().filter(|file| project.has(file)));
    draft.set_package_manager("deno", None, manifest.or(entry).unwrap_or("deno.json"));
    draft.set_install(Install {
        method: InstallMethod::Deno,
        command: format!("deno install{frozen}{target}"),
        inputs: inputs.chain(entry).map(str::to_owned).collect(),
        extra: Vec::new(),
        options: Vec::new(),
    });
    draft.installed.push("~/.cache/deno".to_owned());
    if task(config, "build").is_some() {
        draft.set_build("deno task build", format!("{}: tasks.build", manifest.unwrap_or("deno.json")));
    }
    if draft.framework.as_deref() == Some("lume") {
        draft.warn(
            "Lume makes pages; set `runtime: static` and `static_root: _site` to have them served as files",
        );
    }
    for file in [".deno-version", ".dvmrc"] {
        if let Some(line) = versions::line_of(project, file) {
            draft.set_version(line.trim_start_matches('v'), file);
            return;
        }
    }
    if let Some((version, file)) = versions::of_tool(project, &["deno"]) {
        draft.set_version(&version, file);
    }
}
