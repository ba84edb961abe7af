//! Build, launch, probe: or leave nothing behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use platform_api::{Code, Fact, Failure, InstanceId, LogSource};
use tokio_util::sync::CancellationToken;

use super::journal::Journal;
use super::remains::Remains;
use super::site::{Place, io_failure};
use super::supervise::Live;
use super::{Ended, Site, secrets};
use crate::clock::{new_instance, now_ms};
use crate::engine::{BuildJob, Engine, LaunchSpec, Release};
use crate::health::{Healthy, Probe, probe};
use crate::secrets::Injected;
use crate::store::DeploymentRow;

/// Builds the release unless it is already built, starts one instance of it and probes that. On any error nothing of
/// it runs any more.
pub(super) async fn bring_up<E: Engine>(
    journal: &Journal<'_, E>,
    place: &Place,
    data_dir: PathBuf,
    cancel: &CancellationToken,
) -> Result<(Healthy, Live), Ended> {
    let (site, row) = (journal.site, journal.row);
    let turn = cancel.run_until_cancelled(site.starts.place()).await.ok_or(Ended::Cancelled)?;
    let instance = new_instance();
    let outcome = run(journal, place, data_dir, instance, cancel).await;
    drop(turn);
    if outcome.is_err() {
        stop(site, instance).await;
        discard(site, row, place).await;
    }
    outcome
}

/// The part of [`bring_up`] that leaves something behind, also when the database fails in between.
async fn run<E: Engine>(
    journal: &Journal<'_, E>,
    place: &Place,
    data_dir: PathBuf,
    instance: InstanceId,
    cancel: &CancellationToken,
) -> Result<(Healthy, Live), Ended> {
    // First of all: what is missing is said before anything is built or started.
    let secrets = secrets::of_deployment(journal.site, journal.row)?;
    let release = built(journal, place, &data_dir, &secrets, cancel).await?;
    journal.record(Fact::Built).await?;
    let spec = launch_spec(journal.site, journal.row, instance, release, data_dir);
    let healthy = start(journal, &spec.clone().with(secrets), cancel).await?;
    journal.record(Fact::Healthy).await?;
    Ok((healthy, Live { row: journal.row.clone(), spec, restarts: 0 }))
}

/// The built release: the one that lies there, or a new one.
async fn built<E: Engine>(
    journal: &Journal<'_, E>,
    place: &Place,
    data_dir: &Path,
    secrets: &Injected,
    cancel: &CancellationToken,
) -> Result<Release, Ended> {
    let (site, row) = (journal.site, journal.row);
    if let Some(release) = Release::read(&place.manifest()) {
        journal.say(LogSource::Build, "this release is already built: nothing to do");
        return Ok(release);
    }
    let job = BuildJob {
        deployment: row.id,
        project: row.project.clone(),
        plan: row.plan.clone(),
        // What lies beside the project's folder was only uploaded with it.
        source: place.root().join(row.plan.root.as_deref().unwrap_or_default()),
        secrets: secrets.clone(),
        logs: site.logs(&row.project, row.id),
        project_dir: site.project_dir(&row.project),
        data_dir: data_dir.to_owned(),
        env: app_env(row),
    };
    let release = prepare(site, &job, cancel).await?;
    write_release(place, &release).map_err(|error| io_failure(&error))?;
    Ok(release)
}

/// Makes the release, unless that is cancelled.
pub(super) async fn prepare<E: Engine>(
    site: &Site<E>,
    job: &BuildJob,
    cancel: &CancellationToken,
) -> Result<Release, Ended> {
    let prepared = tokio::select! {
        prepared = site.engine.prepare(job, cancel) => prepared,
        // The engine hears of it too and ends its steps; this only makes sure that nobody waits for a deaf one.
        () = cancelled_and_late(cancel) => return Err(Ended::Cancelled),
    };
    match prepared {
        Err(_) if cancel.is_cancelled() => Err(Ended::Cancelled),
        prepared => Ok(prepared?),
    }
}

async fn cancelled_and_late(cancel: &CancellationToken) {
    const LATE: std::time::Duration = std::time::Duration::from_secs(20);
    cancel.cancelled().await;
    tokio::time::sleep(LATE).await;
}

/// Launches the instance and probes it.
async fn start<E: Engine>(
    journal: &Journal<'_, E>,
    spec: &LaunchSpec,
    cancel: &CancellationToken,
) -> Result<Healthy, Ended> {
    let (site, row) = (journal.site, journal.row);
    let address = site.engine.launch(spec).await?;
    journal.record(Fact::Launched { instance: spec.instance }).await?;
    let path = row.plan.health_path.clone();
    let probed = Probe { instance: spec.instance, address, path, limit: site.limits.probe };
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Ended::Cancelled),
        outcome = probe(&site.engine, &probed) => {
            outcome.map_err(|unhealthy| Remains::of(site, row).explain(unhealthy).into())
        }
    }
}

/// The variables of the plan, and above them those of the deployment.
pub(super) fn app_env(row: &DeploymentRow) -> BTreeMap<String, String> {
    let mut env = row.plan.env.clone();
    env.extend(row.env.clone());
    env
}

/// What an instance of the deployment is started with, but for the values of its secrets.
pub(super) fn launch_spec<E>(
    site: &Site<E>,
    row: &DeploymentRow,
    instance: InstanceId,
    release: Release,
    data_dir: PathBuf,
) -> LaunchSpec {
    LaunchSpec {
        instance,
        deployment: row.id,
        project: row.project.clone(),
        release,
        env: app_env(row),
        secrets: Injected::default(),
        data_dir,
        logs: site.logs(&row.project, row.id),
        started_ms: now_ms(),
    }
}

pub(super) async fn stop<E: Engine>(site: &Site<E>, instance: InstanceId) {
    if let Err(error) = site.engine.stop(instance, site.limits.stop_grace).await {
        let error: &dyn std::error::Error = &error;
        tracing::error!(instance.id = %instance, error, "could not stop an instance");
    }
}

/// Removes the release of a deployment that did not go live, unless an earlier one of the same commit did.
async fn discard<E>(site: &Site<E>, row: &DeploymentRow, place: &Place) {
    let completed = site.store.completed(&row.project, site.limits.releases).unwrap_or_default();
    if completed.iter().any(|release| release.commit == row.commit) {
        return;
    }
    let dir = place.dir.clone();
    let removed = tokio::task::spawn_blocking(move || super::site::remove_tree(&dir)).await;
    if let Ok(Err(error)) = removed {
        let error: &dyn std::error::Error = &error;
        tracing::warn!(deployment.id = %row.id, error, "could not remove a failed release");
    }
}

fn write_release(place: &Place, release: &Release) -> std::io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(&place.dir)?;
    serde_json::to_writer(&mut file, release)?;
    file.as_file().sync_data()?;
    file.persist(place.manifest()).map_err(|error| error.error)?;
    Ok(())
}

pub(super) fn disk_full() -> Failure {
    Failure::new(Code::DISK_FULL, "the platform's disk is full")
        .hint("Free some space on the disk of the platform's home folder (`backend-im doctor` shows it), then deploy again.")
        .retryable()
}
