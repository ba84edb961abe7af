//! Bun as the runtime, not only as the package manager.

use super::entry::Entry;
use super::manager::Manager;
use super::source::Native;
use super::{Js, script};
use crate::detect::versions;
use crate::draft::Draft;

/// Whether the project runs on Bun: its start script says so, or the file that serves calls Bun.
pub(super) fn is_meant(js: &Js<'_>, entry: Option<&Entry>) -> bool {
    let is_compound = |text: &str| crate::shell::is_compound(text);
    let runs_bun = |text: &str| {
        text.split("&&").any(|step| {
            script::plain(step).is_some_and(|parts| {
                // `bun run build` only runs a script.
                let runs_file = parts.arguments.iter().any(|word| script::is_source(word));
                let is_step = is_compound(text);
                matches!(parts.program, "bun" | "bunx")
                    && (is_step || runs_file || parts.arguments.contains(&"--bun"))
            })
        })
    };
    let by_script = script::start(&js.package).is_some_and(|(_, text)| runs_bun(text));
    let by_source = entry.is_some_and(|entry| matches!(entry.script.native, Some((Native::Bun, _))));
    // Without a start script a server in TypeScript that is written with Bun, or that its lock belongs to, is started by it.
    let is_written = js.chosen.manager == Manager::Bun || js.package.script("dev").is_some_and(runs_bun);
    let by_lock = is_written
        && js.package.script("start").is_none()
        && entry.is_some_and(|entry| entry.is_typescript() || entry.script.exports_handler);
    let by_framework = js.package.depends_on("elysia") && !js.package.depends_on("@elysiajs/node");
    by_script || by_source || by_lock || by_framework
}

/// Which Bun the project asks for.
pub(super) fn version(js: &Js<'_>, draft: &mut Draft) {
    if let Some(version) = js.package.engines.get("bun") {
        draft.set_version(version, "package.json: engines.bun");
    } else if let Some(line) = versions::line_of(js.project, ".bun-version") {
        draft.set_version(line.trim_start_matches('v'), ".bun-version");
    } else if let Some((version, file)) = versions::of_tool(js.project, &["bun"]) {
        draft.set_version(&version, file);
    } else if js.chosen.manager == Manager::Bun
        && let Some(version) = js.chosen.version.clone()
    {
        draft.set_version(&version, "package.json: packageManager");
    }
}
