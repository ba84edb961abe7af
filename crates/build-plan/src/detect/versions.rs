//! Files that name versions of several runtimes: `.tool-versions` and mise.toml.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::project::Project;

/// The names under which mise's own file is read.
const MISE: &[&str] = &["mise.toml", ".mise.toml", "mise/config.toml", ".config/mise.toml"];

#[derive(Deserialize, Default)]
#[serde(default)]
struct MiseFile {
    tools: BTreeMap<String, toml::Value>,
}

/// The first line of a file that says nothing but a version, such as `.ruby-version`.
pub(crate) fn line_of(project: &Project<'_>, file: &str) -> Option<String> {
    let text = project.manifest(file).ok()??;
    let mut lines = text.lines().map(str::trim);
    let line = lines.find(|line| !line.is_empty() && !line.starts_with('#'))?;
    Some(line.to_owned()).filter(|line| line.len() <= 64)
}

/// The version of a tool, under any of its names, with the file that names it.
pub(crate) fn of_tool(project: &Project<'_>, names: &[&str]) -> Option<(String, &'static str)> {
    asdf(project, names).map(|version| (version, ".tool-versions")).or_else(|| mise(project, names))
}

fn asdf(project: &Project<'_>, names: &[&str]) -> Option<String> {
    let text = project.manifest(".tool-versions").ok()??;
    text.lines().find_map(|line| {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let is_it = words.next().is_some_and(|word| names.contains(&word));
        words.next().filter(|version| is_it && *version != "system").map(str::to_owned)
    })
}

fn mise(project: &Project<'_>, names: &[&str]) -> Option<(String, &'static str)> {
    let file = project.first_of(MISE)?;
    let text = project.manifest(file).ok()??;
    // What only chooses a version is not worth failing for.
    let tools = toml::from_str::<MiseFile>(&text).ok()?.tools;
    let value = names.iter().find_map(|name| tools.get(*name))?;
    let version = match value {
        toml::Value::Array(versions) => versions.first()?.as_str()?,
        toml::Value::Table(table) => table.get("version")?.as_str()?,
        value => value.as_str()?,
    };
    let file = MISE.iter().find(|known| **known == file)?;
    Some((version.to_owned(), file))
}
