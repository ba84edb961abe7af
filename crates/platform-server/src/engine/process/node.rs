//! Node, Bun and the package managers of JavaScript: `node_modules` as a layer, brought into the release.

use std::io;
use std::path::{Path, PathBuf};

use build_plan::{Install, InstallMethod, Phase, Runtime};
use platform_api::Failure;
use serde_json::Value;

use super::layers::{Layer, LayerKey};
use super::machine::missing;
use super::npm_tools::{self, Wanted};
use super::prepare::Build;
use super::step::internal;
use super::{blocking, bun, node_program, remove_dir};

/// Scripts that a package manager runs for the project itself while it installs: they expect the project's files.
const INSTALL_SCRIPTS: &[&str] =
    &["preinstall", "install", "postinstall", "prepare", "preprepare", "postprepare"];

/// Installs the project's dependencies.
pub(super) async fn install(build: &mut Build<'_>, install: &Install) -> Result<(), Failure> {
    let identity = identity(build, install).await?;
    let commands = Commands::new(build, install).await?;
    if let Some(reason) = needs_project_files(&build.job.source, install) {
        build.note(format!("{reason}: installing among the project's files, without a layer"));
        let root = build.job.source.clone();
        let done = commands.run(build, root.clone()).await;
        return match node_program::reconsider(build, &root, &identity).await? {
            Some(_) => commands.run(build, root).await,
            None => done,
        };
    }
    let mut layer = layer(build, install, &commands, &identity).await?;
    let filled = fill(build, install, &commands, &layer).await;
    // What the packages need is known for certain once they are there; a failure may be for want of it.
    match node_program::reconsider(build, &layer.path, &identity).await? {
        Some(better) => {
            build.layers.push(layer.key.clone());
            layer = self::layer(build, install, &commands, &better).await?;
            fill(build, install, &commands, &layer).await?;
        }
        None => filled?,
    }
    let (modules, place) = (layer.path.join("node_modules"), build.job.source.join("node_modules"));
    // Bundlers resolve links and then miss what lies outside of the project; what only starts is content with one.
    let bring = if build.job.plan.build.is_some() { share_modules } else { link_modules };
    // A project without dependencies has none.
    if modules.is_dir() {
        blocking(move || bring(&modules, &place)).await.map_err(|error| internal(&error))?;
    }
    build.layers.push(layer.key.clone());
    Ok(())
}

/// Takes the layer that these commands make on this runtime.
async fn layer(
    build: &Build<'_>,
    install: &Install,
    commands: &Commands,
    identity: &str,
) -> Result<Layer, Failure> {
    let mut key = LayerKey::new("node");
    key.add("node", identity.as_bytes());
    key.add("command", commands.shown().as_bytes());
    // Variables may name another registry, or change what scripts of packages do.
    key.add("env", &serde_json::to_vec(&build.job.plan.env).unwrap_or_default());
    key.add_files(&build.job.source, &install.inputs).map_err(|error| internal(&error))?;
    build.take_layer(key).await
}

/// Installs into the layer, unless that was done before.
async fn fill(
    build: &mut Build<'_>,
    install: &Install,
    commands: &Commands,
    layer: &Layer,
) -> Result<(), Failure> {
    if layer.is_complete() {
        build.note(format!("dependencies unchanged: reusing layer {}", layer.short()));
        return Ok(());
    }
    layer.begin().await.map_err(|error| internal(&error))?;
    build.note(format!("installing dependencies into layer {}", layer.short()));
    copy_inputs(&build.job.source, &install.inputs, &layer.path).map_err(|error| internal(&error))?;
    commands.run(build, layer.path.clone()).await?;
    layer.complete().map_err(|error| internal(&error))
}

/// The runtime that decides what installed packages fit. Bun needs no Node, and most machines have one all the same.
async fn identity(build: &mut Build<'_>, install: &Install) -> Result<String, Failure> {
    if build.job.plan.runtime != Runtime::Bun {
        return Ok(format!("Node {}", node_program::require(build).await?));
    }
    let bun = bun::require(build).await?;
    if install.method != InstallMethod::Bun {
        node_program::require(build).await?;
    }
    Ok(bun)
}

/// What installs a project: the package manager's command, and one more where something is added.
struct Commands {
    manager: &'static str,
    steps: Vec<(String, Vec<String>)>,
}

impl Commands {
    async fn new(build: &mut Build<'_>, install: &Install) -> Result<Self, Failure> {
        let program = manager(build, install.method).await?;
        npm_tools::first_on_path(build, &program);
        let mut words = first_words(build, install);
        words.extend(
            install.options.iter().filter(|option| !words.contains(option)).cloned().collect::<Vec<_>>(),
        );
        let mut steps = vec![words];
        if !install.extra.is_empty() {
            steps.push(adding_words(build, install));
        }
        let name = name(install.method);
        let argv = |words: Vec<String>| {
            let shown = format!("{name} {}", words.join(" "));
            (shown, [program.to_string_lossy().into_owned()].into_iter().chain(words).collect())
        };
        Ok(Self { manager: name, steps: steps.into_iter().map(argv).collect() })
    }

    fn shown(&self) -> String {
        self.steps.iter().map(|(shown, _)| shown.as_str()).collect::<Vec<_>>().join("\n")
    }

    async fn run(&self, build: &mut Build<'_>, dir: PathBuf) -> Result<(), Failure> {
        for (shown, argv) in &self.steps {
            let words: Vec<&str> = argv.iter().map(String::as_str).collect();
            let mut step = build.program(Phase::Install, shown, &words);
            step.dir.clone_from(&dir);
            step.env.extend(environment(self.manager));
            build.run(step).await?;
        }
        Ok(())
    }
}

/// Installations neither ask nor draw, and no package manager replaces itself by another version.
fn environment(manager: &str) -> impl Iterator<Item = (String, String)> {
    let usual = [
        ("CI", "true"),
        ("COREPACK_ENABLE_AUTO_PIN", "0"),
        ("COREPACK_ENABLE_DOWNLOAD_PROMPT", "0"),
        ("YARN_ENABLE_TELEMETRY", "0"),
        ("HUSKY", "0"),
    ];
    // npm reads the same names and warns of one that it does not know.
    let of_pnpm = ("npm_config_manage_package_manager_versions", "false");
    usual
        .into_iter()
        .chain((manager == "pnpm").then_some(of_pnpm))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
}

fn name(method: InstallMethod) -> &'static str {
    match method {
        InstallMethod::Pnpm => "pnpm",
        InstallMethod::YarnClassic | InstallMethod::YarnBerry => "yarn",
        InstallMethod::Bun => "bun",
        _ => "npm",
    }
}

/// The package manager: this machine's, where it fits, or a fetched one.
async fn manager(build: &mut Build<'_>, method: InstallMethod) -> Result<PathBuf, Failure> {
    let version = build.job.plan.package_manager.as_ref().and_then(|manager| manager.version.clone());
    let version = version.as_deref();
    let wanted = |program, package, usual| Wanted { program, package, version, usual, inside: None };
    let found = match method {
        InstallMethod::Pnpm => npm_tools::provide(build, wanted("pnpm", "pnpm", "9")).await?,
        InstallMethod::YarnClassic => npm_tools::provide(build, wanted("yarn", "yarn", "1")).await?,
        InstallMethod::YarnBerry => {
            npm_tools::provide(build, wanted("yarn", "@yarnpkg/cli-dist", "4")).await?
        }
        InstallMethod::Bun => return bun::program(build).await,
        _ => build.engine.env.which("npm"),
    };
    found.ok_or_else(|| missing(name(method)))
}

/// The command's words. Builds and tests need the tools that apps do not; said outright, because `NODE_ENV` would
/// decide otherwise.
fn first_words(build: &Build<'_>, install: &Install) -> Vec<String> {
    let needs_tools = build.job.plan.build.is_some() || build.job.plan.test.is_some();
    let is_frozen = ["--frozen-lockfile", "--immutable"].iter().any(|word| install.command.contains(word));
    let frozen = |word: &'static str| is_frozen.then_some(word);
    let with_tools = needs_tools || install.options.iter().any(|option| is_for_tools(option));
    let words: Vec<&str> = match install.method {
        InstallMethod::Pnpm => ["install"]
            .into_iter()
            .chain([if is_frozen { "--frozen-lockfile" } else { "--no-frozen-lockfile" }])
            .chain([if with_tools { "--prod=false" } else { "--prod" }])
            .collect(),
        InstallMethod::YarnClassic => ["install", "--non-interactive"]
            .into_iter()
            .chain(frozen("--frozen-lockfile"))
            .chain([if with_tools { "--production=false" } else { "--production" }])
            .collect(),
        InstallMethod::YarnBerry => {
            vec!["install", if is_frozen { "--immutable" } else { "--no-immutable" }]
        }
        InstallMethod::Bun => ["install"]
            .into_iter()
            .chain(frozen("--frozen-lockfile"))
            .chain((!with_tools).then_some("--production"))
            .collect(),
        method => {
            let verb = if method == InstallMethod::NpmCi { "ci" } else { "install" };
            let scope = if with_tools { "--include=dev" } else { "--omit=dev" };
            vec![verb, scope, "--no-audit", "--no-fund"]
        }
    };
    words.into_iter().map(str::to_owned).collect()
}

/// Whether an option of the plan asks for the tools too.
fn is_for_tools(option: &str) -> bool {
    matches!(option, "--include=dev" | "--prod=false" | "--production=false")
}

/// The words that add what the project needs and does not name.
fn adding_words(build: &Build<'_>, install: &Install) -> Vec<String> {
    let is_workspace = build.job.source.join("pnpm-workspace.yaml").exists();
    let words: &[&str] = match install.method {
        InstallMethod::Pnpm if is_workspace => &["add", "--workspace-root"],
        InstallMethod::Pnpm | InstallMethod::YarnBerry => &["add"],
        InstallMethod::YarnClassic => &["add", "--non-interactive", "--ignore-workspace-root-check"],
        InstallMethod::Bun => &["add", "--no-save"],
        _ => &["install", "--no-save", "--no-package-lock", "--include=dev", "--no-audit", "--no-fund"],
    };
    words.iter().copied().chain(install.extra.iter().map(String::as_str)).map(str::to_owned).collect()
}

/// Why this project's packages cannot be installed apart from it.
fn needs_project_files(root: &Path, install: &Install) -> Option<&'static str> {
    if install.method == InstallMethod::YarnBerry {
        return Some("Yarn keeps its settings and plugins in the project");
    }
    if root.join("pnpm-workspace.yaml").exists() && install.inputs.len() > 4
        || root.join("lerna.json").exists()
    {
        return Some("the project is a workspace");
    }
    let package: Value = serde_json::from_slice(&std::fs::read(root.join("package.json")).ok()?).ok()?;
    if package.get("workspaces").is_some() {
        return Some("package.json has workspaces");
    }
    if INSTALL_SCRIPTS.iter().any(|script| package["scripts"].get(script).is_some()) {
        return Some("package.json has install scripts");
    }
    let kinds = ["dependencies", "devDependencies", "optionalDependencies"];
    if kinds.iter().any(|kind| package[kind].get("@prisma/client").is_some()) {
        return Some("Prisma makes its client from the project's schema");
    }
    let mut versions =
        kinds.iter().filter_map(|kind| package[kind].as_object()).flat_map(|kind| kind.values());
    let is_local = |version: &Value| {
        version.as_str().is_some_and(|text| {
            ["file:", "link:", "portal:", "./", "../", "/"].iter().any(|p| text.starts_with(p))
        })
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

/// Brings the layer's packages into the release as one link.
fn link_modules(modules: &Path, place: &Path) -> io::Result<()> {
    clear(place)?;
    std::os::unix::fs::symlink(modules, place)
}

/// Brings them as a folder whose files are the layer's own.
fn share_modules(modules: &Path, place: &Path) -> io::Result<()> {
    clear(place)?;
    share_folder(modules, place)
}

fn clear(place: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(place) {
        Ok(meta) if meta.is_dir() => remove_dir(place),
        Ok(_) => std::fs::remove_file(place),
        Err(_) => Ok(()),
    }
}

/// A folder like `from` whose files are hard links; files that cannot be linked are copied.
fn share_folder(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            share_folder(&source, &target)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(std::fs::read_link(&source)?, target)?;
        } else if std::fs::hard_link(&source, &target).is_err() {
            std::fs::copy(&source, &target)?;
        }
    }
    Ok(())
}
