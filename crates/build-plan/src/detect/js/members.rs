//! The members of a workspace: the packages that are installed together.

use super::manifest::{self, PackageJson};
use super::nx;
use crate::PlanError;
use crate::project::Project;

/// How many members are looked at.
const MEMBERS_MAX: usize = 64;
/// A package of the workspace.
pub(crate) struct Member {
    pub(crate) folder: String,
    pub(crate) package: PackageJson,
}

impl Member {
    /// The path of its package.json.
    pub(crate) fn manifest(&self) -> String {
        format!("{}/package.json", self.folder)
    }
}

/// The members of the workspace that this project is; none when it is not one.
///
/// # Errors
/// [`PlanError`] when a manifest cannot be used.
pub(crate) fn members(project: &Project<'_>, package: &PackageJson) -> Result<Vec<Member>, PlanError> {
    let patterns = patterns(project, package)?;
    if patterns.is_empty() {
        return Ok(Vec::new());
    }
    let fits = |folder: &str| {
        let is_any = |negated: bool| {
            patterns.iter().any(|pattern| match pattern.strip_prefix('!') {
                Some(pattern) => negated && matches(pattern, folder),
                None => !negated && matches(pattern, folder),
            })
        };
        is_any(false) && !is_any(true) && !folder.split('/').any(|part| part == "node_modules")
    };
    let manifests = project.listing().iter().filter_map(|file| file.path.strip_suffix("/package.json"));
    let folders: Vec<&str> = manifests.filter(|folder| fits(folder)).take(MEMBERS_MAX).collect();
    let member = |folder: &str| {
        let path = format!("{folder}/package.json");
        let text = project.manifest(&path)?.unwrap_or_default();
        Ok(Member { folder: folder.to_owned(), package: manifest::parse(&path, &text)? })
    };
    folders.into_iter().map(member).collect()
}

/// Whether this folder is a member of the workspace that the project is.
///
/// # Errors
/// As [`members`].
pub(crate) fn has_member(project: &Project<'_>, folder: &str) -> Result<bool, PlanError> {
    if nx::has_project(project, folder) {
        return Ok(true);
    }
    let Some(package) = manifest::read(project)? else { return Ok(false) };
    Ok(members(project, &package)?.iter().any(|member| member.folder == folder))
}

/// The folders of the members; none where a manifest cannot be used.
pub(crate) fn folders(project: &Project<'_>) -> Vec<String> {
    let package = manifest::read(project).ok().flatten().unwrap_or_default();
    let members = members(project, &package).unwrap_or_default();
    members.into_iter().map(|member| member.folder).collect()
}

/// `packages` of pnpm-workspace.yaml, or `workspaces` of package.json, or those of Lerna.
fn patterns(project: &Project<'_>, package: &PackageJson) -> Result<Vec<String>, PlanError> {
    if let Some(text) = project.manifest("pnpm-workspace.yaml")? {
        let listed = text
            .lines()
            .skip_while(|line| line.trim_end() != "packages:")
            .skip(1)
            .take_while(|line| line.trim().is_empty() || line.starts_with([' ', '-', '#']));
        let items = listed.filter_map(|line| line.trim().strip_prefix('-'));
        let items = items.map(|item| item.trim().trim_matches(['"', '\'']).to_owned());
        return Ok(items.filter(|item| !item.is_empty()).collect());
    }
    if !package.workspaces.is_empty() {
        return Ok(package.workspaces.clone());
    }
    let lerna = project.manifest("lerna.json")?.and_then(|text| super::jsonc::parse(&text));
    let listed = lerna.as_ref().and_then(|lerna| lerna["packages"].as_array());
    Ok(listed.into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect())
}

/// `*` stands for one part of a path, `**` for any number of them.
fn matches(pattern: &str, folder: &str) -> bool {
    let pattern: Vec<&str> = pattern.trim_start_matches("./").trim_end_matches('/').split('/').collect();
    let folder: Vec<&str> = folder.split('/').collect();
    parts_match(&pattern, &folder)
}

fn parts_match(pattern: &[&str], folder: &[&str]) -> bool {
    match (pattern.split_first(), folder.split_first()) {
        (None, None) => true,
        // Patterns are short: two tries for each `**` are few.
        (Some((&"**", rest)), _) if pattern.len() <= 8 => {
            parts_match(rest, folder) || (!folder.is_empty() && parts_match(pattern, &folder[1..]))
        }
        (Some((wanted, pattern)), Some((part, folder))) => {
            let fits = match wanted.split_once('*') {
                Some((start, end)) => {
                    part.len() >= start.len() + end.len() && part.starts_with(start) && part.ends_with(end)
                }
                None => wanted == part,
            };
            fits && parts_match(pattern, folder)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_members_fit_as_globs_do() {
        for (pattern, folder, fits) in [
            ("packages/*", "packages/a", true),
            ("packages/*", "packages/a/b", false),
            ("./apps/web/", "apps/web", true),
            ("**", "a/b/c", true),
            ("apps/**", "apps/x/y", true),
            ("apps/*-ui", "apps/x-ui", true),
            ("apps/*", "libs/x", false),
        ] {
            assert_eq!(matches(pattern, folder), fits, "{pattern} {folder}");
        }
    }
}
