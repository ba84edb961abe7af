//! Folders beside the server with packages of their own, as most small full-stack projects have them: what their scripts
//! enter must be installed, and the pages that the server serves must be built.

use super::chain::script_of;
use super::manifest::{self, PackageJson};
use super::script::{is_source, plain};
use super::{Js, entry, members};
use crate::detect::page_packages::LOCKS;
use crate::detect::text::{at, folder};
use crate::draft::Draft;
use crate::project::Project;
use crate::{Runtime, shell};

/// Scripts that run while the project is installed.
const HOOKS: &[&str] = &["preinstall", "install", "postinstall", "prepare"];
/// How deep scripts run scripts.
const DEPTH_MAX: usize = 8;
/// How many folders are installed or built beside the server.
const FOLDERS_MAX: usize = 8;

/// Puts in front of the build what those folders need.
pub(super) fn add(js: &Js<'_>, draft: &mut Draft) {
    if js.context.member.is_some() || (draft.runtime == Runtime::Static && draft.build.is_none()) {
        return;
    }
    let walk = walked(js, draft);
    let members = members::members(js.project, &js.package).unwrap_or_default();
    let is_member = |folder: &str| members.iter().any(|member| member.folder == folder);
    let mut steps = Vec::new();
    let mut sources = Vec::new();
    for inner in walk.entered.iter().filter(|inner| !walk.installed.contains(inner) && !is_member(inner)) {
        if has_packages(js.project, inner) {
            steps.push(format!("(cd {} && {})", shell::word(inner), install(js.project, inner)));
            sources.push(at(inner, "package.json"));
        }
    }
    let pages = if draft.runtime == Runtime::Static { Vec::new() } else { pages(js) };
    for page in
        pages.into_iter().filter(|page| !walk.entered.contains(&page.folder) && !is_member(&page.folder))
    {
        steps.push(format!(
            "(cd {} && {} && {} run build)",
            shell::word(&page.from_here),
            page.install,
            page.manager
        ));
        sources.push(format!("{} serves {}", page.served_by, page.folder));
    }
    if steps.is_empty() {
        return;
    }
    steps.truncate(FOLDERS_MAX);
    let known = draft.evidence.iter().find(|evidence| evidence.field == "build");
    sources.extend(known.map(|evidence| evidence.source.clone()));
    steps.extend(draft.build.take());
    draft.set_build(steps.join(" && "), sources.join("; "));
}

fn has_packages(project: &Project<'_>, folder: &str) -> bool {
    let file = at(folder, "package.json");
    let Ok(Some(text)) = project.manifest(&file) else { return false };
    manifest::parse(&file, &text).is_ok_and(|package| package.has_packages())
}

/// The command that installs the packages of a folder, run in it.
pub(super) fn install(project: &Project<'_>, folder: &str) -> &'static str {
    LOCKS
        .iter()
        .find(|(lock, _)| project.has(&at(folder, lock)))
        .map_or("npm install", |(_, install)| install)
}

/// What scripts do in which folders.
#[derive(Default)]
struct Walk {
    entered: Vec<String>,
    installed: Vec<String>,
}

/// Follows what is built and started, and what runs while the project is installed.
fn walked(js: &Js<'_>, draft: &Draft) -> Walk {
    let mut walk = Walk::default();
    for name in HOOKS {
        walk.script(&js.package, name, 0);
    }
    walk.entered.clear();
    for command in [&draft.build, &draft.start].into_iter().flatten() {
        walk.command(&js.package, command, 0);
        let file = plain(command).and_then(|plain| plain.arguments.into_iter().find(|word| is_source(word)));
        let path = file.and_then(|file| entry::resolve(js.project, file));
        if let Some(inner) = path.and_then(|path| nearest_package(js.project, folder(&path))) {
            walk.enter(inner);
        }
    }
    walk
}

/// The folder of the package that holds this one, where that is not the project itself.
pub(super) fn nearest_package(project: &Project<'_>, inner: &str) -> Option<String> {
    let mut inner = inner;
    while !inner.is_empty() {
        if has_packages(project, inner) {
            return Some(inner.to_owned());
        }
        inner = folder(inner);
    }
    None
}

impl Walk {
    fn enter(&mut self, folder: String) {
        if !folder.is_empty() && !self.entered.contains(&folder) {
            self.entered.push(folder);
        }
    }

    fn script(&mut self, package: &PackageJson, name: &str, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        for name in [format!("pre{name}"), name.to_owned(), format!("post{name}")] {
            if let Some(text) = package.script(&name) {
                self.command(package, text, depth + 1);
            }
        }
    }

    fn command(&mut self, package: &PackageJson, command: &str, depth: usize) {
        let mut here = String::new();
        for step in command.split(['&', '|', ';', '(', ')']).map(str::trim).filter(|step| !step.is_empty()) {
            let words: Vec<&str> = step
                .split_whitespace()
                .map(|word| word.trim_matches(['"', '\'']))
                .skip_while(|word| {
                    word.contains('=') || matches!(*word, "cross-env" | "npx" | "exec" | "env")
                })
                .collect();
            match words.as_slice() {
                ["cd", folder, ..] => here = joined(&here, folder),
                ["npm" | "pnpm" | "yarn" | "bun", rest @ ..] => {
                    self.managed(package, (&here, words[0], rest), depth);
                }
                _ => self.enter(here.clone()),
            }
        }
    }

    /// What a package manager does, where, with these words.
    fn managed(
        &mut self,
        package: &PackageJson,
        (here, manager, words): (&str, &str, &[&str]),
        depth: usize,
    ) {
        let mut here = here.to_owned();
        let mut left = Vec::new();
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            match word {
                "--prefix" | "--cwd" | "-C" | "--dir" => {
                    here = joined(&here, words.next().unwrap_or_default());
                }
                _ => match ["--prefix=", "--cwd=", "--dir="]
                    .iter()
                    .find_map(|option| word.strip_prefix(option))
                {
                    Some(folder) => here = joined(&here, folder),
                    None if word.starts_with('-') => {}
                    None => left.push(word),
                },
            }
        }
        match left.as_slice() {
            ["install" | "i" | "ci" | "clean-install", ..] => self.installed.push(here),
            [] if manager == "yarn" => self.installed.push(here),
            rest if here.is_empty() => {
                let text = format!("{manager} {}", rest.join(" "));
                if let Some(name) = plain(&text).as_ref().and_then(script_of) {
                    self.script(package, name, depth);
                }
            }
            _ => self.enter(here),
        }
    }
}

/// The folder that `cd` leads to; empty for the project itself and whatever lies outside of it.
fn joined(here: &str, to: &str) -> String {
    let mut parts: Vec<&str> = here.split('/').filter(|part| !part.is_empty()).collect();
    for part in to.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Pages beside the server that it serves once they are built.
struct Page {
    folder: String,
    from_here: String,
    install: &'static str,
    manager: &'static str,
    served_by: String,
}

fn pages(js: &Js<'_>) -> Vec<Page> {
    let whole = js.context.whole.unwrap_or(js.project);
    let root = js.context.root.unwrap_or_default();
    let up = "../".repeat(root.split('/').filter(|part| !part.is_empty()).count());
    let manifests = whole.listing().iter().filter_map(|file| file.path.strip_suffix("/package.json"));
    let beside = manifests.filter(|folder| !folder.contains('/') && *folder != root);
    let page = |folder: &str| {
        let file = at(folder, "package.json");
        let text = whole.manifest(&file).ok()??;
        manifest::parse(&file, &text).ok()?.script("build")?;
        let served_by = serving(js.project, "", folder)?;
        let install = install(whole, folder);
        let manager = install.split(' ').next().unwrap_or("npm");
        Some(Page {
            folder: folder.to_owned(),
            from_here: format!("{up}{folder}"),
            install,
            manager,
            served_by,
        })
    };
    beside.filter_map(page).take(FOLDERS_MAX).collect()
}

/// The source below `place` that serves what a build makes of the pages in a folder of this name.
pub(super) fn serving(project: &Project<'_>, place: &str, pages: &str) -> Option<String> {
    const NAMES: &[&str] = &["server", "app", "index", "main"];
    const PLACES: &[&str] = &["", "src/", "server/", "server/src/", "backend/", "backend/src/", "api/"];
    let ways: Vec<String> = ["build", "dist", "out"]
        .iter()
        .flat_map(|made| {
            [
                format!("{pages}/{made}"),
                format!("{pages}', '{made}"),
                format!("{pages}\", \"{made}"),
                format!("{pages}','{made}"),
                format!("{pages}\",\"{made}"),
            ]
        })
        .collect();
    let names = PLACES.iter().flat_map(|folder| NAMES.iter().map(move |name| format!("{folder}{name}")));
    let paths = names.flat_map(|stem| ["js", "ts", "mjs", "cjs"].map(|ending| format!("{stem}.{ending}")));
    paths.map(|path| at(place, &path)).find(|path| {
        let text = if project.has(path) { project.source(path) } else { None };
        text.is_some_and(|text| {
            let text = super::source::without_comments(&text);
            ways.iter().any(|way| text.contains(way.as_str()))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_scripts_enter_are_found() {
        let package = manifest::parse(
            "package.json",
            r#"{"scripts": {"build": "npm run all && npm run build --prefix client", "all": "cd server && npm i && cd ../web && npm ci",
                "loop": "npm run loop", "start": "cd ./server && npm start"}}"#,
        )
        .unwrap();
        let mut walk = Walk::default();
        walk.command(&package, "npm run build", 0);
        walk.command(&package, "npm start", 0);
        walk.command(&package, "npm run loop", 0);
        assert_eq!(walk.entered, ["client", "server"]);
        assert_eq!(walk.installed, ["server", "web"]);
        assert_eq!(joined("a/b", "../../../c"), "c");
    }
}
