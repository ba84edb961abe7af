//! poetry.lock of every version, and a pyproject.toml of Poetry without one.
//!
//! Since its version 2 the lock says of each package which groups need it, and where. Before that, only walking from what
//! the project names tells what belongs to it: over cycles, and with the conditions of every edge on the way.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::constraint::{python, versions};
use super::requirement::{Origin, Requirement, both, git, is_name, strong};
use super::{Asked, Requirements, written};
use crate::PlanError;
use crate::detect::{normalised_name, requirement_name, toml_manifest};

/// How many conditions under which a package is needed are told apart; beyond that it is needed always.
const CONDITIONS_MAX: usize = 8;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Lock {
    package: Vec<Package>,
    metadata: Metadata,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    /// The hashes, in locks before 2.0.
    files: BTreeMap<String, Vec<File>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Package {
    name: String,
    version: String,
    groups: Option<Vec<String>>,
    markers: Option<toml::Value>,
    files: Vec<File>,
    dependencies: BTreeMap<String, toml::Value>,
    extras: BTreeMap<String, Vec<String>>,
    source: Option<Source>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
struct File {
    hash: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Source {
    #[serde(rename = "type")]
    kind: String,
    url: String,
    reference: Option<String>,
    resolved_reference: Option<String>,
    subdirectory: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pyproject {
    project: Project,
    tool: Tool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Project {
    dependencies: Vec<String>,
    optional_dependencies: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tool {
    poetry: Poetry,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Poetry {
    dependencies: BTreeMap<String, toml::Value>,
    group: BTreeMap<String, Group>,
    extras: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Group {
    dependencies: BTreeMap<String, toml::Value>,
}

/// One edge: a package that is needed, in some form, under some condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Need {
    name: String,
    extras: BTreeSet<String>,
    marker: Option<String>,
}

/// What poetry.lock says to install.
pub(super) fn locked(pyproject: &str, lock: &str, asked: &Asked) -> Result<Requirements, PlanError> {
    let project: Pyproject = toml_manifest("pyproject.toml", pyproject)?;
    let lock: Lock = toml_manifest("poetry.lock", lock)?;
    let needs = project.needs(asked);
    let known: BTreeSet<String> = lock.package.iter().map(|package| normalised_name(&package.name)).collect();
    if let Some(missing) = needs.iter().find(|need| !known.contains(&need.name)) {
        return Err(PlanError::InvalidManifest {
            file: "poetry.lock".to_owned(),
            line: None,
            message: format!(
                "it lacks `{}`, which pyproject.toml names; `poetry lock` brings them together",
                missing.name
            ),
        });
    }
    let is_grouped = lock.package.iter().any(|package| package.groups.is_some());
    let requirements = if is_grouped { lock.of_groups(asked) } else { lock.walked(needs) };
    Ok(Requirements { text: written(requirements, &lock.indexes()), is_complete: true })
}

/// What a pyproject.toml of Poetry says to install.
pub(super) fn unlocked(pyproject: &str, asked: &Asked) -> Result<Requirements, PlanError> {
    let project: Pyproject = toml_manifest("pyproject.toml", pyproject)?;
    let wanted = project.tables(asked);
    let requirements =
        wanted.into_iter().flat_map(|(name, value)| forms(value).map(move |form| form.requirement(name)));
    let mut text = written(requirements.filter(|requirement| is_name(&requirement.name)), &[]);
    for line in &project.project.dependencies {
        text.push_str(&line.replace(['\n', '\r'], " "));
        text.push('\n');
    }
    Ok(Requirements { text, is_complete: false })
}

impl Pyproject {
    /// The main table and those of the asked groups, without the optional packages of extras that nobody asked for.
    fn tables(&self, asked: &Asked) -> Vec<(&str, &toml::Value)> {
        let poetry = &self.tool.poetry;
        let groups = poetry.group.iter().filter(|(name, _)| asked.has_group(name));
        let tables = [&poetry.dependencies].into_iter().chain(groups.map(|(_, group)| &group.dependencies));
        let by_extra: BTreeSet<String> = poetry
            .extras
            .iter()
            .filter(|(extra, _)| asked.extras.contains(&normalised_name(extra)))
            .flat_map(|(_, names)| names.iter().map(|name| normalised_name(name)))
            .collect();
        let is_wanted = |(name, value): &(&String, &toml::Value)| {
            let is_optional = value.get("optional").and_then(toml::Value::as_bool) == Some(true);
            *name != "python" && (!is_optional || by_extra.contains(&normalised_name(name)))
        };
        tables.flatten().filter(is_wanted).map(|(name, value)| (name.as_str(), value)).collect()
    }

    fn needs(&self, asked: &Asked) -> Vec<Need> {
        let of_tables = self
            .tables(asked)
            .into_iter()
            .flat_map(|(name, value)| forms(value).map(move |form| form.need(name)));
        let extras = self.project.optional_dependencies.iter();
        let extras = extras.filter(|(extra, _)| asked.extras.contains(&normalised_name(extra)));
        let lines = self.project.dependencies.iter().chain(extras.flat_map(|(_, lines)| lines));
        let of_lines = lines.filter_map(|line| {
            let (name, extras) = requirement_name(line)?;
            let marker = line.split_once(';').map(|(_, marker)| marker.trim().to_owned());
            Some(Need { name, extras: extras.into_iter().collect(), marker })
        });
        of_tables.chain(of_lines).collect()
    }
}

/// One form of a dependency: a version, or a table with conditions.
struct Form<'a>(&'a toml::Value);

/// The forms of a dependency; an array has several, each for other environments.
fn forms(value: &toml::Value) -> impl Iterator<Item = Form<'_>> {
    let several = value.as_array().map_or(&[][..], Vec::as_slice);
    let one = if value.is_array() { None } else { Some(value) };
    several.iter().chain(one).map(Form)
}

impl Form<'_> {
    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    fn marker(&self) -> Option<String> {
        let interpreter = self.text("python").and_then(python);
        both(self.text("markers"), interpreter.as_deref())
    }

    fn extras(&self) -> Vec<String> {
        let extras = self.0.get("extras").and_then(toml::Value::as_array);
        extras.into_iter().flatten().filter_map(toml::Value::as_str).map(normalised_name).collect()
    }

    fn need(&self, name: &str) -> Need {
        Need {
            name: normalised_name(name),
            extras: self.extras().into_iter().collect(),
            marker: self.marker(),
        }
    }

    fn requirement(&self, name: &str) -> Requirement {
        let reference = ["rev", "tag", "branch"].iter().find_map(|key| self.text(key));
        let origin = match (self.text("git"), self.text("url"), self.text("path")) {
            (Some(url), _, _) => git(url, reference, self.text("subdirectory")),
            (None, Some(url), _) => Origin::Url(url.to_owned()),
            (None, None, Some(path)) => Origin::Path(path.to_owned()),
            (None, None, None) => {
                let version = self.0.as_str().or_else(|| self.text("version")).unwrap_or_default();
                Origin::Index(versions(version))
            }
        };
        Requirement {
            name: name.to_owned(),
            extras: self.extras(),
            origin,
            marker: self.marker(),
            hashes: Vec::new(),
        }
    }
}

impl Lock {
    /// The packages of the groups, as a lock since 2.1 marks them.
    fn of_groups(&self, asked: &Asked) -> Vec<Requirement> {
        let packages = self.package.iter().filter(|package| is_name(&package.name));
        packages
            .filter_map(|package| {
                let groups = package.groups.as_ref()?;
                let group = groups.iter().find(|group| asked.has_group(group))?;
                let marker = match &package.markers {
                    Some(toml::Value::String(marker)) => Some(marker.as_str()),
                    Some(markers) => markers.get(group).and_then(toml::Value::as_str),
                    None => None,
                };
                let marker = marker.map(|marker| without_extras(marker, asked));
                Some(self.requirement(package, marker.filter(|marker| !marker.is_empty())))
            })
            .collect()
    }

    /// The packages that are reached from what the project names.
    fn walked(&self, roots: Vec<Need>) -> Vec<Requirement> {
        let mut packages: BTreeMap<String, &Package> = BTreeMap::new();
        for package in self.package.iter().filter(|package| is_name(&package.name)) {
            // Of several versions the last one is the newest.
            packages.insert(normalised_name(&package.name), package);
        }
        let mut reached: BTreeMap<String, Reached> = BTreeMap::new();
        let mut pending = roots;
        while let Some(need) = pending.pop() {
            let Some(package) = packages.get(&need.name) else { continue };
            if reached.entry(need.name.clone()).or_default().add(&need) {
                pending.extend(package.needs(&need));
            }
        }
        reached
            .into_iter()
            .map(|(name, reached)| self.requirement(packages[&name], reached.marker()))
            .collect()
    }

    fn requirement(&self, package: &Package, marker: Option<String>) -> Requirement {
        let older = self.metadata.files.get(&package.name);
        let files =
            if package.files.is_empty() { older.cloned().unwrap_or_default() } else { package.files.clone() };
        let exact = || Origin::Index(format!("=={}", package.version));
        let origin = package.source.as_ref().map_or_else(exact, |source| match source.kind.as_str() {
            "git" => {
                let reference = source.resolved_reference.as_deref().or(source.reference.as_deref());
                git(&source.url, reference, source.subdirectory.as_deref())
            }
            "url" => Origin::Url(source.url.clone()),
            "directory" | "file" => Origin::Path(source.url.clone()),
            _ => exact(),
        });
        let hashes = strong(files.into_iter().map(|file| file.hash));
        Requirement { name: package.name.clone(), extras: Vec::new(), origin, marker, hashes }
    }

    /// The indexes besides the public one.
    fn indexes(&self) -> Vec<String> {
        let sources = self.package.iter().filter_map(|package| package.source.as_ref());
        let others = sources.filter(|source| source.kind == "legacy" && source.url.starts_with("http"));
        let urls: BTreeSet<&str> = others
            .map(|source| source.url.as_str())
            .filter(|url| !url.contains(char::is_whitespace))
            .collect();
        urls.into_iter().map(str::to_owned).collect()
    }
}

impl Package {
    /// What this package needs in turn, under the condition and with the extras under which it is needed itself.
    fn needs(&self, need: &Need) -> Vec<Need> {
        let listed = self.extras.iter().filter(|(extra, _)| need.extras.contains(&normalised_name(extra)));
        let by_extra: BTreeSet<String> = listed
            .flat_map(|(_, lines)| lines.iter().filter_map(|line| Some(requirement_name(line)?.0)))
            .collect();
        let mut needs = Vec::new();
        for (name, value) in &self.dependencies {
            for form in forms(value) {
                let is_optional = form.0.get("optional").and_then(toml::Value::as_bool) == Some(true);
                let inner = form.need(name);
                if is_optional && !by_extra.contains(&inner.name) {
                    continue;
                }
                // The condition of an optional package names the extra, which is asked for.
                let own = inner.marker.filter(|marker| !marker.contains("extra"));
                let marker = both(need.marker.as_deref(), own.as_deref());
                needs.push(Need { marker, ..inner });
            }
        }
        needs
    }
}

/// Under which conditions a package is needed, and with which extras.
#[derive(Debug, Default)]
struct Reached {
    is_always: bool,
    conditions: BTreeSet<String>,
    extras: BTreeSet<String>,
}

impl Reached {
    /// Adds a need; whether it says anything new.
    fn add(&mut self, need: &Need) -> bool {
        let more_extras = need.extras.iter().filter(|extra| self.extras.insert((*extra).clone())).count() > 0;
        let more = match &need.marker {
            _ if self.is_always => false,
            Some(marker) if self.conditions.len() < CONDITIONS_MAX => self.conditions.insert(marker.clone()),
            _ => {
                self.is_always = true;
                true
            }
        };
        more || more_extras
    }

    fn marker(&self) -> Option<String> {
        if self.is_always {
            return None;
        }
        let conditions: Vec<String> =
            self.conditions.iter().map(|condition| format!("({condition})")).collect();
        match conditions.as_slice() {
            [] => None,
            [_] => self.conditions.first().cloned(),
            several => Some(several.join(" or ")),
        }
    }
}

/// The condition with what it says about extras decided: installers of single packages know of none.
fn without_extras(marker: &str, asked: &Asked) -> String {
    let mut decided = String::new();
    let mut rest = marker;
    while let Some((before, after)) = rest.split_once("extra == ") {
        decided.push_str(before);
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
        let Some((name, end)) = quote.and_then(|quote| after[1..].split_once(quote)) else { break };
        let is_asked = asked.extras.contains(&normalised_name(name));
        decided.push_str(if is_asked { "python_version >= \"0\"" } else { "python_version < \"0\"" });
        rest = end;
    }
    decided.push_str(rest);
    decided
}
