//! Rust: which binary cargo makes, and whether it serves.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Context, near_miss, start, toml_text};
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
    ("ntex", "ntex"),
    ("viz", "viz"),
    ("gotham", "gotham"),
    ("trillium", "trillium"),
    ("pavex", "pavex"),
    ("dropshot", "dropshot"),
    ("cot", "cot"),
    ("iron", "iron"),
    ("leptos_axum", "axum"),
    ("leptos_actix", "actix-web"),
];
/// What programs say that serve without a crate that their manifest names: with the language's own sockets, or with a
/// crate that somebody forgot to add, of which cargo tells more than a refusal could.
const LISTENS: &[&str] = &[
    "TcpListener",
    "axum::",
    "actix_web::",
    "rocket::",
    "poem::",
    "salvo::",
    "warp::",
    "tiny_http::",
    "rouille::",
];
/// Crates that many programs need only to ask others.
const ALSO_CLIENTS: &[&str] = &["tonic", "hyper"];

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
    metadata: Option<toml::Value>,
    default_run: Option<String>,
    autobins: Option<bool>,
    rust_version: Option<toml::Value>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Workspace {
    metadata: Option<toml::Value>,
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
    /// Whether its sources listen by themselves, with what the language brings.
    listens: bool,
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
    let mut packages = BTreeMap::from([(String::new(), root)]);
    for folder in
        packages[""].workspace.as_ref().map(|workspace| members(project, workspace)).unwrap_or_default()
    {
        let file = format!("{folder}/{FILE}");
        let Some(text) = project.manifest(&file)? else { continue };
        packages.insert(folder, toml_text::parse(&file, &text)?);
    }
    let root = &packages[""];
    let programs: Vec<Program> =
        packages.keys().flat_map(|folder| programs(project, folder, &packages)).collect();
    let Some(program) = choose(context, &programs)? else { return Ok(None) };
    if packages.values().any(|package| package.dependencies.contains_key("shuttle-runtime")) {
        return Err(shuttle());
    }
    let serves = program.framework.is_some() || program.listens;
    let strength = if serves { Strength::Server } else { Strength::Program };
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
    if serves && let Some(file) = fixed_address(project, program) {
        draft.warn(format!("{file} names an address of its own; it must listen on $HOST:$PORT"));
    }
    version(project, root, &mut draft)?;
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
    if let Some(site) = packages.values().find_map(Manifest::leptos) {
        leptos(&site, &mut draft);
    }
    if let Some(start) = context.start.as_ref().filter(|_| context.settings.start.is_none()) {
        start::point_to_built(&start.command, project, &mut draft);
    }
    Ok(Some(draft))
}

/// The source that says where the program listens, where the environment has no say in it. Rocket's own variables do.
fn fixed_address(project: &Project<'_>, program: &Program) -> Option<String> {
    const HOSTS: &[&str] = &["\"127.0.0.1:", "\"0.0.0.0:", "\"localhost:", "\"[::]:", "\"[::1]:"];
    if program.framework == Some("rocket") {
        return None;
    }
    let folder = program.manifest.strip_suffix("Cargo.toml").unwrap_or_default();
    let sources = ["src/main.rs", "src/lib.rs"].map(|path| format!("{folder}{path}"));
    let texts: Vec<_> = sources.iter().filter_map(|path| Some((path, project.source(path)?))).collect();
    if texts.iter().any(|(_, text)| text.contains("PORT")) {
        return None;
    }
    let is_fixed = |text: &str| {
        HOSTS
            .iter()
            .any(|host| text.split(host).skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit())))
    };
    texts.iter().find(|(_, text)| is_fixed(text)).map(|(path, _)| (*path).clone())
}

/// Its programs are started by its platform's own launcher only.
fn shuttle() -> PlanError {
    PlanError::Unrecognised {
        reason: "the program starts under Shuttle's own runtime (Cargo.toml: shuttle-runtime), which only Shuttle starts"
            .to_owned(),
        hint: "make it a program of its own: `#[tokio::main]` in place of `#[shuttle_runtime::main]`, listening on \
               $HOST:$PORT"
            .to_owned(),
    }
}

impl Manifest {
    /// What cargo-leptos is told, in either of its places.
    fn leptos(&self) -> Option<Leptos> {
        let of_workspace = || self.workspace.as_ref()?.metadata.as_ref()?.get("leptos")?.as_array()?.first();
        let table = self
            .package
            .as_ref()
            .and_then(|package| package.metadata.as_ref()?.get("leptos"))
            .or_else(of_workspace)?;
        let text = |key: &str| table.get(key).and_then(toml::Value::as_str).map(str::to_owned);
        let name = text("output-name").or_else(|| text("name"));
        Some(Leptos {
            output: name
                .or_else(|| Some(self.package.as_ref()?.name.clone()))
                .filter(|name| is_binary_name(name))?,
            site: text("site-root").unwrap_or_else(|| "target/site".to_owned()),
        })
    }
}

/// A site of Leptos: pages that one program renders and the browser goes on with.
struct Leptos {
    output: String,
    site: String,
}

/// Both halves are built by a tool of their own.
fn leptos(site: &Leptos, draft: &mut Draft) {
    let source = "Cargo.toml: metadata.leptos";
    draft.set_framework("leptos", source);
    draft.set_build("cargo leptos build --release", source);
    let start = draft.start.clone().unwrap_or_default();
    draft.set_start(format!("LEPTOS_SITE_ADDR=$HOST:$PORT {start}"), source);
    draft.set_env("LEPTOS_OUTPUT_NAME", &site.output);
    draft.set_env("LEPTOS_SITE_ROOT", &site.site);
    draft.warn(
        "cargo-leptos builds this (`cargo install --locked cargo-leptos`, `rustup target add wasm32-unknown-unknown`)",
    );
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
    let in_image: Vec<&Program> =
        programs.iter().filter(|program| context.image_names(&program.name)).collect();
    let chosen = only(|_| true)
        .or_else(|| only(|program| program.is_default))
        .or(if let [named] = in_image.as_slice() { Some(*named) } else { None })
        .or_else(|| only(|program| program.framework.is_some()))
        .or_else(|| only(|program| program.framework.is_some() && program.is_main));
    if chosen.is_some() || programs.is_empty() {
        return Ok(chosen);
    }
    if start.is_empty() && programs.iter().all(|program| program.framework.is_none() && !program.listens) {
        return Err(near_miss::tools(programs.iter().map(|program| program.name.as_str()), "Cargo.toml"));
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
fn programs(project: &Project<'_>, folder: &str, packages: &BTreeMap<String, Manifest>) -> Vec<Program> {
    let manifest = &packages[folder];
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
    let framework = framework_of(project, folder, packages);
    let listens = framework.is_none() && says(project, folder, LISTENS);
    let program = |name: String| Program {
        is_default: package.default_run.as_deref() == Some(name.as_str()),
        is_main: name == main,
        name,
        manifest: at("Cargo.toml"),
        framework,
        listens,
    };
    names.into_iter().filter(|name| is_binary_name(name)).map(program).collect()
}

/// The crate with which a package serves, itself or through the other packages of the workspace that it is made of.
fn framework_of(
    project: &Project<'_>,
    folder: &str,
    packages: &BTreeMap<String, Manifest>,
) -> Option<&'static str> {
    let mut pending = vec![folder];
    let mut seen = BTreeSet::new();
    while let Some(folder) = pending.pop() {
        let Some(manifest) = packages.get(folder).filter(|_| seen.insert(folder)) else { continue };
        let depends_on = |name: &str| manifest.dependencies.contains_key(name);
        let counts =
            |name: &str| !ALSO_CLIENTS.contains(&name) || says(project, folder, &["serve", "Server"]);
        if let Some((_, framework)) = FRAMEWORKS.iter().find(|(name, _)| depends_on(name) && counts(name)) {
            return Some(framework);
        }
        let is_needed = |(_, other): &(&String, &Manifest)| {
            other.package.as_ref().is_some_and(|package| depends_on(&package.name))
        };
        pending.extend(packages.iter().filter(is_needed).map(|(folder, _)| folder.as_str()));
    }
    None
}

/// Whether one of the package's main files has any of these words.
fn says(project: &Project<'_>, folder: &str, words: &[&str]) -> bool {
    let files = ["src/main.rs", "src/lib.rs", "src/server.rs", "src/server/mod.rs"].into_iter();
    let mut files =
        files.map(|file| if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") });
    files.any(|file| {
        project.source(&file).is_some_and(|source| words.iter().any(|word| source.contains(word)))
    })
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
