//! What a person should know about a plan and need not act on.

use super::dockerfile::Dockerfile;
use super::{Context, compose, start};
use crate::config::NEAR_FILE_NAMES;
use crate::draft::Draft;
use crate::{ListedFile, Runtime};

/// Files that decide, and that a link in their place keeps from deciding.
const LINKS: &[&str] = &[
    "requirements.txt",
    "pyproject.toml",
    "package.json",
    "Cargo.toml",
    "go.mod",
    "Gemfile",
    "composer.json",
    "pom.xml",
    "mix.exs",
    "index.html",
    "Procfile",
    "Dockerfile",
];
/// How many packages of a Dockerfile are taken over.
const PACKAGES_MAX: usize = 32;

/// Adds the warnings that hold for every runtime.
pub(crate) fn add(context: &Context<'_>, draft: &mut Draft) {
    let project = context.project;
    draft.warnings.extend(context.settings.warnings.iter().cloned());
    for name in NEAR_FILE_NAMES.iter().filter(|name| project.has(name)) {
        draft.warn(format!("`{name}` is not read; the settings file is called backend-im.yml"));
    }
    settings(context, draft);
    procfile(context, draft);
    if let Some(dockerfile) = &context.dockerfile {
        self::dockerfile(dockerfile, draft);
    }
    if let Some(compose) =
        compose::read(context.whole.unwrap_or(project)).filter(|compose| !compose.images.is_empty())
    {
        draft.warn(format!(
            "{} also starts {}; nothing of it runs here, so the app must be told where its own are",
            compose.file,
            compose.images.join(", ")
        ));
    }
    if let Some(start) = &draft.start
        && let Some(port) = start::literal_port(start)
    {
        draft.warn(format!("the start command names port {port}; it must listen on $HOST:$PORT"));
    }
    for name in LINKS.iter().filter(|name| project.listing().get(name).is_some_and(ListedFile::is_link)) {
        draft.warn(format!("`{name}` is a symbolic link, which detection does not follow"));
    }
}

/// Says which settings have no say in this plan.
fn settings(context: &Context<'_>, draft: &mut Draft) {
    let settings = context.settings;
    if settings.static_root.is_some() && draft.runtime != Runtime::Static {
        draft.warn(format!(
            "{} is not applied: the app answers every request",
            context.setting("static_root")
        ));
    }
    if settings.entrypoint.is_some() && settings.start.is_some() {
        draft.warn(format!("{} is not applied: `start` decides", context.setting("entrypoint")));
    }
    if let Some(port) = settings.port {
        draft.warn(format!(
            "{} is applied in containers only: elsewhere the app is told a free port in $PORT, and must not insist on {port}",
            context.setting("port")
        ));
    }
}

fn procfile(context: &Context<'_>, draft: &mut Draft) {
    let Some(procfile) = context.procfile else { return };
    if !procfile.others.is_empty() {
        let names: Vec<&str> = procfile.others.keys().map(String::as_str).collect();
        draft.warn(format!("only `web` of the Procfile runs, not {}", names.join(", ")));
    }
    let settings = context.settings;
    let deciding = [
        ("start", settings.start.is_some()),
        ("entrypoint", settings.entrypoint.is_some()),
        ("static_root", settings.static_root.is_some()),
    ];
    if procfile.web.is_some()
        && let Some((key, _)) = deciding.iter().find(|(_, is_said)| *is_said)
    {
        draft.warn(format!("the Procfile's `web` is not used: {} decides", context.setting(key)));
    }
}

/// Says what happens instead of what the Dockerfile says.
fn dockerfile(dockerfile: &Dockerfile, draft: &mut Draft) {
    let file = &dockerfile.file;
    for (package, line) in dockerfile.packages.iter().take(PACKAGES_MAX) {
        draft.need_system_package(package, format!("{file}:{line}"));
    }
    let instead = match (&draft.start, draft.runtime) {
        (_, Runtime::Static) => "the files are served".to_owned(),
        (Some(start), runtime) => format!("`{start}` runs with {} of this machine", runtime.name()),
        (None, runtime) => format!("the plan is made for {} from the other files", runtime.name()),
    };
    let said = match (&dockerfile.command, &dockerfile.base) {
        (Some((command, line)), Some(base)) => format!("its command `{command}` (line {line}) on `{base}`"),
        (None, Some(base)) => format!("the command of `{base}`"),
        _ => "what it says".to_owned(),
    };
    draft.warn(format!("no image is built from {file}: {instead}, in place of {said}"));
}
