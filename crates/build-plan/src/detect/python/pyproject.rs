//! pyproject.toml: which packages it names, for whom it names them, and which programs it defines.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::toml_text;
use super::packages::{Packages, Subset, normalised};
use crate::PlanError;
use crate::project::Project;

pub(crate) const FILE: &str = "pyproject.toml";

/// Groups that are for those who work on a project, not for those who run it.
const DEVELOPMENT: &[&str] = &[
    "dev",
    "develop",
    "development",
    "test",
    "tests",
    "testing",
    "lint",
    "docs",
    "doc",
    "typing",
    "ci",
    "local",
];

/// What pyproject.toml says.
#[derive(Debug, Default)]
pub(crate) struct Pyproject {
    pub(crate) packages: Packages,
    /// Whether it is a project of Poetry's own form, which names its packages where only Poetry looks.
    pub(crate) is_poetry: bool,
    /// Whether it says what to install at all; many only configure linters.
    pub(crate) is_project: bool,
    /// The project's own name, normalised.
    pub(crate) name: Option<String>,
    /// The programs that it defines: `module:function` by name.
    pub(crate) scripts: BTreeMap<String, String>,
    /// Which Python it asks for, and the key that says so.
    pub(crate) python: Option<(String, &'static str)>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
struct PyprojectFile {
    project: Option<ProjectTable>,
    dependency_groups: BTreeMap<String, Vec<toml::Value>>,
    tool: ToolTable,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
struct ProjectTable {
    name: Option<String>,
    dependencies: Vec<String>,
    optional_dependencies: BTreeMap<String, Vec<String>>,
    requires_python: Option<String>,
    scripts: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ToolTable {
    poetry: Option<PoetryTable>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PoetryTable {
    name: Option<String>,
    dependencies: BTreeMap<String, toml::Value>,
    group: BTreeMap<String, PoetryGroup>,
    scripts: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PoetryGroup {
    dependencies: BTreeMap<String, toml::Value>,
}

/// Reads pyproject.toml.
///
/// # Errors
/// [`PlanError::Unreadable`] and [`PlanError::InvalidManifest`].
pub(crate) fn read(project: &Project<'_>) -> Result<Option<Pyproject>, PlanError> {
    let Some(text) = project.manifest(FILE)? else { return Ok(None) };
    let file: PyprojectFile = toml_text::parse(FILE, &text)?;
    let mut found = Pyproject {
        packages: Packages::of(FILE),
        is_poetry: file.project.is_none() && file.tool.poetry.is_some(),
        is_project: file.project.is_some(),
        ..Pyproject::default()
    };
    if let Some(table) = file.project {
        found.standard(table);
    }
    for (group, requirements) in file.dependency_groups {
        let requirements = requirements.iter().filter_map(toml::Value::as_str).map(str::to_owned);
        if !is_for_development(&group) {
            found.packages.add_optional(Subset::Group(group), requirements);
        }
    }
    if let Some(table) = file.tool.poetry {
        found.poetry(table);
    }
    Ok(Some(found))
}

impl Pyproject {
    fn standard(&mut self, table: ProjectTable) {
        table.dependencies.iter().for_each(|requirement| self.packages.add(requirement));
        for (extra, requirements) in table.optional_dependencies {
            if !is_for_development(&extra) {
                self.packages.add_optional(Subset::Extra(extra), requirements);
            }
        }
        self.python = table.requires_python.map(|python| (python, "requires-python"));
        self.name = table.name.as_deref().map(normalised);
        self.scripts = table.scripts;
    }

    fn poetry(&mut self, table: PoetryTable) {
        if self.python.is_none() {
            let python = table.dependencies.get("python").and_then(toml::Value::as_str);
            self.python = python.map(|python| (python.to_owned(), "tool.poetry.dependencies.python"));
        }
        for (name, value) in table.dependencies.into_iter().filter(|(name, _)| name != "python") {
            self.packages.add(&requirement(&name, &value));
        }
        for (group, PoetryGroup { dependencies }) in table.group {
            if !is_for_development(&group) {
                let named = dependencies.iter().map(|(name, value)| requirement(name, value));
                let named: Vec<String> = named.collect();
                self.packages.add_optional(Subset::Group(group), named);
            }
        }
        self.name = self.name.take().or_else(|| table.name.as_deref().map(normalised));
        let scripts = table.scripts.into_iter();
        self.scripts.extend(scripts.filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))));
    }
}

fn is_for_development(group: &str) -> bool {
    DEVELOPMENT.contains(&normalised(group).as_str())
}

/// A dependency of Poetry's form, with its extras, as a requirement.
fn requirement(name: &str, value: &toml::Value) -> String {
    let extras = value.get("extras").and_then(toml::Value::as_array);
    let extras: Vec<&str> = extras.into_iter().flatten().filter_map(toml::Value::as_str).collect();
    if extras.is_empty() { name.to_owned() } else { format!("{name}[{}]", extras.join(",")) }
}
