//! The pages that an application serves from a folder which only a build with Node fills.

use serde_json::Value;

use super::super::{Context, page_packages};
use super::entry::Entry;
use crate::draft::Draft;
use crate::project::Project;
use crate::shell;

/// Folders in which people keep the sources of such pages; the first is the project itself.
const FOLDERS: &[&str] =
    &["", "client", "frontend", "front-end", "front", "web", "webapp", "ui", "react", "view"];
/// Folders into which builders write.
const OUTPUTS: &[&str] = &["dist", "build"];

/// Has them built before the app's own build, where the source names their folder and nobody committed it.
pub(super) fn build(context: &Context<'_>, entry: Option<&Entry>, settings: &[String], draft: &mut Draft) {
    let project = context.project;
    let paths = entry.map(|entry| &entry.path).into_iter().chain(settings);
    let named: String = paths.filter_map(|path| Some(joined(&project.source(path)?))).collect();
    let found = places(context).find_map(|place| Some((place.command(&named)?, place.manifest)));
    let Some((command, manifest)) = found else { return };
    let command = match &draft.build {
        Some(build) => format!("{command} && {build}"),
        None => command,
    };
    draft.set_build(command, format!("{manifest}: scripts.build"));
    draft.need_system_package("nodejs", manifest);
}

/// The source with the parts of its paths put together: `client/dist` of `"client", "dist"`.
fn joined(source: &str) -> String {
    let bare: String = source.chars().filter(|c| !matches!(c, '"' | '\'' | ' ')).collect();
    bare.replace([',', '/'], "/").replace("_folder=./", "_folder=")
}

/// A folder with a package.json.
struct Place<'a> {
    project: &'a Project<'a>,
    /// Where it lies in that project; empty for the project itself.
    folder: &'static str,
    /// What leads there from the folder in which the build runs.
    up: &'static str,
    manifest: String,
}

/// Those of the project itself, then those beside it.
fn places<'a>(context: &'a Context<'_>) -> impl Iterator<Item = Place<'a>> {
    let beside = context.whole.filter(|_| context.root.is_some_and(|root| !root.contains('/')));
    let within = std::iter::once((context.project, ""));
    within.chain(beside.map(|whole| (whole, "../"))).flat_map(|(project, up)| {
        FOLDERS.iter().filter(move |folder| up.is_empty() || !folder.is_empty()).filter_map(move |folder| {
            let manifest =
                if folder.is_empty() { "package.json".to_owned() } else { format!("{folder}/package.json") };
            project.has(&manifest).then_some(Place { project, folder, up, manifest })
        })
    })
}

impl Place<'_> {
    /// What builds the pages, where `named` serves them from here.
    fn command(&self, named: &str) -> Option<String> {
        let is_served = |output: &&&str| match self.folder {
            "" => named.contains(&format!("_folder={output}")),
            folder => named.contains(&format!("{folder}/{output}")),
        };
        let output = OUTPUTS.iter().find(is_served)?;
        let at = |path: &str| {
            if self.folder.is_empty() { path.to_owned() } else { format!("{}/{path}", self.folder) }
        };
        if self.project.listing().has_folder(&at(output)) {
            return None;
        }
        let text = self.project.manifest(&self.manifest).ok()??;
        let root: Value = serde_json::from_str(&text).ok()?;
        root.get("scripts")?.get("build").filter(|script| script.is_string())?;
        let lock = page_packages::LOCKS.into_iter().find(|(lock, _)| self.project.has(&at(lock)));
        let install = lock.map_or("npm install", |(_, install)| install);
        let steps = format!("{install} && npm run build");
        Some(match self.folder {
            "" => steps,
            folder => format!("(cd {}{} && {steps})", self.up, shell::word(folder)),
        })
    }
}
