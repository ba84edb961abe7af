//! Kept releases that run beside the live one: each is started by the first request for it, and stopped when nobody
//! wants it any more. None outlives the platform.

use std::sync::Mutex;
use std::time::Duration;

use platform_api::{Code, Failure, InstanceId, LogSource};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::bring_up::{launch_spec, stop};
use super::journal::say;
use super::remains::Remains;
use super::retention;
use super::secrets;
use super::site::SharedSite;
use crate::clock::new_instance;
use crate::engine::{Engine, Release};
use crate::gateway::{RETRY_S, Wake};
use crate::health::{Healthy, Probe, probe};
use crate::store::DeploymentRow;

/// How long requests in flight on a preview may take when it ends, in seconds; less than on a live instance, because
/// deleting a project waits for it.
const DRAIN_S: u64 = 5;

/// Owns all previews.
pub(crate) struct Previews {
    owner: Mutex<JoinSet<()>>,
    ending: CancellationToken,
}

impl Previews {
    /// Starts whatever release the gateway asks for, until [`Self::end`].
    pub(crate) fn start<E: Engine>(site: SharedSite<E>) -> Self {
        let ending = CancellationToken::new();
        let mut owner = JoinSet::new();
        owner.spawn(serve(site, ending.clone()));
        Self { owner: Mutex::new(owner), ending }
    }

    /// Ends all previews; answers once nothing of them runs.
    pub(crate) async fn end(&self) {
        self.ending.cancel();
        let owner = std::mem::take(&mut *self.owner.lock().expect("nothing panics under it"));
        owner.join_all().await;
    }
}

async fn serve<E: Engine>(site: SharedSite<E>, ending: CancellationToken) {
    let mut wakes = site.gateway.wakes();
    let mut previews = JoinSet::new();
    loop {
        tokio::select! {
            () = ending.cancelled() => break,
            Some(wake) = wakes.recv() => {
                previews.spawn(preview(site.clone(), wake, ending.clone()));
            }
            Some(_ended) = previews.join_next() => {}
        }
    }
    drop(wakes);
    previews.join_all().await;
}

/// One preview, from its start to its end.
async fn preview<E: Engine>(site: SharedSite<E>, wake: Wake, ending: CancellationToken) {
    let Some(row) = newest(&site, &wake) else { return };
    let instance = new_instance();
    let started = tokio::select! {
        biased;
        () = ending.cancelled() => None,
        () = wake.unwanted() => None,
        started = start(&site, &row, instance) => Some(started),
    };
    match started {
        None => stop(&site, instance).await,
        Some(Err(failure)) => {
            say(&site, &row, LogSource::Runtime, &format!("the preview did not start: {}", failure.message));
            wake.failed(row.id, failure.message);
            stop(&site, instance).await;
            tokio::select! {
                () = ending.cancelled() => {}
                () = wake.unwanted() => {}
                () = sleep(Duration::from_secs(RETRY_S.into())) => {}
            }
        }
        Some(Ok(healthy)) => {
            wake.up(healthy);
            tokio::select! {
                () = ending.cancelled() => {}
                () = wake.unwanted() => {}
                _ = site.engine.exited(instance) => {}
            }
            wake.withdraw().drained(Duration::from_secs(DRAIN_S)).await;
            stop(&site, instance).await;
            say(&site, &row, LogSource::Runtime, "the preview of this release has ended");
            // It may have ended because it is not kept, and its release had to wait for that.
            retention::retire_later(&site, wake.project());
        }
    }
}

/// The newest deployment that the release was live with: its variables and its plan are the release's.
fn newest<E>(site: &SharedSite<E>, wake: &Wake) -> Option<DeploymentRow> {
    let completed = site.store.completed(wake.project(), site.limits.releases * 20).unwrap_or_default();
    completed.into_iter().find(|row| row.commit.short() == *wake.commit())
}

/// Starts the instance and waits until it is healthy, all within the limit of a probe.
async fn start<E: Engine>(
    site: &SharedSite<E>,
    row: &DeploymentRow,
    instance: InstanceId,
) -> Result<Healthy, Failure> {
    let deadline = Instant::now() + site.limits.probe;
    let _place = timeout_at(deadline, site.starts.place())
        .await
        .map_err(|_elapsed| Failure::new(Code::TIMED_OUT, "the platform was busy building other releases"))?;
    let release = Release::read(&site.place(&row.project, &row.commit).manifest())
        .ok_or_else(|| Failure::new(Code::INTERNAL, "the release is gone from the disk"))?;
    let secrets = secrets::current(site, row)?;
    let data_dir = site.data_dir(&row.project).await?;
    say(site, row, LogSource::Runtime, "somebody asked for this release: it starts as a preview");
    let address =
        site.engine.launch(&launch_spec(site, row, instance, release, data_dir).with(secrets)).await?;
    let limit = deadline.saturating_duration_since(Instant::now());
    let path = row.plan.health_path.clone();
    match probe(&site.engine, &Probe { instance, address, path, limit }).await {
        Ok(healthy) => Ok(healthy),
        Err(unhealthy) => Err(Remains::of(site, row).explain(unhealthy)),
    }
}
