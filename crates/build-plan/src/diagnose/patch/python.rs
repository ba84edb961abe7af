//! Changes of Python projects: requirements, settings of Django, imports.

use super::diff::Change;
use super::settings::{inserted, with_end};
use super::{Files, known};
use crate::detect::python_application;
use crate::diagnose::python::package;
use crate::diagnose::rule::Finding;
use crate::diagnose::scene::Scene;
use crate::diagnose::standard;

const REQUIREMENTS: &str = "requirements.txt";
const PYPROJECT: &str = "pyproject.toml";
/// Where one of these is there, a change of the dependencies needs a new lock too, which only the tool can write.
const LOCKS: &[&str] = &["uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock"];

/// Adds the package of a module that is no part of the project itself.
pub(super) fn require_module(files: &Files<'_>, module: &str) -> Option<Change> {
    let top = module.split('.').next().unwrap_or(module).trim_matches('`');
    let is_own = [format!("{top}.py"), format!("{top}/__init__.py"), format!("src/{top}/__init__.py")];
    if is_own.iter().any(|path| files.has(path)) {
        return None;
    }
    require_package(files, &package(module.trim_matches('`')))
}

/// Adds a package that is well known.
pub(super) fn require_package(files: &Files<'_>, package: &str) -> Option<Change> {
    known::is_python(package).then(|| require(files, package))?
}

/// Adds the package that still has the modules which Python no longer brings.
pub(super) fn require_setuptools(scene: &Scene, found: &Finding, files: &Files<'_>) -> Option<Change> {
    let line = found.line.map(|line| scene.plain[line].as_str())?;
    let is_of_it = line.contains("distutils") || line.contains("pkg_resources");
    is_of_it.then(|| require(files, "setuptools<81"))?
}

/// Names that a package no longer has, and the bound below which it still had them.
const REMOVED: &[(&[&str], &str)] = &[
    (&["'url_quote'", "'url_decode'", "'url_encode'"], "werkzeug<3"),
    (&["'BaseResponse'", "'safe_str_cmp'"], "werkzeug<2.1"),
    (&["'contextfilter'", "'environmentfilter'"], "jinja2<3.1"),
    (&["'escape' from 'jinja2'", "'Markup' from 'jinja2'"], "jinja2<3.1"),
    (&["'soft_unicode'"], "markupsafe<2.1"),
    (&["'proxies'"], "httpx<0.28"),
];

/// Bounds the package that was updated, where nothing bounds it yet.
pub(super) fn require_older(scene: &Scene, found: &Finding, files: &Files<'_>) -> Option<Change> {
    let line = found.line.map(|line| scene.plain[line].as_str())?;
    let (_, bound) = REMOVED.iter().find(|(names, _)| names.iter().any(|name| line.contains(name)))?;
    require(files, bound)
}

/// Names the packages that a list has as files of the machine on which conda built them.
pub(super) fn name_packages(files: &Files<'_>) -> Option<Change> {
    let text = files.text(REQUIREMENTS)?;
    let named = |line: &str| match line.split_once("@ file:///") {
        Some((name, _)) if !name.starts_with('#') => format!("{}\n", name.trim_end()),
        _ => line.to_owned(),
    };
    let new: String = text.split_inclusive('\n').map(named).collect();
    (new != text).then(|| Change::of(REQUIREMENTS, text, new))
}

/// Takes out what Python itself brings.
pub(super) fn drop_standard(files: &Files<'_>, package: &str) -> Option<Change> {
    let package = standard::module(package)?;
    let text = files.text(REQUIREMENTS)?;
    let new: String = text.split_inclusive('\n').filter(|line| !names(line, package)).collect();
    (new != text).then(|| Change::of(REQUIREMENTS, text, new))
}

fn require(files: &Files<'_>, requirement: &str) -> Option<Change> {
    if LOCKS.iter().any(|lock| files.has(lock)) {
        return None;
    }
    if let Some(text) = files.text(REQUIREMENTS) {
        // With hashes, every line needs one.
        let is_there = |line: &str| names(line, requirement);
        if text.contains("--hash") || text.lines().any(is_there) {
            return None;
        }
        let new = format!("{}{requirement}\n", with_end(&text));
        return Some(Change::of(REQUIREMENTS, text, new));
    }
    let text = files.text(PYPROJECT)?;
    let start = text.lines().position(|line| line.trim() == "[project]")?;
    let at = start + text.lines().skip(start).position(|line| line.trim_end() == "dependencies = [")?;
    let new = inserted(&text, at + 1, &format!("    \"{requirement}\",\n"));
    Some(Change::of(PYPROJECT, text, new))
}

/// Whether a line of requirements is about this package.
fn names(line: &str, package: &str) -> bool {
    let name = |text: &str| {
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')));
        text[..end.unwrap_or(text.len())].to_ascii_lowercase().replace('_', "-")
    };
    name(line.trim()) == name(package)
}

/// Puts one package in another's place, with whatever version it had.
pub(super) fn swap(files: &Files<'_>, from: &str, to: &str) -> Option<Change> {
    let text = files.text(REQUIREMENTS)?;
    let swapped = |line: &str| {
        if names(line, from) { line.replacen(from, to, 1) } else { line.to_owned() }
    };
    let new: String = text.split_inclusive('\n').map(swapped).collect();
    (new != text).then(|| Change::of(REQUIREMENTS, text, new))
}

/// Imports `BaseSettings` from where it went.
pub(super) fn move_settings(scene: &Scene, files: &Files<'_>) -> Option<Vec<Change>> {
    let frames = scene.lines.iter().rev().filter_map(|line| line.trim_start().strip_prefix("File \""));
    let paths = frames.filter_map(|rest| rest.split('"').next());
    let (path, text) = paths.flat_map(tails).find_map(|path| {
        let text = files.text(path)?;
        text.contains("BaseSettings").then(|| (path.to_owned(), text))
    })?;
    let moved = |line: &str| match line.trim_end() {
        "from pydantic import BaseSettings" => "from pydantic_settings import BaseSettings\n".to_owned(),
        trimmed if trimmed.starts_with("from pydantic import ") && !trimmed.contains('(') => {
            let names = trimmed["from pydantic import ".len()..].split(',').map(str::trim);
            let kept: Vec<&str> = names.filter(|name| *name != "BaseSettings").collect();
            if kept.len() == trimmed.matches(',').count() + 1 {
                return line.to_owned();
            }
            format!("from pydantic import {}\nfrom pydantic_settings import BaseSettings\n", kept.join(", "))
        }
        _ => line.to_owned(),
    };
    let new: String = text.split_inclusive('\n').map(moved).collect();
    if new == text {
        return None;
    }
    let mut changes = vec![Change::of(&path, text, new)];
    changes.extend(require(files, "pydantic-settings"));
    Some(changes)
}

/// The ends of an absolute path, longest first: one of them is relative to the project.
fn tails(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[at + 1..])
}

/// Corrects the name of the application in the start command that a file holds.
pub(super) fn name_application(captured: &[String], files: &Files<'_>) -> Option<Vec<Change>> {
    let [wanted, module, ..] = captured else { return None };
    let path = format!("{}.py", module.replace('.', "/"));
    let name = python_application(&files.text(&path)?)?;
    let (from, to) = (format!("{module}:{wanted}"), format!("{module}:{name}"));
    let holders = ["Procfile"].iter().chain(crate::config::FILE_NAMES);
    let change = holders.copied().find_map(|holder| {
        let text = files.text(holder)?;
        let new = text.replace(&from, &to);
        (new != text).then(|| Change::of(holder, text, new))
    })?;
    Some(vec![change])
}

/// The settings of a Django project.
fn django_settings(files: &Files<'_>) -> Option<(String, String)> {
    let manage = files.text("manage.py")?;
    let line = manage.lines().find(|line| line.contains("DJANGO_SETTINGS_MODULE"))?;
    let module = line.rsplit(['"', '\'']).nth(1)?;
    let path = format!("{}.py", module.replace('.', "/"));
    let text = files.text(&path)?;
    Some((path, text))
}

/// Allows the hosts under which the platform asks.
pub(super) fn allow_hosts(files: &Files<'_>) -> Option<Change> {
    let (path, text) = django_settings(files)?;
    let old =
        text.lines().find(|line| line.starts_with("ALLOWED_HOSTS = [") && line.trim_end().ends_with(']'))?;
    let hosts = old["ALLOWED_HOSTS = [".len()..].trim();
    let rest = if hosts == "]" { "]".to_owned() } else { format!(", {hosts}") };
    let new = text.replacen(old, &format!("ALLOWED_HOSTS = [\"127.0.0.1\", \".localhost\"{rest}"), 1);
    Some(Change::of(&path, text.clone(), new))
}

/// Says where `collectstatic` puts its files.
pub(super) fn set_static_root(files: &Files<'_>) -> Option<Change> {
    let (path, text) = django_settings(files)?;
    if text.contains("STATIC_ROOT") || !text.contains("BASE_DIR = Path(") {
        return None;
    }
    let at = text.lines().position(|line| line.starts_with("STATIC_URL"))?;
    let new = inserted(&text, at + 1, "STATIC_ROOT = BASE_DIR / \"staticfiles\"\n");
    Some(Change::of(&path, text, new))
}
