//! Python: what to install, and how to start what the source offers.

mod absent;
mod companions;
mod django;
pub(crate) mod entry;
mod frameworks;
mod lines;
mod locks;
mod manifest;
mod migrations;
pub(crate) mod packages;
mod pages;
mod paste;
mod pyproject;
mod script;
pub(crate) mod source;
mod system;
mod targets;

use super::{Context, near_miss};
use crate::draft::{Draft, Strength};
use crate::project::{Project, extension};
use crate::{InstallMethod, PlanError, Runtime, diagnose, shell};
use entry::{Entry, Search, candidates};
use frameworks::{Framework, Protocol};
use manifest::{Manifest, requirements_file};
use packages::Packages;
use source::Kind;

/// Files at the top of a project that make it a Python project.
const MANIFESTS: &[&str] = &[
    "requirements.txt",
    "pyproject.toml",
    "uv.lock",
    "Pipfile",
    "setup.py",
    "setup.cfg",
    "poetry.lock",
    "pdm.lock",
    "manage.py",
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

/// Looks for a Python project.
///
/// # Errors
/// [`PlanError`] when it is one and cannot be planned.
pub(crate) fn detect(context: &Context<'_>) -> Result<Option<Draft>, PlanError> {
    let project = context.project;
    let has_sources = || project.listing().iter().any(|file| extension(&file.path) == "py");
    let marker = project.first_of(MANIFESTS).map(str::to_owned).or_else(|| requirements_file(project));
    if marker.is_none() && !has_sources() && !context.starts_with(Runtime::Python) {
        return Ok(None);
    }
    let search = match &context.entry {
        Some(entry) => entry::search_in(project, &entry.path, entry.attribute.as_deref()),
        None => entry::search(project, &targets::named(context)),
    };
    let mut warnings = Vec::new();
    let manifest = manifest::choose(context, &mut warnings)?;
    let found = match &context.start {
        Some(_) => {
            started_by_hand(&search, marker.as_deref(), manifest.as_ref(), context).map(|mut draft| {
                let packages = manifest.as_ref().map(|manifest| &manifest.packages);
                let detected = |entry: &Entry| Some(command(entry, framework_of(entry, &search, packages)?));
                absent::replace(context, &search, detected, &mut draft);
                draft
            })
        }
        None => started(context, &search, manifest.as_ref())?,
    };
    let Some(mut draft) = found else { return Ok(None) };
    if context.start.is_none() && lies_deeper(&search, &draft, manifest.as_ref()) {
        return Ok(None);
    }
    draft.warnings.extend(warnings);
    manifest::version(project, manifest.as_ref(), &mut draft)?;
    let packages = manifest.as_ref().map(|manifest| &manifest.packages);
    name_framework(context, packages, &mut draft);
    system::note(project, packages, &mut draft);
    migrations::propose(project, packages, search.entries.first(), &mut draft);
    if let Some(manifest) = manifest {
        install(manifest, &mut draft, context);
    }
    Ok(Some(draft))
}

/// Of a program that serves, and whose own code does not say with what, the list of packages knows the framework.
fn name_framework(context: &Context<'_>, packages: Option<&Packages>, draft: &mut Draft) {
    let is_web = draft.strength == Strength::Server || context.start.is_some();
    let Some(packages) = packages.filter(|_| is_web && draft.framework.is_none()) else { return };
    if let Some(name) = frameworks::named_by(|package| packages.has(package)) {
        draft.set_framework(name, packages.source.clone());
    }
}

/// Whether both what is started and its list of packages lie in one folder, which then is the project.
fn lies_deeper(search: &Search, draft: &Draft, manifest: Option<&Manifest>) -> bool {
    let Some(manifest) = manifest else { return false };
    let Some((folder, _)) = manifest.packages.source.rsplit_once('/') else { return false };
    let runs_inside = match search.entries.first() {
        Some(entry) => entry.folder.as_deref() == Some(folder),
        None => true,
    };
    runs_inside && draft.evidence[0].source.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Whatever the source offers to be started: Django's own way, an application, a page, a program.
fn started(
    context: &Context<'_>,
    search: &Search,
    manifest: Option<&Manifest>,
) -> Result<Option<Draft>, PlanError> {
    let packages = manifest.map(|manifest| &manifest.packages);
    let is_asked_for = context.entry.is_some();
    if !is_asked_for
        && let Some(site) = django::find(context.project)
        && let Some(draft) = site.draft(context, packages)
    {
        require_manifest(context, manifest, "manage.py", "django")?;
        return Ok(Some(draft));
    }
    if !is_asked_for
        && !search.ranked
        && let Some(draft) = paste::detect(context.project, manifest)
    {
        return Ok(Some(draft));
    }
    // A page at the top is likelier the program than an application in an unusual place.
    if !search.ranked
        && !search.entries.is_empty()
        && !is_asked_for
        && let Ok(Some(page)) = pages::detect(context, packages)
        && !page.evidence[0].source.contains('/')
    {
        return Ok(Some(page));
    }
    if let Some(draft) = bot_beside(context, search) {
        return Ok(Some(draft));
    }
    if !search.entries.is_empty() {
        return served(context, search, manifest).map(Some);
    }
    match pages::detect(context, packages)? {
        Some(draft) => {
            let package = framework_package(&draft).unwrap_or_default();
            let path = draft.evidence[0].source.split(':').next().unwrap_or_default().to_owned();
            require_manifest(context, manifest, &path, package)?;
            Ok(Some(draft))
        }
        None => script::detect(context, manifest),
    }
}

/// The script of a bot that has an application beside it, in a thread of its own, so that something answers: the script
/// starts both.
fn bot_beside(context: &Context<'_>, search: &Search) -> Option<Draft> {
    const SCRIPTS: &[&str] = &["main.py", "bot.py", "index.py", "run.py", "app.py"];
    let project = context.project;
    let entry = search.entries.first().filter(|entry| !entry.path.contains('/'))?;
    near_miss::bot(project)?;
    let imports = |script: &&&str| {
        let source = project.source(script);
        **script != entry.path
            && source.is_some_and(|source| source::scan(&source).imports_from(&entry.module))
    };
    let script = SCRIPTS.iter().find(imports)?;
    let mut draft = Draft::new(Runtime::Python, Strength::Server, *script);
    if let Some(framework) = entry.app.framework {
        draft.set_framework(framework.name, entry.source());
    }
    draft.set_start(format!("python {script}"), format!("{script} imports {}", entry.module));
    if project.source(&entry.path).is_some_and(|source| !source.contains("PORT")) {
        draft.warn(format!(
            "{} does not read the environment's PORT; it must listen on $HOST:$PORT",
            entry.path
        ));
    }
    Some(draft)
}

/// A start command is given; what is left to know is whether it is Python at all, and with which framework.
fn started_by_hand(
    search: &Search,
    marker: Option<&str>,
    manifest: Option<&Manifest>,
    context: &Context<'_>,
) -> Option<Draft> {
    let packages = manifest.map(|manifest| &manifest.packages);
    if let Some(draft) = django::find(context.project).and_then(|site| site.draft(context, packages)) {
        return Some(draft);
    }
    let found = search.entries.first();
    let is_asked_for =
        context.settings.runtime == Some(Runtime::Python) || context.starts_with(Runtime::Python);
    let source = match (found, marker) {
        (Some(entry), _) => entry.source(),
        (None, Some(marker)) => marker.to_owned(),
        (None, None) if is_asked_for => context.start.as_ref()?.source.clone(),
        (None, None) => return None,
    };
    let command = context.start.as_ref().map(|start| start.command.as_str()).unwrap_or_default();
    let tool = pages::TOOLS.iter().find(|tool| found.is_none() && shell::mentions(command, tool.name));
    let strength = if found.is_some() || tool.is_some() { Strength::Server } else { Strength::Program };
    let mut draft = Draft::new(Runtime::Python, strength, source);
    if let (Some(tool), Some(start)) = (tool, &context.start) {
        draft.set_framework(tool.name, start.source.clone());
    }
    if let Some(entry) = found
        && let Some(framework) = framework_of(entry, search, packages)
    {
        draft.set_framework(framework.name, entry.source());
    }
    Some(draft)
}

/// The application that the source offers, under its server.
fn served(context: &Context<'_>, search: &Search, manifest: Option<&Manifest>) -> Result<Draft, PlanError> {
    let entry = &search.entries[0];
    let packages = manifest.map(|manifest| &manifest.packages);
    let Some(framework) = framework_of(entry, search, packages) else {
        return script::of_entry(context.project, &entry.path).ok_or_else(|| PlanError::Unrecognised {
            reason: format!("`{}` calls a factory, and no file names its framework", entry.source()),
            hint: "name the framework in requirements.txt, or set `start` in backend-im.yml".to_owned(),
        });
    };
    // Its own file says where it listens, or starts it in a way of its own.
    if framework.protocol == Protocol::Aiohttp
        && context
            .project
            .source(&entry.path)
            .is_some_and(|text| text.contains("PORT") || text.contains("Runner"))
        && let Some(draft) = script::of_entry(context.project, &entry.path)
    {
        return Ok(draft);
    }
    if !search.ranked && search.entries.len() > 1 {
        let start = |entry: &Entry| command(entry, entry.app.framework.unwrap_or(framework));
        return Err(PlanError::Ambiguous { candidates: candidates(&search.entries, start) });
    }
    require_manifest(context, manifest, &entry.path, framework.package)?;
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

/// Without a list of packages there is nothing to run an application with, unless it needs none.
fn require_manifest(
    context: &Context<'_>,
    manifest: Option<&Manifest>,
    path: &str,
    package: &str,
) -> Result<(), PlanError> {
    if manifest.is_some() || context.settings.install.is_some() {
        return Ok(());
    }
    let (made_with, line) = match package {
        "" => ("no framework", "uvicorn or gunicorn"),
        package => (package, package),
    };
    let of_conda = context.project.first_of(&["environment.yml", "environment.yaml"]);
    let hint = if let Some(file) = of_conda {
        format!("{file} is for Conda, which is not used here: write what it lists into a requirements.txt")
    } else {
        let mut lines = vec![line.to_owned()];
        lines.extend(imported(context.project).into_iter().filter(|package| package != line));
        let lines: Vec<String> = lines.iter().map(|line| format!("`{line}`")).collect();
        let word = if lines.len() == 1 { "the line" } else { "the lines" };
        format!("write a requirements.txt with {word} {} and what else the code imports", lines.join(", "))
    };
    Err(PlanError::Unrecognised {
        reason: format!("{path} makes an application with {made_with}, and no file says what to install"),
        hint,
    })
}

/// The well-known packages that the modules of the project import.
fn imported(project: &Project<'_>) -> Vec<String> {
    let is_own = |top: &str| project.has(&format!("{top}.py")) || project.listing().has_folder(top);
    let mut found: Vec<String> = Vec::new();
    for path in entry::module_paths(project) {
        let module = project.source(&path).map(|source| source::scan(&source)).unwrap_or_default();
        for import in module.imports.iter().chain(&module.inner_imports).filter(|import| import.dots == 0) {
            let top = import.module.split('.').next().unwrap_or_default();
            let package = if is_own(top) { None } else { diagnose::python_package(top) };
            found.extend(package.filter(|package| !found.contains(package)));
        }
    }
    found.sort();
    found
}

/// The entry's own framework, else that of another entry, else the one that the manifest names.
fn framework_of(entry: &Entry, search: &Search, packages: Option<&Packages>) -> Option<&'static Framework> {
    entry
        .app
        .framework
        .or_else(|| search.entries.iter().find_map(|other| other.app.framework))
        .or_else(|| Framework::of_package(|name| packages.is_some_and(|packages| packages.has(name))))
}

/// The command that serves the application on `$HOST:$PORT`.
fn command(entry: &Entry, framework: &Framework) -> String {
    let folder = entry.folder.as_deref().map(shell::word);
    let is_factory = entry.app.kind == Kind::Factory;
    match framework.protocol {
        Protocol::Asgi => {
            let app_dir = folder.map_or_else(String::new, |folder| format!(" --app-dir {folder}"));
            let factory = if is_factory { " --factory" } else { "" };
            format!("uvicorn {}{app_dir}{factory} --host $HOST --port $PORT", entry::target(entry))
        }
        Protocol::Wsgi => {
            let path = folder.map_or_else(String::new, |folder| format!(" --pythonpath {folder}"));
            let target = if is_factory {
                shell::word(&format!("{}:{}()", entry.module, entry.app.name))
            } else {
                entry::target(entry)
            };
            format!("gunicorn -b $HOST:$PORT{path} {target}")
        }
        Protocol::Aiohttp => {
            let path = folder.map_or_else(String::new, |folder| format!(" --pythonpath {folder}"));
            let call = if is_factory { "()" } else { "" };
            let target = shell::word(&format!("{}:{}{call}", entry.module, entry.app.name));
            format!("gunicorn -b $HOST:$PORT --worker-class aiohttp.GunicornWebWorker{path} {target}")
        }
        Protocol::Own => format!("python {}", shell::word(&entry.path)),
    }
}

/// Adds the installation, with the packages that the project needs and does not name.
fn install(manifest: Manifest, draft: &mut Draft, context: &Context<'_>) {
    let packages = &manifest.packages;
    draft.warnings.extend(packages.warnings.iter().cloned());
    let mut extra = Vec::new();
    let mut options = Vec::new();
    let mut subset = None;
    if let Some(package) = framework_package(draft).filter(|package| !packages.has_kin(package)) {
        subset = packages.subset_with(package);
        if let Some(subset) = subset {
            options = manifest.options(subset);
        } else {
            extra.push(package.to_owned());
            draft.warn(format!(
                "the code imports {package}, which {} does not name; it is installed all the same, but belongs there",
                packages.source
            ));
        }
    }
    let start = context.start.as_ref().map(|start| &start.command).or(draft.start.as_ref());
    let start = start.map(String::as_str).unwrap_or_default();
    let has = |name: &str| packages.has(name) || subset.is_some_and(|subset| packages.brings(subset, name));
    extra.extend(missing_servers(start, has));
    // A lock says what belongs together already.
    if matches!(manifest.method, InstallMethod::Requirements | InstallMethod::Pyproject) {
        for (bound, package) in companions::missing(packages) {
            extra.push(bound.to_owned());
            draft.warnings.push(format!(
                "{} names a {package} that needs `{bound}`, and leaves that open; it is installed so, but belongs there",
                packages.source
            ));
        }
    }
    draft.set_package_manager(manifest.manager(), None, packages.source.clone());
    draft.installed = vec![".venv".to_owned()];
    draft.set_install(manifest.install(extra, options));
}

/// The package that brings the draft's framework.
fn framework_package(draft: &Draft) -> Option<&'static str> {
    let name = draft.framework.as_deref()?;
    frameworks::package_of(name)
        .or_else(|| pages::TOOLS.iter().find(|tool| tool.name == name).map(|tool| tool.package))
}

/// The servers that the start command names and the manifest does not.
fn missing_servers(start: &str, has: impl Fn(&str) -> bool) -> Vec<String> {
    let mut missing: Vec<String> = SERVERS
        .iter()
        .filter(|(word, package)| shell::mentions(start, word) && !has(package))
        .map(|(_, package)| (*package).to_owned())
        .collect();
    if shell::program(start) == Some("fastapi") && !has("fastapi-cli") {
        missing.extend(["fastapi-cli".to_owned(), "uvicorn".to_owned()]);
    }
    missing
}
