//! Workspaces of Nx whose projects have no package.json: what each of them builds, and where to.

use serde_json::Value;

use super::{Js, jsonc, pages};
use crate::draft::{Draft, Strength};
use crate::project::Project;
use crate::{Candidate, PlanError, Runtime, shell};

/// How many projects are looked at.
const PROJECTS_MAX: usize = 64;

/// An application of the workspace.
struct App {
    folder: String,
    name: String,
    executor: String,
    output: String,
    build: Value,
}

/// Whether this folder is a project of the workspace that the project is.
pub(super) fn has_project(project: &Project<'_>, folder: &str) -> bool {
    project.has("nx.json") && project.has(&format!("{folder}/project.json"))
}

/// Looks for the app: the one that `root` names, or the only one that serves, or the only one there is.
///
/// # Errors
/// [`PlanError::Ambiguous`] when several fit equally well.
pub(super) fn detect(js: &Js<'_>) -> Result<Option<Draft>, PlanError> {
    if !js.project.has("nx.json") || js.context.start.is_some() || js.context.entry.is_some() {
        return Ok(None);
    }
    let mut found: Vec<(App, Draft)> = apps(js)
        .into_iter()
        .filter(|app| js.context.member.is_none_or(|member| member == app.folder))
        .filter_map(|app| draft(js, &app).map(|draft| (app, draft)))
        .collect();
    found.sort_by_key(|(_, draft)| std::cmp::Reverse(draft.strength));
    let Some(best) = found.first().map(|(_, draft)| draft.strength) else { return Ok(None) };
    if found.iter().filter(|(_, draft)| draft.strength == best).count() > 1 {
        return Err(PlanError::Ambiguous { candidates: found.iter().map(candidate).collect() });
    }
    let others: Vec<String> = found.iter().skip(1).map(|(app, _)| app.folder.clone()).collect();
    let (app, mut draft) = found.swap_remove(0);
    if !others.is_empty() {
        let others = others.join(", ");
        draft.warn(format!("{others} is not part of this plan; `root` in backend-im.yml chooses another"));
    }
    let source = js.context.member.map_or_else(|| app.file(), |_| js.context.setting("root"));
    draft.note("root", app.folder, source);
    Ok(Some(draft))
}

fn candidate((app, draft): &(App, Draft)) -> Candidate {
    let what =
        format!("{} with {}", draft.runtime.name(), draft.framework.as_deref().unwrap_or(&app.executor));
    Candidate { what, source: app.file(), setting: format!("root: {}", app.folder) }
}

impl App {
    fn file(&self) -> String {
        format!("{}/project.json", self.folder)
    }
}

fn apps(js: &Js<'_>) -> Vec<App> {
    let files = js.project.listing().iter().filter_map(|file| file.path.strip_suffix("/project.json"));
    let own = files.filter(|folder| !folder.contains("node_modules"));
    own.take(PROJECTS_MAX).filter_map(|folder| app(js.project, folder)).collect()
}

fn app(project: &Project<'_>, folder: &str) -> Option<App> {
    let config = jsonc::parse(&project.manifest(&format!("{folder}/project.json")).ok()??)?;
    let name =
        config["name"].as_str().unwrap_or_else(|| folder.rsplit('/').next().unwrap_or(folder)).to_owned();
    let build = config["targets"].get("build").or(config["architect"].get("build"))?.clone();
    if config["projectType"].as_str() == Some("library") || name.ends_with("-e2e") {
        return None;
    }
    let executor = build["executor"].as_str().or(build["builder"].as_str())?.to_owned();
    let output = &build["options"]["outputPath"];
    let output = output.as_str().or(output["base"].as_str());
    let output =
        output.map_or_else(|| format!("dist/{folder}"), |path| path.trim_start_matches("./").to_owned());
    Some(App { folder: folder.to_owned(), name, executor, output, build })
}

fn draft(js: &Js<'_>, app: &App) -> Option<Draft> {
    let output = shell::word(&app.output);
    let mut draft = match app.executor.rsplit_once(':').unwrap_or((&app.executor, "")) {
        ("@nx/next" | "@nrwl/next", _) => {
            let mut draft = Draft::new(Runtime::Node, Strength::Server, app.file());
            draft.set_framework("next", format!("{}: {}", app.file(), app.executor));
            draft.set_start(js.chosen.exec(&format!("next start {output} -H $HOST -p $PORT")), app.file());
            draft
        }
        (package, kind) if is_page(package, kind, app) => {
            let mut draft = Draft::new(Runtime::Static, Strength::Assets, app.file());
            let is_new = kind == "application";
            let root = if is_new { format!("{}/browser", app.output) } else { app.output.clone() };
            draft.set_framework(if package.contains("vite") { "vite" } else { "angular" }, app.file());
            draft.set_static_root(&root, format!("{}: outputPath", app.file()));
            if pages::is_single(js).is_some() {
                draft.set_single_page(app.file());
            }
            draft
        }
        _ => server(js, app)?,
    };
    draft.set_build(
        js.chosen.exec(&format!("nx build {} --configuration=production", shell::word(&app.name))),
        app.file(),
    );
    Some(draft)
}

/// Whether the executor makes pages.
fn is_page(package: &str, kind: &str, app: &App) -> bool {
    let is_for_browsers =
        app.build["options"].get("index").is_some() || app.build["options"].get("baseHref").is_some();
    matches!(kind, "browser" | "browser-esbuild" | "application")
        || matches!(package, "@nx/vite" | "@nrwl/vite")
        || (package.contains("webpack") && is_for_browsers)
        || package == "@nx/web"
}

/// What runs on Node: its bundle is called as its entry is.
fn server(js: &Js<'_>, app: &App) -> Option<Draft> {
    let main = app.build["options"]["main"].as_str()?;
    let source = js.project.source(main)?;
    let script = super::source::scan(&source);
    let framework =
        super::entry::SERVERS.iter().find(|(package, _)| script.first_import(&[package]).is_some());
    let strength =
        if framework.is_some() || script.listens.is_some() { Strength::Server } else { return None };
    let mut draft = Draft::new(Runtime::Node, strength, app.file());
    if let Some((_, name)) = framework {
        draft.set_framework(name, main);
    }
    let name = main.rsplit('/').next()?.rsplit_once('.')?.0;
    draft.set_start(format!("node {}", shell::word(&format!("{}/{name}.js", app.output))), app.file());
    super::address::check(js.context, main, &script, &mut draft);
    Some(draft)
}
