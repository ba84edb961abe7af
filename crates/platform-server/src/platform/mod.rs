//! What the platform does for its callers: one method per use case. Knows no HTTP.

mod accept;
mod content;
mod env;
mod generate;
mod projects;
mod refusal;
mod rollback;
mod secrets;
mod tips;
mod view;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use build_plan::Verification;
use build_plan::toolchain::{Need, Shortfall};
use platform_api::{
    Code, DeploymentId, Event, Fact, InvalidProjectId, PlatformStatus, ProjectId, Status, StopAnswer,
    StoppedApp, Version,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub(crate) use accept::DeployInput;
pub(crate) use content::plan as plan_entries;
pub(crate) use projects::{WithContent, plan};
pub(crate) use refusal::Refusal;
pub(crate) use secrets::{Given, Question};
use tips::Tips;

use crate::deployment::{AppsAtEnd, Command, Drivers, Previews, SharedSite, recover};
use crate::engine::{Engine, ProcessEngine, Running};
use crate::logs::{LogDir, LogWatch};
use crate::store::DeploymentRow;

/// The version of the wire contract that this platform speaks.
const CONTRACT: &str = "1.0";

/// Whose platform this is.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// The user part of project ids: lower-case letters and digits.
    pub(crate) user: String,
    /// The user's address.
    pub(crate) email: String,
}

/// The platform; clones share it.
#[derive(Clone)]
pub(crate) struct Platform(Arc<Inner>);

struct Inner {
    site: SharedSite<ProcessEngine>,
    drivers: Drivers<ProcessEngine>,
    previews: Previews,
    /// Held while a project's next commit is decided, so that two deploys at once make a line and not a fork.
    gates: Mutex<HashMap<ProjectId, Arc<tokio::sync::Mutex<()>>>>,
    tips: Tips,
    /// Held while a name for a new project is chosen and taken.
    naming: tokio::sync::Mutex<()>,
    identity: Identity,
    started_ms: u64,
    ending: CancellationToken,
}

impl Platform {
    /// Brings the platform to what its database says and starts taking requests. `ending` is cancelled when somebody
    /// asks the platform to stop.
    pub(crate) async fn start(
        site: SharedSite<ProcessEngine>,
        identity: Identity,
        ending: CancellationToken,
    ) -> Result<Self, Refusal> {
        let drivers = Drivers::new(site.clone());
        recover(&site, &drivers).await?;
        let started_ms = crate::clock::now_ms();
        site.store.forget_keys(started_ms.saturating_sub(platform_api::limits::IDEMPOTENCY_S * 1000)).await?;
        let previews = Previews::start(site.clone());
        Ok(Self(Arc::new(Inner {
            site,
            drivers,
            previews,
            gates: Mutex::default(),
            tips: Tips::default(),
            naming: tokio::sync::Mutex::default(),
            identity,
            started_ms,
            ending,
        })))
    }

    /// The user that project ids begin with.
    pub(crate) fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// What the platform is.
    pub(crate) fn version(&self) -> Version {
        Version {
            contract: CONTRACT.to_owned(),
            server: env!("CARGO_PKG_VERSION").to_owned(),
            engine: self.0.site.engine.name().to_owned(),
        }
    }

    /// What this platform lacks of what a plan needs.
    pub(crate) async fn lacks(&self, needs: &[Need]) -> Vec<Shortfall> {
        self.0.site.engine.lacks(needs).await
    }

    /// What the platform does now.
    ///
    /// # Errors
    /// [`Refusal`] when the database fails.
    pub(crate) async fn status(&self) -> Result<PlatformStatus, Refusal> {
        let site = &self.0.site;
        // An instance of a trial is no part of any deployment.
        let is_known =
            |running: &Running| site.store.deployment(running.deployment).is_ok_and(|row| row.is_some());
        let running = site.engine.running().await.into_iter().filter(is_known);
        let mut live: Vec<ProjectId> = running.map(|running| running.project).collect();
        live.sort();
        live.dedup();
        Ok(PlatformStatus {
            version: self.version().server,
            pid: std::process::id(),
            engine: site.engine.name().to_owned(),
            started_ms: self.0.started_ms,
            gateway: site.gateway.base_url(),
            live,
            deployments_under_way: site.store.under_way()?.len(),
        })
    }

    /// Ends the platform, with or without its apps.
    pub(crate) async fn stop(&self, apps: AppsAtEnd) -> StopAnswer {
        let stopped = self.end(apps).await;
        self.0.ending.cancel();
        StopAnswer { stopped }
    }

    /// Ends every preview, which no platform adopts, and every driver; a second time it finds none and does nothing.
    pub(crate) async fn end(&self, apps: AppsAtEnd) -> Vec<StoppedApp> {
        let ((), stopped) = tokio::join!(self.0.previews.end(), self.0.drivers.end(apps));
        stopped
    }

    /// Ends a deployment that is under way and answers once it has ended. Cancelling twice is cancelling once.
    ///
    /// # Errors
    /// [`Refusal`] when there is no such deployment, or it has gone live or failed already.
    pub(crate) async fn cancel(&self, id: DeploymentId) -> Result<platform_api::Deployment, Refusal> {
        let row = self.row(id)?;
        match row.state.status() {
            Status::Cancelled => {}
            status if status.is_terminal() => return Err(already_ended(id, status)),
            _ => self.cancel_and_wait(&row).await?,
        }
        self.deployment(id).await
    }

    async fn cancel_and_wait(&self, row: &DeploymentRow) -> Result<(), Refusal> {
        let mut head = self.watch(row.id)?;
        self.0.drivers.send(&row.project, Command::Cancel(row.id)).await;
        while !self.row(row.id)?.state.status().is_terminal() {
            if head.changed().await.is_err() {
                return Err(Refusal::draining());
            }
        }
        Ok(())
    }

    /// The deployment's events after `seq`, without the secrets of its project.
    ///
    /// # Errors
    /// [`Refusal`] when the database fails.
    pub(crate) fn events_after(&self, id: DeploymentId, seq: u64) -> Result<Vec<Event>, Refusal> {
        let mut events = self.0.site.store.events_after(id, seq)?;
        for event in &mut events {
            if let Fact::Failed { failure } = &mut event.fact {
                self.0.site.secrets.redaction(&self.row(id)?.project).now().failure(failure);
            }
        }
        Ok(events)
    }

    /// The number of the deployment's newest event, now and whenever it changes.
    ///
    /// # Errors
    /// [`Refusal`] when there is no such deployment.
    pub(crate) fn watch(&self, id: DeploymentId) -> Result<watch::Receiver<u64>, Refusal> {
        // Subscribed before it is read, so that nothing announced in between is missed.
        let head = self.0.site.events.watch(id, 0);
        let known = self.row(id)?.seq;
        self.0.site.events.announce(id, known);
        Ok(head)
    }

    /// How trying the deployment's patch goes, where it is or was tried.
    ///
    /// # Errors
    /// [`Refusal`] when the database fails.
    pub(crate) fn verification(&self, id: DeploymentId) -> Result<Option<Verification>, Refusal> {
        Ok(self.0.site.store.verification(id)?.map(|row| row.result))
    }

    /// Whether nothing more becomes of the deployment by itself: it has ended, and no patch of it is being tried.
    ///
    /// # Errors
    /// [`Refusal`] when there is no such deployment.
    pub(crate) fn is_settled(&self, id: DeploymentId) -> Result<bool, Refusal> {
        let is_over = self.row(id)?.state.status().is_terminal();
        Ok(is_over && self.verification(id)? != Some(Verification::Pending))
    }

    /// The deployment's log.
    ///
    /// # Errors
    /// [`Refusal`] when there is no such deployment.
    pub(crate) fn log_dir(&self, id: DeploymentId) -> Result<LogDir, Refusal> {
        Ok(self.0.site.logs(&self.row(id)?.project, id))
    }

    /// Wakes whoever reads the deployment's log.
    ///
    /// # Errors
    /// [`Refusal`] when the system cannot watch the folder.
    pub(crate) fn log_watch(&self, id: DeploymentId) -> Result<LogWatch, Refusal> {
        Ok(self.0.site.log_watches.watch(&self.log_dir(id)?)?)
    }

    /// Whether nothing will be added to the deployment's log: it is over and nothing of it runs.
    pub(crate) async fn log_complete(&self, id: DeploymentId) -> bool {
        let Ok(row) = self.row(id) else { return true };
        if !row.state.status().is_terminal() {
            return false;
        }
        let running = self.0.site.engine.running().await;
        !self.is_live(&row) && !running.iter().any(|running| running.deployment == id)
    }

    fn row(&self, id: DeploymentId) -> Result<DeploymentRow, Refusal> {
        self.0.site.store.deployment(id)?.ok_or_else(|| {
            Refusal::not_found("deployment", &id).hint("List a project's deployments to find the right id.")
        })
    }

    fn is_live(&self, row: &DeploymentRow) -> bool {
        row.state.status() == Status::Complete
            && self.0.site.store.project(&row.project).ok().flatten().is_some_and(|p| p.live == Some(row.id))
    }

    /// The lock under which a project's next commit is decided.
    fn gate(&self, project: &ProjectId) -> Arc<tokio::sync::Mutex<()>> {
        let mut gates = self.0.gates.lock().expect("nothing panics under it");
        gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        gates.entry(project.clone()).or_default().clone()
    }

    /// The id of a project that is named by its id, or by its name alone.
    fn project_id(
        &self,
        id: Option<&ProjectId>,
        name: Option<&str>,
        user: Option<&str>,
    ) -> Result<Option<ProjectId>, Refusal> {
        match (id, name) {
            (Some(id), _) => Ok(Some(id.clone())),
            (None, Some(name)) => {
                let user = user.unwrap_or(&self.0.identity.user);
                ProjectId::new(user, name).map(Some).map_err(Into::into)
            }
            (None, None) => Ok(None),
        }
    }
}

fn already_ended(id: DeploymentId, status: Status) -> Refusal {
    let hint = match status {
        Status::Complete => "Roll the project back to go to the version before.",
        _ => "There is nothing left to cancel.",
    };
    Refusal::new(Code::ALREADY_ENDED, format!("deployment {id} has ended: {status}")).hint(hint)
}

impl From<InvalidProjectId> for Refusal {
    fn from(error: InvalidProjectId) -> Self {
        Self::new(Code::INVALID_PROJECT, error.to_string())
            .hint("Use lower-case letters, digits and hyphens, for example `my-shop`.")
    }
}

/// Runs file and Git work where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(Refusal::internal(&error)))
}
