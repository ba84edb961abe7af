//! Python programs that serve HTTP by themselves: scripts, packages that can be run, and programs that a project defines.

use super::super::Context;
use super::entry::module_paths;
use super::frameworks;
use super::manifest::Manifest;
use super::source::{Module, scan};
use crate::draft::{Draft, Strength};
use crate::project::Project;
use crate::{Candidate, PlanError, Runtime, shell};

/// Modules that serve HTTP from within a plain script, frameworks first.
const SERVING_MODULES: &[&str] = &[
    "tornado",
    "sanic",
    "cherrypy",
    "bottle",
    "nicegui",
    "web",
    "robyn",
    "dash",
    "flask",
    "taipy",
    "aiohttp",
    "uvicorn",
    "hypercorn",
    "granian",
    "waitress",
    "gevent",
    "eventlet",
    "websockets",
    "http",
    "socketserver",
    "wsgiref",
];

/// What such a script calls: `http.client` and `aiohttp` alone are for asking, not for answering.
const CALLS: &[&str] = &[
    "serve",
    "Server",
    "run_app",
    ".run(",
    " run(",
    "\nrun(",
    "uvicorn.run",
    "listen(",
    "quickstart(",
    ".start(",
    "run_server(",
    "run_simple(",
];

/// Scripts in the order in which people name them.
const FILES: &[&str] = &[
    "main.py",
    "app.py",
    "server.py",
    "index.py",
    "run.py",
    "wsgi.py",
    "start.py",
    "api.py",
    "web.py",
    "__main__.py",
    "bot.py",
];
/// How many imports of a script are followed.
const IMPORTS_MAX: usize = 24;
/// Folders in which they keep them.
const FOLDERS: &[&str] = &["", "src/", "app/", "server/", "backend/", "api/"];

/// Names of programs that are likelier to serve than others.
const SERVING_NAMES: &[&str] = &["serve", "server", "web", "api", "start", "run", "app", "main"];

/// Looks for a program: a serving script, a program that pyproject.toml defines, a package that can be run.
///
/// # Errors
/// [`PlanError::Ambiguous`] where pyproject.toml defines several.
pub(super) fn detect(context: &Context<'_>, manifest: Option<&Manifest>) -> Result<Option<Draft>, PlanError> {
    let project = context.project;
    if let Some(draft) = serving(project) {
        return Ok(Some(draft));
    }
    if let Some(draft) = manifest.map(|manifest| defined(project, manifest)).transpose()?.flatten() {
        return Ok(Some(draft));
    }
    match runnable(project) {
        Some(draft) => Ok(Some(draft)),
        None => Ok(unusual(project)?.or_else(|| deeper(project))),
    }
}

/// The script of an application that nothing but its own file can say how to serve.
pub(super) fn of_entry(project: &Project<'_>, path: &str) -> Option<Draft> {
    let source = project.source(path)?;
    let module = scan(&source);
    let serves = serves(&module, &source)?;
    Some(program(path, command(path, &module), &source, serves))
}

/// The only script of a usual name in a folder of its own that is run by itself and serves with a framework.
fn deeper(project: &Project<'_>) -> Option<Draft> {
    let is_usual = |path: &String| {
        let file = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        path.contains('/') && FILES.contains(&file.as_str())
    };
    let mut found = module_paths(project).into_iter().filter(is_usual).filter_map(|path| {
        let source = project.source(&path)?;
        let module = scan(&source);
        let serves = module.main_guard.and_then(|_| serves(&module, &source))?;
        frameworks::of_script(serves)?;
        Some(program(&path, command(&path, &module), &source, serves))
    });
    found.next().filter(|_| found.next().is_none())
}

/// The command that runs a script; as a module where it imports from the folder in which it lies by that folder's name.
fn command(path: &str, module: &Module) -> String {
    let stem = path.strip_suffix(".py").unwrap_or(path);
    let top = stem.split('/').next().unwrap_or(stem);
    let is_module = stem.bytes().all(|b| b.is_ascii_alphanumeric() || b"_/".contains(&b));
    if stem.contains('/') && is_module && module.imports_from(top) {
        return format!("python -m {}", stem.replace('/', "."));
    }
    format!("python {}", shell::word(path))
}

/// The only script at the top that is run by itself and serves, whatever its name.
///
/// # Errors
/// [`PlanError::Ambiguous`] where there are several.
fn unusual(project: &Project<'_>) -> Result<Option<Draft>, PlanError> {
    let paths = module_paths(project).into_iter().filter(|path| !path.contains('/'));
    let found: Vec<(String, std::rc::Rc<str>, &'static str)> = paths
        .filter_map(|path| {
            let source = project.source(&path)?;
            let module = scan(&source);
            let serves = module.main_guard.and_then(|_| serves(&module, &source))?;
            Some((path, source, serves))
        })
        .collect();
    let command = |path: &str| format!("python {}", shell::word(path));
    match found.as_slice() {
        [] => Ok(None),
        [(path, source, serves)] => Ok(Some(program(path, command(path), source, serves))),
        several => {
            let candidate = |(path, _, serves): &(String, std::rc::Rc<str>, &'static str)| Candidate {
                what: format!("python with {serves}"),
                source: path.clone(),
                setting: format!("start: {}", command(path)),
            };
            Err(PlanError::Ambiguous { candidates: several.iter().map(candidate).collect() })
        }
    }
}

/// A script that serves HTTP by itself.
fn serving(project: &Project<'_>) -> Option<Draft> {
    let paths = FOLDERS.iter().flat_map(|folder| FILES.iter().map(move |file| format!("{folder}{file}")));
    paths.filter(|path| project.has(path)).find_map(|path| {
        let source = project.source(&path)?;
        let module = scan(&source);
        let serves = serves(&module, &source)?;
        Some(program(&path, command(&path, &module), &source, serves))
    })
}

/// The module with which a script serves, or with which the modules of the project that it imports do.
fn serves_through(project: &Project<'_>, path: &str, source: &str) -> Option<&'static str> {
    let module = scan(source);
    let here = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    serves(&module, source).or_else(|| {
        module.imports.iter().take(IMPORTS_MAX).find_map(|import| {
            let inner = import.module.replace('.', "/");
            let places = [inner.clone(), format!("src/{inner}"), format!("{here}/{inner}")];
            let file = places.iter().map(|place| format!("{place}.py")).find(|file| project.has(file))?;
            let source = project.source(&file)?;
            serves(&scan(&source), &source)
        })
    })
}

/// The module with which a script serves.
fn serves(module: &Module, source: &str) -> Option<&'static str> {
    let serves = SERVING_MODULES.iter().find(|name| module.imports_from(name))?;
    CALLS.iter().any(|word| source.contains(word)).then_some(serves)
}

fn program(path: &str, command: String, source: &str, serves: &str) -> Draft {
    let mut draft = Draft::new(Runtime::Python, Strength::Server, path);
    if let Some(framework) = frameworks::of_script(serves) {
        draft.set_framework(framework, path);
    }
    if let Some(command) = of_bottle(path, source).filter(|_| serves == "bottle") {
        draft.set_start(command, format!("{path} imports {serves}"));
        return draft;
    }
    draft.set_start(command, format!("{path} imports {serves}"));
    if !source.contains("PORT") {
        draft.warn(format!("{path} does not read the environment's PORT; it must listen on $HOST:$PORT"));
    }
    draft
}

/// Bottle's own command for a script whose routes belong to its default application: it passes over the script's `run`,
/// and with it over the port that is written there.
fn of_bottle(path: &str, source: &str) -> Option<String> {
    const ROUTES: &[&str] =
        &["@route(", "@get(", "@post(", "@bottle.route(", "@bottle.get(", "@bottle.post("];
    let stem = path.strip_suffix(".py").filter(|stem| !stem.contains('/') && !source.contains("PORT"))?;
    let is_outer = source.lines().any(|line| ROUTES.iter().any(|route| line.starts_with(route)));
    is_outer.then(|| format!("python -m bottle -s gunicorn -b $HOST:$PORT {}", shell::word(stem)))
}

/// A package with `__main__.py`, beside which nothing else can be started.
fn runnable(project: &Project<'_>) -> Option<Draft> {
    let mut mains = project.listing().iter().filter_map(|file| {
        let package = file.path.strip_suffix("/__main__.py").filter(|_| !file.is_link())?;
        let (folder, package) = match package.strip_prefix("src/") {
            Some(inner) => (Some("src"), inner),
            None => (None, package),
        };
        let is_package = package.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        is_package.then_some((file.path.as_str(), folder, package))
    });
    let (path, folder, package) = mains.next().filter(|_| mains.next().is_none())?;
    let source = project.source(path)?;
    let does_serve = serves_through(project, path, &source).is_some();
    let strength = if does_serve { Strength::Server } else { Strength::Program };
    let mut draft = Draft::new(Runtime::Python, strength, path);
    let place = folder.map_or_else(String::new, |folder| format!("PYTHONPATH={folder} "));
    draft.set_start(format!("{place}python -m {package}"), path);
    Some(draft)
}

/// A program of `[project.scripts]`, started without being installed: what is installed is kept while its code changes.
fn defined(project: &Project<'_>, manifest: &Manifest) -> Result<Option<Draft>, PlanError> {
    let mut found: Vec<Defined> =
        manifest.scripts.iter().filter_map(|(name, target)| Defined::find(project, name, target)).collect();
    found.sort_by_key(|program| std::cmp::Reverse((program.serves, program.rank)));
    let Some(best) = found.first() else { return Ok(None) };
    let equals: Vec<&Defined> =
        found.iter().take_while(|other| (other.serves, other.rank) == (best.serves, best.rank)).collect();
    let source = |program: &Defined| format!("pyproject.toml: scripts.{}", program.name);
    if equals.len() > 1 {
        let candidate = |program: &&Defined| Candidate {
            what: format!("python, the program `{}`", program.name),
            source: source(program),
            setting: format!("start: {}", program.command),
        };
        return Err(PlanError::Ambiguous { candidates: equals.iter().map(candidate).collect() });
    }
    let strength = if best.serves { Strength::Server } else { Strength::Program };
    let mut draft = Draft::new(Runtime::Python, strength, source(best));
    draft.set_start(best.command.clone(), source(best));
    Ok(Some(draft))
}

/// A program that pyproject.toml defines.
struct Defined {
    name: String,
    command: String,
    /// Whether its module serves HTTP.
    serves: bool,
    /// Whether its name says so.
    rank: bool,
}

impl Defined {
    fn find(project: &Project<'_>, name: &str, target: &str) -> Option<Self> {
        let (module, function) = target.split_once(':')?;
        let is_name = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
        };
        if !is_name(module) || !is_name(function) {
            return None;
        }
        let path = module.replace('.', "/");
        let (folder, file) = ["", "src/"].into_iter().find_map(|folder| {
            let files = [format!("{folder}{path}.py"), format!("{folder}{path}/__init__.py")];
            files.into_iter().find(|file| project.has(file)).map(|file| (folder, file))
        })?;
        let source = project.source(&file)?;
        let place = if folder.is_empty() { "" } else { "PYTHONPATH=src " };
        let does_serve = serves(&scan(&source), &source).is_some() || source.contains("uvicorn.run(");
        let subcommand = if takes_subcommands(&source) { serving_subcommand(&source)? } else { "" };
        let words = if subcommand.is_empty() { String::new() } else { format!(" {subcommand}") };
        Some(Self {
            name: name.to_owned(),
            command: format!(
                "{place}python -c 'from {module} import {}; {function}()'{words}",
                first(function)
            ),
            serves: does_serve,
            rank: SERVING_NAMES.contains(&name),
        })
    }
}

/// Whether the program of a module does nothing without the name of what it is to do.
fn takes_subcommands(source: &str) -> bool {
    ["click.group", "typer.Typer(", "Typer(", ".add_subparsers("].iter().any(|word| source.contains(word))
}

/// The subcommand that starts a server, as click and Typer name them after their functions.
fn serving_subcommand(source: &str) -> Option<&'static str> {
    let names = ["serve", "runserver", "server", "web", "start", "run", "api"];
    names.into_iter().find(|name| source.contains(&format!("def {name}(")))
}

/// `app` of `app.run`.
fn first(function: &str) -> &str {
    function.split('.').next().unwrap_or(function)
}
