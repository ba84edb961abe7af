//! Python: an environment made in the first stage, with whatever installs, and carried into the second as a folder.

use super::base;
use super::recipe::{Installation, Recipe, Step, Taken};
use super::subject::Subject;
use crate::project::extension;
use crate::{Install, InstallMethod, shell};

/// Where the environment lies, in both stages: its programs know their own path.
const ENVIRONMENT: &str = "/opt/venv";
const PIP_CACHE: &str = "/root/.cache/pip";
const UV_CACHE: &str = "/root/.cache/uv";
/// Words with which a list of packages points at files of the project.
const LOCAL: &[&str] = &[
    "-e ",
    "--editable",
    "file:",
    "path = ",
    "path=",
    "workspace = true",
    "workspace=true",
    "dynamic = ",
    "dynamic=[",
];

/// A program that installs packages.
struct Installer {
    name: &'static str,
    /// The line of its releases that is taken where the project names none.
    usual: &'static str,
    cache: &'static str,
    env: &'static [(&'static str, &'static str)],
}

const UV: Installer = Installer {
    name: "uv",
    usual: "0.13.*",
    cache: UV_CACHE,
    env: &[
        ("UV_PROJECT_ENVIRONMENT", ENVIRONMENT),
        ("UV_PYTHON_DOWNLOADS", "never"),
        ("UV_LINK_MODE", "copy"),
        ("UV_COMPILE_BYTECODE", "1"),
    ],
};
const POETRY: Installer = Installer {
    name: "poetry",
    usual: "2.5.*",
    cache: "/root/.cache/pypoetry",
    env: &[("POETRY_NO_INTERACTION", "1")],
};
const PDM: Installer = Installer {
    name: "pdm",
    usual: "2.29.*",
    cache: "/root/.cache/pdm",
    env: &[("PDM_CHECK_UPDATE", "false")],
};
const PIPENV: Installer =
    Installer { name: "pipenv", usual: "2026.*", cache: PIP_CACHE, env: &[("PIPENV_VERBOSITY", "-1")] };

pub(super) fn recipe(subject: &Subject<'_>) -> Recipe {
    let plan = subject.plan;
    let mut recipe = Recipe::new(base::python(plan.version.as_deref()));
    recipe.env.push(("PYTHONUNBUFFERED".to_owned(), "1".to_owned()));
    let Some(install) = &plan.install else {
        recipe.taken = Taken::Sources { made: Vec::new() };
        return build(subject, recipe);
    };
    let path = format!("{ENVIRONMENT}/bin:$PATH");
    let activated = [("VIRTUAL_ENV", ENVIRONMENT), ("PATH", path.as_str())];
    let installer = installer(install.method);
    if let Some(installer) = installer {
        recipe.tools.push(fetched(subject, installer));
    }
    recipe.tools.push(Step::run(&[], format!("python -m venv {ENVIRONMENT}")));
    let env = installer.map_or(&[][..], |installer| installer.env);
    recipe.tools.push(Step::env(&[&activated[..], env].concat()));
    recipe.installation = installation(subject, install, installer);
    recipe.env.extend(activated.map(|(name, value)| (name.to_owned(), value.to_owned())));
    if subject.starts_with_program("uv") {
        recipe.last.push(fetched(subject, &UV));
        recipe.env.extend(
            [("UV_NO_SYNC", "1"), ("UV_PROJECT_ENVIRONMENT", ENVIRONMENT)]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
    }
    let made = vec![ENVIRONMENT.to_owned()];
    recipe.taken = if recipe.installation.after.is_empty() {
        Taken::Sources { made }
    } else {
        Taken::Everything { beside: made }
    };
    build(subject, recipe)
}

/// A build leaves its results among the project's files, so all of them are taken.
fn build(subject: &Subject<'_>, mut recipe: Recipe) -> Recipe {
    let Some(text) = &subject.plan.build else { return recipe };
    recipe.build.push(Step::run(&[], text.clone()));
    if let Taken::Sources { made } = recipe.taken {
        recipe.taken = Taken::Everything { beside: made };
    }
    recipe
}

fn installer(method: InstallMethod) -> Option<&'static Installer> {
    match method {
        InstallMethod::UvSync | InstallMethod::Pyproject => Some(&UV),
        InstallMethod::Poetry => Some(&POETRY),
        InstallMethod::Pdm => Some(&PDM),
        InstallMethod::Pipenv => Some(&PIPENV),
        _ => None,
    }
}

/// Fetches an installer, in the version that the project names if it names one.
fn fetched(subject: &Subject<'_>, installer: &Installer) -> Step {
    let manager = subject.plan.package_manager.as_ref().filter(|manager| manager.name == installer.name);
    let version = manager.and_then(|manager| manager.version.as_deref());
    let version = version.filter(|version| version.starts_with(|c: char| c.is_ascii_digit()));
    let wanted = format!("{}=={}", installer.name, version.unwrap_or(installer.usual));
    Step::run(&[PIP_CACHE], format!("pip install {}", shell::word(&wanted)))
}

fn installation(subject: &Subject<'_>, install: &Install, installer: Option<&Installer>) -> Installation {
    // What is added to a lock of another manager comes with pip, which every environment has.
    let command = match install.method {
        InstallMethod::Poetry | InstallMethod::Pdm | InstallMethod::Pipenv => {
            install.command.replace("&& uv pip install", "&& pip install")
        }
        _ => install.command.clone(),
    };
    let cache = installer.map_or(PIP_CACHE, |installer| installer.cache);
    let full = Step::run(&[cache], command);
    let inputs = subject.inputs(install, &[]);
    let is_apart = install.method != InstallMethod::Command && !inputs.is_empty();
    let is_local = points_at_files(subject, install);
    if is_apart && install.method == InstallMethod::UvSync && (is_local || has_members(subject, &inputs)) {
        let lock = "uv sync --frozen --no-dev --no-install-workspace";
        let words: Vec<&str> =
            std::iter::once(lock).chain(install.options.iter().map(String::as_str)).collect();
        let before = vec![Step::run(&[cache], words.join(" "))];
        return Installation { inputs, before, after: vec![full] };
    }
    if is_apart && !is_local {
        return Installation { inputs, before: vec![full], after: Vec::new() };
    }
    Installation { after: vec![full], ..Installation::default() }
}

/// Whether a list of packages names some that are files of the project, or takes the project itself to be read.
fn points_at_files(subject: &Subject<'_>, install: &Install) -> bool {
    install.inputs.iter().any(|input| {
        let name = input.rsplit('/').next().unwrap_or(input);
        let is_lock = extension(name) == "lock";
        let Some(text) = subject.text(input).filter(|_| !is_lock) else { return false };
        let is_script = matches!(name, "setup.py" | "setup.cfg");
        let mut lines = text.lines().map(str::trim);
        is_script
            || lines.any(|line| line.starts_with(['.', '/']) || LOCAL.iter().any(|word| line.contains(word)))
    })
}

/// Whether there are projects that may be locked together with this one.
fn has_members(subject: &Subject<'_>, inputs: &[String]) -> bool {
    let is_project = |path: &str| path == "pyproject.toml" || path.ends_with("/pyproject.toml");
    subject.paths().any(|path| is_project(path) && !inputs.iter().any(|input| input == path))
}
