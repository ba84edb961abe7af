//! Go and Rust: the last stage has the program, and those of the project's files that are no source of it.

use std::collections::BTreeSet;

use super::base::{self, Pin};
use super::quote::is_plain;
use super::recipe::{Installation, Recipe, Step, Taken};
use super::subject::Subject;
use crate::project::extension;
use crate::shell;

/// Where the plan's build puts programs.
const PROGRAMS: &str = ".backend-im/bin";
/// Endings of files that a compiled program does not read.
const SOURCES: &[&str] =
    &["go", "rs", "mod", "sum", "work", "lock", "md", "proto", "c", "h", "s", "sh", "mk"];
/// Files at the top that are for tools.
const FOR_TOOLS: &[&str] = &[
    "Cargo.toml",
    "rust-toolchain.toml",
    "rust-toolchain",
    "rustfmt.toml",
    "clippy.toml",
    "deny.toml",
    "Makefile",
    "Justfile",
    "justfile",
    "LICENSE",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "Procfile",
    "Dockerfile",
    "Containerfile",
    "backend-im.yml",
    "backend-im.yaml",
    "backend.yml",
    "backend.yaml",
    "backendim.yaml",
    "backendim.yml",
    "fly.toml",
    "render.yaml",
    "app.json",
    "mise.toml",
    "docker-compose.yml",
    "docker-compose.yaml",
    "compose.yml",
    "compose.yaml",
];
/// Folders that are for people and tools.
const ASIDE: &[&str] = &[
    "vendor",
    "target",
    "docs",
    "doc",
    "tests",
    "test",
    "testdata",
    "benches",
    "examples",
    "scripts",
    "node_modules",
    "bin",
];
/// Crates that call a library of the system, with the package that has it.
const LIBRARIES: &[(&str, &str)] = &[
    ("openssl-sys", "libssl3"),
    ("pq-sys", "libpq5"),
    ("mysqlclient-sys", "libmariadb3"),
    ("libsqlite3-sys", "libsqlite3-0"),
];
/// Crates that call a program when they are built, with the package that has it.
const COMPILERS: &[(&str, &str)] =
    &[("prost-build", "protobuf-compiler"), ("rdkafka-sys", "cmake"), ("aws-lc-sys", "cmake")];

pub(super) fn go(subject: &Subject<'_>) -> Recipe {
    let plan = subject.plan;
    let mut recipe = Recipe::new(base::go(plan.version.as_deref()));
    recipe.packages = vec!["ca-certificates", "tzdata"];
    let modules = "/go/pkg/mod";
    if let Some(install) = &plan.install {
        let step = Step::run(&[modules], install.command.clone());
        let inputs = subject.inputs(install, &[]);
        recipe.installation = if inputs.is_empty() {
            Installation { after: vec![step], ..Installation::default() }
        } else {
            Installation { inputs, before: vec![step], after: Vec::new() }
        };
    }
    let build = plan.build.clone().unwrap_or_else(|| "go build ./...".to_owned());
    recipe.build.push(Step::run(&[modules, "/root/.cache/go-build"], build));
    recipe.taken = taken(subject, "go");
    if matches!(recipe.taken, Taken::Everything { .. }) {
        recipe.images.run.clone_from(&recipe.images.build);
    }
    recipe
}

pub(super) fn rust(subject: &Subject<'_>) -> Recipe {
    let plan = subject.plan;
    let source = plan
        .evidence
        .iter()
        .find(|evidence| evidence.field == "version")
        .map(|evidence| evidence.source.as_str());
    let pin = if source.is_some_and(|source| source.starts_with("rust-toolchain")) {
        Pin::Exact
    } else {
        Pin::Minimum
    };
    let mut recipe = Recipe::new(base::rust(plan.version.as_deref(), pin));
    let lock = subject.text("Cargo.lock").unwrap_or_default();
    let needs = |name: &str| lock.contains(&format!("name = \"{name}\""));
    recipe.packages = vec!["ca-certificates"];
    recipe.packages.extend(LIBRARIES.iter().filter(|(name, _)| needs(name)).map(|(_, package)| *package));
    let mut compilers: Vec<String> =
        COMPILERS.iter().filter(|(name, _)| needs(name)).map(|(_, package)| (*package).to_owned()).collect();
    compilers.dedup();
    if !compilers.is_empty() {
        recipe.tools.push(Step::Packages(compilers));
    }
    let locked = if subject.has("Cargo.lock") { " --locked" } else { "" };
    let build = plan.build.clone().unwrap_or_else(|| format!("cargo build --release{locked}"));
    let target = subject.placed("target");
    recipe.taken = taken(subject, "cargo");
    let is_kept = matches!(recipe.taken, Taken::Everything { .. });
    let caches = ["/usr/local/cargo/registry", "/usr/local/cargo/git", target.as_str()];
    let caches = if is_kept { &caches[..2] } else { &caches[..] };
    // What cargo leaves in a cache is gone with the mount: programs are taken out of it.
    let collect =
        format!("find target/release -maxdepth 1 -type f -executable -exec cp -t {PROGRAMS} {{}} +");
    recipe
        .build
        .push(Step::say("Cargo's own cache stands in for a layer: it compiles again only what changed."));
    recipe.build.push(Step::Run {
        caches: caches.iter().map(|&cache| cache.to_owned()).collect(),
        commands: vec![build, format!("mkdir -p {PROGRAMS}"), collect],
    });
    let path = format!("{}:$PATH", subject.placed(PROGRAMS));
    recipe.env.push(("PATH".to_owned(), path));
    if is_kept {
        recipe.images.run.clone_from(&recipe.images.build);
    } else if plan.start.as_deref().is_some_and(|start| start.contains("target/release/")) {
        recipe.last.push(Step::run(&[], format!("mkdir -p target && ln -s ../{PROGRAMS} target/release")));
    }
    recipe
}

/// The program and the project's other files; everything where the start wants the compiler, or names are odd.
fn taken(subject: &Subject<'_>, compiler: &str) -> Taken {
    let start = subject.plan.start.as_deref().unwrap_or_default();
    let is_by_us =
        compiler == "cargo" || subject.plan.build.as_deref().is_some_and(|build| build.contains(PROGRAMS));
    let files = data(subject);
    if shell::program(start) == Some(compiler) || !is_by_us || !files.iter().all(|file| is_plain(file)) {
        return Taken::Everything { beside: Vec::new() };
    }
    Taken::Only { made: vec![PROGRAMS.to_owned()], files }
}

/// Files and folders at the project's top that a program may read when it runs: templates, pages, migrations, settings.
fn data(subject: &Subject<'_>) -> Vec<String> {
    let is_source = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        name.starts_with('.') || SOURCES.contains(&extension(name)) || FOR_TOOLS.contains(&name)
    };
    let mut found = BTreeSet::new();
    for path in subject.files().into_iter().filter(|path| !is_source(path) && !path.starts_with('.')) {
        match path.split_once('/') {
            Some((folder, _)) if ASIDE.contains(&folder) => {}
            Some((folder, _)) => drop(found.insert(folder.to_owned())),
            None => drop(found.insert(path.to_owned())),
        }
    }
    found.into_iter().collect()
}
