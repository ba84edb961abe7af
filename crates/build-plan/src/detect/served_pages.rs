//! Pages that a server of another runtime serves once Node has built them: in a folder beside its sources, or in its own
//! folder from a `package.json` that only makes scripts and styles. JavaScript's own servers see to theirs in `js/inner.rs`.

use serde_json::Value;

use super::Context;
use super::page_packages::install_in;
use super::text::{at, is_plain};
use crate::draft::Draft;
use crate::project::{Project, extension};
use crate::{Runtime, shell};

/// Where builds of pages put what they make.
const MADE: &[&str] = &["build", "dist", "out"];
/// Programs that make scripts and styles for a browser out of sources.
const BUNDLERS: &[&str] = &[
    "esbuild",
    "grunt",
    "gulp",
    "lessc",
    "parcel",
    "postcss",
    "rollup",
    "rspack",
    "sass",
    "tailwindcss",
    "vite",
    "webpack",
];
/// Options behind which such a program is told where its result goes.
const OUTPUTS: &[&str] = &["-o", "--output", "--outfile", "--outdir", "--out-dir", "--dist-dir"];
/// Settings of builds that may name a folder outside of their own.
const SETTINGS: &[&str] = &["vite.config.js", "vite.config.ts", "vite.config.mjs", "vue.config.js"];
/// Pages from which bundlers start.
const SITES: &[&str] = &["index.html", "public/index.html"];
/// How many sources are read for what they serve.
const SOURCES_MAX: usize = 48;
/// How deep in the project they and the pages lie.
const DEPTH_MAX: usize = 4;
/// How many folders of pages are built.
const FOLDERS_MAX: usize = 4;

/// Has the pages built in front of what the server's own build does.
pub(crate) fn add(context: &Context<'_>, draft: &mut Draft) {
    let Some(ending) = ending(draft.runtime) else { return };
    let builds = draft.build.as_deref().unwrap_or_default();
    if context.member.is_some()
        || ["npm", "pnpm", "yarn", "bun"].iter().any(|word| shell::mentions(builds, word))
    {
        return;
    }
    let mut found: Vec<Pages> = Vec::new();
    found.extend(own(context.project, ending).filter(|_| draft.runtime != Runtime::Ruby));
    found.extend(beside(context, ending));
    found.truncate(FOLDERS_MAX);
    if !found.is_empty() {
        build_first(&found, draft);
    }
}

/// Puts their steps in front of the draft's build.
fn build_first(found: &[Pages], draft: &mut Draft) {
    let known = draft.evidence.iter().find(|one| one.field == "build").map(|one| one.source.clone());
    let mut steps: Vec<String> = found.iter().map(Pages::step).collect();
    let mut sources: Vec<String> = found.iter().map(|pages| pages.because.clone()).collect();
    steps.extend(draft.build.take());
    sources.extend(known);
    draft.set_build(steps.join(" && "), sources.join("; "));
    if found.iter().any(|pages| pages.folder.is_empty()) {
        let is_denied = |warning: &String| {
            warning.starts_with("package.json") && warning.ends_with("is not part of this plan")
        };
        draft.warnings.retain(|warning| !is_denied(warning) || warning.contains(", "));
    }
    draft.need_system_package("nodejs", found[0].file.clone());
}

/// The ending of the sources in which a runtime's servers say what they serve.
fn ending(runtime: Runtime) -> Option<&'static str> {
    Some(match runtime {
        Runtime::Python => "py",
        Runtime::Go => "go",
        Runtime::Rust => "rs",
        Runtime::Ruby => "rb",
        Runtime::Elixir => "ex",
        _ => return None,
    })
}

/// Pages that are to be built.
struct Pages {
    /// Where, as seen from the project's folder; empty for that itself.
    folder: String,
    /// The `package.json`, from the top of what is uploaded.
    file: String,
    install: &'static str,
    because: String,
}

impl Pages {
    fn step(&self) -> String {
        let manager = self.install.split(' ').next().unwrap_or("npm");
        let both = format!("{} && {manager} run build", self.install);
        if self.folder.is_empty() { both } else { format!("(cd {} && {both})", shell::word(&self.folder)) }
    }
}

/// The scripts and styles of the project's own folder, unless what they make lies there already, or is a site of its own
/// that this server does not serve.
fn own(project: &Project<'_>, ending: &str) -> Option<Pages> {
    if !is_bundled(project) {
        return None;
    }
    let is_site = project.first_of(SITES).is_some();
    if is_site && !sources(project, ending).iter().any(|path| is_serving(project, path)) {
        return None;
    }
    Some(Pages {
        folder: String::new(),
        file: "package.json".to_owned(),
        install: install_in(project, ""),
        because: "package.json: scripts.build".to_owned(),
    })
}

/// Whether the scripts of the project's own folder bundle something that is not among its files.
pub(crate) fn is_bundled(project: &Project<'_>) -> bool {
    let scripts = scripts(project, "package.json").unwrap_or_default();
    let Some(build) = scripts.get("build").and_then(Value::as_str) else { return false };
    // Vite starts from a page or from its settings; without both, the file was left behind when the pages moved.
    let starts_vite = shell::mentions(build, "vite");
    if starts_vite && project.first_of(SITES).is_none() && project.first_of(SETTINGS).is_none() {
        return false;
    }
    let is_part = |(name, text): (&String, &Value)| {
        name.starts_with("build").then(|| text.as_str().unwrap_or_default().to_owned())
    };
    let parts: Vec<String> = scripts.iter().filter_map(is_part).collect();
    let is_bundle = |text: &String| BUNDLERS.iter().any(|program| shell::mentions(text, program));
    parts.iter().any(is_bundle) && !parts.iter().any(|text| is_made(project, text))
}

/// Whether a file that the command writes is one of the project's.
fn is_made(project: &Project<'_>, command: &str) -> bool {
    let mut words = shell::words(command);
    let mut found = false;
    while let Some(word) = words.next() {
        let value = match word.split_once('=') {
            Some((option, value)) if OUTPUTS.contains(&option) => Some(value),
            _ if OUTPUTS.contains(&word) => words.next(),
            _ => None,
        };
        let path = value.map(|value| value.trim_start_matches("./").trim_end_matches('/'));
        found |= path.is_some_and(|path| project.has(path) || project.listing().has_folder(path));
    }
    found
}

/// The pages in folders beside the sources that one of these serves.
fn beside(context: &Context<'_>, ending: &str) -> Vec<Pages> {
    let whole = context.whole.unwrap_or(context.project);
    let root = context.root.unwrap_or_default();
    let up = "../".repeat(root.split('/').filter(|part| !part.is_empty()).count());
    let here = if root.is_empty() { String::new() } else { format!("{root}/") };
    let candidates: Vec<&str> = whole
        .listing()
        .iter()
        .filter_map(|file| file.path.strip_suffix("/package.json"))
        .filter(|folder| *folder != root && is_plain(folder) && folder.split('/').count() < DEPTH_MAX)
        .filter(|folder| {
            scripts(whole, &at(folder, "package.json")).is_some_and(|all| all.contains_key("build"))
        })
        .collect();
    if candidates.is_empty() {
        return Vec::new();
    }
    let sources = sources(context.project, ending);
    let pages = |folder: &&str| {
        let is_there = MADE.iter().any(|made| whole.listing().has_folder(&at(folder, made)));
        let because = (!is_there).then(|| served(context.project, &sources, folder)).flatten();
        let because = because.or_else(|| built_into(whole, folder, root)).or_else(|| theme(whole, folder))?;
        let from_here = folder.strip_prefix(here.as_str()).filter(|_| !here.is_empty());
        Some(Pages {
            folder: from_here.map_or_else(|| format!("{up}{folder}"), str::to_owned),
            file: at(folder, "package.json"),
            install: install_in(whole, folder),
            because,
        })
    };
    candidates.iter().filter_map(pages).collect()
}

/// The sources near the top, the nearest first.
fn sources(project: &Project<'_>, ending: &str) -> Vec<String> {
    let depth = |path: &str| path.bytes().filter(|byte| *byte == b'/').count();
    let paths = project.listing().iter().map(|file| file.path.as_str());
    let mut paths: Vec<&str> =
        paths.filter(|path| extension(path) == ending && depth(path) < DEPTH_MAX && !is_test(path)).collect();
    paths.sort_by_key(|path| depth(path));
    paths.into_iter().take(SOURCES_MAX).map(str::to_owned).collect()
}

fn is_test(path: &str) -> bool {
    path.contains("test") || path.contains("migrations/")
}

/// The source that names what is made of the folder: `frontend/dist`, or its parts one after the other.
fn served(project: &Project<'_>, sources: &[String], folder: &str) -> Option<String> {
    let name = folder.rsplit('/').next().unwrap_or(folder);
    sources.iter().find_map(|path| {
        let text = project.source(path)?;
        let line = text.lines().position(|line| !is_comment(line) && names(line, name))?;
        Some(format!("{path}:{} serves {folder}", line + 1))
    })
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with('#') && !line.starts_with("#[")
        || line.starts_with("//") && !line.starts_with("//go:embed")
}

/// Whether a source names a folder that builds make.
fn is_serving(project: &Project<'_>, path: &str) -> bool {
    let is_named =
        |text: &str, made: &str| ['"', '\'', '/'].iter().any(|sign| text.contains(&format!("{sign}{made}")));
    project.source(path).is_some_and(|text| MADE.iter().any(|made| is_named(&text, made)))
}

/// Whether a line names the folder and, right behind it, one that builds make.
pub(crate) fn names(line: &str, name: &str) -> bool {
    const BETWEEN: [char; 6] = ['/', '"', '\'', ',', ' ', '\\'];
    line.match_indices(name).any(|(at, _)| {
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        let rest = &line[at + name.len()..];
        let behind = rest.trim_start_matches(BETWEEN);
        let made = &behind[..behind.find(|c| !is_word(c)).unwrap_or(behind.len())];
        !line[..at].ends_with(is_word) && behind.len() < rest.len() && MADE.contains(&made)
    })
}

/// What says that the folder's build writes into the server's, where the result is not among its files.
fn built_into(whole: &Project<'_>, folder: &str, root: &str) -> Option<String> {
    SETTINGS.iter().find_map(|name| {
        let file = at(folder, name);
        let text = if whole.has(&file) { whole.source(&file)? } else { return None };
        let (_, rest) = ["outDir:", "outputDir:"].iter().find_map(|key| text.split_once(key))?;
        let line = rest.lines().next()?;
        let path = super::text::quoted(line).filter(|path| path.starts_with("../"))?;
        let target = resolved(folder, path)?;
        let is_inside = root.is_empty() || target == root || target.starts_with(&format!("{root}/"));
        (is_inside && !whole.listing().has_folder(&target)).then(|| format!("{file} writes to {target}"))
    })
}

/// What says that the folder is where a Django theme's styles are made, where they are not among the files.
fn theme(whole: &Project<'_>, folder: &str) -> Option<String> {
    let app = folder.strip_suffix("/static_src")?;
    let is_made = whole.listing().has_folder(&format!("{app}/static/css/dist"));
    (whole.has(&format!("{app}/apps.py")) && !is_made)
        .then(|| format!("{folder}/package.json: scripts.build"))
}

/// A relative path as seen from the top; nothing where it leads out.
fn resolved(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').collect();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        if part == ".." {
            parts.pop()?;
        } else {
            parts.push(part);
        }
    }
    Some(parts.join("/"))
}

fn scripts(project: &Project<'_>, file: &str) -> Option<serde_json::Map<String, Value>> {
    let text = if project.has(file) { project.manifest(file).ok()?? } else { return None };
    let root: Value = serde_json::from_str(&text).ok()?;
    root.get("scripts")?.as_object().cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_serves_is_named_in_many_ways() {
        for (line, expected) in [
            (r#"app = Flask(__name__, static_folder="../frontend/build", static_url_path="/")"#, true),
            (r#"DIST = BASE_DIR / "frontend" / "dist""#, true),
            ("os.path.join(BASE_DIR, 'frontend', 'build', 'static')", true),
            ("//go:embed all:frontend/dist", true),
            (r#"ServeDir::new("frontend/out")"#, true),
            ("frontend builds", false),
            ("my_frontend/dist", false),
            ("frontend/distribution", false),
            ("frontend", false),
        ] {
            assert_eq!(names(line, "frontend"), expected, "{line}");
        }
        assert_eq!(resolved("web/app", "../../static").as_deref(), Some("static"));
        assert_eq!(resolved("web", "../../static"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_line_makes_it_panic(line in "(web|/|dist|\"|, |\\PC){0,20}", path in "(\\.\\.|/|a){0,12}") {
            names(&line, "web");
            resolved("web", &path);
        }
    }
}
