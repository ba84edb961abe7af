//! Build, launch, probe: or leave nothing behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use build_plan::{Confidence, FailedStep, Phase, Seen};
use platform_api::{Code, Fact, Failure, InstanceId, LogSource};
use tokio_util::sync::CancellationToken;

use super::journal::Journal;
use super::site::{Place, io_failure};
use super::supervise::Live;
use super::{Ended, Site, secrets};
use crate::clock::{new_instance, now_ms};
use crate::engine::{BuildJob, Engine, Exit, LaunchSpec, Release};
use crate::health::{Healthy, Probe, Unhealthy, probe};
use crate::project_file;
use crate::secrets::Injected;
use crate::store::DeploymentRow;

/// How many of an app's last lines a diagnosis reads.
const DIAGNOSIS_LINES: usize = 200;

/// Builds the release unless it is already built, starts one instance of it and probes that. On any error nothing of
/// it runs any more.
pub(super) async fn bring_up<E: Engine>(
    journal: &Journal<'_, E>,
    place: &Place,
    data_dir: PathBuf,
    cancel: &CancellationToken,
) -> Result<(Healthy, Live), Ended> {
    let (site, row) = (journal.site, journal.row);
    let permit = tokio::select! {
        permit = site.starts.acquire() => permit.map_err(|_| Ended::Abandoned)?,
        () = cancel.cancelled() => return Err(Ended::Cancelled),
    };
    let instance = new_instance();
    let outcome = run(journal, place, data_dir, instance, cancel).await;
    drop(permit);
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
    let prepared = tokio::select! {
        prepared = site.engine.prepare(&job, cancel) => prepared,
        // The engine hears of it too and ends its steps; this only makes sure that nobody waits for a deaf one.
        () = cancelled_and_late(cancel) => return Err(Ended::Cancelled),
    };
    match prepared {
        Ok(release) => {
            write_release(place, &release).map_err(|error| io_failure(&error))?;
            Ok(release)
        }
        Err(_) if cancel.is_cancelled() => Err(Ended::Cancelled),
        Err(failure) => Err(failure.into()),
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
        outcome = probe(&site.engine, &probed) => match outcome {
            Ok(healthy) => Ok(healthy),
            Err(Unhealthy::Exited(exit)) => Err(exited_early(site, row, &exit).into()),
            Err(Unhealthy::Unwell { failure, seen }) => {
                let step = failed_step(row, Phase::Health, None, Some(seen));
                Err(diagnosed(site, row, &step, failure).into())
            }
            Err(Unhealthy::Failed(failure)) => Err(failure.into()),
        },
    }
}

/// The variables of the plan, and above them those of the deployment.
fn app_env(row: &DeploymentRow) -> BTreeMap<String, String> {
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

pub(super) fn exited_early<E>(site: &Site<E>, row: &DeploymentRow, exit: &Exit) -> Failure {
    let message = format!("the app ended before it was healthy ({})", exit.status);
    let hint = "The lines it printed last say why; the app must keep running and serve HTTP on $HOST:$PORT.";
    let failure = Failure::new(Code::EXITED_EARLY, message).hint(hint);
    diagnosed(site, row, &failed_step(row, Phase::Start, Some(exit.status.clone()), None), failure)
}

fn failed_step(row: &DeploymentRow, phase: Phase, exit: Option<String>, seen: Option<Seen>) -> FailedStep {
    FailedStep { phase, runtime: Some(row.plan.runtime), exit, seen }
}

/// Adds what the app's last lines say about the cause, and what would mend it.
fn diagnosed<E>(site: &Site<E>, row: &DeploymentRow, step: &FailedStep, mut failure: Failure) -> Failure {
    let lines =
        site.logs(&row.project, row.id).tail(DIAGNOSIS_LINES, Some(LogSource::Runtime)).unwrap_or_default();
    let output: Vec<String> = lines.into_iter().map(|line| line.text).collect();
    let root =
        site.place(&row.project, &row.commit).root().join(row.plan.root.as_deref().unwrap_or_default());
    let diagnosis = build_plan::diagnose(step, &output, &|path| project_file::read(&root, path));
    // A guess is no better than what the check itself says.
    if diagnosis.confidence > Confidence::Low {
        failure.hint = Some(diagnosis.fix.clone());
    }
    failure.diagnosis = serde_json::to_value(diagnosis).ok();
    failure
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
