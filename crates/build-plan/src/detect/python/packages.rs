//! The packages that a Python project names, and how requirements files name them.

use std::collections::{BTreeMap, BTreeSet};

use crate::PlanError;
use crate::project::Project;

/// How many files requirements.txt may include, directly and indirectly.
const INCLUDES_MAX: usize = 32;

/// The packages that a project installs, by their normalised names, and what it says about Python itself.
#[derive(Debug, Default)]
pub(crate) struct Packages {
    pub(crate) names: BTreeSet<String>,
    /// The versions of those that are named with exactly one.
    pinned: BTreeMap<String, String>,
    /// Packages that are only installed when their extra or group is asked for.
    optional: Vec<(Subset, BTreeSet<String>)>,
    /// The file that names them.
    pub(crate) source: String,
    /// The files that decide what gets installed.
    pub(crate) inputs: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// What the extras of frameworks bring that start commands then name.
const EXTRAS: &[(&str, &str, &[&str])] = &[
    ("fastapi", "standard", &["uvicorn", "fastapi-cli"]),
    ("fastapi", "all", &["uvicorn", "fastapi-cli"]),
    ("litestar", "standard", &["uvicorn"]),
    ("litestar", "full", &["uvicorn"]),
    ("starlite", "standard", &["uvicorn"]),
    ("channels", "daphne", &["daphne"]),
];

/// A part of a project's packages that is installed on demand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subset {
    /// An extra: `project.optional-dependencies`.
    Extra(String),
    /// A group: `dependency-groups`, `tool.poetry.group`.
    Group(String),
}

impl Packages {
    /// Those of one file, which names none yet.
    pub(crate) fn of(file: &str) -> Self {
        Self { source: file.to_owned(), inputs: vec![file.to_owned()], ..Self::default() }
    }

    /// Whether the package is named, by itself or by an extra that brings it.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// The version of a package that is named with exactly one: `2.0.1` of `flask==2.0.1`.
    pub(crate) fn pinned(&self, name: &str) -> Option<&str> {
        self.pinned.get(name).map(String::as_str)
    }

    /// Whether any package's name starts like this; `flask-restx` brings `flask`.
    pub(crate) fn has_kin(&self, name: &str) -> bool {
        self.has(name) || self.names.iter().any(|known| known.split('-').any(|part| part == name))
    }

    /// The extra or group that brings the package, where it is installed only on demand.
    pub(crate) fn subset_with(&self, name: &str) -> Option<&Subset> {
        self.optional.iter().find(|(_, names)| names.contains(name)).map(|(subset, _)| subset)
    }

    /// Whether an extra or group brings the package.
    pub(crate) fn brings(&self, subset: &Subset, name: &str) -> bool {
        self.optional.iter().any(|(known, names)| known == subset && names.contains(name))
    }

    /// Adds what one more extra or group brings.
    pub(crate) fn add_optional(&mut self, subset: Subset, requirements: impl IntoIterator<Item = String>) {
        let mut inner = Self::default();
        requirements.into_iter().for_each(|requirement| inner.add(&requirement));
        self.optional.push((subset, inner.names));
    }

    /// Adds one requirement such as `fastapi[standard]>=0.115; python_version > "3.8"`.
    pub(crate) fn add(&mut self, requirement: &str) {
        let Some((name, extras)) = named(requirement) else { return };
        for (package, extra, brings) in EXTRAS {
            if name == *package && extras.iter().any(|asked| asked == extra) {
                self.names.extend(brings.iter().map(|name| (*name).to_owned()));
            }
        }
        if let Some((_, version)) = requirement.split_once("==") {
            let version = version.trim_start();
            let end = version.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.'));
            let (version, rest) = version.split_at(end.unwrap_or(version.len()));
            if !rest.starts_with('*') {
                self.pinned.insert(name.clone(), version.to_owned());
            }
        }
        self.names.insert(name);
    }
}

/// The normalised name of a requirement and its extras.
pub(crate) fn named(requirement: &str) -> Option<(String, Vec<String>)> {
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
pub(crate) fn normalised(name: &str) -> String {
    let parts = name.trim().split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

/// Reads a requirements file and what it includes.
///
/// # Errors
/// [`PlanError::Unreadable`].
pub(crate) fn requirements(project: &Project<'_>, first: &str) -> Result<Packages, PlanError> {
    let mut packages = Packages { source: first.to_owned(), ..Packages::default() };
    let mut pending = vec![first.to_owned()];
    while let Some(file) = pending.pop() {
        if packages.inputs.contains(&file) || packages.inputs.len() >= INCLUDES_MAX {
            continue;
        }
        let Some(text) = project.manifest(&file)? else {
            packages.warnings.push(format!("{first} includes `{file}`, which is not in the project"));
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
    Ok(packages)
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
    let path = rest.trim_start_matches(['=', ' ']).trim().trim_matches(['"', '\'']);
    (!path.is_empty() && !path.contains("://")).then_some(path)
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
