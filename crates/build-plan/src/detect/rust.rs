//! Rust: which binary cargo makes, and whether it serves.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Context, toml_text};
use crate::draft::{Draft, Strength};
use crate::project::Project;
use crate::{Candidate, PlanError, Runtime, shell};

/// Where the engine puts the built binary.
const BINARY_FOLDER: &str = "./.backend-im/bin";
/// How many members of a workspace are looked at.
const MEMBERS_MAX: usize = 64;

/// Crates that serve HTTP; those built upon others come first.
const FRAMEWORKS: &[(&str, &str)] = &[
    ("axum", "axum"),
    ("actix-web", "actix-web"),
    ("rocket", "rocket"),
    ("poem", "poem"),
    ("salvo", "salvo"),
    ("warp", "warp"),
    ("tide", "tide"),
    ("loco-rs", "loco"),
    ("tonic", "tonic"),
    ("hyper", "hyper"),
    ("tiny_http", "tiny_http"),
    ("rouille", "rouille"),
];

#[derive(Deserialize, Default)]
#[serde(default)]
struct Manifest {
    package: Option<Package>,
    workspace: Option<Workspace>,
    bin: Vec<Binary>,
    dependencies: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
struct Package {
    name: String,
    default_run: Option<String>,
    autobins: Option<bool>,
    rust_version: Option<toml::Value>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Workspace {
    members: Vec<String>,
    exclude: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Binary {
    name: Option<String>,
    path: Option<String>,
}

/// One program that cargo can build.
#[derive(Debug)]
struct Program {
    name: String,
    /// The manifest that defines it.
    manifest: String,
    framework: Option<&'static str>,
    is_default: bool,
    /// Whether it is the package's own, `src/main.rs`.
    is_main: bool,
}

/// Looks for a Rust program.
///
/// # Errors
/// [`PlanError`] when a manifest does not parse, or several programs could be meant.
pub(crate) fn detect(context: &Context<'_>) -> Result<Option<Draft>, PlanError> {
    const FILE: &str = "Cargo.toml";
    let project = context.project;
    let Some(text) = project.manifest(FILE)? else { return Ok(None) };
    let root: Manifest = toml_text::parse(FILE, &text)?;
    let mut programs = programs(project, "", &root);
    if let Some(workspace) = &root.workspace {
        for folder in members(project, workspace) {
            let file = format!("{folder}/{FILE}");
            let Some(text) = project.manifest(&file)? else { continue };
            programs.extend(self::programs(project, &folder, &toml_text::parse(&file, &text)?));
        }
    }
    let Some(program) = choose(context, &programs)? else { return Ok(None) };
    let strength = if program.framework.is_some() { Strength::Server } else { Strength::Program };
    let mut draft = Draft::new(Runtime::Rust, strength, program.manifest.clone());
    if let Some(framework) = program.framework {
        draft.set_framework(framework, format!("{}: dependencies", program.manifest));
    }
    let others = programs.iter().filter(|other| other.name != program.name && other.framework.is_some());
    let others: Vec<&str> = others.map(|other| other.name.as_str()).collect();
    if !others.is_empty() {
        draft.warn(format!(
            "{} is started, and not {} (choose with `start`)",
            program.name,
            others.join(", ")
        ));
    }
    version(project, &root, &mut draft)?;
    let locked = project.first_of(&["Cargo.lock"]).unwrap_or(FILE);
    draft.set_package_manager("cargo", None, locked);
    draft.keep("cargo", &["target"]);
    build(project, program, &mut draft);
    let binary = shell::word(&format!("{BINARY_FOLDER}/{}", program.name));
    let start = match program.framework {
        Some("rocket") => format!("ROCKET_ADDRESS=$HOST ROCKET_PORT=$PORT {binary}"),
        _ => binary,
    };
    draft.set_start(start, program.manifest.clone());
    Ok(Some(draft))
}

fn build(project: &Project<'_>, program: &Program, draft: &mut Draft) {
    let locked = if project.has("Cargo.lock") { " --locked" } else { "" };
    if locked.is_empty() {
        draft.warn(
            "there is no Cargo.lock, so every build may bring other versions; commit the one cargo writes",
        );
    }
    let command = format!("cargo build --release{locked} --bin {}", shell::word(&program.name));
    draft.set_build(command, program.manifest.clone());
}

/// The one that a start command names, the default, the only one, or the only one that serves.
fn choose<'p>(context: &Context<'_>, programs: &'p [Program]) -> Result<Option<&'p Program>, PlanError> {
    let start = context.start.as_ref().map(|start| start.command.as_str()).unwrap_or_default();
    let named = shell::words(start)
        .map(|word| word.rsplit('/').next().unwrap_or(word))
        .find_map(|word| programs.iter().find(|program| program.name == word));
    if named.is_some() {
        return Ok(named);
    }
    let only = |wanted: fn(&Program) -> bool| {
        let mut matching = programs.iter().filter(|program| wanted(program));
        matching.next().filter(|_| matching.next().is_none())
    };
    let chosen = only(|_| true)
        .or_else(|| only(|program| program.is_default))
        .or_else(|| only(|program| program.framework.is_some()))
        .or_else(|| only(|program| program.framework.is_some() && program.is_main));
    if chosen.is_some() || programs.is_empty() {
        return Ok(chosen);
    }
    let mut ranked: Vec<&Program> = programs.iter().collect();
    ranked.sort_by_key(|program| program.framework.is_none());
    let candidate = |program: &&Program| Candidate {
        what: program
            .framework
            .map_or_else(|| "rust".to_owned(), |framework| format!("rust with {framework}")),
        source: program.manifest.clone(),
        setting: format!("start: {BINARY_FOLDER}/{}", program.name),
    };
    Err(PlanError::Ambiguous { candidates: ranked.iter().map(candidate).collect() })
}

/// The programs of one package: `src/main.rs`, `src/bin/*`, and those that the manifest names.
fn programs(project: &Project<'_>, folder: &str, manifest: &Manifest) -> Vec<Program> {
    let Some(package) = &manifest.package else { return Vec::new() };
    let at = |path: &str| if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") };
    let main = package.name.clone();
    let mut names: BTreeSet<String> = manifest.bin.iter().filter_map(|binary| binary.name.clone()).collect();
    if package.autobins != Some(false) {
        // A `[[bin]]` with one of these paths renames it.
        let is_claimed = |path: &str| manifest.bin.iter().any(|binary| binary.path.as_deref() == Some(path));
        if project.has(&at("src/main.rs")) && !is_claimed("src/main.rs") {
            names.insert(package.name.clone());
        }
        let inside = at("src/bin");
        for file in project.listing().under(&inside) {
            let path = &file.path[inside.len() + 1..];
            if is_claimed(&format!("src/bin/{path}")) {
                continue;
            }
            let name = path.strip_suffix("/main.rs").or_else(|| path.strip_suffix(".rs"));
            names.extend(name.filter(|name| !name.contains('/')).map(str::to_owned));
        }
    }
    let depends_on = |name: &str| manifest.dependencies.contains_key(name);
    let framework = FRAMEWORKS.iter().find(|(name, _)| depends_on(name)).map(|(_, framework)| *framework);
    let program = |name: String| Program {
        is_default: package.default_run.as_deref() == Some(name.as_str()),
        is_main: name == main,
        name,
        manifest: at("Cargo.toml"),
        framework,
    };
    names.into_iter().filter(|name| is_binary_name(name)).map(program).collect()
}

fn is_binary_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// The folders of the workspace's members; `*` stands for one part of a path.
fn members(project: &Project<'_>, workspace: &Workspace) -> Vec<String> {
    let manifests = project.listing().iter().filter_map(|file| file.path.strip_suffix("/Cargo.toml"));
    let is_member = |folder: &&str| {
        let fits = |pattern: &String| matches(pattern.trim_end_matches('/'), folder);
        workspace.members.iter().any(fits) && !workspace.exclude.iter().any(fits)
    };
    manifests.filter(is_member).take(MEMBERS_MAX).map(str::to_owned).collect()
}

fn matches(pattern: &str, folder: &str) -> bool {
    let pattern = pattern.trim_start_matches("./");
    pattern.split('/').count() == folder.split('/').count()
        && pattern.split('/').zip(folder.split('/')).all(|(pattern, part)| match pattern.split_once('*') {
            Some((start, end)) => {
                part.len() >= start.len() + end.len() && part.starts_with(start) && part.ends_with(end)
            }
            None => pattern == part,
        })
}

/// Which Rust the project asks for.
fn version(project: &Project<'_>, root: &Manifest, draft: &mut Draft) -> Result<(), PlanError> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct ToolchainFile {
        toolchain: Toolchain,
    }
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Toolchain {
        channel: Option<String>,
    }
    if let Some(text) = project.manifest("rust-toolchain.toml")? {
        let file: ToolchainFile = toml_text::parse("rust-toolchain.toml", &text)?;
        if let Some(channel) = file.toolchain.channel {
            draft.set_version(&channel, "rust-toolchain.toml");
            return Ok(());
        }
    }
    if let Some(text) = project.manifest("rust-toolchain")?
        && !text.contains('[')
        && let Some(line) = text.lines().map(str::trim).find(|line| !line.is_empty())
    {
        draft.set_version(line, "rust-toolchain");
        return Ok(());
    }
    let wanted = root.package.as_ref().and_then(|package| package.rust_version.as_ref());
    if let Some(version) = wanted.and_then(toml::Value::as_str) {
        draft.set_version(version, "Cargo.toml: rust-version");
    }
    Ok(())
}
