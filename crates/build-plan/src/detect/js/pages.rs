//! Pages that a builder makes from the sources, to be served as files.

use super::entry;
use super::frameworks::literal;
use super::{Js, frameworks, script, webpack};
use crate::Runtime;
use crate::draft::{Draft, Strength};

/// A builder of pages.
struct Builder {
    package: &'static str,
    name: &'static str,
    build: &'static str,
    /// The folder that it writes.
    root: &'static str,
    /// Whether what it makes is one page with a router of its own.
    pages: Pages,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pages {
    /// One, for every path.
    Single,
    /// A file for each path.
    Many,
    /// One where a framework for such pages is used.
    ByFramework,
}

const fn builder(
    package: &'static str,
    name: &'static str,
    build: &'static str,
    root: &'static str,
    pages: Pages,
) -> Builder {
    Builder { package, name, build, root, pages }
}

/// Builders; those that are built upon others come first.
const BUILDERS: &[Builder] = &[
    builder("@docusaurus/core", "docusaurus", "docusaurus build", "build", Pages::Many),
    builder("gatsby", "gatsby", "gatsby build", "public", Pages::Many),
    builder("@11ty/eleventy", "eleventy", "eleventy", "_site", Pages::Many),
    builder("vitepress", "vitepress", "vitepress build docs", "docs/.vitepress/dist", Pages::Many),
    builder("vuepress", "vuepress", "vuepress build docs", "docs/.vuepress/dist", Pages::Many),
    builder("hexo", "hexo", "hexo generate", "public", Pages::Many),
    builder("gridsome", "gridsome", "gridsome build", "dist", Pages::Many),
    builder("react-scripts", "create-react-app", "react-scripts build", "build", Pages::Single),
    builder("@craco/craco", "create-react-app", "craco build", "build", Pages::Single),
    builder("react-app-rewired", "create-react-app", "react-app-rewired build", "build", Pages::Single),
    builder("@vue/cli-service", "vue-cli", "vue-cli-service build", "dist", Pages::Single),
    builder("@quasar/app-vite", "quasar", "quasar build", "dist/spa", Pages::Single),
    builder("@quasar/app-webpack", "quasar", "quasar build", "dist/spa", Pages::Single),
    builder("ember-cli", "ember", "ember build --environment=production", "dist", Pages::Single),
    builder("preact-cli", "preact-cli", "preact build", "build", Pages::Single),
    builder("@stencil/core", "stencil", "stencil build", "www", Pages::ByFramework),
    builder("@umijs/max", "umi", "max build", "dist", Pages::Single),
    builder("umi", "umi", "umi build", "dist", Pages::Single),
    builder("expo", "expo", "expo export --platform web", "dist", Pages::Single),
    builder("@slidev/cli", "slidev", "slidev build", "dist", Pages::Single),
    builder("vite", "vite", "vite build", "dist", Pages::ByFramework),
    builder("rolldown-vite", "vite", "vite build", "dist", Pages::ByFramework),
    builder("@rsbuild/core", "rsbuild", "rsbuild build", "dist", Pages::ByFramework),
    builder("@farmfe/core", "farm", "farm build", "dist", Pages::ByFramework),
    builder("parcel", "parcel", "parcel build index.html", "dist", Pages::ByFramework),
    builder("@parcel/core", "parcel", "parcel build index.html", "dist", Pages::ByFramework),
    builder("snowpack", "snowpack", "snowpack build", "build", Pages::ByFramework),
    builder("webpack", "webpack", "webpack --mode production", "dist", Pages::ByFramework),
    builder("@rspack/cli", "rspack", "rspack build", "dist", Pages::ByFramework),
];

/// Frameworks for pages with a router of their own.
const SINGLE_PAGE: &[&str] = &[
    "react",
    "preact",
    "vue",
    "svelte",
    "solid-js",
    "@angular/core",
    "lit",
    "mithril",
    "@builder.io/qwik",
    "inferno",
    "riot",
    "@marko/run",
    "alpinejs",
    "ember-source",
    "phaser",
];

/// The package that says that pages have a router of their own.
pub(super) fn is_single(js: &Js<'_>) -> Option<&'static str> {
    SINGLE_PAGE.iter().copied().find(|package| js.package.uses(package))
}

/// Looks for pages.
pub(super) fn detect(js: &Js<'_>) -> Option<Draft> {
    let found = BUILDERS.iter().find(|builder| js.package.uses(builder.package));
    let start = script::start(&js.package);
    let served = start.filter(|(_, text)| script::serves_files(text));
    if found.is_none() && served.is_none() {
        return None;
    }
    // A start script that is no page server's starts the project's own server, which serves the pages too.
    if start.is_some_and(|(_, text)| !is_of_pages(text)) || (start.is_none() && has_server(js)) {
        return None;
    }
    match found {
        Some(builder) => built(js, builder, served.map(|(_, text)| text)),
        None => plain(js, served.map(|(_, text)| text)?),
    }
}

fn is_of_pages(text: &str) -> bool {
    script::is_development(text)
        || script::serves_files(text)
        || script::plain(text).is_some_and(|parts| script::is_page_server(parts.program))
}

/// Whether some file of the project listens by itself. The page's own sources may import what servers import too.
fn has_server(js: &Js<'_>) -> bool {
    let found = frameworks::name(js).is_some().then(|| entry::find(js.context, Some(&js.package))).flatten();
    found.is_some_and(|entry| entry.serves.is_some() && entry.script.listens.is_some())
}

fn built(js: &Js<'_>, builder: &Builder, served: Option<&str>) -> Option<Draft> {
    // A bundler alone, without a page, makes a library.
    if builder.pages == Pages::ByFramework && !has_page(js) {
        return None;
    }
    let mut draft = frameworks::pages(js, builder.name, builder.package, builder.build);
    if let Some(name) = own_script(js, builder) {
        draft.set_build(js.chosen.run(name), format!("package.json: scripts.{name}"));
    }
    let (root, source) = root(js, builder, served);
    draft.set_static_root(&root, source);
    let framework = is_single(js);
    let says_single = served.is_some_and(|text| text.contains(" -s") || text.contains("--single"));
    match (builder.pages, framework) {
        (Pages::Single, _) => draft.set_single_page(Js::dependency(builder.package)),
        (Pages::ByFramework, Some(package)) => draft.set_single_page(Js::dependency(package)),
        _ if says_single => draft.set_single_page("package.json: scripts.start"),
        _ => {}
    }
    note_base(js, builder, &mut draft);
    if js.project.has("src-tauri/tauri.conf.json") {
        draft.warn(
            "src-tauri makes an app of the desktop of these pages; in browsers, what they ask of Tauri fails",
        );
    }
    if builder.name == "gatsby" {
        draft.keep("gatsby", &[".cache", "public"]);
    }
    Some(draft)
}

/// The script that runs the builder under a name of its own, such as `docs:build`, where none is called `build`.
fn own_script<'j>(js: &'j Js<'_>, builder: &Builder) -> Option<&'j str> {
    if js.package.build_script().is_some() || !builder.build.contains(" build") {
        return None;
    }
    let command = format!("{} build", builder.build.split(' ').next().unwrap_or_default());
    let is_own = |name: &&str| js.package.script(name).is_some_and(|text| text.contains(&command));
    js.package.script_names().find(is_own)
}

/// Whether there is a page to be bundled, or a template of one.
fn has_page(js: &Js<'_>) -> bool {
    let is_page = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        path.matches('/').count() <= 2
            && name.starts_with("index.")
            && [".html", ".ejs", ".pug"].iter().any(|end| name.ends_with(end))
    };
    let has_plugin = ["html-webpack-plugin", "@rsbuild/core"].iter().any(|plugin| js.package.uses(plugin));
    has_plugin
        || js
            .project
            .listing()
            .iter()
            .any(|file| is_page(&file.path) && !file.path.starts_with("node_modules/"))
}

/// Where the builder puts its files: what serves them says, or its configuration, or its script, or its habit.
fn root(js: &Js<'_>, builder: &Builder, served: Option<&str>) -> (String, String) {
    if let Some(folder) = served.and_then(script::served_folder) {
        return (folder.to_owned(), "package.json: scripts.start".to_owned());
    }
    let clean = |text: &str| text.trim_start_matches("./").trim_end_matches('/').to_owned();
    let inside = |text: &str| !text.starts_with('/') && !text.contains("..");
    let configured = match builder.name {
        "vite" => js
            .config("vite.config")
            .map(|(path, text)| (path, literal(&text, "outDir"), literal(&text, "root"))),
        "vue-cli" => js.config("vue.config").map(|(path, text)| (path, literal(&text, "outputDir"), None)),
        "eleventy" => eleventy(js),
        _ => None,
    };
    if let Some((path, Some(folder), root)) = &configured {
        // Vite's folder is relative to its root.
        let joined = match (root, folder.strip_prefix("../")) {
            (Some(root), None) if inside(root) && !clean(root).is_empty() => {
                format!("{}/{}", clean(root), clean(folder))
            }
            (Some(_), Some(above)) => clean(above),
            _ => clean(folder),
        };
        if inside(&joined) {
            return (joined, format!("{path}: output"));
        }
    }
    if matches!(builder.name, "webpack" | "rspack")
        && let Some(root) = webpack::root(js)
    {
        return root;
    }
    let name = js.package.build_script().or_else(|| own_script(js, builder)).unwrap_or("build");
    let script = js.package.script(name).unwrap_or_default();
    for option in ["--outDir ", "--out-dir ", "--output=", "--dist-dir ", "-o ", "--outdir=", "--outdir "] {
        if let Some(folder) = script.split(option).nth(1).and_then(|rest| rest.split_whitespace().next()) {
            return (clean(folder), format!("package.json: scripts.{name}"));
        }
    }
    // `vitepress build docs` writes below the folder that it reads.
    if matches!(builder.name, "vitepress" | "vuepress") && !script.is_empty() {
        let folder =
            script.split(" build").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap_or(".");
        let inner = format!(".{}/dist", builder.name);
        let folder = clean(folder);
        let root = if folder.is_empty() || folder == "." || folder == "&&" {
            inner
        } else {
            format!("{folder}/{inner}")
        };
        return (root, format!("package.json: scripts.{name}"));
    }
    (builder.root.to_owned(), Js::dependency(builder.package))
}

fn eleventy(js: &Js<'_>) -> Option<(String, Option<String>, Option<String>)> {
    let (path, text) = js.config("eleventy.config").or_else(|| js.config(".eleventy"))?;
    let output = literal(&text, "output");
    Some((path, output, None))
}

/// A site that is built for a folder of its address is served at the top here.
fn note_base(js: &Js<'_>, builder: &Builder, draft: &mut Draft) {
    let (file, key) = match builder.name {
        "vite" => ("vite.config", "base"),
        "docusaurus" => ("docusaurus.config", "baseUrl"),
        "vue-cli" => ("vue.config", "publicPath"),
        _ => return,
    };
    let Some((path, text)) = js.config(file) else { return };
    if let Some(base) = literal(&text, key).filter(|base| base.starts_with('/') && base != "/") {
        draft.warn(format!(
            "{path}: `{key}` is `{base}`, and the site is served at `/`; its files would not be found"
        ));
    }
}

/// Files that a start script serves, with whatever build there is.
fn plain(js: &Js<'_>, served: &str) -> Option<Draft> {
    let folder = script::served_folder(served).unwrap_or(".");
    let folder = if folder.is_empty() { "." } else { folder };
    let index = if folder == "." { "index.html".to_owned() } else { format!("{folder}/index.html") };
    (js.package.script("build").is_some() || js.project.has(&index)).then_some(())?;
    let mut draft = Draft::new(Runtime::Static, Strength::Assets, "package.json: scripts.start");
    draft.set_static_root(folder, "package.json: scripts.start");
    if served.contains(" -s") || served.contains("--single") {
        draft.set_single_page("package.json: scripts.start");
    }
    Some(draft)
}
