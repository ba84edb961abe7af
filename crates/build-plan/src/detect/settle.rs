//! From a draft to the plan: the settings have the last word, and everything gets its evidence.

use super::{Context, start};
use crate::config::NEAR_FILE_NAMES;
use crate::draft::Draft;
use crate::{Install, InstallMethod, ListedFile, Plan, PlanError, Runtime, hash};

/// Files that decide what an installation brings, whatever command runs it.
const INSTALL_INPUTS: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "Gemfile",
    "Gemfile.lock",
    "Pipfile",
    "Pipfile.lock",
    "composer.json",
    "composer.lock",
    "go.mod",
    "go.sum",
    "package-lock.json",
    "package.json",
    "pnpm-lock.yaml",
    "poetry.lock",
    "pyproject.toml",
    "requirements.txt",
    "setup.cfg",
    "setup.py",
    "uv.lock",
    "yarn.lock",
];

/// Finishes the plan.
///
/// # Errors
/// [`PlanError::InvalidConfig`] when the settings name a folder that is not there.
pub(crate) fn settle(context: &Context<'_>, mut draft: Draft) -> Result<Plan, PlanError> {
    commands(context, &mut draft);
    if draft.runtime == Runtime::Static {
        static_root(context, &mut draft)?;
    }
    let settings = context.settings;
    if let Some(version) = &settings.version {
        let key = if settings.runtime.is_some() { "runtime" } else { "version" };
        draft.set_version(version, context.setting(key));
    }
    if settings.runtime.is_some() {
        draft.note("runtime", draft.runtime.name(), context.setting("runtime"));
    }
    for (field, value) in [("test", &settings.test), ("health_path", &settings.health_path)] {
        if let Some(value) = value {
            draft.note(field, value.clone(), context.setting(field));
        }
    }
    let port = settings.port.unwrap_or_else(|| conventional_port(draft.runtime));
    let source = if settings.port.is_some() { context.setting("port") } else { "default".to_owned() };
    draft.note("port", port.to_string(), source);
    if !settings.env.is_empty() {
        let names: Vec<&str> = settings.env.keys().map(String::as_str).collect();
        draft.note("env", names.join(", "), context.setting("env"));
    }
    warnings(context, &mut draft);
    let listing = context.project.listing();
    let mut plan = Plan {
        runtime: draft.runtime,
        framework: draft.framework,
        version: draft.version,
        install: draft.install,
        build: draft.build,
        test: settings.test.clone(),
        start: draft.start,
        port,
        health_path: settings.health_path.clone(),
        static_root: draft.static_root,
        env: settings.env.clone(),
        evidence: draft.evidence,
        files: listing.len() as u64,
        bytes: listing.bytes(),
        plan_hash: String::new(),
        warnings: draft.warnings,
    };
    plan.plan_hash = hash::plan_hash(&plan, listing);
    Ok(plan)
}

fn conventional_port(runtime: Runtime) -> u16 {
    match runtime {
        Runtime::Python => 8000,
        Runtime::Node => 3000,
        Runtime::Rust | Runtime::Static | Runtime::Command => 8080,
    }
}

fn commands(context: &Context<'_>, draft: &mut Draft) {
    let settings = context.settings;
    if let Some(command) = &settings.install {
        let listed = INSTALL_INPUTS.iter().filter(|file| context.project.has(file));
        let inputs = match draft.install.take() {
            Some(install) => install.inputs,
            None => listed.map(|file| (*file).to_owned()).collect(),
        };
        draft.set_install(Install {
            method: InstallMethod::Command,
            command: command.clone(),
            inputs,
            extra: Vec::new(),
        });
        draft.note("install", command.clone(), context.setting("install"));
    }
    if let Some(build) = &settings.build {
        draft.set_build(build.clone(), context.setting("build"));
    }
    match &context.start {
        Some(start) if draft.runtime == Runtime::Static => {
            draft.warn(format!("{} is not used: the platform itself serves static files", start.source));
        }
        Some(start) => draft.set_start(start.command.clone(), start.source.clone()),
        None => {}
    }
}

fn static_root(context: &Context<'_>, draft: &mut Draft) -> Result<(), PlanError> {
    if let Some(root) = &context.settings.static_root {
        draft.set_static_root(root, context.setting("static_root"));
    }
    let root = draft.static_root.clone().unwrap_or_else(|| ".".to_owned());
    let project = context.project;
    let has_files = root == "." || project.listing().has_folder(&root);
    if draft.build.is_none() && !has_files {
        return Err(PlanError::InvalidConfig {
            file: context.file.to_owned(),
            line: None,
            message: format!("`static_root: {root}` is not a folder of the project"),
            hint: Some(
                "name the folder that holds index.html; if a build writes it, set `build` too, and if it is there, \
                 check that no ignore file excludes it"
                    .to_owned(),
            ),
        });
    }
    let index = if root == "." { "index.html".to_owned() } else { format!("{root}/index.html") };
    if draft.build.is_none() && !project.has(&index) {
        draft.warn(format!("there is no {index}, so `/` answers 404"));
    }
    Ok(())
}

fn warnings(context: &Context<'_>, draft: &mut Draft) {
    let project = context.project;
    draft.warnings.extend(context.settings.warnings.iter().cloned());
    for name in NEAR_FILE_NAMES.iter().filter(|name| project.has(name)) {
        draft.warn(format!("`{name}` is not read; the settings file is called backend-im.yml"));
    }
    if let Some(procfile) = context.procfile {
        if !procfile.others.is_empty() {
            draft.warn(format!("only `web` of the Procfile runs, not {}", procfile.others.join(", ")));
        }
        if procfile.web.is_some() && context.settings.start.is_some() {
            draft.warn(format!("the Procfile's `web` is not used: {} decides", context.setting("start")));
        }
    }
    if project.has("Dockerfile") {
        draft.warn("the Dockerfile is not used; the plan is made from the other files");
    }
    if let Some(start) = &draft.start
        && let Some(port) = start::literal_port(start)
    {
        draft.warn(format!("the start command names port {port}; it must listen on $HOST:$PORT"));
    }
    let links =
        ["requirements.txt", "pyproject.toml", "package.json", "Cargo.toml", "index.html", "Procfile"];
    for name in links.iter().filter(|name| project.listing().get(name).is_some_and(ListedFile::is_link)) {
        draft.warn(format!("`{name}` is a symbolic link, which detection does not follow"));
    }
}
