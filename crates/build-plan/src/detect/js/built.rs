//! Frameworks whose build makes a project of its own, which is then started within its folder.

use super::frameworks::server;
use super::{Js, address, entry, script};
use crate::draft::{Draft, Strength};
use crate::{Runtime, shell};

/// Looks for one of them.
pub(super) fn detect(js: &Js<'_>) -> Option<Draft> {
    adonis(js).or_else(|| medusa(js)).or_else(|| tanstack_start(js))
}

/// A server that the build script has Bun put into one file, where no script says how that is started.
pub(super) fn bundled_by_bun(js: &Js<'_>) -> Option<Draft> {
    if script::start(&js.package).is_some() {
        return None;
    }
    let name = js.package.build_script()?;
    let steps = js.package.script(name)?.split("&&").map(|step| step.split_whitespace().collect::<Vec<_>>());
    let (entry, words) = steps.filter(|words| words.starts_with(&["bun", "build"])).find_map(|words| {
        let file = words[2..].iter().find(|word| !word.starts_with('-'))?.trim_start_matches("./");
        let entry = entry::load(js.project, file, format!("package.json: scripts.{name}"))?;
        (entry.serves.is_some() && entry.listens()).then_some((entry, words))
    })?;
    let option = |name: &str| {
        let at = words.iter().position(|word| *word == name);
        let next = at.and_then(|at| words.get(at + 1)).copied();
        let joined = words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        next.or(joined).map(|path| path.trim_start_matches("./").trim_end_matches('/'))
    };
    let stem = entry.path.rsplit('/').next()?.split('.').next()?;
    let made = match (option("--outfile"), option("--outdir")) {
        (Some(file), _) => file.to_owned(),
        (None, Some(folder)) => format!("{folder}/{stem}.js"),
        (None, None) => return None,
    };
    let file = shell::word(&made);
    let is_program = words.contains(&"--compile");
    let start = if is_program { format!("./{file}") } else { format!("bun run {file}") };
    let mut draft = Draft::new(Runtime::Bun, Strength::Server, "package.json");
    if let Some((framework, line)) = &entry.serves {
        draft.set_framework(framework, format!("{}:{line}", entry.path));
    }
    address::check(js.context, &entry.path, &entry.script, &mut draft);
    draft.set_start(start, entry.source.clone());
    Some(draft)
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
