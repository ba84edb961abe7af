//! Servers: the start script, or the file that serves.

use super::entry::{self, Entry};
use super::source::Native;
use super::{Js, address, bun, frameworks, inner, manifest, script, typescript, watcher};
use crate::detect::Context;
use crate::detect::text::{at, folder};
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
    "babel-node",
    "deno",
];

/// Looks for something that can be started.
pub(super) fn detect(js: &Js<'_>) -> Option<Draft> {
    let entry = entry::find(js.context, Some(&js.package));
    let script = script::start(&js.package).filter(|_| js.context.entry.is_none());
    let script = script.filter(|(_, text)| missing(js, text).is_none());
    let framework = frameworks::name(js);
    let named = match framework {
        Some((package, name)) => Some((name.to_owned(), format!("package.json: dependencies.{package}"))),
        None => served_by(entry.as_ref())
            .or_else(|| of_inner_package(js, script?.1))
            .or_else(|| bundled(js, script?.1)),
    };
    let strength = if named.is_some() { Strength::Server } else { Strength::Program };
    let runtime = if bun::is_meant(js, entry.as_ref()) { Runtime::Bun } else { Runtime::Node };
    let mut draft = Draft::new(runtime, strength, "package.json");
    if let Some((name, source)) = named {
        draft.set_framework(&name, source);
    }
    match script {
        Some((name, text)) => by_script(js, name, text, &mut draft),
        None => by_entry(js, &entry?, &mut draft),
    }
    Some(draft)
}

/// What makes the entry a server, with the line that says so.
fn served_by(entry: Option<&Entry>) -> Option<(String, String)> {
    let entry = entry?;
    let (name, line) = entry.serves.as_ref()?;
    Some((name.clone(), format!("{}:{line}", entry.path)))
}

/// The framework that a build puts into what is started: then it is needed at build time alone.
fn bundled(js: &Js<'_>, command: &str) -> Option<(String, String)> {
    js.package.build_script()?;
    let is_made =
        script::plain(command)?.file().is_some_and(|file| entry::resolve(js.project, file).is_none());
    let mut known = entry::SERVERS.iter().filter(|(package, _)| !matches!(*package, "ws" | "connect"));
    let (package, name) = known.find(|(package, _)| is_made && js.package.uses(package))?;
    Some(((*name).to_owned(), format!("package.json: devDependencies.{package}")))
}

/// The framework of the package within the project to which the started file belongs.
fn of_inner_package(js: &Js<'_>, command: &str) -> Option<(String, String)> {
    let (_, start) = script::split_build(command).unwrap_or((String::new(), command.to_owned()));
    let file = script::plain(&start)?.file()?.trim_start_matches("./").to_owned();
    let inner = inner::nearest_package(js.project, folder(&file))?;
    let path = at(&inner, "package.json");
    let package = manifest::parse(&path, &js.project.manifest(&path).ok()??).ok()?;
    let (package, name) = frameworks::name_of(&package)?;
    Some((name.to_owned(), format!("{path}: dependencies.{package}")))
}

/// The file that a command starts and that neither is there nor can be made by anything.
pub(super) fn missing<'t>(js: &Js<'_>, text: &'t str) -> Option<&'t str> {
    let plain = script::plain(text).filter(|plain| matches!(plain.program, "node" | "tsx" | "ts-node"))?;
    let file = plain.file().filter(|file| script::is_source(file))?;
    let hooks = ["prestart", "preinstall", "install", "postinstall", "prepare"];
    let is_made = js.package.build_script().is_some()
        || js.package.uses("typescript")
        || hooks.iter().any(|name| js.package.script(name).is_some());
    (!is_made && entry::resolve(js.project, file).is_none() && !file.contains("..")).then_some(file)
}

/// Starts what a script of package.json starts. One that is a plain `node FILE` is run without the package manager,
/// which costs time and keeps signals to itself.
pub(super) fn by_script(js: &Js<'_>, name: &str, text: &str, draft: &mut Draft) {
    let source = format!("package.json: scripts.{name}");
    let mut command = text.to_owned();
    if let Some((build, start)) = script::split_build(text) {
        if js.package.build_script().is_none() {
            draft.set_build(js.chosen.exec(&build), source.clone());
        }
        command = start;
    }
    if let Some(instead) = without_tools(js, &command) {
        draft.warn(format!("scripts.{name} runs a tool for development; starting `{instead}` instead"));
        command = instead;
    }
    let is_own = command != text;
    let has_hooks = has_hooks(js, name, draft);
    let Some(parts) = script::plain(&command) else {
        draft.set_start(if is_own { js.chosen.exec(&command) } else { js.chosen.run(name) }, source);
        return;
    };
    let program = parts.program;
    check_address(js, &parts, draft);
    if program == "tsx" && !js.package.uses("tsx") {
        draft.extra.push("tsx".to_owned());
    }
    if program == "node" && !has_hooks {
        with_sources_of_typescript(js, &command, draft);
    }
    let variables = parts.variables.len();
    let parts = address::heeding(parts, &source, draft);
    let is_changed = parts.variables.len() < variables;
    let start = if DIRECT.contains(&program) && !has_hooks {
        js.chosen.exec(&direct(js, &command, &parts))
    } else if let Some(start) = pm2(js, &parts).or_else(|| address::heeded(&command)) {
        js.chosen.exec(&start)
    } else if is_changed && !has_hooks {
        js.chosen.exec(&parts.with(program, &parts.arguments))
    } else if is_own {
        js.chosen.exec(&command)
    } else {
        js.chosen.run(name)
    };
    if script::is_page_server(program) {
        draft.warn(format!("scripts.{name} runs `{program}`, a tool for development"));
    }
    draft.set_start(start, source);
}

/// The command without a program that watches files.
fn without_tools(js: &Js<'_>, command: &str) -> Option<String> {
    let settings =
        js.project.manifest("nodemon.json").ok().flatten().and_then(|text| super::jsonc::parse(&text));
    let settings = settings.as_ref().and_then(|settings| settings["exec"].as_str());
    let main = || {
        let main = entry::resolve(js.project, js.package.main.as_deref()?)?;
        let runner = if script::is_typescript(&main) { "tsx" } else { "node" };
        Some(format!("{runner} {}", shell::word(&main)))
    };
    watcher::without(command, settings.or(js.package.nodemon.as_deref()))
        .or_else(|| (command.trim() == "nodemon").then(main).flatten())
}

/// Whether scripts run before or after this one. What only builds is done once, and not whenever the app starts.
fn has_hooks(js: &Js<'_>, name: &str, draft: &mut Draft) -> bool {
    let before = format!("pre{name}");
    let builds = js.package.script(&before).is_some() && script::builds(&js.package, &before);
    if builds && js.package.build_script().is_none() {
        draft.set_build(js.chosen.run(&before), format!("package.json: scripts.{before}"));
    }
    js.package.script(&before).is_some() && !builds || js.package.script(&format!("post{name}")).is_some()
}

/// Looks at where the file listens that a command starts, or the one of which a build makes it.
fn check_address(js: &Js<'_>, parts: &script::Plain<'_>, draft: &mut Draft) {
    if let Some(path) = source_file(js, parts)
        && let Some(source) = js.project.source(&path)
    {
        address::check(js.context, &path, &super::source::scan(&source), draft);
    }
}

/// The source of the file that a command starts.
pub(super) fn source_file(js: &Js<'_>, parts: &script::Plain<'_>) -> Option<String> {
    let main = || js.package.main.as_deref().unwrap_or("index");
    let file = parts.file().map(|file| if matches!(file, "." | "./") { main() } else { file })?;
    entry::resolve(js.project, file).or_else(|| source_of(js, file))
}

/// json-server lists the folder `public` when it starts in production since its first version, and ends where there is none.
pub(super) fn make_pages_of_json_server(js: &Js<'_>, draft: &mut Draft) {
    let starts_it = draft.start.as_deref().is_some_and(|start| shell::mentions(start, "json-server"));
    let version =
        js.package.version_of("json-server").unwrap_or_default().trim_start_matches(['^', '~', '=']);
    let lists_it = version.starts_with("1.") || matches!(version, "latest" | "*");
    if lists_it && starts_it && draft.build.is_none() && js.project.listing().under("public").next().is_none()
    {
        draft.set_build("mkdir -p public", "package.json: dependencies.json-server");
    }
}

/// The source of what a build makes: what the build is given, or the file of the same name among the sources.
fn source_of(js: &Js<'_>, made: &str) -> Option<String> {
    const MADE: &[&str] = &["dist", "build", "out", "lib", "output", "server-build"];
    let build = js.package.build_script().and_then(|name| js.package.script(name)).unwrap_or_default();
    let mut given = build.split_whitespace().filter(|word| script::is_source(word));
    if let Some(path) = given.find_map(|word| entry::resolve(js.project, word)) {
        return Some(path);
    }
    let made = made.trim_start_matches("./");
    let parts: Vec<&str> = made.rsplit_once('.').map_or(made, |(stem, _)| stem).split('/').collect();
    let at = parts.iter().position(|part| MADE.contains(part))?;
    let (before, behind) = (parts[..at].join("/"), parts[at + 1..].join("/"));
    let behind = if behind.is_empty() { "index".to_owned() } else { behind };
    let places = ["src/", "", "server/", "source/"].map(|place| format!("{before}/{place}{behind}"));
    let paths =
        places.iter().flat_map(|stem| ["ts", "mts", "js", "mjs"].map(|ending| format!("{stem}.{ending}")));
    paths.map(|path| path.trim_start_matches('/').to_owned()).find(|path| js.project.has(path))
}

/// The command without what the platform does itself, and without files of variables that are not there.
fn direct(js: &Js<'_>, command: &str, parts: &script::Plain<'_>) -> String {
    let has_files = !parts.env_files.is_empty() && parts.env_files.iter().all(|file| js.project.has(file));
    if has_files {
        return command.trim_start_matches("npx ").trim_start_matches("cross-env ").to_owned();
    }
    let is_missing = |word: &str| {
        word.strip_prefix("--env-file=").is_some_and(|file| !js.project.has(file.trim_start_matches("./")))
    };
    let arguments: Vec<&str> = parts.arguments.iter().copied().filter(|word| !is_missing(word)).collect();
    parts.with(parts.program, &arguments)
}

/// `pm2 start` goes to the background, where nobody sees the app any more.
fn pm2(js: &Js<'_>, parts: &script::Plain<'_>) -> Option<String> {
    let (("pm2", ["start", arguments @ ..]) | ("pm2-runtime", arguments)) =
        (parts.program, parts.arguments.as_slice())
    else {
        return None;
    };
    let file = arguments.iter().find(|word| !word.starts_with('-') && **word != "start")?;
    if let Some(text) =
        js.project.source(file.trim_start_matches("./")).filter(|_| file.contains("ecosystem"))
    {
        let text = super::source::without_comments(&text);
        let is_plain =
            !text.contains("interpreter") && !text.contains("args") && text.matches("script").count() == 1;
        let script =
            frameworks::literal(&text, "script").filter(|script| is_plain && script::is_source(script));
        if let Some(script) = script {
            return Some(parts.with("node", &[&script]));
        }
    } else if script::is_source(file) && !script::is_typescript(file) {
        return Some(parts.with("node", &[file]));
    }
    let rest: Vec<&str> = arguments.iter().copied().filter(|word| *word != "--no-daemon").collect();
    Some(parts.with("pm2-runtime", &rest))
}

/// `node src/index.ts` needs a Node that strips types; `node dist/index.js` a build that makes it.
fn with_sources_of_typescript(js: &Js<'_>, command: &str, draft: &mut Draft) {
    let Some(file) = script::plain(command).and_then(|parts| parts.file()) else { return };
    let path = file.trim_start_matches("./");
    if [".ts", ".mts"].iter().any(|ending| path.ends_with(ending)) && !js.package.engines.contains_key("node")
    {
        draft.set_version(">=22.18", format!("{path}: Node strips its types"));
    }
    let is_made = entry::resolve(js.project, path).is_none();
    if is_made
        && draft.build.is_none()
        && js.package.build_script().is_none()
        && js.package.uses("typescript")
    {
        draft.set_build(js.chosen.exec("tsc"), "package.json: typescript");
    }
}

/// Starts the file that serves.
pub(super) fn by_entry(js: &Js<'_>, entry: &Entry, draft: &mut Draft) {
    address::check(js.context, &entry.path, &entry.script, draft);
    let file = shell::word(&entry.path);
    if draft.runtime == Runtime::Bun {
        draft.set_start(format!("bun run {file}"), entry.source.clone());
    } else if entry.is_typescript() {
        let way = typescript::way(js.project, &js.package, entry);
        if let Some(build) = way.build.filter(|_| js.package.build_script().is_none()) {
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
    // Bun fetches packages by itself, Node does not.
    if runtime == Runtime::Node && context.entry.is_none() && entry.packages().next().is_some() {
        return None;
    }
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
    address::check(context, &entry.path, &entry.script, &mut draft);
    Some(draft)
}
