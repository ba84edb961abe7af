//! From a draft to the plan: the settings have the last word, and everything gets its evidence.

use std::collections::BTreeMap;

use super::declared::python_target;
use super::{Context, advice, dockerfile, migrations, script, served_pages, start};
use crate::draft::{Cache, Draft};
use crate::project::Project;
use crate::{CacheLayer, Install, InstallMethod, Listing, Plan, PlanError, Runtime, hash, shell};

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
    served_pages::add(context, &mut draft);
    commands(context, &mut draft);
    if draft.runtime == Runtime::Static {
        static_root(context, &mut draft)?;
    }
    runtime(context, &mut draft);
    texts(context, &mut draft);
    port(context, &mut draft);
    let processes = processes(context, &mut draft);
    let env = environment(context, &mut draft);
    advice::add(context, &mut draft);
    let project = context.project.listing();
    let whole = context.whole.map_or(project, Project::listing);
    let layers = layers(&draft, project);
    let mut plan = Plan {
        root: context.root.map(str::to_owned),
        framework: draft.framework,
        version: draft.version,
        package_manager: draft.package_manager,
        system_packages: draft.system_packages,
        install: draft.install,
        build: draft.build,
        test: context.settings.test.clone(),
        release: draft.release,
        start: draft.start,
        port: draft.port.unwrap_or_else(|| conventional_port(draft.runtime)),
        health_path: draft.health_path,
        static_root: draft.static_root,
        single_page: draft.single_page,
        processes,
        layers,
        env,
        evidence: draft.evidence,
        files: whole.len() as u64,
        bytes: whole.bytes(),
        warnings: draft.warnings,
        ..Plan::bare(draft.runtime)
    };
    plan.plan_hash = hash::plan_hash(&plan, whole);
    Ok(plan)
}

/// The runtime, its version and the folder, where the settings name them.
fn runtime(context: &Context<'_>, draft: &mut Draft) {
    let settings = context.settings;
    if let Some(version) = &settings.version {
        let key = if settings.runtime.is_some() { "runtime" } else { "version" };
        draft.set_version(version, context.setting(key));
    }
    if settings.runtime.is_some() {
        draft.note("runtime", draft.runtime.name(), context.setting("runtime"));
    }
    if let Some(root) = context.root {
        draft.note("root", root, context.because.map_or_else(|| context.setting("root"), str::to_owned));
    }
}

/// `gunicorn x` of `poetry run gunicorn x`: what is installed is on the `PATH`, and its installer need not be.
fn without_runner(command: &str) -> String {
    const RUNNERS: &[&str] = &["poetry run ", "pdm run ", "pipenv run "];
    let bare = |step: &'_ str| {
        let runs = RUNNERS.iter().find_map(|runner| step.strip_prefix(runner));
        runs.unwrap_or(step).to_owned()
    };
    let Some(steps) = shell::sequence(command).filter(|steps| steps.len() > 1) else { return bare(command) };
    let words = steps.iter().flat_map(|step| [bare(step.command), step.joined.to_owned()]);
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What the settings say in words of their own, and nothing detects better.
fn texts(context: &Context<'_>, draft: &mut Draft) {
    let settings = context.settings;
    if let Some(test) = &settings.test {
        draft.note("test", test.clone(), context.setting("test"));
    }
    if let Some(path) = &settings.health_path {
        draft.set_health_path(path, context.setting("health_path"));
    }
    if let Some(release) = &settings.release {
        draft.set_release(release.clone(), context.setting("release"));
    } else if let Some((release, line)) = context.procfile.and_then(|procfile| procfile.release.as_ref()) {
        draft.set_release(release.clone(), format!("Procfile:{line}"));
    } else if draft.release.is_none() && draft.runtime != Runtime::Static {
        said_elsewhere(context, draft);
    }
    if draft.health_path.is_none() && draft.runtime != Runtime::Static {
        let of_image = context.dockerfile.as_ref().and_then(|dockerfile| {
            let (path, line) = dockerfile.health_path.as_ref()?;
            Some((path.clone(), format!("{}:{line}", dockerfile.file)))
        });
        let declared = context.declared.iter();
        let mut declared =
            declared.filter_map(|declared| Some((declared.health_path.clone()?, declared.file.to_owned())));
        if let Some((path, source)) = declared.next().or(of_image).filter(|(path, _)| is_path(path)) {
            draft.set_health_path(&path, source);
        }
    }
}

fn is_path(path: &str) -> bool {
    path.len() > 1
        && path.starts_with('/')
        && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_.~".contains(&b))
}

/// What other platforms, or the Dockerfile's script, run once before the app.
fn said_elsewhere(context: &Context<'_>, draft: &mut Draft) {
    let declared = context.declared.iter();
    let declared =
        declared.filter_map(|declared| Some((declared.release.clone()?, declared.file.to_owned())));
    let image = context.dockerfile.as_ref().and_then(|dockerfile| dockerfile.migrations.clone());
    // The folders of a container are not those of a release.
    let is_here =
        |(command, _): &(String, String)| !command.split_whitespace().any(|word| word.starts_with('/'));
    if let Some((release, source)) = declared.chain(image).find(is_here) {
        draft.set_release(without_runner(&dockerfile::adapted(&release)), source);
    }
}

fn port(context: &Context<'_>, draft: &mut Draft) {
    match context.settings.port {
        Some(port) => draft.set_port(port, context.setting("port")),
        None if draft.port.is_some() => {}
        // The image of a static site listens where its own server does, and the platform is another one.
        None if draft.runtime == Runtime::Static => {
            draft.set_port(conventional_port(draft.runtime), "default");
        }
        None => match context.dockerfile.as_ref().and_then(|dockerfile| Some((dockerfile, dockerfile.port?)))
        {
            Some((dockerfile, (port, line))) => draft.set_port(port, format!("{}:{line}", dockerfile.file)),
            None => draft.set_port(conventional_port(draft.runtime), "default"),
        },
    }
}

/// What the Procfile names beside `web` and `release`.
fn processes(context: &Context<'_>, draft: &mut Draft) -> BTreeMap<String, String> {
    let others = context.procfile.map(|procfile| procfile.others.clone()).unwrap_or_default();
    if !others.is_empty() {
        let names: Vec<&str> = others.keys().map(String::as_str).collect();
        draft.note("processes", names.join(", "), "Procfile");
    }
    others
}

/// The detected variables, replaced and joined by those of the settings.
fn environment(context: &Context<'_>, draft: &mut Draft) -> BTreeMap<String, String> {
    let settings = context.settings;
    let mut env = std::mem::take(&mut draft.env);
    env.retain(|name, _| !settings.env.contains_key(name));
    let mut sources = Vec::new();
    if !env.is_empty() {
        sources.push(draft.framework.clone().unwrap_or_else(|| draft.runtime.name().to_owned()));
    }
    if !settings.env.is_empty() {
        sources.push(context.setting("env"));
    }
    env.extend(settings.env.clone());
    if !env.is_empty() {
        let names: Vec<&str> = env.keys().map(String::as_str).collect();
        draft.note("env", names.join(", "), sources.join(", "));
    }
    env
}

/// What can be kept: the installed packages, and the caches that tools keep valid by themselves.
fn layers(draft: &Draft, listing: &Listing) -> Vec<CacheLayer> {
    let version = draft.version.as_deref().unwrap_or_default();
    let dependencies = draft.install.as_ref().filter(|install| !install.inputs.is_empty()).map(|install| {
        let mut recipe = vec![draft.runtime.name(), version, install.command.as_str()];
        recipe.extend(install.extra.iter().map(String::as_str));
        CacheLayer {
            name: "dependencies".to_owned(),
            holds: draft.installed.clone(),
            inputs: install.inputs.clone(),
            key: hash::layer_key(&recipe, &install.inputs, listing),
        }
    });
    let cache = |cache: &Cache| CacheLayer {
        name: cache.name.to_owned(),
        holds: cache.holds.clone(),
        inputs: Vec::new(),
        key: hash::layer_key(&[draft.runtime.name(), version, cache.name], &[], listing),
    };
    dependencies.into_iter().chain(draft.caches.iter().map(cache)).collect()
}

fn conventional_port(runtime: Runtime) -> u16 {
    match runtime {
        Runtime::Python | Runtime::Deno => 8000,
        Runtime::Node | Runtime::Bun | Runtime::Ruby => 3000,
        Runtime::Elixir => 4000,
        Runtime::Go
        | Runtime::Rust
        | Runtime::Php
        | Runtime::Java
        | Runtime::Dotnet
        | Runtime::Static
        | Runtime::Command => 8080,
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
            options: Vec::new(),
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
        Some(start) => {
            let command = draft.built_start.take().unwrap_or_else(|| without_runner(&start.command));
            if settings.start.is_some() {
                draft.set_start(command, start.source.clone());
            } else {
                settle_start(context.project, &command, &start.source, draft);
            }
        }
        None => prepared_as_elsewhere(context, draft),
    }
}

/// Scripts of the project that run before the same application wherever else it is started, such as one that fills its
/// database: the application counts on them.
fn prepared_as_elsewhere(context: &Context<'_>, draft: &mut Draft) {
    let Some(start) = draft.start.clone().filter(|start| python_target(start).is_some()) else { return };
    let is_script = |step: &shell::Step<'_>| {
        let mut words = shell::words(step.command);
        let is_interpreter = words.next().is_some_and(|word| matches!(word, "python" | "python3"));
        is_interpreter && words.next().is_some_and(|file| context.project.has(file.trim_start_matches("./")))
    };
    let before = context.starts_elsewhere().into_iter().find_map(|elsewhere| {
        let steps = shell::sequence(&elsewhere.command)?;
        let (last, before) = steps.split_last()?;
        let scripts: Vec<&str> =
            before.iter().filter(|step| is_script(step)).map(|step| step.command).collect();
        let is_same = python_target(last.command) == python_target(&start);
        (is_same && !scripts.is_empty()).then(|| (scripts.join(" && "), elsewhere.source.clone()))
    });
    if let Some((scripts, source)) = before {
        draft.set_start(format!("{scripts} && {start}"), source);
    }
}

/// A start command that was written for other places: a script that only migrates and starts is taken apart, what
/// migrates runs once, and a server is told where to listen.
fn settle_start(project: &Project<'_>, command: &str, source: &str, draft: &mut Draft) {
    let script = script::read(project, command).filter(|script| script.is_plain && !script.passes_on);
    let script = script.and_then(|script| {
        let (start, line) = script.start?;
        let source = format!("{}:{line}", script.file);
        let migrations = script.migrations.map(|(text, line)| (text, format!("{}:{line}", script.file)));
        Some((without_runner(&start), source, migrations))
    });
    let (mut start, source, mut migrations) =
        script.unwrap_or_else(|| (command.to_owned(), source.to_owned(), None));
    if let Some(split) = migrations::split(&start) {
        start = split.start;
        migrations.get_or_insert((split.migrations, source.clone()));
    }
    if let Some((release, source)) = migrations {
        let release = without_runner(&release);
        // What was detected may know more about the same command, such as the application that it is for.
        if !draft.release.as_ref().is_some_and(|known| known.ends_with(&release)) {
            draft.set_release(release, source);
        }
    }
    // What listens at a port of its own elsewhere listens at the one it is given here.
    if start::literal_port(&start).is_some() {
        start = dockerfile::adapted(&start);
    }
    draft.set_start(start::with_address(&start), source);
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

#[cfg(test)]
mod tests {
    use crate::detect::tests::Files;

    fn start(text: &str) -> String {
        Files::parse(text).plan().unwrap().start.unwrap_or_default()
    }

    #[test]
    fn the_command_behind_an_entered_folder_is_run_as_it_is() {
        let project = "=== api/requirements.txt\nfastapi\nuvicorn\nalembic\n=== api/main.py\nfrom fastapi import FastAPI\napp = FastAPI()\n";
        let web = "cd api && alembic upgrade head && uvicorn main:app --proxy-headers";
        let plan = Files::parse(&format!("{project}=== Procfile\nweb: {web}\nworker: cd api && rq worker\n"))
            .plan()
            .unwrap();
        assert_eq!(plan.root.as_deref(), Some("api"));
        assert_eq!(plan.start.as_deref(), Some("uvicorn main:app --proxy-headers --host $HOST --port $PORT"));
        assert_eq!(plan.release.as_deref(), Some("alembic upgrade head"));
        assert_eq!(plan.processes["worker"], "rq worker");
    }

    #[test]
    fn scripts_that_run_before_the_same_application_elsewhere_run_before_it_here() {
        let project = "=== requirements.txt\nflask\ngunicorn\n=== seed.py\nprint(1)\n=== shop.py\nfrom flask import Flask\napp = Flask(__name__)\n=== render.yaml\nservices:\n  - type: web\n    startCommand: ";
        let of = |command: &str| start(&format!("{project}{command}\n"));
        let bare = "gunicorn -b $HOST:$PORT shop:app";
        assert_eq!(of("python seed.py && gunicorn shop:app"), format!("python seed.py && {bare}"));
        for other in
            ["gunicorn shop:app", "python gone.py && gunicorn shop:app", "python seed.py && gunicorn a:b"]
        {
            assert_eq!(of(other), bare, "{other}");
        }
    }
}
