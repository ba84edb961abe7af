//! JavaScript and TypeScript: Node, Bun and Deno, servers and pages.
//!
//! ```text
//! package.json ─► manager ─┐
//! workspace members ───────┼─► frameworks ─► pages ─► server (script, entry) ─► Draft
//! sources ─► entry ────────┘
//! ```

mod address;
mod built;
mod bun;
mod chain;
pub(crate) mod deno;
mod entry;
mod frameworks;
mod inner;
pub(crate) mod jsonc;
mod kit;
mod lerna;
mod manager;
pub(crate) mod manifest;
pub(crate) mod members;
mod migrations;
mod next;
mod nx;
mod pages;
mod ports;
mod prisma;
mod purpose;
mod script;
mod server;
mod sites;
pub(crate) mod source;
mod system;
mod typescript;
mod version;
mod watcher;
mod webpack;
mod workspace;

#[cfg(test)]
mod tests;

use super::Context;
use crate::draft::{Draft, Strength};
use crate::project::Project;
use crate::{PlanError, Runtime};
use manager::Chosen;
use manifest::PackageJson;

/// A project with package.json.
pub(super) struct Js<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) project: &'a Project<'a>,
    pub(super) package: PackageJson,
    pub(super) chosen: Chosen,
}

impl Js<'_> {
    /// The names that stand for a package of the manifest as evidence.
    fn dependency(package: &str) -> String {
        format!("package.json: {package}")
    }

    /// The command that builds, as the project's script says, with its source.
    fn build_command(&self) -> Option<(String, String)> {
        let name = self.package.build_script()?;
        let command = match script::before_start(self.package.script(name)?) {
            // What a build starts would never end.
            Some(steps) if steps.is_empty() => return None,
            Some(steps) => self.chosen.exec(&steps),
            None => self.chosen.run(name),
        };
        Some((command, format!("package.json: scripts.{name}")))
    }

    /// The text of a configuration file, without its comments; nothing when none of these is there.
    fn config(&self, name: &str) -> Option<(String, String)> {
        let endings = ["js", "mjs", "cjs", "ts", "mts", "cts", "json"];
        let path =
            endings.iter().map(|ending| format!("{name}.{ending}")).find(|path| self.project.has(path))?;
        let text = self.project.source(&path)?;
        Some((path, source::without_comments(&text)))
    }
}

/// Looks for a project of Node or Bun.
///
/// # Errors
/// [`PlanError`] when package.json cannot be used, or several apps of a workspace could be meant.
pub(crate) fn detect(context: &Context<'_>) -> Result<Option<Draft>, PlanError> {
    let project = context.project;
    let Some(package) = manifest::read(project)? else { return from_source(context) };
    let chosen = manager::choose(project, &package)?;
    let js = Js { context, project, package, chosen };
    if let Some(draft) = workspace::detect(&js)? {
        return Ok(Some(draft));
    }
    let Some(mut draft) = app(&js)? else { return Ok(None) };
    finish(&js, &mut draft)?;
    Ok(Some(draft))
}

/// What the project itself is, without its installation.
fn app(js: &Js<'_>) -> Result<Option<Draft>, PlanError> {
    if is_said(js) {
        return Ok(Some(started_by_hand(js)));
    }
    purpose::check(js)?;
    if let Some(draft) = nx::detect(js)? {
        return Ok(Some(draft));
    }
    if js.context.start.is_some() {
        let mut draft = started_by_hand(js);
        purpose::check_program(js, &mut draft)?;
        return Ok(Some(draft));
    }
    if js.context.entry.is_none()
        && let Some(draft) = frameworks::detect(js)?
    {
        return Ok(Some(draft));
    }
    if js.context.entry.is_none()
        && let Some(draft) = built::bundled_by_bun(js).or_else(|| pages::detect(js))
    {
        return Ok(Some(draft));
    }
    if js.context.entry.is_none() {
        if let Some(draft) = workspace::started_in_folder(js)? {
            return Ok(Some(draft));
        }
        purpose::check_entry(js)?;
    }
    let Some(mut draft) = server::detect(js) else { return Ok(None) };
    purpose::check_program(js, &mut draft)?;
    Ok(Some(draft))
}

/// Whether a person says how it starts. A Dockerfile that exposes no port says nothing about serving.
fn is_said(js: &Js<'_>) -> bool {
    let context = js.context;
    let of_image = |source: &str| {
        context
            .dockerfile
            .as_ref()
            .is_some_and(|image| source.starts_with(&image.file) && image.port.is_none())
    };
    context.start.as_ref().is_some_and(|start| !of_image(&start.source))
}

/// A start command is given: only what it stands on is left to know.
fn started_by_hand(js: &Js<'_>) -> Draft {
    let command = js.context.start.as_ref().map(|start| start.command.as_str()).unwrap_or_default();
    let runtime = if crate::shell::mentions(command, "bun") { Runtime::Bun } else { Runtime::Node };
    let framework = frameworks::name(js);
    let strength = if framework.is_some() { Strength::Server } else { Strength::Program };
    let mut draft = Draft::new(runtime, strength, "package.json");
    if let Some((package, name)) = framework {
        draft.set_framework(name, format!("package.json: dependencies.{package}"));
    }
    draft
}

/// What every project with package.json has: its installation, its build, its version.
fn finish(js: &Js<'_>, draft: &mut Draft) -> Result<(), PlanError> {
    let extra = std::mem::take(&mut draft.extra);
    if draft.build.is_none()
        && let Some((command, source)) = js.build_command()
    {
        draft.set_build(command, source);
    }
    prisma::add(js, draft);
    inner::add(js, draft);
    migrations::add(js, draft);
    // Files that are served as they are need nothing installed.
    let is_needed = draft.runtime != Runtime::Static || draft.build.is_some();
    if is_needed && (js.package.has_packages() || js.chosen.has_lock() || !extra.is_empty()) {
        let members = members::members(js.project, &js.package)?;
        let manifests: Vec<String> = members.iter().map(members::Member::manifest).collect();
        js.chosen.install(js.project, &manifests, draft, extra);
    }
    system::note(&js.package, draft);
    address::tell_by_name(js, draft);
    server::make_pages_of_json_server(js, draft);
    if draft.runtime == Runtime::Bun {
        bun::version(js, draft);
    } else {
        version::node(js.project, Some(&js.package), draft)?;
        let image = js.context.dockerfile.as_ref().and_then(|dockerfile| dockerfile.version_of("node"));
        if let Some((version, source)) = image.filter(|_| draft.version.is_none()) {
            draft.set_version(&version, source);
        }
    }
    let starts = draft.start.clone().unwrap_or_default();
    let script = js.package.script("start").filter(|_| starts.ends_with(" start")).unwrap_or_default();
    if let Some(install) = &mut draft.install
        && (script::needs_tools(&js.package, &starts) || script::needs_tools(&js.package, script))
    {
        install.options.extend(js.chosen.manager.with_tools().map(str::to_owned));
    }
    Ok(())
}

/// A project of plain files without package.json.
fn from_source(context: &Context<'_>) -> Result<Option<Draft>, PlanError> {
    purpose::check_without_manifest(context.project)?;
    if let Some(start) = &context.start {
        let runtime = [Runtime::Node, Runtime::Bun].into_iter().find(|runtime| context.starts_with(*runtime));
        return Ok(runtime.map(|runtime| Draft::new(runtime, Strength::Program, start.source.clone())));
    }
    let Some(mut draft) = server::from_files(context) else {
        let is_other = ["deno.json", "deno.jsonc"].iter().any(|file| context.project.has(file));
        let lacks = entry::without_manifest(context.project).filter(|_| !is_other);
        return lacks.map_or(Ok(None), |(path, module)| Err(purpose::without_manifest(&path, &module)));
    };
    if draft.runtime == Runtime::Node {
        version::node(context.project, None, &mut draft)?;
    }
    Ok(Some(draft))
}

/// Whether package.json names a package with which bots are written.
pub(crate) fn is_bot(project: &Project<'_>) -> bool {
    manifest::read(project).ok().flatten().is_some_and(|package| purpose::bot(&package).is_some())
}

/// What a package.json lacks that is no app of the web.
pub(crate) fn lacking(project: &Project<'_>) -> (String, String) {
    let package = manifest::read(project).ok().flatten().unwrap_or_default();
    purpose::lacking(project, &package)
}
