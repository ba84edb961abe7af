//! Which releases are kept: the last few healthy ones, so that going back builds nothing.

use std::collections::BTreeSet;

use platform_api::{ProjectId, ShortCommit};

use super::site::{SharedSite, Site, remove_tree};
use crate::engine::Engine;

/// The commits whose releases are kept, the live one first.
pub(super) fn kept<E>(site: &Site<E>, project: &ProjectId) -> Vec<ShortCommit> {
    let mut kept: Vec<ShortCommit> = Vec::new();
    // A commit may have gone live many times: look further back than the number of releases.
    let completed = site.store.completed(project, site.limits.releases * 20).unwrap_or_default();
    for row in completed {
        let commit = row.commit.short();
        if kept.len() < site.limits.releases && !kept.contains(&commit) {
            kept.push(commit);
        }
    }
    kept
}

/// Removes the releases that are no longer kept, in the background: that takes long for large ones. With them go the
/// secrets that were replaced and that nothing runs with any more.
pub(super) fn retire_later<E: Engine>(site: &SharedSite<E>, project: &ProjectId) {
    let (own, project) = (site.clone(), project.clone());
    site.background.spawn(async move {
        if let Err(error) = own.secrets.prune(&project).await {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(project.id = %project, error, "could not forget replaced secrets");
        }
        let in_use = in_use(&own, &project).await;
        let retired = tokio::task::spawn_blocking(move || retire(&own, &project, in_use)).await;
        if retired.is_err() {
            tracing::warn!("retiring old releases was interrupted");
        }
    });
}

/// The commits of which an instance runs, live or on its way out; whoever stops it retires its release later.
async fn in_use<E: Engine>(site: &Site<E>, project: &ProjectId) -> BTreeSet<String> {
    let running = site.engine.running().await;
    let own = running.into_iter().filter(|instance| instance.project == *project);
    own.filter_map(|instance| site.store.deployment(instance.deployment).ok().flatten())
        .map(|row| row.commit.short().to_string())
        .collect()
}

fn retire<E>(site: &Site<E>, project: &ProjectId, in_use: BTreeSet<String>) {
    let kept = kept(site, project);
    site.gateway.known(project, &kept);
    let under_way = site.store.under_way().unwrap_or_default();
    let wanted: BTreeSet<String> = kept
        .iter()
        .map(ToString::to_string)
        .chain(in_use)
        .chain(
            under_way.iter().filter(|row| row.project == *project).map(|row| row.commit.short().to_string()),
        )
        .collect();
    let releases = site.project_dir(project).join("releases");
    let Ok(entries) = std::fs::read_dir(releases) else { return };
    for entry in entries.flatten() {
        if wanted.contains(entry.file_name().to_string_lossy().as_ref()) {
            continue;
        }
        if let Err(error) = remove_tree(&entry.path()) {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(project.id = %project, error, "could not remove an old release");
        }
    }
}
