//! What a Python project is installed from: a lock before a list, a list before bare requirements.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::super::{Context, toml_text, versions};
use super::locks;
use super::packages::{self, Packages, Subset};
use super::pyproject::{self, Pyproject};
use crate::draft::Draft;
use crate::project::{Project, extension};
use crate::{Install, InstallMethod, PlanError, shell};

/// Requirements files, the best first: what runs in production before what everybody shares.
const REQUIREMENTS: &[&str] = &[
    "requirements.txt",
    "requirements/prod.txt",
    "requirements/production.txt",
    "requirements/deploy.txt",
    "requirements/requirements.txt",
    "requirements/main.txt",
    "requirements/base.txt",
    "requirements/common.txt",
    "requirements/default.txt",
    "requirements/app.txt",
    "requirements-prod.txt",
    "requirements_prod.txt",
    "requirements.prod.txt",
    "requirements-production.txt",
    "requirements_production.txt",
    "prod-requirements.txt",
    "requirements-base.txt",
    "requirements.in",
    "requirements/prod.in",
    "requirements/production.in",
    "requirements/base.in",
    "app/requirements.txt",
    "src/requirements.txt",
    "api/requirements.txt",
    "backend/requirements.txt",
    "server/requirements.txt",
    "deploy/requirements.txt",
    "docker/requirements.txt",
];

/// What gets installed, and how.
#[derive(Debug)]
pub(crate) struct Manifest {
    pub(crate) method: InstallMethod,
    pub(crate) packages: Packages,
    /// What pyproject.toml says besides.
    pub(crate) scripts: BTreeMap<String, String>,
    pub(crate) python: Option<(String, String)>,
}

impl Manifest {
    fn of_pyproject(method: InstallMethod, pyproject: Pyproject) -> Self {
        let python = pyproject.python.map(|(python, key)| (python, format!("{}: {key}", pyproject::FILE)));
        Self { method, packages: pyproject.packages, scripts: pyproject.scripts, python }
    }

    fn of(method: InstallMethod, packages: Packages) -> Self {
        Self { method, packages, scripts: BTreeMap::new(), python: None }
    }

    /// What installs from it.
    pub(crate) fn manager(&self) -> &'static str {
        match self.method {
            InstallMethod::Poetry => "poetry",
            InstallMethod::Pdm => "pdm",
            InstallMethod::Pipenv => "pipenv",
            InstallMethod::Requirements => "pip",
            _ => "uv",
        }
    }

    /// The installation, with what it brings besides what is named.
    pub(crate) fn install(self, extra: Vec<String>, options: Vec<String>) -> Install {
        let command = command(self.method, &self.packages.inputs, &extra, &options);
        Install { method: self.method, command, inputs: self.packages.inputs, extra, options }
    }

    /// The options that install one more part of the packages.
    pub(crate) fn options(&self, subset: &Subset) -> Vec<String> {
        let (option, name) = match (self.method, subset) {
            (InstallMethod::Pdm, Subset::Extra(name) | Subset::Group(name)) => ("-G", name),
            (InstallMethod::Poetry, Subset::Extra(name)) => ("--extras", name),
            // `--only main` is said already; another `--only` joins it, where `--with` would be ignored.
            (InstallMethod::Poetry, Subset::Group(name)) => ("--only", name),
            (_, Subset::Extra(name)) => ("--extra", name),
            (_, Subset::Group(name)) => ("--group", name),
        };
        vec![option.to_owned(), name.clone()]
    }
}

/// Chooses what to install from.
///
/// # Errors
/// [`PlanError`] when a manifest cannot be read.
pub(crate) fn choose(
    context: &Context<'_>,
    warnings: &mut Vec<String>,
) -> Result<Option<Manifest>, PlanError> {
    let project = context.project;
    let pyproject = pyproject::read(project)?;
    let requirements = requirements_file(project);
    let found = match (locked(context, pyproject)?, &requirements) {
        (Lock::Found(manifest), _) => Some(manifest),
        (Lock::None(pyproject), Some(file)) => {
            let python = pyproject.and_then(|pyproject| pyproject.python);
            let python = python.map(|(python, key)| (python, format!("{}: {key}", pyproject::FILE)));
            let packages = packages::requirements(project, file)?;
            Some(Manifest { python, ..Manifest::of(InstallMethod::Requirements, packages) })
        }
        (Lock::None(pyproject), None) => unlocked(project, pyproject, warnings)?,
    };
    if let Some(manifest) = &found {
        unused(project, manifest, requirements.as_deref(), warnings);
    }
    Ok(found)
}

enum Lock {
    Found(Manifest),
    None(Option<Pyproject>),
}

/// What a lock file says; the best of several.
fn locked(context: &Context<'_>, pyproject: Option<Pyproject>) -> Result<Lock, PlanError> {
    const LOCKS: &[(&str, InstallMethod)] = &[
        ("uv.lock", InstallMethod::UvSync),
        ("poetry.lock", InstallMethod::Poetry),
        ("pdm.lock", InstallMethod::Pdm),
    ];
    let project = context.project;
    let Some(mut pyproject) = pyproject else {
        return Ok(pipfile_lock(project)?.map_or(Lock::None(None), Lock::Found));
    };
    let usable = |(lock, method): &&(&str, InstallMethod)| {
        project.has(lock) && (pyproject.is_project || pyproject.is_poetry && *method == InstallMethod::Poetry)
    };
    if let Some((lock, method)) = LOCKS.iter().find(usable) {
        pyproject.packages.inputs.push((*lock).to_owned());
        if *method == InstallMethod::UvSync {
            pyproject.packages.inputs.extend(members(project));
        }
        locks::close_over(lock, project, &mut pyproject)?;
        return Ok(Lock::Found(Manifest::of_pyproject(*method, pyproject)));
    }
    if let Some(inputs) = workspace_lock(context).filter(|_| pyproject.is_project) {
        pyproject.packages.inputs.extend(inputs);
        return Ok(Lock::Found(Manifest::of_pyproject(InstallMethod::UvSync, pyproject)));
    }
    Ok(pipfile_lock(project)?.map_or(Lock::None(Some(pyproject)), Lock::Found))
}

/// The manifests of a workspace's members.
fn members(project: &Project<'_>) -> impl Iterator<Item = String> {
    project
        .listing()
        .iter()
        .filter(|file| file.path.ends_with("/pyproject.toml"))
        .map(|file| file.path.clone())
}

/// The files that decide for a member of a workspace whose lock lies in a folder above it.
fn workspace_lock(context: &Context<'_>) -> Option<Vec<String>> {
    let (whole, root) = (context.whole?, context.root?);
    let parents = root.match_indices('/').map(|(at, _)| &root[..at]).rev().chain([""]);
    let folder = parents.into_iter().find(|folder| {
        let at = |file: &str| if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
        whole.has(&at("uv.lock")) && whole.has(&at("pyproject.toml"))
    })?;
    let depth = root[folder.len()..].split('/').filter(|part| !part.is_empty()).count();
    let up = "../".repeat(depth);
    Some(vec![format!("{up}uv.lock"), format!("{up}pyproject.toml")])
}

fn pipfile_lock(project: &Project<'_>) -> Result<Option<Manifest>, PlanError> {
    const FILE: &str = "Pipfile.lock";
    let Some(text) = project.has("Pipfile").then(|| project.lock(FILE)).transpose()?.flatten() else {
        return Ok(None);
    };
    let lock: Value = serde_json::from_str(&text).map_err(|error| PlanError::InvalidManifest {
        file: FILE.to_owned(),
        line: Some(error.line() as u64),
        message: "not valid JSON".to_owned(),
    })?;
    let mut manifest = pipfile(project)?;
    manifest.packages.inputs.push(FILE.to_owned());
    let names = lock.get("default").and_then(Value::as_object);
    names.into_iter().flatten().for_each(|(name, _)| manifest.packages.add(name));
    Ok(Some(manifest))
}

/// The Pipfile alone.
fn pipfile(project: &Project<'_>) -> Result<Manifest, PlanError> {
    const FILE: &str = "Pipfile";
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Pipfile {
        packages: BTreeMap<String, toml::Value>,
        requires: BTreeMap<String, String>,
    }
    let text = project.manifest(FILE)?.unwrap_or_default();
    let file: Pipfile = toml_text::parse(FILE, &text)?;
    let mut packages = Packages::of(FILE);
    file.packages.keys().for_each(|name| packages.add(name));
    let python = ["python_full_version", "python_version"]
        .iter()
        .find_map(|key| Some((file.requires.get(*key)?.clone(), format!("{FILE}: requires.{key}"))));
    Ok(Manifest { python, ..Manifest::of(InstallMethod::Pipenv, packages) })
}

/// The requirements file of a project, wherever it keeps it.
pub(crate) fn requirements_file(project: &Project<'_>) -> Option<String> {
    if let Some(file) = project.first_of(REQUIREMENTS) {
        return Some(file.to_owned());
    }
    let mut inside = project.listing().under("requirements").filter(|file| extension(&file.path) == "txt");
    let only = inside.next().filter(|_| inside.next().is_none())?;
    (!only.is_link()).then(|| only.path.clone())
}

/// What says what to install without saying exactly which versions.
fn unlocked(
    project: &Project<'_>,
    pyproject: Option<Pyproject>,
    warnings: &mut Vec<String>,
) -> Result<Option<Manifest>, PlanError> {
    let mut without_lock = |file: &str, how: &str| {
        warnings.push(format!(
            "{file} has no lock, so every install may bring other versions; `{how}` writes one"
        ));
    };
    if let Some(pyproject) = pyproject {
        if pyproject.is_project {
            without_lock(pyproject::FILE, "uv lock");
            return Ok(Some(Manifest::of_pyproject(InstallMethod::Pyproject, pyproject)));
        }
        if pyproject.is_poetry {
            without_lock(pyproject::FILE, "poetry lock");
            return Ok(Some(Manifest::of_pyproject(InstallMethod::Poetry, pyproject)));
        }
    }
    if project.has("Pipfile") {
        without_lock("Pipfile", "pipenv lock");
        return pipfile(project).map(Some);
    }
    let Some(file) = project.first_of(&["setup.cfg", "setup.py"]) else { return Ok(None) };
    let text = project.manifest(file)?.unwrap_or_default();
    let packages = setup(file, &text);
    if packages.names.is_empty() {
        return Ok(None);
    }
    without_lock(file, "uv pip compile");
    Ok(Some(Manifest::of(InstallMethod::Pyproject, packages)))
}

/// What setup.py or setup.cfg names in `install_requires`, as far as it is written down there.
fn setup(file: &str, text: &str) -> Packages {
    let mut packages = Packages::of(file);
    let Some((_, rest)) = text.split_once("install_requires") else { return packages };
    if file == "setup.cfg" {
        let lines =
            rest.lines().skip(1).take_while(|line| line.starts_with([' ', '\t']) || line.trim().is_empty());
        lines.for_each(|line| packages.add(line));
    } else if let Some((list, _)) =
        rest.split_once('[').and_then(|(_, list)| list.split_once("],").or_else(|| list.split_once(']')))
    {
        for quoted in list.split(['"', '\'']).skip(1).step_by(2) {
            packages.add(quoted);
        }
    }
    packages
}

/// Says which other files would have said what to install.
fn unused(
    project: &Project<'_>,
    manifest: &Manifest,
    requirements: Option<&str>,
    warnings: &mut Vec<String>,
) {
    let used = &manifest.packages.inputs;
    let is_unused = |file: &str| project.has(file) && !used.iter().any(|input| input == file);
    let best = used.iter().find(|file| is_lock(file)).unwrap_or(&manifest.packages.source);
    if let Some(file) = requirements.filter(|file| is_unused(file)) {
        warnings.push(format!("{file} is not used: {best} says more exactly what to install"));
    }
    let locks = ["uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock"];
    for lock in locks.into_iter().filter(|lock| is_unused(lock)) {
        warnings.push(format!("{lock} is not used; {best} says what to install"));
    }
}

fn is_lock(file: &str) -> bool {
    matches!(file, "uv.lock" | "poetry.lock" | "pdm.lock" | "Pipfile.lock") || file.ends_with("/uv.lock")
}

/// The installation as a command, for people and for Dockerfiles.
fn command(method: InstallMethod, inputs: &[String], extra: &[String], options: &[String]) -> String {
    let listed = |words: &[String]| words.iter().flat_map(|word| [" ", word]).collect::<String>();
    // A bound such as `numpy<2` has a sign that means something to a shell.
    let more: String = extra.iter().flat_map(|package| [" ".to_owned(), shell::word(package)]).collect();
    let options = listed(options);
    let then = if extra.is_empty() { String::new() } else { format!(" && uv pip install{more}") };
    let first = inputs.first().map(String::as_str).unwrap_or_default();
    let is_locked = inputs.iter().any(|file| is_lock(file));
    match method {
        InstallMethod::UvSync => {
            format!("uv sync --locked --no-dev --no-install-project --no-editable{options}{then}")
        }
        InstallMethod::Poetry => format!("poetry install --only main --no-root{options}{then}"),
        InstallMethod::Pdm => format!("pdm sync --prod --no-self{options}{then}"),
        InstallMethod::Pipenv if is_locked => format!("pipenv sync{then}"),
        InstallMethod::Pipenv => format!("pipenv install --skip-lock{then}"),
        InstallMethod::Pyproject => format!("uv pip install -r {first}{options}{more}"),
        _ => format!("pip install -r {first}{more}"),
    }
}

/// The version of such a line: pyenv also writes the names of environments into its file, which are none.
fn version_in(line: &str) -> Option<&str> {
    let version = ["cpython-", "python-"].iter().find_map(|start| line.strip_prefix(start)).unwrap_or(line);
    let version = version.split_once("/envs/").map_or(version, |(version, _)| version);
    version.starts_with(|c: char| c.is_ascii_digit()).then_some(version)
}

/// Which Python the project asks for, in its own words.
///
/// # Errors
/// [`PlanError::Unreadable`].
pub(crate) fn version(
    project: &Project<'_>,
    manifest: Option<&Manifest>,
    draft: &mut Draft,
) -> Result<(), PlanError> {
    for file in [".python-version", "runtime.txt"] {
        project.manifest(file)?;
        if let Some(version) = versions::line_of(project, file).as_deref().and_then(version_in) {
            draft.set_version(version, file);
            return Ok(());
        }
    }
    if let Some((version, file)) = versions::of_tool(project, &["python"]) {
        draft.set_version(&version, file);
    } else if let Some((version, source)) = manifest.and_then(|manifest| manifest.python.clone()) {
        draft.set_version(&version, source);
    }
    Ok(())
}
