//! Which Node a project asks for, in its own words.

use super::manifest::PackageJson;
use crate::PlanError;
use crate::detect::versions;
use crate::draft::Draft;
use crate::project::Project;

/// Sets the version: `engines.node`, the files of version managers, Volta.
///
/// # Errors
/// [`PlanError::Unreadable`].
pub(super) fn node(
    project: &Project<'_>,
    package: Option<&PackageJson>,
    draft: &mut Draft,
) -> Result<(), PlanError> {
    if let Some(version) =
        package.and_then(|package| package.engines.get("node")).filter(|text| is_wish(text))
    {
        draft.set_version(version, "package.json: engines.node");
        return Ok(());
    }
    for file in [".nvmrc", ".node-version"] {
        // A file that cannot be read is an error here: it says something, and nobody knows what.
        project.manifest(file)?;
        if let Some(line) = versions::line_of(project, file) {
            draft.set_version(line.trim_start_matches('v'), file);
            return Ok(());
        }
    }
    if let Some((version, file)) = versions::of_tool(project, &["nodejs", "node"]) {
        draft.set_version(version.trim_start_matches('v'), file);
    } else if let Some(version) = package.and_then(|package| package.volta.get("node")) {
        draft.set_version(version, "package.json: volta.node");
    }
    Ok(())
}

/// `*` asks for nothing.
fn is_wish(text: &str) -> bool {
    !matches!(text.trim(), "" | "*" | "x" | ">=0" | ">= 0")
}
