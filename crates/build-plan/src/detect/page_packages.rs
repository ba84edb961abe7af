//! The packages of Node with which a project of another runtime makes its pages.

use serde_json::Value;

use super::text::at;
use crate::draft::Draft;
use crate::project::Project;

const FILE: &str = "package.json";

/// Lock files, and what installs what they lock.
const LOCKS: [(&str, &str); 5] = [
    ("pnpm-lock.yaml", "pnpm install --frozen-lockfile"),
    ("bun.lock", "bun install --frozen-lockfile"),
    ("bun.lockb", "bun install --frozen-lockfile"),
    ("yarn.lock", "yarn install --frozen-lockfile"),
    ("package-lock.json", "npm ci"),
];

/// What installs the packages of one folder.
pub(crate) fn install_in(project: &Project<'_>, folder: &str) -> &'static str {
    LOCKS
        .iter()
        .find(|(lock, _)| project.has(&at(folder, lock)))
        .map_or("npm install", |(_, install)| install)
}

/// The command that builds them for production; nothing where no script does.
pub(crate) fn build(project: &Project<'_>) -> Option<String> {
    const SCRIPTS: [&str; 3] = ["build", "production", "prod"];
    let text = project.manifest(FILE).ok()??;
    let root: Value = serde_json::from_str(&text).ok()?;
    let scripts = root.get("scripts")?;
    let script = SCRIPTS.into_iter().find(|script| scripts.get(*script).is_some_and(Value::is_string))?;
    Some(format!("npm run {script}"))
}

/// Has them installed behind `command`, where there are any; what decides about them is added to its inputs.
pub(crate) fn add(project: &Project<'_>, draft: &mut Draft, inputs: &mut Vec<String>, command: &mut String) {
    if !project.has(FILE) {
        return;
    }
    let lock = LOCKS.into_iter().find(|(lock, _)| project.has(lock));
    let (file, install) = lock.unwrap_or((FILE, "npm install"));
    inputs.push(FILE.to_owned());
    inputs.extend(lock.map(|_| file.to_owned()));
    *command = format!("{command} && {install}");
    draft.need_system_package("nodejs", FILE);
}
