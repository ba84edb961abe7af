//! JavaScript and TypeScript: Node, Bun and Deno, servers and pages.
//!
//! ```text
//! package.json ─► manager ─┐
//! workspace members ───────┼─► frameworks ─► pages ─► server (script, entry) ─► Draft
//! sources ─► entry ────────┘
//! ```

mod address;
mod bun;
pub(crate) mod deno;
mod entry;
mod frameworks;
pub(crate) mod jsonc;
mod kit;
mod manager;
pub(crate) mod manifest;
mod next;
mod pages;
mod prisma;
mod script;
mod server;
mod sites;
pub(crate) mod source;
mod system;
mod typescript;
mod version;
pub(crate) mod workspace;

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
    if js.context.start.is_some() {
        return Ok(Some(started_by_hand(js)));
    }
    if js.context.entry.is_none()
        && let Some(draft) = frameworks::detect(js)?
    {
        return Ok(Some(draft));
    }
    if js.context.entry.is_none()
        && let Some(draft) = pages::detect(js)
    {
        return Ok(Some(draft));
    }
    Ok(server::detect(js))
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
    if draft.build.is_none() && js.package.script("build").is_some() {
        draft.set_build(js.chosen.run("build"), "package.json: scripts.build");
    }
    prisma::add(js, draft);
    // Files that are served as they are need nothing installed.
    let is_needed = draft.runtime != Runtime::Static || draft.build.is_some();
    if is_needed && (js.package.has_packages() || js.chosen.has_lock() || !extra.is_empty()) {
        let members = workspace::members(js.project, &js.package)?;
        let manifests: Vec<String> = members.iter().map(workspace::Member::manifest).collect();
        js.chosen.install(js.project, &manifests, draft, extra);
    }
    system::note(&js.package, draft);
    if draft.runtime == Runtime::Bun {
        bun::version(js, draft);
    } else {
        version::node(js.project, Some(&js.package), draft)?;
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
    if let Some(start) = &context.start {
        let runtime = [Runtime::Node, Runtime::Bun].into_iter().find(|runtime| context.starts_with(*runtime));
        return Ok(runtime.map(|runtime| Draft::new(runtime, Strength::Program, start.source.clone())));
    }
    let Some(mut draft) = server::from_files(context) else { return Ok(None) };
    if draft.runtime == Runtime::Node {
        version::node(context.project, None, &mut draft)?;
    }
    Ok(Some(draft))
}
