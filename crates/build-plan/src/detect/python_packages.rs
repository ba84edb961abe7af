//! Which packages a Python project names, from requirements.txt, pyproject.toml and uv.lock.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::toml_text;
use crate::PlanError;
use crate::project::Project;

/// How many files requirements.txt may include, directly and indirectly.
const INCLUDES_MAX: usize = 32;

/// The packages that a project installs, by their normalised names, and what it says about Python itself.
#[derive(Debug, Default)]
pub(crate) struct Packages {
    names: BTreeSet<String>,
    /// The file that names them.
    pub(crate) source: String,
    /// The files that decide what gets installed.
    pub(crate) inputs: Vec<String>,
    pub(crate) requires_python: Option<String>,
    pub(crate) warnings: Vec<String>,
}

impl Packages {
    /// Whether the package is named. `uvicorn` is also what the extras `standard` and `all` of `FastAPI` bring.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether any package's name starts like this; `flask-restx` brings `flask`.
    pub(crate) fn has_kin(&self, name: &str) -> bool {
        self.has(name) || self.names.iter().any(|known| known.split('-').any(|part| part == name))
    }

    /// Adds one requirement such as `fastapi[standard]>=0.115; python_version > "3.8"`.
    fn add(&mut self, requirement: &str) {
        let Some((name, extras)) = named(requirement) else { return };
        if name == "fastapi" && extras.iter().any(|extra| extra == "standard" || extra == "all") {
            self.names.extend(["uvicorn".to_owned(), "fastapi-cli".to_owned()]);
        }
        self.names.insert(name);
    }
}

/// The normalised name of a requirement and its extras.
fn named(requirement: &str) -> Option<(String, Vec<String>)> {
    let requirement = requirement.trim();
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let end = requirement.find(|c| !is_part(c)).unwrap_or(requirement.len());
    let (name, rest) = requirement.split_at(end);
    if rest.starts_with([':', '/', '+']) || !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        let (_, egg) = requirement.split_once("#egg=")?;
        return named(egg);
    }
    let extras = rest.trim_start().strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let extras = extras.map_or_else(Vec::new, |(list, _)| list.split(',').map(normalised).collect());
    Some((normalised(name), extras))
}

/// PEP 503: lower case, one hyphen for every run of `-`, `_` and `.`.
fn normalised(name: &str) -> String {
    let parts = name.trim().split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

/// Reads requirements.txt and what it includes.
///
/// # Errors
/// [`PlanError::Unreadable`].
pub(crate) fn requirements(project: &Project<'_>) -> Result<Option<Packages>, PlanError> {
    const FILE: &str = "requirements.txt";
    if !project.has(FILE) {
        return Ok(None);
    }
    let mut packages = Packages { source: FILE.to_owned(), ..Packages::default() };
    let mut pending = vec![FILE.to_owned()];
    while let Some(file) = pending.pop() {
        if packages.inputs.contains(&file) || packages.inputs.len() >= INCLUDES_MAX {
            continue;
        }
        let Some(text) = project.manifest(&file)? else {
            packages
                .warnings
                .push(format!("requirements.txt includes `{file}`, which is not in the project"));
            continue;
        };
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        for line in requirement_lines(&text) {
            match included(&line) {
                Some(path) => pending.extend(beside(folder, path)),
                None if is_local(&line) => packages.warnings.push(format!(
                    "{file} installs the project itself (`{line}`); the installed copy is kept while {file} stays the same"
                )),
                None => packages.add(&line),
            }
        }
        packages.inputs.push(file);
    }
    Ok(Some(packages))
}

/// Requirement lines without comments, continuations joined.
fn requirement_lines(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for line in text.lines() {
        let line = line.trim();
        let code = if line.starts_with('#') { "" } else { line.split(" #").next().unwrap_or_default() };
        let (code, open) = code.strip_suffix('\\').map_or((code, false), |code| (code, true));
        let current = lines.last_mut().expect("never empty");
        current.push_str(code.trim());
        if open {
            current.push(' ');
        } else if !current.is_empty() {
            lines.push(String::new());
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// The file that `-r FILE` or `-c FILE` names.
fn included(line: &str) -> Option<&str> {
    let rest = ["--requirement", "--constraint", "-r", "-c"].iter().find_map(|o| line.strip_prefix(o))?;
    Some(rest.trim_start_matches(['=', ' ']).trim()).filter(|path| !path.is_empty())
}

/// The path within the project of what is included from `folder`; nothing when it leaves the project.
fn beside(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn is_local(line: &str) -> bool {
    let target = line.strip_prefix("-e ").or_else(|| line.strip_prefix("--editable ")).unwrap_or(line).trim();
    target == "." || target.starts_with("./") || target.starts_with(".[")
}

/// What pyproject.toml says.
#[derive(Debug, Default)]
pub(crate) struct Pyproject {
    pub(crate) packages: Packages,
    /// Whether it is a project of Poetry's own form, which names its packages where only Poetry looks.
    pub(crate) is_poetry: bool,
    /// Whether it says what to install at all; many only configure linters.
    pub(crate) is_project: bool,
    name: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
struct PyprojectFile {
    project: Option<ProjectTable>,
    tool: ToolTable,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
struct ProjectTable {
    name: Option<String>,
    dependencies: Vec<String>,
    requires_python: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ToolTable {
    poetry: Option<PoetryTable>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PoetryTable {
    dependencies: BTreeMap<String, toml::Value>,
}

/// Reads pyproject.toml.
///
/// # Errors
/// [`PlanError::Unreadable`] and [`PlanError::InvalidManifest`].
pub(crate) fn pyproject(project: &Project<'_>) -> Result<Option<Pyproject>, PlanError> {
    const FILE: &str = "pyproject.toml";
    let Some(text) = project.manifest(FILE)? else { return Ok(None) };
    let file: PyprojectFile = toml_text::parse(FILE, &text)?;
    let mut found = Pyproject {
        packages: Packages { source: FILE.to_owned(), inputs: vec![FILE.to_owned()], ..Packages::default() },
        is_poetry: file.project.is_none() && file.tool.poetry.is_some(),
        is_project: file.project.is_some(),
        name: None,
    };
    if let Some(table) = file.project {
        for requirement in &table.dependencies {
            found.packages.add(requirement);
        }
        found.packages.requires_python = table.requires_python;
        found.name = table.name.as_deref().map(normalised);
    }
    for name in file.tool.poetry.iter().flat_map(|poetry| poetry.dependencies.keys()) {
        found.packages.add(name);
    }
    Ok(Some(found))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct LockFile {
    package: Vec<LockedPackage>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct LockedPackage {
    name: String,
    dependencies: Vec<LockedDependency>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct LockedDependency {
    name: String,
}

/// Adds to a pyproject's packages what uv.lock installs because of them. Development groups stay out, as they do when
/// it is installed.
///
/// # Errors
/// [`PlanError::Unreadable`] and [`PlanError::InvalidManifest`].
pub(crate) fn close_over_lock(project: &Project<'_>, pyproject: &mut Pyproject) -> Result<(), PlanError> {
    const FILE: &str = "uv.lock";
    let Some(text) = project.lock(FILE)? else { return Ok(()) };
    let file: LockFile = toml_text::parse(FILE, &text)?;
    let needs: BTreeMap<String, Vec<LockedDependency>> =
        file.package.into_iter().map(|package| (normalised(&package.name), package.dependencies)).collect();
    let names = &mut pyproject.packages.names;
    let mut pending: Vec<String> = names.iter().cloned().chain(pyproject.name.clone()).collect();
    let mut seen = BTreeSet::new();
    while let Some(name) = pending.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        pending.extend(needs.get(&name).into_iter().flatten().map(|needed| normalised(&needed.name)));
        if pyproject.name.as_ref() != Some(&name) {
            names.insert(name);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirement_names_are_found_in_every_form() {
        for (line, name) in [
            ("Flask", "flask"),
            ("fastapi[standard]>=0.115,<1", "fastapi"),
            ("Flask_SQLAlchemy == 3.1; python_version > '3.8'", "flask-sqlalchemy"),
            ("zope.interface~=6", "zope-interface"),
            ("uvicorn @ https://example.com/uvicorn.whl", "uvicorn"),
            ("git+https://example.com/x.git#egg=My_Lib[a]", "my-lib"),
        ] {
            assert_eq!(named(line).map(|(name, _)| name).as_deref(), Some(name), "{line}");
        }
        for line in ["-e .", "--index-url https://x", "https://example.com/a.whl", ""] {
            assert_eq!(named(line), None, "{line}");
        }
    }

    #[test]
    fn lines_are_joined_and_comments_dropped() {
        let text = "# all\nflask \\\n  ==3 # pinned\n\n-r base.txt\nurl#frag\n";
        assert_eq!(requirement_lines(text), ["flask ==3", "-r base.txt", "url#frag"]);
        assert_eq!(included("-r base.txt"), Some("base.txt"));
        assert_eq!(included("--constraint=c.txt"), Some("c.txt"));
        assert_eq!(beside("requirements", "../base.txt").as_deref(), Some("base.txt"));
        assert_eq!(beside("", "../base.txt"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_requirement_makes_it_panic(text in "(\\PC|[\n\\\\#\\[\\]@.-]){0,200}") {
            let mut packages = Packages::default();
            for line in requirement_lines(&text) {
                if included(&line).is_none() { packages.add(&line) }
            }
        }
    }
}
