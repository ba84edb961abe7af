//! Node: `node_modules` as a layer, linked into the release.

use std::io;
use std::path::{Path, PathBuf};

use build_plan::{Install, InstallMethod, Phase};
use platform_api::Failure;
use serde_json::Value;

use super::layers::LayerKey;
use super::prepare::Build;
use super::step::internal;
use super::tools::missing;
use super::{blocking, remove_dir};

/// Prints what decides whether installed packages fit, compiled ones included.
const IDENTIFY: &str = "process.version + ' ' + process.versions.modules + ' ' + process.arch";
/// Scripts that npm runs for the project itself while it installs: they expect the project's files around them.
const INSTALL_SCRIPTS: &[&str] =
    &["preinstall", "install", "postinstall", "prepare", "preprepare", "postprepare"];

/// Sees to it that there is a Node, and says which.
pub(super) async fn require(build: &mut Build<'_>) -> Result<String, Failure> {
    let hint = "install Node.js 20 or newer, npm included";
    let node = build.engine.env.which("node").ok_or_else(|| missing("node", hint))?;
    let identity = build.engine.tools.ask(&node, &["-p", IDENTIFY], &build.engine.env).await?;
    note_other_version(build, &identity);
    build.path_prefix.insert(0, build.job.source.join("node_modules/.bin"));
    build.runtime_env.insert("NODE_ENV".to_owned(), "production".to_owned());
    Ok(identity)
}

/// Says so when the project asks for another major version than there is; most projects run all the same.
fn note_other_version(build: &mut Build<'_>, identity: &str) {
    let found = major_version(identity);
    let wanted = build.job.plan.version.as_deref().map(major_version);
    if let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty() && *wanted != found) {
        build.note(format!("the project asks for Node {wanted}; this machine has {found}: using that"));
    }
}

/// `20` of `v20.11.0` and of `20.x`; nothing of a range.
fn major_version(version: &str) -> &str {
    let version = version.trim_start_matches('v');
    let end = version.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(version.len());
    &version[..end]
}

/// Installs the project's dependencies.
pub(super) async fn install(build: &mut Build<'_>, install: &Install) -> Result<(), Failure> {
    let identity = require(build).await?;
    let npm = build.engine.env.which("npm");
    let npm = npm.ok_or_else(|| missing("npm", "install npm, which usually comes with Node.js"))?;
    let command = Command::new(build, install, &npm);
    if let Some(reason) = needs_project_files(&build.job.source) {
        build.note(format!("{reason}: installing among the project's files, without a layer"));
        return command.run(build, build.job.source.clone()).await;
    }
    let mut key = LayerKey::new("node");
    key.add("node", identity.as_bytes());
    key.add("command", command.shown.as_bytes());
    key.add_files(&build.job.source, &install.inputs).map_err(|error| internal(&error))?;
    let layer = build.take_layer(key).await?;
    if layer.is_complete() {
        build.note(format!("dependencies unchanged: reusing layer {}", layer.short()));
    } else {
        layer.begin().await.map_err(|error| internal(&error))?;
        let version = identity.split(' ').next().unwrap_or_default();
        build.note(format!("installing dependencies with Node {version} into layer {}", layer.short()));
        copy_inputs(&build.job.source, &install.inputs, &layer.path).map_err(|error| internal(&error))?;
        command.run(build, layer.path.clone()).await?;
        layer.complete().map_err(|error| internal(&error))?;
    }
    let (modules, link) = (layer.path.join("node_modules"), build.job.source.join("node_modules"));
    blocking(move || link_modules(&modules, &link)).await.map_err(|error| internal(&error))?;
    build.layers.push(layer.key.clone());
    Ok(())
}

/// The npm command of a plan.
struct Command {
    shown: String,
    argv: Vec<String>,
}

impl Command {
    fn new(build: &Build<'_>, install: &Install, npm: &Path) -> Self {
        let verb = if install.method == InstallMethod::NpmCi { "ci" } else { "install" };
        // Builds and tests need the tools that apps do not; said outright, because NODE_ENV would decide otherwise.
        let needs_tools = build.job.plan.build.is_some() || build.job.plan.test.is_some();
        let scope = if needs_tools { "--include=dev" } else { "--omit=dev" };
        let mut words = vec![verb, scope, "--no-audit", "--no-fund"];
        if install.method == InstallMethod::NpmInstall {
            words.extend(install.extra.iter().map(String::as_str));
        }
        let shown = format!("npm {}", words.join(" "));
        let program = npm.to_string_lossy().into_owned();
        Self { shown, argv: [program].into_iter().chain(words.into_iter().map(str::to_owned)).collect() }
    }

    async fn run(&self, build: &mut Build<'_>, dir: PathBuf) -> Result<(), Failure> {
        let words: Vec<&str> = self.argv.iter().map(String::as_str).collect();
        let mut step = build.program(Phase::Install, &self.shown, &words);
        step.dir = dir;
        build.run(step).await
    }
}

/// Why this project's packages cannot be installed apart from it.
fn needs_project_files(root: &Path) -> Option<&'static str> {
    let package: Value = serde_json::from_slice(&std::fs::read(root.join("package.json")).ok()?).ok()?;
    if package.get("workspaces").is_some() {
        return Some("package.json has workspaces");
    }
    if INSTALL_SCRIPTS.iter().any(|script| package["scripts"].get(script).is_some()) {
        return Some("package.json has install scripts");
    }
    let kinds = ["dependencies", "devDependencies", "optionalDependencies"];
    let mut versions =
        kinds.iter().filter_map(|kind| package[kind].as_object()).flat_map(|kind| kind.values());
    let is_local = |version: &Value| {
        version
            .as_str()
            .is_some_and(|text| ["file:", "link:", "./", "../", "/"].iter().any(|p| text.starts_with(p)))
    };
    versions.any(is_local).then_some("package.json depends on local folders")
}

fn copy_inputs(root: &Path, inputs: &[String], into: &Path) -> io::Result<()> {
    for input in inputs {
        let target = into.join(input);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent)?;
        }
        match std::fs::copy(root.join(input), target) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn link_modules(modules: &Path, link: &Path) -> io::Result<()> {
    // A project without dependencies has none.
    if !modules.is_dir() {
        return Ok(());
    }
    match std::fs::symlink_metadata(link) {
        Ok(meta) if meta.is_dir() => remove_dir(link)?,
        Ok(_) => std::fs::remove_file(link)?,
        Err(_) => {}
    }
    std::os::unix::fs::symlink(modules, link)
}
