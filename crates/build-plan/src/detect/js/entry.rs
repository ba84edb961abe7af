//! The file that serves, found by reading the sources: the one that listens, not the one with the right name.

use super::inner;
use super::manifest::PackageJson;
use super::script::{is_source, plain};
use super::source::{Native, Script, scan};
use crate::detect::Context;
use crate::detect::text::folder;
use crate::project::{Project, extension};

/// Packages that serve HTTP when a file imports one and listens; those built upon others come first.
pub(super) const SERVERS: &[(&str, &str)] = &[
    ("@nestjs/core", "nest"),
    ("@adonisjs/core", "adonis"),
    ("@feathersjs/feathers", "feathers"),
    ("feathers", "feathers"),
    ("@loopback/rest", "loopback"),
    ("sails", "sails"),
    ("moleculer-web", "moleculer"),
    ("@hapi/hapi", "hapi"),
    ("elysia", "elysia"),
    ("hono", "hono"),
    ("fastify", "fastify"),
    ("koa", "koa"),
    ("express", "express"),
    ("restify", "restify"),
    ("polka", "polka"),
    ("micro", "micro"),
    ("@tinyhttp/app", "tinyhttp"),
    ("ultimate-express", "express"),
    ("hyper-express", "hyper-express"),
    ("uWebSockets.js", "uwebsockets"),
    ("h3", "h3"),
    ("@oak/oak", "oak"),
    ("@trpc/server", "trpc"),
    ("@apollo/server", "apollo"),
    ("apollo-server", "apollo"),
    ("apollo-server-express", "apollo"),
    ("@slack/bolt", "bolt"),
    ("parse-server", "parse-server"),
    ("colyseus", "colyseus"),
    ("@colyseus/core", "colyseus"),
    ("connect", "connect"),
    ("graphql-yoga", "graphql-yoga"),
    ("json-server", "json-server"),
    ("socket.io", "socket.io"),
    ("@modelcontextprotocol/sdk", "mcp"),
    ("ws", "ws"),
];

/// Node's own modules that serve.
const MODULES: &[&str] = &["http", "https", "http2", "net"];

/// Modules that Node brings, as sources without a `node:` in front import them.
const OF_NODE: &[&str] = &[
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "crypto",
    "dgram",
    "dns",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "querystring",
    "readline",
    "stream",
    "string_decoder",
    "timers",
    "tls",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "worker_threads",
    "zlib",
    "bun",
];

fn is_of_node(module: &str) -> bool {
    OF_NODE.contains(&module.split('/').next().unwrap_or(module))
}

const NAMES: &[&str] = &["server", "app", "index", "main", "www", "start", "api"];
const FOLDERS: &[&str] =
    &["", "src/", "server/", "api/", "backend/", "app/", "lib/", "server/src/", "bin/", "source/"];
const ENDINGS: &[&str] = &["js", "mjs", "cjs", "ts", "mts", "cts", "tsx", "jsx"];

/// How many files in unusual places are read at most.
const SEARCHED_MAX: usize = 200;
/// How deep such a file may lie.
const DEPTH_MAX: usize = 3;
/// Folders in which nothing lies that is to be started.
const NOT_SEARCHED: &[&str] = &[
    "node_modules",
    "test",
    "tests",
    "__tests__",
    "spec",
    "e2e",
    "cypress",
    "dist",
    "build",
    "out",
    "public",
    "client",
    "frontend",
    "docs",
    "examples",
    "example",
    "scripts",
    "migrations",
    "static",
    "assets",
    "coverage",
    "vendor",
    "benchmarks",
];

/// A file that could be started.
pub(super) struct Entry {
    pub(super) path: String,
    /// What makes it a server, with its line.
    pub(super) serves: Option<(String, usize)>,
    pub(super) source: String,
    pub(super) script: Script,
}

impl Entry {
    /// Whether it opens a port by itself, or hands a handler to a runtime that does.
    pub(super) fn listens(&self) -> bool {
        self.script.listens.is_some() || self.script.exports_handler
    }

    /// The packages that it imports, and that must be installed.
    pub(super) fn packages(&self) -> impl Iterator<Item = &str> {
        let modules = self.script.imports.iter().map(|(module, _)| module.as_str());
        modules.filter(|module| {
            !module.starts_with(['.', '/', '#', '~']) && !module.contains(':') && !is_of_node(module)
        })
    }

    pub(super) fn is_typescript(&self) -> bool {
        matches!(extension(&self.path), "ts" | "mts" | "cts" | "tsx")
    }
}

/// The file that the settings, a script, `main`, a usual name, or its own code says.
pub(super) fn find(context: &Context<'_>, package: Option<&PackageJson>) -> Option<Entry> {
    let project = context.project;
    if let Some(entry) = &context.entry {
        return load(project, &entry.path, entry.source.clone());
    }
    let named = named(project, package);
    if let Some(at) = named.iter().position(Entry::listens) {
        return named.into_iter().nth(at);
    }
    let usual = usual(project);
    let listening = usual.iter().position(|entry| entry.serves.is_some() && entry.listens());
    let importing =
        || usual.iter().position(|entry| entry.serves.is_some() && entry.script.listens.is_none());
    if let Some(at) = listening {
        return usual.into_iter().nth(at);
    }
    if let Some(found) = searched(project) {
        return Some(found);
    }
    match importing() {
        Some(at) => usual.into_iter().nth(at),
        None => named.into_iter().find(|entry| entry.serves.is_some()),
    }
}

/// Files that package.json names: `main`, and what its scripts start.
fn named(project: &Project<'_>, package: Option<&PackageJson>) -> Vec<Entry> {
    let Some(package) = package else { return Vec::new() };
    let main = package.main.as_deref().map(|main| (main.to_owned(), "package.json: main".to_owned()));
    let scripts =
        ["start", "start:dev", "dev", "serve", "server", "develop", "watch"].iter().filter_map(|name| {
            let script = package.script(name)?;
            let parts = plain(script)?;
            let file = parts.arguments.iter().rfind(|word| is_source(word))?;
            Some(((*file).to_owned(), format!("package.json: scripts.{name}")))
        });
    let files = scripts.chain(main).filter_map(|(file, source)| Some((resolve(project, &file)?, source)));
    files.filter_map(|(path, source)| load(project, &path, source)).collect()
}

/// Files in usual places under usual names.
fn usual(project: &Project<'_>) -> Vec<Entry> {
    let paths = FOLDERS.iter().flat_map(|folder| {
        NAMES
            .iter()
            .flat_map(move |name| ENDINGS.iter().map(move |ending| format!("{folder}{name}.{ending}")))
    });
    // Express' generator makes a file without an ending.
    let paths = paths.chain(["bin/www".to_owned(), "bin/server".to_owned()]).filter(|path| project.has(path));
    paths
        .filter(|path| is_own(project, path))
        .filter_map(|path| {
            let entry = load(project, &path, path.clone())?;
            let source = match &entry.serves {
                Some((name, line)) => format!("{path}:{line} imports {name}"),
                None => path,
            };
            Some(Entry { source, ..entry })
        })
        .collect()
}

/// The sources in which a server may lie under any name.
pub(super) fn candidates<'p>(project: &'p Project<'_>) -> impl Iterator<Item = &'p str> {
    let is_searched = |path: &&str| {
        let mut folders: Vec<&str> = path.split('/').collect();
        let name = folders.pop().unwrap_or_default();
        folders.len() <= DEPTH_MAX
            && is_source(path)
            && ![".test.", ".spec.", ".config.", ".d.ts"].iter().any(|part| name.contains(part))
            && !folders.iter().any(|folder| folder.starts_with('.') || NOT_SEARCHED.contains(folder))
    };
    project.listing().iter().map(|file| file.path.as_str()).filter(is_searched).take(SEARCHED_MAX)
}

/// Any file that listens, where exactly one does.
fn searched(project: &Project<'_>) -> Option<Entry> {
    let mut serving = candidates(project).filter(|path| is_own(project, path)).filter_map(|path| {
        let entry = load(project, path, path.to_owned())?;
        let (name, line) = entry.serves.clone()?;
        entry.script.listens?;
        Some(Entry { source: format!("{path}:{line} imports {name}"), ..entry })
    });
    let first = serving.next()?;
    serving.next().is_none().then_some(first)
}

/// A file that serves and imports a package, where there is no package.json.
pub(super) fn without_manifest(project: &Project<'_>) -> Option<(String, String)> {
    let entry = usual(project)
        .into_iter()
        .find(|entry| entry.serves.is_some() && entry.packages().next().is_some())?;
    let module = entry.packages().next()?.to_owned();
    Some((entry.path, module))
}

/// Whether the file belongs to the project, and not to a package within it.
fn is_own(project: &Project<'_>, path: &str) -> bool {
    inner::nearest_package(project, folder(path)).is_none()
}

/// The file, as far as it can be read.
pub(super) fn load(project: &Project<'_>, path: &str, source: String) -> Option<Entry> {
    let script = scan(&project.source(path)?);
    let names: Vec<&str> = SERVERS.iter().map(|(name, _)| *name).collect();
    let by_import = script.first_import(&names).map(|(name, line)| (framework_of(name).to_owned(), line));
    let own = || {
        let module = script.first_import(MODULES).filter(|_| script.listens.is_some());
        module.map(|(name, line)| (name.to_owned(), line))
    };
    let native = || {
        let (native, line) = script.native.filter(|_| script.listens.is_some() || script.exports_handler)?;
        Some((if native == Native::Bun { "bun" } else { "deno" }.to_owned(), line))
    };
    let serves = by_import.or_else(own).or_else(native);
    // An adapter of a framework lies in a package below its name.
    let serves = serves.or_else(|| {
        let adapter = script.imports.iter().find(|(module, _)| module.starts_with("@hono/"))?;
        Some(("hono".to_owned(), adapter.1))
    });
    Some(Entry { path: path.to_owned(), serves, source, script })
}

/// What the framework of a package is called.
pub(super) fn framework_of(package: &str) -> &'static str {
    SERVERS.iter().find(|(name, _)| *name == package).map_or("node", |(_, framework)| *framework)
}

/// The file that `main` or a command means: as it stands, with an ending, or a folder's index.
pub(super) fn resolve(project: &Project<'_>, path: &str) -> Option<String> {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    if path.split('/').any(|part| part == "..") {
        return None;
    }
    ["", ".js", ".mjs", ".cjs", ".ts", "/index.js", "/index.ts"]
        .iter()
        .map(|ending| format!("{path}{ending}"))
        .find(|path| project.has(path))
}
