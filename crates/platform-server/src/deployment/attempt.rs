//! One attempt at a patch, in a folder of its own: checked out, built, started, probed, and gone.
//!
//! ```text
//! {home}/trials/{instance}/root      the commit with the patch
//!                         /data      an empty $DATA_DIR
//!                         /project   what builds keep
//!                         /logs      lines that nobody reads but the diagnosis
//! ```

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use platform_api::InstanceId;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::bring_up::{app_env, launch_spec, prepare};
use super::patched::Patched;
use super::remains::Remains;
use super::site::{SharedSite, Site, blocking, remove_tree};
use super::{Ended, secrets};
use crate::clock::new_instance;
use crate::engine::{BuildJob, Engine, LaunchSpec, Release};
use crate::health::{Probe, probe};
use crate::logs::LogDir;
use crate::secrets::Injected;
use crate::store::DeploymentRow;

/// How often a folder in which something may still write is removed before it is left to the next start.
const REMOVALS_MAX: u32 = 20;
/// The time between two of them.
const REMOVAL_PAUSE: Duration = Duration::from_millis(250);

/// A throw-away release and the one instance of it.
pub(super) struct Attempt<'a, E> {
    site: &'a SharedSite<E>,
    /// The deployment as it would be with the patch, under an id that is nowhere else.
    row: &'a DeploymentRow,
    patched: &'a Arc<Patched>,
    instance: InstanceId,
    dir: PathBuf,
}

impl<'a, E: Engine> Attempt<'a, E> {
    pub(super) fn new(site: &'a SharedSite<E>, row: &'a DeploymentRow, patched: &'a Arc<Patched>) -> Self {
        let instance = new_instance();
        Self { site, row, patched, instance, dir: trials(site).join(instance.to_string()) }
    }

    /// Makes the attempt; how long after its start the app was healthy. Nothing of it is left when this returns.
    ///
    /// # Cancel safety
    /// Cancel by the token.
    pub(super) async fn run(self, cancel: &CancellationToken) -> Result<Duration, Ended> {
        let outcome = self.healthy(cancel).await;
        // It has nothing to finish.
        if let Err(error) = self.site.engine.stop(self.instance, Duration::ZERO).await {
            let error: &dyn std::error::Error = &error;
            tracing::error!(instance.id = %self.instance, error, "could not stop the instance of a trial");
        }
        remove(self.dir).await;
        outcome
    }

    async fn healthy(&self, cancel: &CancellationToken) -> Result<Duration, Ended> {
        let secrets = secrets::of_deployment(self.site, self.row)?;
        let (patched, root) = (self.patched.clone(), self.root());
        blocking(move || patched.check_out(&root)).await?;
        let release = prepare(self.site, &self.job(&secrets), cancel).await?;
        let started = self.started(release, secrets);
        cancel.run_until_cancelled(started).await.ok_or(Ended::Cancelled)?
    }

    async fn started(&self, release: Release, secrets: Injected) -> Result<Duration, Ended> {
        let began = Instant::now();
        let address = self.site.engine.launch(&self.launch_spec(release).with(secrets)).await?;
        let (instance, path) = (self.instance, self.row.plan.health_path.clone());
        let probed = Probe { instance, address, path, limit: self.site.limits.probe };
        match probe(&self.site.engine, &probed).await {
            Ok(_) => Ok(Instant::now() - began),
            Err(unhealthy) => Err(self.remains().explain(unhealthy).into()),
        }
    }

    fn job(&self, secrets: &Injected) -> BuildJob {
        BuildJob {
            deployment: self.row.id,
            project: self.row.project.clone(),
            // Only a deployment may do what is done once.
            plan: build_plan::Plan { release: None, ..self.row.plan.clone() },
            source: self.source(),
            secrets: secrets.clone(),
            logs: self.logs(),
            project_dir: self.dir.join("project"),
            data_dir: self.dir.join("data"),
            env: app_env(self.row),
        }
    }

    fn launch_spec(&self, release: Release) -> LaunchSpec {
        let spec = launch_spec(self.site, self.row, self.instance, release, self.dir.join("data"));
        LaunchSpec { logs: self.logs(), ..spec }
    }

    fn remains(&self) -> Remains {
        Remains { runtime: self.row.plan.runtime, logs: self.logs(), root: self.source() }
    }

    fn root(&self) -> PathBuf {
        self.dir.join("root")
    }

    fn source(&self) -> PathBuf {
        self.root().join(self.row.plan.root.as_deref().unwrap_or_default())
    }

    fn logs(&self) -> LogDir {
        LogDir::new(self.dir.join("logs")).without(self.site.secrets.redaction(&self.row.project))
    }
}

fn trials<E>(site: &Site<E>) -> PathBuf {
    site.home.join("trials")
}

/// The folders of attempts that an earlier platform died in.
pub(super) fn left<E>(site: &Site<E>) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(trials(site)).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// Removes the folder of an attempt of which nothing runs any more, or will in a moment.
pub(super) async fn remove(dir: PathBuf) {
    for _ in 0..REMOVALS_MAX {
        let doomed = dir.clone();
        if let Ok(Ok(())) = spawn_blocking(move || remove_tree(&doomed)).await {
            return;
        }
        sleep(REMOVAL_PAUSE).await;
    }
    tracing::warn!(dir = %dir.display(), "could not remove the folder of a trial; the next start tries again");
}
