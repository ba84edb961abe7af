//! Python: a virtual environment per set of dependencies, made by `uv` where there is one or one can be fetched, by
//! `venv` and `pip` otherwise. Bytecode is compiled once, with the layer: an app that starts finds all of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use build_plan::{Install, InstallMethod, Phase, python_requirements};
use platform_api::{Code, Failure};

use super::layers::{Layer, LayerKey};
use super::prepare::Build;
use super::python_version::Wanted;
use super::step::{Step, Whose, internal};
use super::tools::missing;

/// Prints what decides whether an environment fits: the real interpreter (not a shim before it), version and ABI.
const IDENTIFY: &str = "import sys, sysconfig\n\
    print(sys.executable)\n\
    print('.'.join(map(str, sys.version_info[:3])))\n\
    print(sysconfig.get_config_var('SOABI'))";

/// Writes the dependencies of `pyproject.toml` as a requirements file, for a `pip` that cannot install only those.
const DEPENDENCIES: &str = "import sys\n\
    try:\n    import tomllib\n\
    except ImportError:\n    from pip._vendor import tomli as tomllib\n\
    with open('pyproject.toml', 'rb') as file:\n    project = tomllib.load(file).get('project', {})\n\
    with open(sys.argv[1], 'w') as file:\n    file.writelines(d + '\\n' for d in project.get('dependencies', []))";

/// The oldest and the newest minor version of Python 3 that is looked for by name.
const MINOR_MIN: u32 = 8;
const MINOR_MAX: u32 = 20;

/// A Python of this machine.
struct Interpreter {
    path: String,
    version: String,
    /// Everything that was printed about it.
    identity: String,
}

/// Installs the project's dependencies as a layer.
pub(super) async fn install(build: &mut Build<'_>, install: &Install) -> Result<(), Failure> {
    let python = interpreter(build).await?;
    let mut key = LayerKey::new("python");
    key.add("interpreter", python.identity.as_bytes());
    key.add("method", format!("{:?}", install.method).as_bytes());
    key.add("extra", install.extra.join("\n").as_bytes());
    key.add("options", install.options.join("\n").as_bytes());
    // Variables may name another registry, or change how a package is built.
    key.add("env", &serde_json::to_vec(&build.job.plan.env).unwrap_or_default());
    key.add_files(&build.job.source, &install.inputs).map_err(|error| internal(&error))?;
    let layer = build.take_layer(key).await?;
    let venv = layer.path.join("venv");
    // A layer also ends when the interpreter below it is removed.
    if layer.is_complete() && venv.join("bin/python").exists() {
        build.note(format!("dependencies unchanged: reusing layer {}", layer.short()));
    } else {
        layer.begin().await.map_err(|error| internal(&error))?;
        build.note(format!(
            "installing dependencies with Python {} into layer {}",
            python.version,
            layer.short()
        ));
        fill(build, install, &python, &venv).await?;
        layer.complete().map_err(|error| internal(&error))?;
    }
    use_environment(build, &venv);
    build.layers.push(layer.key.clone());
    drop(layer);
    provide_uv(build, &python, &venv).await
}

/// Gives `uv` to a project whose commands name it, and makes `uv run` use what is installed: a start must not install.
async fn provide_uv(build: &mut Build<'_>, python: &Interpreter, venv: &Path) -> Result<(), Failure> {
    let plan = &build.job.plan;
    let texts = [&plan.start, &plan.build, &plan.release, &plan.test];
    if !texts.into_iter().flatten().any(|text| text.split_ascii_whitespace().any(|word| word == "uv")) {
        return Ok(());
    }
    if let Some(folder) = uv(build, python).await?.as_deref().and_then(Path::parent) {
        build.path_prefix.push(folder.to_owned());
        build.env.extend(uv_env());
        build.env.insert("UV_NO_SYNC".to_owned(), "1".to_owned());
        build.env.insert("UV_PROJECT_ENVIRONMENT".to_owned(), venv.to_string_lossy().into_owned());
    }
    Ok(())
}

/// An environment inside the release, for a project that installs its dependencies by itself. It has `pip`.
pub(super) async fn install_private(build: &mut Build<'_>) -> Result<(), Failure> {
    let python = interpreter(build).await?;
    let venv = build.job.source.join(".backend-im/venv");
    let place = venv.to_string_lossy().into_owned();
    let argv = [&python.path, "-m", "venv", &place];
    let step = build.program(Phase::Install, "python -m venv .backend-im/venv", &argv);
    build.run(step).await?;
    use_environment(build, &venv);
    Ok(())
}

/// An empty environment, made once for an interpreter and shared by all projects without dependencies: they see none of
/// the machine's own packages, and no build waits for it twice.
pub(super) async fn install_nothing(build: &mut Build<'_>) -> Result<(), Failure> {
    let python = interpreter(build).await?;
    let mut key = LayerKey::new("python");
    key.add("interpreter", python.identity.as_bytes());
    key.add("method", b"nothing");
    let layer = build.take_layer(key).await?;
    let venv = layer.path.join("venv");
    if !layer.is_complete() || !venv.join("bin/python").exists() {
        layer.begin().await.map_err(|error| internal(&error))?;
        let place = venv.to_string_lossy().into_owned();
        let argv = [&python.path, "-m", "venv", "--without-pip", &place];
        let step = build.program(Phase::Install, "python -m venv --without-pip", &argv);
        build.run(step).await?;
        layer.complete().map_err(|error| internal(&error))?;
    }
    use_environment(build, &venv);
    build.layers.push(layer.key.clone());
    Ok(())
}

fn use_environment(build: &mut Build<'_>, venv: &Path) {
    build.path_prefix.insert(0, venv.join("bin"));
    build.env.insert("VIRTUAL_ENV".to_owned(), venv.to_string_lossy().into_owned());
    // Python keeps lines back when it writes to a pipe; a log wants them when they are printed.
    build.env.insert("PYTHONUNBUFFERED".to_owned(), "1".to_owned());
}

async fn interpreter(build: &mut Build<'_>) -> Result<Interpreter, Failure> {
    let wanted = Wanted::parse(build.job.plan.version.as_deref().unwrap_or_default());
    if let Some(found) = exactly(build, &wanted).await {
        return Ok(found);
    }
    let path = build.engine.env.which("python3").ok_or_else(|| {
        missing("python3", "install Python 3 (Debian, Ubuntu: `apt install python3 python3-venv`)")
    })?;
    let found = identify(build, &path).await?;
    if wanted.allows(&found.version) {
        return Ok(found);
    }
    // Newer ones first: most projects only say what is too old.
    for minor in (MINOR_MIN..=MINOR_MAX).rev().filter(|minor| wanted.allows(&format!("3.{minor}.99"))) {
        if let Some(path) = build.engine.env.which(&format!("python3.{minor}"))
            && let Ok(found) = identify(build, &path).await
            && wanted.allows(&found.version)
        {
            return Ok(found);
        }
    }
    let asked = build.job.plan.version.clone().unwrap_or_default();
    build
        .note(format!("the project asks for Python {asked}; this machine has {}: using that", found.version));
    Ok(found)
}

/// The interpreter of the minor version that the project asks for outright.
async fn exactly(build: &mut Build<'_>, wanted: &Wanted) -> Option<Interpreter> {
    let version = wanted.exact()?;
    let path = build.engine.env.which(&format!("python{version}"))?;
    identify(build, &path).await.ok().filter(|found| wanted.allows(&found.version))
}

async fn identify(build: &Build<'_>, path: &Path) -> Result<Interpreter, Failure> {
    let identity = build.engine.tools.ask(path, &["-c", IDENTIFY], &build.engine.env).await?;
    let mut lines = identity.lines();
    let path = lines.next().unwrap_or_default().to_owned();
    let version = lines.next().unwrap_or_default().to_owned();
    Ok(Interpreter { path, version, identity })
}

async fn fill(
    build: &mut Build<'_>,
    install: &Install,
    python: &Interpreter,
    venv: &Path,
) -> Result<(), Failure> {
    let list = list(build, install, venv)?;
    match uv(build, python).await? {
        Some(uv) => fill_with_uv(build, install, python, (&Places::new(&uv, venv), list.as_ref())).await,
        None => fill_with_pip(build, install, python, (venv, list.as_ref())).await,
    }
}

/// A list made of the lock of another package manager.
struct List {
    /// The file with the list.
    file: String,
    /// What it was made of.
    source: String,
    is_complete: bool,
}

/// Writes down what Poetry, PDM or Pipenv would install, beside the environment. Nothing for projects with a list that
/// every installer reads.
fn list(build: &mut Build<'_>, install: &Install, venv: &Path) -> Result<Option<List>, Failure> {
    let read = |file: &str| std::fs::read_to_string(build.job.source.join(file)).ok();
    let made = python_requirements(install, &read).map_err(|error| {
        let failure = Failure::new(Code::INSTALL_FAILED, error.to_string());
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    })?;
    let Some(made) = made else { return Ok(None) };
    let file = venv.with_file_name("requirements.txt");
    std::fs::write(&file, made.text).map_err(|error| internal(&error))?;
    let source = install.inputs.last().cloned().unwrap_or_default();
    let file = file.to_string_lossy().into_owned();
    Ok(Some(List { file, source, is_complete: made.is_complete }))
}

/// The paths of an installation as text, for argument lists.
struct Places {
    uv: String,
    venv: String,
    python: String,
}

impl Places {
    fn new(uv: &Path, venv: &Path) -> Self {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        Self { uv: text(uv), venv: text(venv), python: text(&venv.join("bin/python")) }
    }
}

async fn fill_with_uv(
    build: &mut Build<'_>,
    install: &Install,
    python: &Interpreter,
    (at, list): (&Places, Option<&List>),
) -> Result<(), Failure> {
    let extra: Vec<&str> = install.extra.iter().map(String::as_str).collect();
    let pip = [at.uv.as_str(), "pip", "install", "--python", &at.python, "--compile-bytecode"];
    if install.method == InstallMethod::UvSync {
        let sync = [
            at.uv.as_str(),
            "sync",
            "--locked",
            "--no-dev",
            "--no-install-project",
            "--no-editable",
            "--compile-bytecode",
            "--python",
            &python.path,
        ];
        let options: Vec<&str> = install.options.iter().map(String::as_str).collect();
        let shown = ["uv sync --locked --no-dev", &options.join(" ")].join(" ");
        let mut step = build.program(Phase::Install, shown.trim(), &[&sync[..], &options].concat());
        step.env = uv_env();
        step.env.insert("UV_PROJECT_ENVIRONMENT".to_owned(), at.venv.clone());
        build.run(step).await?;
        if extra.is_empty() {
            return Ok(());
        }
        let shown = format!("uv pip install {}", extra.join(" "));
        let mut step = build.program(Phase::Install, &shown, &[&pip[..], &extra].concat());
        step.env = uv_env();
        return build.run(step).await;
    }
    let make = [at.uv.as_str(), "venv", "--no-project", "--python", &python.path, &at.venv];
    let mut step = build.program(Phase::Install, &format!("uv venv --python {}", python.version), &make);
    step.env = uv_env();
    build.run(step).await?;
    if let Some(list) = list {
        return fill_from_list(build, list, &pip, &extra).await;
    }
    let from = requirements(install);
    let options: Vec<&str> = install.options.iter().map(String::as_str).collect();
    let more = [&options[..], &extra].concat();
    let shown = ["uv pip install -r", &from, &more.join(" ")].join(" ");
    let mut step = build.program(Phase::Install, shown.trim(), &[&pip[..], &["-r", &from], &more].concat());
    step.env = uv_env();
    build.run(step).await
}

/// Installs a list that was made of a lock; a complete one needs nothing to be resolved. What the project does not name
/// comes after it: the list may demand hashes of everything beside it.
async fn fill_from_list(
    build: &mut Build<'_>,
    list: &List,
    pip: &[&str],
    extra: &[&str],
) -> Result<(), Failure> {
    let deps: &[&str] = if list.is_complete { &["--no-deps"] } else { &[] };
    let argv = [pip, deps, &["-r", &list.file]].concat();
    let mut step = build.program(Phase::Install, &format!("pip install what {} says", list.source), &argv);
    step.env = uv_env();
    build.run(step).await?;
    if extra.is_empty() {
        return Ok(());
    }
    let shown = format!("pip install {}", extra.join(" "));
    let mut step = build.program(Phase::Install, &shown, &[pip, extra].concat());
    step.env = uv_env();
    build.run(step).await
}

async fn fill_with_pip(
    build: &mut Build<'_>,
    install: &Install,
    python: &Interpreter,
    (venv, list): (&Path, Option<&List>),
) -> Result<(), Failure> {
    let place = venv.to_string_lossy().into_owned();
    let make = build.program(Phase::Install, "python -m venv", &[&python.path, "-m", "venv", &place]);
    build.run(make).await?;
    let python = venv.join("bin/python").to_string_lossy().into_owned();
    let extra: Vec<&str> = install.extra.iter().map(String::as_str).collect();
    let pip = [&python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"];
    if let Some(list) = list {
        return fill_from_list(build, list, &pip, &extra).await;
    }
    let mut from = requirements(install);
    if install.method != InstallMethod::Requirements {
        if install.method == InstallMethod::UvSync {
            build.note("without uv, uv.lock cannot be used: installing what pyproject.toml allows");
        }
        from = venv.with_file_name("requirements.txt").to_string_lossy().into_owned();
        let argv = [python.as_str(), "-c", DEPENDENCIES, &from];
        let list = build.program(Phase::Install, "reading the dependencies of pyproject.toml", &argv);
        build.run(list).await?;
    }
    let shown = ["pip install -r", &requirements(install), &extra.join(" ")].join(" ");
    let step = build.program(Phase::Install, shown.trim(), &[&pip[..], &["-r", &from], &extra].concat());
    build.run(step).await
}

/// The file that lists the dependencies: the plan names it first.
fn requirements(install: &Install) -> String {
    install.inputs.first().map_or_else(|| "requirements.txt".to_owned(), Clone::clone)
}

/// `uv` of this machine, or one fetched as a Python package; `None` when neither can be had.
async fn uv(build: &mut Build<'_>, python: &Interpreter) -> Result<Option<PathBuf>, Failure> {
    let engine = build.engine;
    if let Some(path) = engine.env.which("uv") {
        return Ok(Some(path));
    }
    if engine.tools.uv_is_unavailable.load(Ordering::Relaxed) {
        return Ok(None);
    }
    let place = build.take_tool(LayerKey::new("uv")).await?;
    let program = place.path.join("bin/uv");
    if place.is_complete() && program.exists() {
        return Ok(Some(program));
    }
    build.note("uv is not on this machine: fetching it, once");
    if fetch_uv(build, python, &place).await? && program.exists() {
        place.complete().map_err(|error| internal(&error))?;
        return Ok(Some(program));
    }
    engine.tools.uv_is_unavailable.store(true, Ordering::Relaxed);
    build.note("uv could not be fetched: going on with venv and pip");
    Ok(None)
}

/// With the interpreter's own `pip`, or, where a distribution keeps that apart, with that of an environment.
async fn fetch_uv(build: &mut Build<'_>, python: &Interpreter, place: &Layer) -> Result<bool, Failure> {
    place.begin().await.map_err(|error| internal(&error))?;
    let target = place.path.to_string_lossy().into_owned();
    let options = ["--no-input", "--disable-pip-version-check", "--no-compile"];
    let argv = [&[python.path.as_str(), "-m", "pip", "install"], &options[..], &["--target", &target, "uv"]];
    let step = shared(build.program(Phase::Install, "pip install uv", &argv.concat()));
    if build.attempt(step).await? {
        return Ok(true);
    }
    place.begin().await.map_err(|error| internal(&error))?;
    let make = [python.path.as_str(), "-m", "venv", &target];
    let step = shared(build.program(Phase::Install, "python -m venv", &make));
    if !build.attempt(step).await? {
        return Ok(false);
    }
    let own = place.path.join("bin/python").to_string_lossy().into_owned();
    let argv = [&[own.as_str(), "-m", "pip", "install"], &options[..], &["uv"]];
    let step = shared(build.program(Phase::Install, "pip install uv", &argv.concat()));
    build.attempt(step).await
}

/// A step whose result all projects get: none of them has a say in it.
fn shared(step: Step) -> Step {
    Step { whose: Whose::Platform, ..step }
}

/// `uv` uses the interpreter it is given; it must neither fetch another nor draw progress bars into a log.
fn uv_env() -> BTreeMap<String, String> {
    let settings = [("UV_PYTHON_DOWNLOADS", "never"), ("UV_NO_PROGRESS", "1")];
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}
