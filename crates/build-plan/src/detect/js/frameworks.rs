//! Frameworks that bring a server and a builder of their own.

use serde_json::Value;

use super::entry::{self, SERVERS, framework_of};
use super::manifest::PackageJson;
use super::{Js, built, kit, next, script, server as by_hand, sites};
use crate::draft::{Draft, Strength};
use crate::{PlanError, Runtime, shell};

/// Frameworks whose start follows from their package alone: package, name, build, start, and the programs of which a
/// start script need not be kept.
const SIMPLE: &[(&str, &str, &str, &str)] = &[
    ("nuxt", "nuxt", "nuxt build", "node .output/server/index.mjs"),
    ("nuxt3", "nuxt", "nuxt build", "node .output/server/index.mjs"),
    ("@analogjs/platform", "analog", "vite build", "node dist/analog/server/index.mjs"),
    ("@solidjs/start", "solid-start", "vinxi build", "node .output/server/index.mjs"),
    ("@tanstack/start", "tanstack-start", "vinxi build", "node .output/server/index.mjs"),
    ("nitropack", "nitro", "nitropack build", "node .output/server/index.mjs"),
    ("nitro", "nitro", "nitro build", "node .output/server/index.mjs"),
    ("razzle", "razzle", "razzle build", "node build/server.js"),
    ("@strapi/strapi", "strapi", "strapi build", "strapi start"),
    ("strapi", "strapi", "strapi build", "strapi start"),
    ("@keystone-6/core", "keystone", "keystone build", "keystone start"),
    ("directus", "directus", "", "directus start"),
    ("n8n", "n8n", "", "n8n start"),
];

/// Looks for one of them.
///
/// # Errors
/// [`PlanError::Unrecognised`] when what it makes cannot run here.
pub(super) fn detect(js: &Js<'_>) -> Result<Option<Draft>, PlanError> {
    // What is built upon another one comes first.
    if let Some(draft) = nest(js).or_else(|| next::detect(js)) {
        return Ok(Some(draft));
    }
    if let Some(draft) = kit::svelte(js)? {
        return Ok(Some(draft));
    }
    if let Some(draft) =
        react_router(js).or_else(|| remix(js)).or_else(|| nuxt(js)).or_else(|| built::detect(js))
    {
        return Ok(Some(draft));
    }
    if let Some(draft) = simple(js).or_else(|| sites::angular(js)) {
        return Ok(Some(draft));
    }
    kit::astro(js)
}

/// The framework that package.json names, with the package that says so.
pub(super) fn name(js: &Js<'_>) -> Option<(&'static str, &'static str)> {
    name_of(&js.package)
}

/// The framework that a manifest names, with the package that says so.
pub(super) fn name_of(package: &PackageJson) -> Option<(&'static str, &'static str)> {
    let first = [
        ("@nestjs/core", "nest"),
        ("next", "next"),
        ("nuxt", "nuxt"),
        ("@sveltejs/kit", "sveltekit"),
        ("@remix-run/node", "remix"),
        ("@react-router/node", "react-router"),
        ("astro", "astro"),
    ];
    let served = SERVERS.iter().map(|(package, _)| (*package, framework_of(package)));
    first.into_iter().chain(served).find(|(name, _)| package.depends_on(name))
}

fn simple(js: &Js<'_>) -> Option<Draft> {
    let (package, name, build, start) = SIMPLE.iter().find(|(package, ..)| js.package.uses(package))?;
    Some(server(js, name, package, (build, start)))
}

/// The ports on which frameworks listen where they are told none.
const PORTS: &[(&str, u16)] =
    &[("strapi", 1337), ("medusa", 9000), ("directus", 8055), ("adonis", 3333), ("n8n", 5678)];

/// Notes the port that the framework is known for.
fn note_port(name: &str, package: &str, draft: &mut Draft) {
    if let Some((_, port)) = PORTS.iter().find(|(known, _)| *known == name)
        && draft.port.is_none()
    {
        draft.set_port(*port, Js::dependency(package));
    }
}

/// A server: the project's own start script where it is more than the framework's, and what the framework makes else.
pub(super) fn server(js: &Js<'_>, name: &str, package: &str, (build, start): (&str, &str)) -> Draft {
    let mut draft = Draft::new(Runtime::Node, Strength::Server, "package.json");
    draft.set_framework(name, Js::dependency(package));
    set_build(js, &mut draft, build, package);
    match own_script(js, build, start) {
        Some((script, text)) => by_hand::by_script(js, script, text, &mut draft),
        None => draft.set_start(js.chosen.exec(start), Js::dependency(package)),
    }
    note_port(name, package, &mut draft);
    draft
}

/// Pages that a builder makes.
pub(super) fn pages(js: &Js<'_>, name: &str, package: &str, build: &str) -> Draft {
    let mut draft = Draft::new(Runtime::Static, Strength::Assets, Js::dependency(package));
    draft.set_framework(name, Js::dependency(package));
    set_build(js, &mut draft, build, package);
    draft
}

fn set_build(js: &Js<'_>, draft: &mut Draft, build: &str, package: &str) {
    if let Some((command, source)) = js.build_command() {
        draft.set_build(command, source);
    } else if !build.is_empty() {
        draft.set_build(js.chosen.exec(build), Js::dependency(package));
    }
}

/// The start script, unless it serves pages in development or shows what was built.
fn own_script<'j>(js: &'j Js<'_>, build: &str, start: &str) -> Option<(&'j str, &'j str)> {
    let (name, text) = script::start(&js.package)?;
    let parts = script::plain(text);
    let program = parts.as_ref().map(|parts| parts.program).unwrap_or_default();
    let has = |word: &str| parts.as_ref().is_some_and(|parts| parts.arguments.contains(&word));
    let of_framework = program == build.split(' ').next().unwrap_or_default();
    let is_kept = !script::is_development(text)
        && !script::serves_files(text)
        && !has("preview")
        && !has("dev")
        && (!of_framework || start.starts_with(program));
    is_kept.then_some((name, text))
}

/// Nest, before Express on which it stands.
fn nest(js: &Js<'_>) -> Option<Draft> {
    js.package.depends_on("@nestjs/core").then_some(())?;
    let mut draft = Draft::new(Runtime::Node, Strength::Server, "package.json");
    draft.set_framework("nest", Js::dependency("@nestjs/core"));
    set_build(js, &mut draft, "nest build", "@nestjs/core");
    let own = ["start:prod", "start:production", "start"].iter().find_map(|name| {
        let text = js.package.script(name)?;
        (!script::is_development(text)).then_some((*name, text))
    });
    if let Some((name, text)) = own {
        by_hand::by_script(js, name, text, &mut draft);
    } else {
        let main = compiled_main(js);
        draft.set_start(js.chosen.exec(&format!("node {}", shell::word(&main))), "nest-cli.json");
    }
    let main = ["src/main.ts", "main.ts"].into_iter().find(|path| js.project.has(path));
    if let Some(source) = main.and_then(|path| js.project.source(path)) {
        super::address::check(
            js.context,
            main.unwrap_or_default(),
            &super::source::scan(&source),
            &mut draft,
        );
    }
    Some(draft)
}

/// What `nest build` makes of the entry.
fn compiled_main(js: &Js<'_>) -> String {
    let config = js.project.manifest("nest-cli.json").ok().flatten();
    let config = config.and_then(|text| super::jsonc::parse(&text)).unwrap_or_default();
    let entry = config["entryFile"].as_str().unwrap_or("main");
    match config["root"].as_str().filter(|_| config["monorepo"].as_bool() == Some(true)) {
        Some(root) => format!("dist/{root}/{entry}.js"),
        None => format!("dist/{entry}.js"),
    }
}

/// Nuxt: pages where it only generates, a server otherwise.
fn nuxt(js: &Js<'_>) -> Option<Draft> {
    let package = ["nuxt", "nuxt3", "nuxt-edge"].into_iter().find(|package| js.package.uses(package))?;
    let build = js.package.script("build").unwrap_or_default();
    let version = js.package.version_of(package).unwrap_or_default().trim_start_matches(['^', '~', '=', 'v']);
    // Since the third version a build makes a server of its own.
    let is_old = ["1", "2"].contains(&version.split('.').next().unwrap_or_default());
    if build.contains("generate") {
        let mut draft = pages(js, "nuxt", package, "nuxt generate");
        let root = if is_old { "dist" } else { ".output/public" };
        draft.set_static_root(root, "package.json: scripts.build");
        return Some(draft);
    }
    if !is_old {
        return Some(server(js, "nuxt", package, ("nuxt build", "node .output/server/index.mjs")));
    }
    let mut draft = server(js, "nuxt", package, ("nuxt build", "nuxt start --host $HOST --port $PORT"));
    if script::start(&js.package).is_none()
        && let Some(entry) = entry::find(js.context, Some(&js.package))
            .filter(|entry| entry.listens() && entry.script.first_import(&[package]).is_some())
    {
        by_hand::by_entry(js, &entry, &mut draft);
    }
    Some(draft)
}

fn react_router(js: &Js<'_>) -> Option<Draft> {
    js.package.uses("@react-router/dev").then_some(())?;
    let config = js.config("react-router.config");
    let is_page = config.as_ref().is_some_and(|(_, text)| text.replace(' ', "").contains("ssr:false"));
    if let Some((path, _)) = config.filter(|_| is_page) {
        let mut draft = pages(js, "react-router", "@react-router/dev", "react-router build");
        draft.set_static_root("build/client", format!("{path}: ssr"));
        draft.set_single_page(format!("{path}: ssr"));
        return Some(draft);
    }
    let start = "react-router-serve ./build/server/index.js";
    Some(server(js, "react-router", "@react-router/dev", ("react-router build", start)))
}

fn remix(js: &Js<'_>) -> Option<Draft> {
    let package =
        ["@remix-run/dev", "@remix-run/serve"].into_iter().find(|package| js.package.uses(package))?;
    let vite = js.config("vite.config");
    if let Some((path, _)) = vite.as_ref().filter(|(_, text)| text.replace(' ', "").contains("ssr:false")) {
        let mut draft = pages(js, "remix", package, "remix vite:build");
        draft.set_static_root("build/client", format!("{path}: ssr"));
        draft.set_single_page(format!("{path}: ssr"));
        return Some(draft);
    }
    let (build, start) = match vite {
        Some(_) => ("remix vite:build", "remix-serve ./build/server/index.js"),
        None => ("remix build", "remix-serve build/index.js"),
    };
    Some(server(js, "remix", package, (build, start)))
}

/// The text in quotes that a key of a configuration in JavaScript has.
pub(super) fn literal(config: &str, key: &str) -> Option<String> {
    config.match_indices(key).find_map(|(at, _)| {
        let is_whole = !config[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.'));
        let rest = config[at + key.len()..].trim_start_matches(['\'', '"']).trim_start();
        let value = rest.strip_prefix(':').filter(|_| is_whole)?.trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'))?;
        let text = value[1..].split(quote).next()?;
        (text.len() < 200 && !text.contains(['$', '\n'])).then(|| text.to_owned())
    })
}

/// The value of a key at the end of a path through JSON.
pub(super) fn text_at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v str> {
    path.iter().try_fold(value, |value, key| value.get(key))?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_of_configurations_are_found() {
        let config = "export default { build: { outDir: '../web', myoutDir: 'no' }, 'base': \"/x/\" }";
        assert_eq!(literal(config, "outDir").as_deref(), Some("../web"));
        assert_eq!(literal(config, "base").as_deref(), Some("/x/"));
        assert_eq!(literal("outDir: resolve('x')", "outDir"), None);
    }
}
