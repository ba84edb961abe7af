//! Frameworks whose build makes a project of its own, which is then started within its folder.

use super::frameworks::server;
use super::{Js, script};
use crate::draft::Draft;

/// Looks for one of them.
pub(super) fn detect(js: &Js<'_>) -> Option<Draft> {
    adonis(js).or_else(|| medusa(js)).or_else(|| tanstack_start(js))
}

/// Adonis: the start script is written for the folder that the build makes.
fn adonis(js: &Js<'_>) -> Option<Draft> {
    let package = "@adonisjs/core";
    js.package.uses(package).then_some(())?;
    let entry = ["bin/server", "server"].into_iter().find(|stem| js.project.has(&format!("{stem}.ts")));
    let start =
        entry.map_or_else(|| "node server.js".to_owned(), |stem| format!("cd build && exec node {stem}.js"));
    let mut draft = server(js, "adonis", package, ("node ace build", &start));
    let is_of_build = |text: &str| !text.contains("build");
    if entry.is_some()
        && let Some((name, text)) = script::start(&js.package).filter(|(_, text)| is_of_build(text))
        && script::plain(text).is_some_and(|plain| plain.program == "node")
    {
        draft.set_start(js.chosen.exec(&start), format!("package.json: scripts.{name}; {package}"));
    }
    Some(draft)
}

/// Medusa: since its second version the build makes `.medusa/server`, with the pages of its admin.
fn medusa(js: &Js<'_>) -> Option<Draft> {
    let package = "@medusajs/medusa";
    js.package.uses(package).then_some(())?;
    let version = js.package.version_of(package).unwrap_or_default().trim_start_matches(['^', '~', '=']);
    if version.starts_with("1.") {
        return Some(server(js, "medusa", package, ("", "medusa start")));
    }
    let start = "cd .medusa/server && exec medusa start";
    let mut draft = server(js, "medusa", package, ("medusa build", start));
    if draft.start.as_deref() == Some(js.chosen.exec("medusa start").as_str()) {
        draft.set_start(js.chosen.exec(start), format!("package.json: scripts.start; {package}"));
    }
    Some(draft)
}

/// `TanStack` Start: Nitro makes a server of it; without that its build is a handler, which a server of files calls.
fn tanstack_start(js: &Js<'_>) -> Option<Draft> {
    let package = ["@tanstack/react-start", "@tanstack/solid-start"]
        .into_iter()
        .find(|package| js.package.uses(package))?;
    let config = js.config("vite.config").map(|(_, text)| text).unwrap_or_default();
    let has_nitro =
        ["nitro", "nitropack", "@tanstack/nitro-v2-vite-plugin"].iter().any(|name| js.package.uses(name))
            || config.contains("nitro")
            || js.config("app.config").is_some();
    let before = |minor: u32| {
        let version = js.package.version_of(package).unwrap_or_default().trim_start_matches(['^', '~', '=']);
        let mut parts = version.split('.');
        parts.next() == Some("1")
            && parts.next().and_then(|part| part.parse().ok()).is_some_and(|found: u32| found < minor)
    };
    // Nitro was part of it until then.
    if has_nitro || before(132) {
        return Some(server(js, "tanstack-start", package, ("vite build", "node .output/server/index.mjs")));
    }
    let start = "srvx --prod --host $HOST --port $PORT -s ../client dist/server/server.js";
    let mut draft = server(js, "tanstack-start", package, ("vite build", start));
    if draft.start.as_deref().is_some_and(|start| start.contains("srvx")) && !js.package.uses("srvx") {
        draft.extra.push("srvx".to_owned());
    }
    Some(draft)
}
