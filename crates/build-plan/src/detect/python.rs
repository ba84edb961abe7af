//! Python: what to install, and how to start what the source offers.

use super::Context;
use super::python_entry::{self, Entry, Search, candidates};
use super::python_packages::{self, Packages};
use super::python_source::{FRAMEWORKS, Framework, Kind, Protocol, scan};
use crate::draft::{Draft, Strength};
use crate::project::{Project, extension};
use crate::{Install, InstallMethod, PlanError, Runtime, shell};

/// Files at the top of a project that make it a Python project.
const MANIFESTS: &[&str] =
    &["requirements.txt", "pyproject.toml", "uv.lock", "Pipfile", "setup.py", "poetry.lock", "manage.py"];

/// Modules that serve HTTP from within a plain script.
const SERVING_MODULES: &[&str] = &[
    "http",
    "socketserver",
    "wsgiref",
    "aiohttp",
    "tornado",
    "sanic",
    "uvicorn",
    "hypercorn",
    "waitress",
    "cherrypy",
    "bottle",
    "nicegui",
];

/// Servers by the word that starts them, and the package that brings each.
const SERVERS: &[(&str, &str)] = &[
    ("uvicorn", "uvicorn"),
    ("gunicorn", "gunicorn"),
    ("hypercorn", "hypercorn"),
    ("granian", "granian"),
    ("daphne", "daphne"),
    ("waitress-serve", "waitress"),
];

/// What gets installed, and how.
struct Manifest {
    method: InstallMethod,
    packages: Packages,
}

/// Looks for a Python project.
///
/// # Errors
/// [`PlanError`] when it is one and cannot be planned.
pub(crate) fn detect(context: &Context<'_>) -> Result<Option<Draft>, PlanError> {
    let project = context.project;
    let has_sources = || project.listing().iter().any(|file| extension(&file.path) == "py");
    let marker = project.first_of(MANIFESTS);
    if marker.is_none() && !has_sources() {
        return Ok(None);
    }
    let search = match &context.entry {
        Some(entry) => python_entry::search_in(project, &entry.path, entry.attribute.as_deref()),
        None => python_entry::search(project),
    };
    let mut warnings = Vec::new();
    let manifest = manifest(context, &mut warnings)?;
    let mut draft = match (&context.start, search.entries.is_empty()) {
        (Some(_), _) => match started_by_hand(&search, marker, manifest.as_ref(), context) {
            Some(draft) => draft,
            None => return Ok(None),
        },
        (None, false) => served(context, &search, manifest.as_ref())?,
        (None, true) => match script(project) {
            Some(draft) => draft,
            None => return Ok(None),
        },
    };
    draft.warnings.extend(warnings);
    version(project, manifest.as_ref(), &mut draft)?;
    if let Some(manifest) = manifest {
        install(manifest, &mut draft, context);
    }
    Ok(Some(draft))
}

/// A start command is given; what is left to know is whether it is Python at all, and with which framework.
fn started_by_hand(
    search: &Search,
    marker: Option<&str>,
    manifest: Option<&Manifest>,
    context: &Context<'_>,
) -> Option<Draft> {
    let found = search.entries.first();
    let is_asked_for =
        context.settings.runtime == Some(Runtime::Python) || context.starts_with(Runtime::Python);
    let source = match (found, marker) {
        (Some(entry), _) => entry.source(),
        (None, Some(marker)) => marker.to_owned(),
        (None, None) if is_asked_for => context.start.as_ref()?.source.clone(),
        (None, None) => return None,
    };
    let strength = if found.is_some() { Strength::Server } else { Strength::Program };
    let mut draft = Draft::new(Runtime::Python, strength, source);
    if let Some(entry) = found
        && let Some(framework) = framework_of(entry, search, manifest.map(|manifest| &manifest.packages))
    {
        draft.set_framework(framework.name, entry.source());
    }
    Some(draft)
}

/// The application that the source offers, under its server.
fn served(context: &Context<'_>, search: &Search, manifest: Option<&Manifest>) -> Result<Draft, PlanError> {
    let entry = &search.entries[0];
    let packages = manifest.map(|manifest| &manifest.packages);
    let framework = framework_of(entry, search, packages).ok_or_else(|| PlanError::Unrecognised {
        reason: format!("`{}` calls a factory, and no file names its framework", entry.source()),
        hint: "name the framework in requirements.txt, or set `start` in backend-im.yml".to_owned(),
    })?;
    if !search.ranked && search.entries.len() > 1 {
        let start = |entry: &Entry| command(entry, entry.app.framework.unwrap_or(framework));
        return Err(PlanError::Ambiguous { candidates: candidates(&search.entries, start) });
    }
    if manifest.is_none() && context.settings.install.is_none() {
        return Err(PlanError::Unrecognised {
            reason: format!(
                "{} makes an application with {}, and no file says what to install",
                entry.path, framework.name
            ),
            hint: format!(
                "write a requirements.txt with the line `{}` and what else the code imports",
                framework.package
            ),
        });
    }
    let mut draft = Draft::new(Runtime::Python, Strength::Server, entry.source());
    draft.set_framework(framework.name, entry.source());
    draft.set_start(command(entry, framework), entry.source());
    let others: Vec<String> = search.entries[1..].iter().map(Entry::source).collect();
    if !others.is_empty() && entry.app.kind == Kind::Instance {
        draft.warn(format!(
            "{} is started; applications are also at {} (choose with `start` in backend-im.yml)",
            entry.source(),
            others.join(", ")
        ));
    }
    Ok(draft)
}

/// The entry's own framework, else that of another entry, else the one that the manifest names.
fn framework_of(entry: &Entry, search: &Search, packages: Option<&Packages>) -> Option<&'static Framework> {
    entry.app.framework.or_else(|| search.entries.iter().find_map(|other| other.app.framework)).or_else(
        || FRAMEWORKS.iter().find(|known| packages.is_some_and(|packages| packages.has(known.package))),
    )
}

/// The command that serves the application on `$HOST:$PORT`.
fn command(entry: &Entry, framework: &Framework) -> String {
    let folder = entry.folder.as_deref().map(shell::word);
    let is_factory = entry.app.kind == Kind::Factory;
    match framework.protocol {
        Protocol::Asgi => {
            let app_dir = folder.map_or_else(String::new, |folder| format!(" --app-dir {folder}"));
            let factory = if is_factory { " --factory" } else { "" };
            format!("uvicorn {}{app_dir}{factory} --host $HOST --port $PORT", python_entry::target(entry))
        }
        Protocol::Wsgi => {
            let path = folder.map_or_else(String::new, |folder| format!(" --pythonpath {folder}"));
            let target = if is_factory {
                shell::word(&format!("{}:{}()", entry.module, entry.app.name))
            } else {
                python_entry::target(entry)
            };
            format!("gunicorn -b $HOST:$PORT{path} {target}")
        }
    }
}

/// A script at the top of the project that serves HTTP by itself.
fn script(project: &Project<'_>) -> Option<Draft> {
    const FILES: &[&str] = &["main.py", "app.py", "server.py", "index.py", "run.py"];
    FILES.iter().find_map(|file| {
        let source = project.source(file).filter(|_| project.has(file))?;
        let module = scan(&source);
        let serves = SERVING_MODULES.iter().find(|name| module.imports_from(name))?;
        // `http.client` and `aiohttp` alone are for asking, not for answering.
        if !["serve", "Server", "run_app", "run(", "listen("].iter().any(|word| source.contains(word)) {
            return None;
        }
        let mut draft = Draft::new(Runtime::Python, Strength::Server, *file);
        draft.set_start(format!("python {file}"), format!("{file} imports {serves}"));
        if !source.contains("PORT") {
            draft.warn(format!("{file} does not read the environment's PORT; it must listen on $HOST:$PORT"));
        }
        Some(draft)
    })
}

/// Chooses what to install from: a lock before a list, a list before bare requirements.
fn manifest(context: &Context<'_>, warnings: &mut Vec<String>) -> Result<Option<Manifest>, PlanError> {
    let project = context.project;
    let pyproject = python_packages::pyproject(project)?;
    let has_requirements = project.has("requirements.txt");
    if let Some(mut pyproject) = pyproject.filter(|_| project.has("uv.lock") || !has_requirements) {
        if project.has("uv.lock") && pyproject.is_project {
            python_packages::close_over_lock(project, &mut pyproject)?;
            pyproject.packages.inputs = locked_inputs(project);
            if has_requirements {
                warnings.push(
                    "requirements.txt is not used: uv.lock says more exactly what to install".to_owned(),
                );
            }
            return Ok(Some(Manifest { method: InstallMethod::UvSync, packages: pyproject.packages }));
        }
        if pyproject.is_project {
            warnings.push(
                "pyproject.toml has no lock, so every install may bring other versions; `uv lock` writes one"
                    .to_owned(),
            );
            return Ok(Some(Manifest { method: InstallMethod::Pyproject, packages: pyproject.packages }));
        }
        if pyproject.is_poetry && context.settings.install.is_none() {
            return Err(not_installable("Poetry", "poetry export -f requirements.txt -o requirements.txt"));
        }
    }
    if let Some(packages) = python_packages::requirements(project)? {
        for lock in ["poetry.lock", "pdm.lock", "Pipfile.lock", "uv.lock"] {
            if project.has(lock) {
                warnings.push(format!("{lock} is not used; requirements.txt says what to install"));
            }
        }
        return Ok(Some(Manifest { method: InstallMethod::Requirements, packages }));
    }
    if project.has("Pipfile") && context.settings.install.is_none() {
        return Err(not_installable("Pipenv", "pipenv requirements > requirements.txt"));
    }
    Ok(None)
}

fn not_installable(tool: &str, export: &str) -> PlanError {
    PlanError::Unrecognised {
        reason: format!("the project names its packages only for {tool}, which this version does not run"),
        hint: format!("run `{export}`, or set `install` in backend-im.yml"),
    }
}

/// pyproject.toml and uv.lock, and the manifests of a workspace's members.
fn locked_inputs(project: &Project<'_>) -> Vec<String> {
    let members = project
        .listing()
        .iter()
        .filter(|file| file.path.ends_with("/pyproject.toml"))
        .map(|file| file.path.clone());
    ["pyproject.toml".to_owned(), "uv.lock".to_owned()].into_iter().chain(members).collect()
}

/// Adds the installation, with the packages that the project needs and does not name.
fn install(manifest: Manifest, draft: &mut Draft, context: &Context<'_>) {
    let Manifest { method, packages } = manifest;
    draft.warnings.extend(packages.warnings.iter().cloned());
    let mut extra = Vec::new();
    let framework = FRAMEWORKS.iter().find(|known| Some(known.name) == draft.framework.as_deref());
    if let Some(framework) = framework.filter(|framework| !packages.has_kin(framework.package)) {
        extra.push(framework.package.to_owned());
        draft.warn(format!(
            "the code imports {}, which {} does not name; it is installed all the same, but belongs there",
            framework.package, packages.source
        ));
    }
    let start = context.start.as_ref().map(|start| &start.command).or(draft.start.as_ref());
    let start = start.map(String::as_str).unwrap_or_default();
    let missing =
        SERVERS.iter().filter(|(word, package)| shell::mentions(start, word) && !packages.has(package));
    extra.extend(missing.map(|(_, package)| (*package).to_owned()));
    if shell::program(start) == Some("fastapi") && !packages.has("fastapi-cli") {
        extra.extend(["fastapi-cli".to_owned(), "uvicorn".to_owned()]);
    }
    let command = install_command(method, &extra);
    let manager = if method == InstallMethod::Requirements { "pip" } else { "uv" };
    draft.set_package_manager(manager, None, packages.source);
    draft.installed = vec![".venv".to_owned()];
    draft.set_install(Install { method, command, inputs: packages.inputs, extra });
}

fn install_command(method: InstallMethod, extra: &[String]) -> String {
    let extra = extra.join(" ");
    match method {
        InstallMethod::UvSync if extra.is_empty() => {
            "uv sync --locked --no-dev --no-install-project".to_owned()
        }
        InstallMethod::UvSync => {
            format!("uv sync --locked --no-dev --no-install-project && uv pip install {extra}")
        }
        InstallMethod::Pyproject => format!("uv pip install -r pyproject.toml {extra}").trim_end().to_owned(),
        _ => format!("pip install -r requirements.txt {extra}").trim_end().to_owned(),
    }
}

/// Which Python the project asks for, in its own words.
fn version(project: &Project<'_>, manifest: Option<&Manifest>, draft: &mut Draft) -> Result<(), PlanError> {
    for file in [".python-version", "runtime.txt"] {
        let text = project.manifest(file)?;
        let line = text.as_deref().and_then(|text| text.lines().map(str::trim).find(|line| !line.is_empty()));
        if let Some(line) = line {
            draft.set_version(line.trim_start_matches("python-"), file);
            return Ok(());
        }
    }
    if let Some(requires) = manifest.and_then(|manifest| manifest.packages.requires_python.as_deref()) {
        draft.set_version(requires, "pyproject.toml: requires-python");
    }
    Ok(())
}
