//! Node: package.json's own scripts first, then the file that serves.

use super::Context;
use super::js_source::{Script, scan};
use super::package_json::{self, PackageJson};
use crate::draft::{Draft, Strength};
use crate::project::{Project, extension};
use crate::{Install, InstallMethod, PlanError, Runtime, shell};

/// Packages that serve HTTP; those built upon others come first.
const FRAMEWORKS: &[(&str, &str)] = &[
    ("@nestjs/core", "nest"),
    ("next", "next"),
    ("nuxt", "nuxt"),
    ("@remix-run/serve", "remix"),
    ("@react-router/serve", "react-router"),
    ("@sveltejs/adapter-node", "sveltekit"),
    ("@adonisjs/core", "adonis"),
    ("@feathersjs/feathers", "feathers"),
    ("@hapi/hapi", "hapi"),
    ("hono", "hono"),
    ("fastify", "fastify"),
    ("koa", "koa"),
    ("express", "express"),
    ("restify", "restify"),
    ("polka", "polka"),
    ("h3", "h3"),
    ("@apollo/server", "apollo"),
    ("socket.io", "socket.io"),
    ("ws", "ws"),
];

/// Node's own modules that serve.
const SERVING_MODULES: &[&str] = &["http", "https", "http2", "net"];

/// Builders of pages: the package, and the folder that they write.
const PAGE_BUILDERS: &[(&str, &str)] = &[("vite", "dist"), ("react-scripts", "build"), ("astro", "dist")];

/// Looks for a Node project.
///
/// # Errors
/// [`PlanError`] when package.json cannot be used.
pub(crate) fn detect(context: &Context<'_>) -> Result<Option<Draft>, PlanError> {
    let project = context.project;
    let package = package_json::read(project)?;
    let found = match &package {
        Some(package) => from_package(context, package),
        None => from_source(context),
    };
    let Some(mut draft) = found else { return Ok(None) };
    if let Some(package) = &package {
        install(project, package, &mut draft);
        build(package, &mut draft);
    }
    version(project, package.as_ref(), &mut draft)?;
    Ok(Some(draft))
}

fn from_package(context: &Context<'_>, package: &PackageJson) -> Option<Draft> {
    let project = context.project;
    let framework = FRAMEWORKS.iter().find(|(name, _)| package.depends_on(name));
    let entry = entry(context, Some(package));
    let serves = framework.is_some() || entry.as_ref().is_some_and(|entry| entry.serves.is_some());
    let strength = if serves { Strength::Server } else { Strength::Program };
    if context.start.is_none()
        && framework.is_none()
        && let Some(draft) = pages(package)
    {
        return Some(draft);
    }
    let mut draft = Draft::new(Runtime::Node, strength, "package.json");
    if let Some((name, framework)) = framework {
        draft.set_framework(framework, format!("package.json: dependencies.{name}"));
    }
    if context.start.is_some() {
        return Some(draft);
    }
    if let Some(script) = package.script("start") {
        start_script(project, package, script, &mut draft);
        return Some(draft);
    }
    entry.map(|entry| {
        entry.start(&mut draft);
        draft
    })
}

/// A project of plain files without package.json.
fn from_source(context: &Context<'_>) -> Option<Draft> {
    let entry = entry(context, None).filter(|entry| entry.serves.is_some() || context.entry.is_some());
    if context.start.is_some() {
        let start = context.start.as_ref().filter(|_| context.starts_with(Runtime::Node))?;
        return Some(Draft::new(Runtime::Node, Strength::Program, start.source.clone()));
    }
    let entry = entry?;
    let mut draft = Draft::new(Runtime::Node, Strength::Server, entry.path.clone());
    entry.start(&mut draft);
    Some(draft)
}

/// A start script that is one plain `node FILE` is run without npm, which costs time and keeps signals to itself.
fn start_script(project: &Project<'_>, package: &PackageJson, script: &str, draft: &mut Draft) {
    const SOURCE: &str = "package.json: scripts.start";
    let has_hooks = package.script("prestart").is_some() || package.script("poststart").is_some();
    let is_plain = shell::program(script) == Some("node") && !shell::is_compound(script);
    if is_plain && !has_hooks {
        draft.set_start(script, SOURCE);
        if let Some(file) = shell::words(script).skip(1).find(|word| !word.starts_with('-'))
            && let Some(path) = resolve(project, file)
        {
            let script = project.source(&path).map(|source| scan(&source)).unwrap_or_default();
            warn_about_port(&path, &script, draft);
        }
        return;
    }
    draft.set_start("npm start", SOURCE);
    if let Some(tool) = ["nodemon", "ts-node-dev", "vite", "react-scripts"]
        .iter()
        .find(|tool| shell::program(script) == Some(tool))
    {
        draft.warn(format!("scripts.start runs `{tool}`, a tool for development"));
    }
}

/// A file that could be started.
struct Entry {
    path: String,
    /// What makes it a server, with its line.
    serves: Option<(String, usize)>,
    source: String,
    script: Script,
    runner: &'static str,
}

impl Entry {
    fn start(&self, draft: &mut Draft) {
        draft.set_start(format!("{} {}", self.runner, shell::word(&self.path)), self.source.clone());
        if draft.framework.is_none()
            && let Some((name, line)) = &self.serves
        {
            draft.set_framework(name, format!("{}:{line}", self.path));
        }
        warn_about_port(&self.path, &self.script, draft);
    }
}

fn warn_about_port(path: &str, script: &Script, draft: &mut Draft) {
    if let Some(line) = script.listens.filter(|_| !script.reads_port) {
        draft.warn(format!("{path}:{line} listens on a port of its own; it must listen on process.env.PORT"));
    }
}

/// The file that the settings, `main`, or a usual name says.
fn entry(context: &Context<'_>, package: Option<&PackageJson>) -> Option<Entry> {
    const FILES: &[&str] = &["server", "app", "index", "main"];
    const FOLDERS: &[&str] = &["", "src/"];
    const ENDINGS: &[&str] = &["js", "mjs", "cjs", "ts"];
    let project = context.project;
    if let Some(entry) = &context.entry {
        return load(project, &entry.path, entry.source.clone(), package);
    }
    let main = package.and_then(|package| package.main.as_deref()).and_then(|main| resolve(project, main));
    let main = main.and_then(|path| load(project, &path, "package.json: main".to_owned(), package));
    if main.as_ref().is_some_and(|main| main.serves.is_some()) {
        return main;
    }
    let usual = FOLDERS.iter().flat_map(|folder| {
        FILES
            .iter()
            .flat_map(move |file| ENDINGS.iter().map(move |ending| format!("{folder}{file}.{ending}")))
    });
    let mut usual = usual.filter(|path| project.has(path));
    usual.find_map(|path| {
        let entry = load(project, &path, path.clone(), package)?;
        let (name, line) = entry.serves.clone()?;
        Some(Entry { source: format!("{path}:{line} imports {name}"), ..entry })
    })
}

fn load(project: &Project<'_>, path: &str, source: String, package: Option<&PackageJson>) -> Option<Entry> {
    let is_typescript = extension(path) == "ts";
    let runner = match package {
        Some(package) if is_typescript => *["tsx", "ts-node"].iter().find(|runner| package.uses(runner))?,
        _ if is_typescript => return None,
        _ => "node",
    };
    let script = scan(&project.source(path)?);
    let frameworks: Vec<&str> = FRAMEWORKS.iter().map(|(name, _)| *name).collect();
    let own = || script.first_import(SERVING_MODULES).filter(|_| script.listens.is_some());
    let serves = script.first_import(&frameworks).or_else(own).map(|(name, line)| (name.to_owned(), line));
    Some(Entry { path: path.to_owned(), serves, source, script, runner })
}

/// The file that `main` or a command means: as it stands, with an ending, or a folder's index.
fn resolve(project: &Project<'_>, path: &str) -> Option<String> {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    if path.split('/').any(|part| part == "..") {
        return None;
    }
    ["", ".js", ".mjs", ".cjs", "/index.js"]
        .iter()
        .map(|ending| format!("{path}{ending}"))
        .find(|path| project.has(path))
}

/// Pages that a builder makes from the sources, to be served as files.
fn pages(package: &PackageJson) -> Option<Draft> {
    let (builder, folder) = PAGE_BUILDERS.iter().find(|(name, _)| package.uses(name))?;
    package.script("build")?;
    let is_development = |script: &str| {
        shell::program(script).is_some_and(|program| PAGE_BUILDERS.iter().any(|(name, _)| *name == program))
    };
    if package.script("start").is_some_and(|script| !is_development(script)) {
        return None;
    }
    let source = format!("package.json: {builder}");
    let mut draft = Draft::new(Runtime::Static, Strength::Assets, source.clone());
    draft.set_framework(builder, source.clone());
    draft.set_static_root(folder, source);
    Some(draft)
}

fn install(project: &Project<'_>, package: &PackageJson, draft: &mut Draft) {
    const LOCKS: &[&str] = &["package-lock.json", "npm-shrinkwrap.json"];
    let lock = project.first_of(LOCKS);
    if !package.has_packages() && lock.is_none() {
        return;
    }
    for other in ["pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"] {
        if project.has(other) {
            draft.warn(format!("{other} is not used by this version, which installs with npm"));
        }
    }
    let (method, command) = match lock {
        Some(_) => (InstallMethod::NpmCi, "npm ci"),
        None => (InstallMethod::NpmInstall, "npm install"),
    };
    if lock.is_none() {
        draft.warn(
            "there is no package-lock.json, so every install may bring other versions; `npm install` writes one",
        );
    }
    let inputs = ["package.json"].into_iter().chain(lock).chain(project.first_of(&[".npmrc"]));
    draft.set_install(Install {
        options: Vec::new(),
        method,
        command: command.to_owned(),
        inputs: inputs.map(str::to_owned).collect(),
        extra: Vec::new(),
    });
}

fn build(package: &PackageJson, draft: &mut Draft) {
    if package.script("build").is_some() {
        draft.set_build("npm run build", "package.json: scripts.build");
    }
}

/// Which Node the project asks for, in its own words.
fn version(project: &Project<'_>, package: Option<&PackageJson>, draft: &mut Draft) -> Result<(), PlanError> {
    if let Some(engine) = package.and_then(|package| package.node_engine.as_deref()) {
        draft.set_version(engine, "package.json: engines.node");
        return Ok(());
    }
    for file in [".nvmrc", ".node-version"] {
        let text = project.manifest(file)?;
        let line = text.as_deref().and_then(|text| text.lines().map(str::trim).find(|line| !line.is_empty()));
        if let Some(line) = line {
            draft.set_version(line.trim_start_matches('v'), file);
            return Ok(());
        }
    }
    Ok(())
}
