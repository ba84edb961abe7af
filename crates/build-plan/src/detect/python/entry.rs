//! Where a Python project's application is: the module, and the folder from which it can be imported.

use super::frameworks::may_offer;
use super::source::{App, Kind, Module, scan};
use super::targets::Target;
use crate::Candidate;
use crate::project::Project;
use crate::shell;

/// Names that people give to the file with the application, likeliest first.
const FILES: &[&str] = &["main", "app", "server", "index", "asgi", "wsgi", "api", "application", "run"];
/// Folders in which they keep it.
const FOLDERS: &[&str] = &["", "src", "app", "api", "backend", "server"];
/// Folders whose modules are never the application.
const ASIDE: &[&str] = &[
    "alembic",
    "benchmarks",
    "build",
    "dist",
    "doc",
    "docs",
    "example",
    "examples",
    "migrations",
    "node_modules",
    "scripts",
    "site-packages",
    "test",
    "tests",
    "venv",
];
/// How deep a module may lie to be looked at.
const DEPTH_MAX: usize = 4;
/// How many modules with unusual names are looked at.
const MODULES_MAX: usize = 300;
/// The same where nothing but the modules themselves says that the project needs Python's packages: scripts beside a
/// site, most often, and thousands of them cost as much to read as the upload that follows.
const UNDECLARED_MODULES_MAX: usize = 12;
/// Files that declare what a Python project needs.
const MANIFESTS: &[&str] = &["requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg"];

/// An application with everything that its server must be told.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) app: App,
    pub(crate) path: String,
    /// The dotted name of its module.
    pub(crate) module: String,
    /// The folder that must be on the import path, when it is not the project itself.
    pub(crate) folder: Option<String>,
}

impl Entry {
    /// `main.py:3`.
    pub(crate) fn source(&self) -> String {
        format!("{}:{}", self.path, self.app.line)
    }
}

/// What looking for the application found.
#[derive(Debug, Default)]
pub(crate) struct Search {
    pub(crate) entries: Vec<Entry>,
    /// Whether the entries stand in the order of preference; if not, only a person can choose.
    pub(crate) ranked: bool,
    /// A factory that needs arguments: `app.py:3`.
    closed_factory: Option<String>,
}

/// Looks into one module only, for this application or the best one.
pub(crate) fn search_in(project: &Project<'_>, path: &str, name: Option<&str>) -> Search {
    let mut search = Search { ranked: true, ..Search::default() };
    look(project, path, &mut search);
    if let (Some(name), Some(entry)) = (name, search.entries.first_mut())
        && entry.app.name != name
    {
        entry.app = App { name: name.to_owned(), kind: Kind::Instance, ..entry.app.clone() };
    }
    search
}

/// A factory in a usual place that cannot be called without arguments: `app.py:3`.
pub(crate) fn closed_factory(project: &Project<'_>) -> Option<String> {
    let mut search = Search::default();
    usual_paths().for_each(|path| look(project, &path, &mut search));
    search.closed_factory
}

/// Looks in the usual places, and where nothing is there in every module of the project. An application that the
/// project's own files name comes first.
pub(crate) fn search(project: &Project<'_>, targets: &[Target]) -> Search {
    let mut search = anywhere(project);
    if let Some(entry) = targets.iter().find_map(|target| named(project, target)) {
        search.entries.retain(|other| (&other.path, &other.app.name) != (&entry.path, &entry.app.name));
        search.entries.insert(0, entry);
        search.ranked = true;
    }
    search
}

/// The application of a target, where its module is there and offers it, itself or by importing it.
fn named(project: &Project<'_>, target: &Target) -> Option<Entry> {
    let path = target.paths().find(|path| project.has(path))?;
    let source = project.source(&path)?;
    let module = scan(&source);
    let app = match &target.name {
        None => module.best_app()?.clone(),
        Some(name) => match module.apps.iter().find(|app| app.name == *name) {
            Some(app) => app.clone(),
            None => App {
                name: name.clone(),
                kind: Kind::Instance,
                framework: None,
                line: module.line_of_import(name)?,
            },
        },
    };
    let place = place(project, &path, &module);
    Some(Entry { app, path, module: place.module, folder: place.folder })
}

fn anywhere(project: &Project<'_>) -> Search {
    let mut search = Search { ranked: true, ..Search::default() };
    for path in usual_paths() {
        look(project, &path, &mut search);
    }
    if search.entries.is_empty() {
        search.ranked = false;
        for path in module_paths(project) {
            look(project, &path, &mut search);
        }
        narrow(project, &mut search);
    }
    // Stable: within the same kind the order of the search stays.
    search.entries.sort_by_key(|entry| entry.app.kind == Kind::Factory);
    search
}

fn usual_paths() -> impl Iterator<Item = String> {
    let files = FOLDERS.iter().flat_map(|folder| FILES.iter().map(move |file| (*folder, *file)));
    let packages = FOLDERS.iter().filter(|folder| !folder.is_empty()).map(|folder| (*folder, "__init__"));
    files.chain(packages).map(|(folder, file)| {
        if folder.is_empty() { format!("{file}.py") } else { format!("{folder}/{file}.py") }
    })
}

/// The modules of the project, the shallow ones first; without those that are aside of it.
pub(crate) fn module_paths(project: &Project<'_>) -> Vec<String> {
    // The cheapest question first: a listing may have tens of thousands of files.
    let mut paths: Vec<(usize, &str)> = project
        .listing()
        .iter()
        .map(|file| file.path.as_str())
        .filter(|path| path.as_bytes().ends_with(b".py"))
        .map(|path| (path.bytes().filter(|byte| *byte == b'/').count(), path))
        .filter(|(depth, path)| *depth < DEPTH_MAX && !is_aside(path))
        .collect();
    // Stable, and the listing is in order.
    paths.sort_by_key(|(depth, _)| *depth);
    let is_declared = MANIFESTS.iter().any(|name| project.has(name));
    let limit = if is_declared { MODULES_MAX } else { UNDECLARED_MODULES_MAX };
    paths.into_iter().take(limit).map(|(_, path)| path.to_owned()).collect()
}

/// Whether the source has any of the words: most modules have none, and are not worth a closer look.
pub(crate) fn search_words(source: &str, words: &[&str]) -> bool {
    words.iter().any(|word| source.contains(word))
}

/// Whether a file is a test, an example or otherwise no part of what runs.
pub(crate) fn is_aside(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.starts_with("test_")
        || file.ends_with("_test.py")
        || matches!(file, "conftest.py" | "setup.py" | "noxfile.py")
        || path
            .as_bytes()
            .split(|byte| *byte == b'/')
            .any(|part| part.starts_with(b".") || ASIDE.iter().any(|name| name.as_bytes() == part))
}

fn look(project: &Project<'_>, path: &str, search: &mut Search) {
    if !project.has(path) || !path.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./".contains(&b)) {
        return;
    }
    if belongs_elsewhere(project, path) {
        return;
    }
    let Some(source) = project.source(path).filter(|source| may_offer(source)) else { return };
    let module = scan(&source);
    if let Some(app) = module.best_app() {
        let place = place(project, path, &module);
        search.entries.push(Entry {
            app: app.clone(),
            path: path.to_owned(),
            module: place.module,
            folder: place.folder,
        });
    } else if let Some((_, line)) = &module.closed_factory
        && search.closed_factory.is_none()
    {
        search.closed_factory = Some(format!("{path}:{line}"));
    }
}

/// Whether a folder around the file is a project of its own, in a project that has no list of packages at its top.
fn belongs_elsewhere(project: &Project<'_>, path: &str) -> bool {
    const MANIFESTS: &[&str] = &["requirements.txt", "pyproject.toml", "Pipfile", "setup.py"];
    let has_any = |folder: &str| {
        MANIFESTS.iter().any(|file| {
            project.has(&if folder.is_empty() { (*file).to_owned() } else { format!("{folder}/{file}") })
        })
    };
    let mut folders = path.match_indices('/').map(|(at, _)| &path[..at]);
    !has_any("") && folders.any(has_any)
}

/// Of applications in unusual places the one with a usual name wins, then the shallowest, then the one whose file has a
/// usual name, then the one that the project's own files start; what is left is a question.
fn narrow(project: &Project<'_>, search: &mut Search) {
    // Django writes both asgi.py and wsgi.py into every project.
    let is_django = |entry: &Entry| entry.app.framework.is_some_and(|framework| framework.name == "django");
    if search.entries.iter().any(|entry| entry.path.ends_with("wsgi.py")) {
        search.entries.retain(|entry| !(is_django(entry) && entry.path.ends_with("asgi.py")));
    }
    let rank = |entry: &Entry| {
        let usual = matches!(entry.app.name.as_str(), "app" | "application" | "api" | "server");
        let stem = entry.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".py");
        let file = FILES.iter().position(|file| *file == stem).unwrap_or(FILES.len());
        (entry.app.kind == Kind::Factory, !usual, entry.path.matches('/').count(), file)
    };
    if let Some(best) = search.entries.iter().map(rank).min() {
        search.entries.retain(|entry| rank(entry) == best);
    }
    if search.entries.len() > 1 {
        started_elsewhere(project, search);
    }
}

/// Keeps the application that the Dockerfile, the compose file or the Makefile names, if they name one of them only.
fn started_elsewhere(project: &Project<'_>, search: &mut Search) {
    const FILES: &[&str] = &[
        "Dockerfile",
        "docker-compose.yml",
        "compose.yml",
        "docker-compose.yaml",
        "compose.yaml",
        "Makefile",
        ".flaskenv",
        "README.md",
    ];
    let texts: Vec<_> = FILES.iter().filter_map(|file| project.manifest(file).ok().flatten()).collect();
    let is_named = |entry: &Entry| {
        let target = format!("{}:{}", entry.module, entry.app.name);
        texts.iter().any(|text| text.contains(&target))
    };
    let named = search.entries.iter().filter(|entry| is_named(entry)).count();
    if named == 1 {
        search.entries.retain(is_named);
    }
}

struct Place {
    module: String,
    folder: Option<String>,
}

/// Decides from which folder the module must be imported for its own imports to work.
fn place(project: &Project<'_>, path: &str, module: &Module) -> Place {
    let stem = path.strip_suffix(".py").unwrap_or(path);
    let stem = stem.strip_suffix("/__init__").unwrap_or(stem);
    let parts: Vec<&str> = stem.split('/').collect();
    let folders = &parts[..parts.len() - 1];
    let from = |depth: usize| Place {
        module: parts[depth..].join("."),
        folder: (depth > 0).then(|| parts[..depth].join("/")),
    };
    let Some(top) = folders.first() else { return from(0) };
    if module.imports_from(top) || module.imports_from_within(top) {
        return from(0);
    }
    // The first dot of a package's own __init__.py means the package itself.
    let own_dots = usize::from(path.ends_with("/__init__.py"));
    let is_relative = module.imports.iter().chain(&module.inner_imports).any(|import| import.dots > own_dots);
    if !is_relative && needs_siblings(project, folders, module) {
        return from(folders.len());
    }
    let outside =
        (0..folders.len()).rev().take_while(|depth| is_package(project, &folders[..=*depth])).last();
    match outside {
        Some(depth) => from(depth),
        None if is_relative => from(folders.len() - 1),
        // `app.py` beside a folder `app` without __init__.py: the import of `app` finds the file.
        None if *top == "src" || project.has(&format!("{top}.py")) => from(folders.len()),
        None => from(0),
    }
}

fn is_package(project: &Project<'_>, folders: &[&str]) -> bool {
    project.has(&format!("{}/__init__.py", folders.join("/")))
}

/// Whether the module imports a neighbour by its bare name, which works only from within the folder.
fn needs_siblings(project: &Project<'_>, folders: &[&str], module: &Module) -> bool {
    let here = folders.join("/");
    let exists = |base: &str, name: &str| {
        let base = if base.is_empty() { name.to_owned() } else { format!("{base}/{name}") };
        project.has(&format!("{base}.py")) || project.has(&format!("{base}/__init__.py"))
    };
    module.imports.iter().any(|import| {
        let name = import.module.split('.').next().unwrap_or_default();
        !name.is_empty() && exists(&here, name) && !exists("", name)
    })
}

/// The entries as a question to the person; `start` makes the start command of each.
pub(crate) fn candidates(entries: &[Entry], start: impl Fn(&Entry) -> String) -> Vec<Candidate> {
    let candidate = |entry: &Entry| Candidate {
        what: format!("{}:{}", entry.module, entry.app.name),
        source: entry.source(),
        setting: format!("start: {}", start(entry)),
    };
    entries.iter().map(candidate).collect()
}

/// `main:app` as a word of a shell.
pub(crate) fn target(entry: &Entry) -> String {
    shell::word(&format!("{}:{}", entry.module, entry.app.name))
}
