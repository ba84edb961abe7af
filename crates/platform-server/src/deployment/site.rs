//! Where deployments happen: the shared parts of the platform, and the folders of a project.
//!
//! ```text
//! {home}/projects/{project}/repository.git   source of truth
//!                          /data             $DATA_DIR; outlives every release
//!                          /releases/{commit}/root, release.json
//! {home}/logs/{deployment}/                  segments
//! ```

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use platform_api::{Code, CommitHash, DeploymentId, Failure, ProjectId};
use tokio_util::task::TaskTracker;

use super::starts::Starts;
use crate::event_log::EventLog;
use crate::gateway::Gateway;
use crate::logs::{LogDir, LogWatches};
use crate::platform::Refusal;
use crate::secrets::{Requests, Secrets};
use crate::source::Repository;
use crate::store::{DeploymentRow, Store, StoreError};

/// How long the steps of a deployment may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// From launch to a healthy answer.
    pub(crate) probe: Duration,
    /// How long the end of a deployment waits for requests in flight on the old instance: ordinary ones are done by then.
    pub(crate) settle: Duration,
    /// For requests in flight on the old instance after the switch: streams and downloads.
    pub(crate) drain: Duration,
    /// From TERM to KILL.
    pub(crate) stop_grace: Duration,
    /// How many releases of a project are kept, the live one included.
    pub(crate) releases: usize,
}

/// What every driver shares.
pub(crate) struct Site<E> {
    pub(crate) home: PathBuf,
    pub(crate) store: Store,
    pub(crate) secrets: Secrets,
    /// What persons are being asked for.
    pub(crate) secret_requests: Requests,
    pub(crate) engine: E,
    pub(crate) gateway: Gateway,
    pub(crate) events: EventLog,
    pub(crate) log_watches: LogWatches,
    pub(crate) limits: Limits,
    pub(crate) starts: Starts,
    /// Owns the work that outlives a deployment: retiring releases.
    pub(crate) background: TaskTracker,
    /// How often the live instance of a deployment ended by itself.
    pub(crate) restarts: Mutex<HashMap<DeploymentId, u32>>,
}

/// Where a release lies.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The release's own folder.
    pub(super) dir: PathBuf,
}

impl Place {
    /// The checked-out and built project.
    pub(super) fn root(&self) -> PathBuf {
        self.dir.join("root")
    }

    /// What the engine needs to start it again; written last, so that its presence means "built".
    pub(super) fn manifest(&self) -> PathBuf {
        self.dir.join("release.json")
    }
}

impl<E> Site<E> {
    /// Counts one more restart of the deployment's instance.
    pub(super) fn count_restart(&self, deployment: DeploymentId) {
        *self.restarts.lock().expect("nothing panics under it").entry(deployment).or_default() += 1;
    }

    /// How often the deployment's instance was started again.
    pub(crate) fn restarts_of(&self, deployment: DeploymentId) -> u32 {
        self.restarts.lock().expect("nothing panics under it").get(&deployment).copied().unwrap_or(0)
    }

    /// The project's folder.
    pub(crate) fn project_dir(&self, project: &ProjectId) -> PathBuf {
        self.home.join("projects").join(project.as_str())
    }

    /// The project's Git repository.
    pub(crate) fn repository_dir(&self, project: &ProjectId) -> PathBuf {
        self.project_dir(project).join("repository.git")
    }

    /// The deployment's log, without the secrets of its project.
    pub(crate) fn logs(&self, project: &ProjectId, deployment: DeploymentId) -> LogDir {
        let path = self.home.join("logs").join(deployment.to_string());
        LogDir::new(path).without(self.secrets.redaction(project))
    }

    pub(super) fn place(&self, project: &ProjectId, commit: &CommitHash) -> Place {
        Place { dir: self.project_dir(project).join("releases").join(commit.short().as_str()) }
    }

    /// Moves the project's branch to the deployment's commit.
    pub(super) async fn move_branch(&self, row: &DeploymentRow) -> Result<(), Failure> {
        let (dir, commit) = (self.repository_dir(&row.project), row.commit.clone());
        blocking(move || Ok(Repository::open(&dir)?.set_head(&commit)?)).await
    }

    /// The release's folder with the commit checked out, unless it is already built there.
    pub(super) async fn release_root(&self, row: &DeploymentRow) -> Result<Place, Failure> {
        let place = self.place(&row.project, &row.commit);
        let (dir, commit, to) = (self.repository_dir(&row.project), row.commit.clone(), place.clone());
        blocking(move || {
            if to.manifest().exists() {
                return Ok(());
            }
            remove_tree(&to.dir)?;
            let checked_out = check_out(&dir, &commit, &to);
            if checked_out.is_err() {
                remove_tree(&to.dir)?;
            }
            checked_out
        })
        .await?;
        Ok(place)
    }

    /// The project's persistent data directory and its stable port.
    pub(super) async fn data_dir(&self, project: &ProjectId) -> Result<PathBuf, Failure> {
        let dir = self.project_dir(project).join("data");
        let made = dir.clone();
        blocking(move || Ok(std::fs::create_dir_all(made)?)).await?;
        self.open_port(project).await?;
        Ok(dir)
    }

    /// Opens the project's stable port: the one it had before, or another when that is taken.
    pub(super) async fn open_port(&self, project: &ProjectId) -> Result<u16, Failure> {
        let store_failed = |error: StoreError| failure(error.into());
        let wanted = self.store.project(project).map_err(store_failed)?.map_or(0, |row| row.port);
        let port = self.gateway.open_port(project, wanted).await.map_err(|error| io_failure(&error))?;
        if port != wanted {
            if wanted != 0 {
                tracing::warn!(project.id = %project, wanted, port, "the project's port was taken; it has another now");
            }
            self.store.keep_port(project.clone(), port).await.map_err(store_failed)?;
        }
        Ok(port)
    }
}

/// Removes a folder and everything in it; one that is not there is fine.
pub(crate) fn remove_tree(dir: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn check_out(repository: &Path, commit: &CommitHash, to: &Place) -> Result<(), Refusal> {
    std::fs::create_dir_all(to.root())?;
    Ok(Repository::open(repository)?.checkout(commit, &to.root())?)
}

pub(super) async fn blocking(
    work: impl FnOnce() -> Result<(), Refusal> + Send + 'static,
) -> Result<(), Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    let refusal = match done {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(refusal)) => refusal,
        Err(error) => Refusal::internal(&error),
    };
    Err(failure(refusal))
}

/// A refusal, met in the middle of a deployment.
fn failure(refusal: Refusal) -> Failure {
    let failure = Failure::new(refusal.code, refusal.detail);
    Failure { hint: refusal.hint, retryable: refusal.retryable, ..failure }
}

pub(super) fn io_failure(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => super::bring_up::disk_full(),
        _ => Failure::new(Code::INTERNAL, format!("the platform could not do it: {error}"))
            .hint("Look at platform.log in the platform's home folder; `backend-im doctor` checks the usual causes.")
            .retryable(),
    }
}

/// The parts of a site that outlive any one borrower.
pub(crate) type SharedSite<E> = Arc<Site<E>>;
