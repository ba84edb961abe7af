//! Servers: the start script, or the file that serves.

use super::entry::{self, Entry};
use super::source::Native;
use super::{Js, address, bun, frameworks, script, typescript};
use crate::detect::Context;
use crate::draft::{Draft, Strength};
use crate::{Runtime, shell};

/// Programs that are started without the package manager, which costs time and keeps signals to itself.
const DIRECT: &[&str] = &[
    "node",
    "bun",
    "tsx",
    "ts-node",
    "remix-serve",
    "react-router-serve",
    "strapi",
    "medusa",
    "directus",
    "keystone",
];

/// Looks for something that can be started.
pub(super) fn detect(js: &Js<'_>) -> Option<Draft> {
    let entry = entry::find(js.context, Some(&js.package));
    let framework = frameworks::name(js);
    let serves = framework.is_some() || entry.as_ref().is_some_and(|entry| entry.serves.is_some());
    let strength = if serves { Strength::Server } else { Strength::Program };
    let runtime = if bun::is_meant(js, entry.as_ref()) { Runtime::Bun } else { Runtime::Node };
    let mut draft = Draft::new(runtime, strength, "package.json");
    if let Some((package, name)) = framework {
        draft.set_framework(name, format!("package.json: dependencies.{package}"));
    } else if let Some((name, line)) = entry.as_ref().and_then(|entry| entry.serves.as_ref()) {
        let path = &entry.as_ref().expect("it serves").path;
        draft.set_framework(name, format!("{path}:{line}"));
    }
    if js.context.entry.is_none()
        && let Some((name, text)) = script::start(&js.package)
    {
        by_script(js, name, text, &mut draft);
        return Some(draft);
    }
    let entry = entry?;
    by_entry(js, &entry, &mut draft);
    Some(draft)
}

/// Starts what a script of package.json starts. One that is a plain `node FILE` is run without the package manager,
/// which costs time and keeps signals to itself.
pub(super) fn by_script(js: &Js<'_>, name: &str, text: &str, draft: &mut Draft) {
    let source = format!("package.json: scripts.{name}");
    let mut command = text.to_owned();
    if let Some((build, start)) = script::split_build(text) {
        if js.package.script("build").is_none() {
            draft.set_build(js.chosen.exec(&build), source.clone());
        }
        command = start;
    }
    if let Some(instead) = script::without_watcher(&command) {
        draft.warn(format!("scripts.{name} runs a tool for development; starting `{instead}` instead"));
        command = instead;
    }
    let is_own = command != text;
    let hooks = [format!("pre{name}"), format!("post{name}")];
    let has_hooks = hooks.iter().any(|hook| js.package.script(hook).is_some());
    let parts = script::plain(&command);
    let program = parts.as_ref().map(|parts| parts.program);
    if let Some(file) = parts.as_ref().and_then(script::Plain::file)
        && let Some(path) = entry::resolve(js.project, file)
        && let Some(source) = js.project.source(&path)
    {
        address::check(&path, &super::source::scan(&source), draft);
    }
    if program == Some("tsx") && !js.package.uses("tsx") {
        draft.extra.push("tsx".to_owned());
    }
    if program == Some("node") && !has_hooks {
        with_sources_of_typescript(js, &command, draft);
    }
    let start = match program {
        Some(program) if DIRECT.contains(&program) && !has_hooks => {
            js.chosen.exec(command.trim_start_matches("npx ").trim_start_matches("cross-env "))
        }
        _ if is_own => js.chosen.exec(&command),
        _ => address::heeded(&command).unwrap_or_else(|| js.chosen.run(name)),
    };
    if program.is_some_and(script::is_page_server) {
        draft.warn(format!("scripts.{name} runs `{}`, a tool for development", program.unwrap_or_default()));
    }
    draft.set_start(start, source);
}

/// `node src/index.ts` needs a Node that strips types; `node dist/index.js` a build that makes it.
fn with_sources_of_typescript(js: &Js<'_>, command: &str, draft: &mut Draft) {
    let Some(file) = script::plain(command).and_then(|parts| parts.file().map(str::to_owned)) else { return };
    let path = file.trim_start_matches("./");
    if [".ts", ".mts"].iter().any(|ending| path.ends_with(ending)) && !js.package.engines.contains_key("node")
    {
        draft.set_version(">=22.18", format!("{path}: Node strips its types"));
    }
    let is_made = entry::resolve(js.project, path).is_none();
    if is_made
        && draft.build.is_none()
        && js.package.script("build").is_none()
        && js.package.uses("typescript")
    {
        draft.set_build(js.chosen.exec("tsc"), "package.json: typescript");
    }
}

/// Starts the file that serves.
fn by_entry(js: &Js<'_>, entry: &Entry, draft: &mut Draft) {
    address::check(&entry.path, &entry.script, draft);
    let file = shell::word(&entry.path);
    if draft.runtime == Runtime::Bun {
        draft.set_start(format!("bun run {file}"), entry.source.clone());
    } else if entry.is_typescript() {
        let way = typescript::way(js.project, &js.package, entry);
        if let Some(build) = way.build.filter(|_| js.package.script("build").is_none()) {
            draft.set_build(js.chosen.exec(&build), way.source.clone());
        }
        draft.extra.extend(way.extra.map(str::to_owned));
        draft.set_start(js.chosen.exec(&way.start), format!("{}; {}", entry.source, way.source));
    } else {
        draft.set_start(js.chosen.exec(&format!("node {file}")), entry.source.clone());
    }
}

/// A server of plain files without package.json.
pub(super) fn from_files(context: &Context<'_>) -> Option<Draft> {
    let entry = entry::find(context, None).filter(|entry| {
        context.entry.is_some()
            || (entry.serves.is_some() && !matches!(entry.script.native, Some((Native::Deno, _))))
    })?;
    let runtime = match entry.script.native {
        Some((Native::Bun, _)) => Runtime::Bun,
        _ => Runtime::Node,
    };
    let mut draft = Draft::new(runtime, Strength::Server, entry.path.clone());
    let file = shell::word(&entry.path);
    let start = match runtime {
        Runtime::Bun => format!("bun run {file}"),
        _ => format!("node {file}"),
    };
    if runtime == Runtime::Node && entry.is_typescript() {
        draft.set_version(">=22.18", format!("{}: Node strips its types", entry.path));
    }
    draft.set_start(start, entry.source.clone());
    if let Some((name, line)) = &entry.serves {
        draft.set_framework(name, format!("{}:{line}", entry.path));
    }
    address::check(&entry.path, &entry.script, &mut draft);
    Some(draft)
}
