//! The packages of Node with which a project of another runtime makes its pages.

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

/// Has them installed behind `command`, where there are any; what decides about them is added to its inputs.
pub(crate) fn add(project: &Project<'_>, draft: &mut Draft, inputs: &mut Vec<String>, command: &mut String) {
    if !project.has(FILE) {
        return;
    }
    let lock = LOCKS.into_iter().find(|(lock, _)| project.has(lock));
    let (file, install) = lock.unwrap_or((FILE, "npm install"));
    inputs.extend([FILE.to_owned(), file.to_owned()]);
    *command = format!("{command} && {install}");
    draft.need_system_package("nodejs", FILE);
}
