//! How a Python project brings its database up to date: proposed as what runs once per deployment.

use super::entry::Entry;
use super::packages::Packages;
use crate::draft::Draft;
use crate::project::Project;
use crate::shell;

/// Proposes the command of the tool whose migrations the project keeps.
pub(super) fn propose(
    project: &Project<'_>,
    packages: Option<&Packages>,
    entry: Option<&Entry>,
    draft: &mut Draft,
) {
    let has = |name: &str| packages.is_some_and(|packages| packages.has(name));
    if draft.release.is_some() {
        return;
    }
    if has("flask-migrate")
        && let Some(file) = project.first_of(&["migrations/env.py", "migrations/alembic.ini"])
        && let Some(entry) = entry
    {
        let place = entry
            .folder
            .as_deref()
            .map_or(String::new(), |folder| format!("PYTHONPATH={} ", shell::word(folder)));
        let app = shell::word(&format!("{}:{}", entry.module, entry.app.name));
        draft.set_release(format!("{place}FLASK_APP={app} flask db upgrade"), file);
    } else if has("alembic") && project.has("alembic.ini") && keeps_versions(project) {
        draft.set_release("alembic upgrade head", "alembic.ini");
    } else if has("aerich")
        && project
            .manifest("pyproject.toml")
            .ok()
            .flatten()
            .is_some_and(|text| text.contains("[tool.aerich]"))
    {
        draft.set_release("aerich upgrade", "pyproject.toml: tool.aerich");
    }
}

/// Whether there is anything to upgrade to: alembic.ini says where its scripts are.
fn keeps_versions(project: &Project<'_>) -> bool {
    let text = project.manifest("alembic.ini").ok().flatten().unwrap_or_default();
    let location = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("script_location")?.trim_start().strip_prefix('='));
    let folder = location.unwrap_or("alembic").trim().replace("%(here)s/", "");
    let folder = folder.trim_start_matches("./").trim_matches('/').replace(':', "/");
    project.has(&format!("{folder}/env.py"))
}
