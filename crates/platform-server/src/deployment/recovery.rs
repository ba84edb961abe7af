//! After a restart, however the last platform ended: what was live is live again, what was under way has an end, and
//! nothing runs unowned.

use std::collections::BTreeSet;
use std::path::PathBuf;

use futures_util::future::join_all;
use platform_api::{DeploymentId, InstanceId, State};

use super::bring_up::{launch_spec, stop};
use super::driver::{Command, interrupted_fact};
use super::drivers::Drivers;
use super::journal::Journal;
use super::retention;
use super::site::SharedSite;
use super::supervise::{Begin, Live};
use super::{attempt, trial};
use crate::clock::new_instance;
use crate::engine::{Engine, Release, Running};
use crate::store::{DeploymentRow, ProjectRow, StoreError};

/// How many projects are read at once.
const PAGE: usize = 200;

/// Brings the platform back to what the database says.
pub(crate) async fn recover<E: Engine>(site: &SharedSite<E>, drivers: &Drivers<E>) -> Result<(), StoreError> {
    let running = site.engine.running().await;
    let mut owned = BTreeSet::new();
    let mut offset = 0;
    loop {
        let projects = site.store.projects(offset, PAGE)?;
        for project in &projects {
            owned.extend(bring_back(site, drivers, project, &running).await?);
        }
        offset += projects.len();
        if projects.len() < PAGE {
            break;
        }
    }
    for row in site.store.under_way()? {
        settle(site, drivers, &row).await?;
    }
    // Before any trial begins anew: these are all of an earlier platform.
    let left = attempt::left(site);
    for id in site.store.unverified()? {
        try_again(site, drivers, id).await?;
    }
    let orphans = running.into_iter().filter(|running| !owned.contains(&running.instance)).collect();
    clear_away(site, orphans, left);
    Ok(())
}

/// Stops what nobody owns, then removes the folders of trials, in which some of it may run.
fn clear_away<E: Engine>(site: &SharedSite<E>, orphans: Vec<Running>, trials: Vec<PathBuf>) {
    let (own, background) = (site.clone(), site.background.clone());
    background.spawn(async move {
        let stops = orphans.into_iter().map(|orphan| {
            tracing::info!(instance.id = %orphan.instance, project.id = %orphan.project, "stopping what nobody owns");
            stop(&own, orphan.instance)
        });
        join_all(stops).await;
        join_all(trials.into_iter().map(attempt::remove)).await;
    });
}

/// What was to be tried is tried now, unless a newer deployment made it uninteresting.
async fn try_again<E: Engine>(
    site: &SharedSite<E>,
    drivers: &Drivers<E>,
    id: DeploymentId,
) -> Result<(), StoreError> {
    let Some(row) = site.store.deployment(id)? else { return Ok(()) };
    let is_newest = site.store.latest(&row.project)?.is_some_and(|latest| latest.id == id);
    if is_newest {
        drivers.send(&row.project, Command::Try(id)).await;
    } else {
        trial::leave_unverified(site, id).await;
    }
    Ok(())
}

/// Brings one project's live deployment back; names the instance that it adopted.
async fn bring_back<E: Engine>(
    site: &SharedSite<E>,
    drivers: &Drivers<E>,
    project: &ProjectRow,
    running: &[Running],
) -> Result<Option<InstanceId>, StoreError> {
    let Some(live) = project.live else { return Ok(None) };
    let Some(row) = site.store.deployment(live)? else { return Ok(None) };
    let place = site.place(&project.id, &row.commit);
    let Some(release) = Release::read(&place.manifest()) else {
        tracing::error!(project.id = %project.id, "the live release is gone from the disk; deploy it again");
        return Ok(None);
    };
    let data_dir = match site.data_dir(&project.id).await {
        Ok(dir) => dir,
        Err(failure) => {
            tracing::error!(project.id = %project.id, message = failure.message, "could not bring a project back");
            return Ok(None);
        }
    };
    site.gateway.known(&project.id, &retention::kept(site, &project.id));
    // An app that was started again by itself may have left more than one folder; the newest is the one.
    let found =
        running.iter().filter(|running| running.deployment == live).max_by_key(|running| running.started_ms);
    let instance = found.map_or_else(new_instance, |running| running.instance);
    let mut spec = launch_spec(site, &row, instance, release, data_dir);
    let begin = match found {
        Some(running) => {
            spec.started_ms = running.started_ms;
            Begin::Adopted
        }
        None => Begin::Stopped,
    };
    drivers.adopt(&project.id, Live { row, spec, restarts: 0 }, begin);
    Ok(found.map(|running| running.instance))
}

/// What waited goes on waiting; what was under way has failed.
async fn settle<E: Engine>(
    site: &SharedSite<E>,
    drivers: &Drivers<E>,
    row: &DeploymentRow,
) -> Result<(), StoreError> {
    if row.state == State::Queued {
        drivers.send(&row.project, Command::Deploy(row.id)).await;
        return Ok(());
    }
    Journal::new(site, row).record(interrupted_fact()).await
}
