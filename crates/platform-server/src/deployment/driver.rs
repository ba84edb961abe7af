//! One task per project: takes its deployments one after the other, hears cancellations meanwhile, and is the only
//! one who changes their state.

use std::collections::VecDeque;
use std::pin::pin;

use platform_api::{Code, DeploymentId, Fact, Failure, ProjectId, State, StoppedApp};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::incumbent::Incumbent;
use super::journal::Journal;
use super::site::SharedSite;
use super::supervise::{Begin, Live};
use super::{Ended, Leaving, Proposed, Trial, WentLive, bring_up, deploy, retention, trial};
use crate::engine::Engine;
use crate::store::DeploymentRow;

/// What a project's driver is asked to do.
#[derive(Debug)]
pub(crate) enum Command {
    /// Take this deployment, after those before it.
    Deploy(DeploymentId),
    /// End this deployment, wherever it is.
    Cancel(DeploymentId),
    /// Try the patch of this deployment, as an earlier platform was about to.
    Try(DeploymentId),
    /// End everything of the project; answers once nothing of it runs.
    Delete(oneshot::Sender<()>),
}

/// What becomes of the apps when the platform ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AppsAtEnd {
    /// They are stopped.
    Stop,
    /// They go on, for the next platform to adopt.
    Keep,
}

/// Set once, when the platform ends.
pub(super) type Ending = watch::Receiver<Option<AppsAtEnd>>;

pub(super) struct Driver<E> {
    site: SharedSite<E>,
    project: ProjectId,
    commands: mpsc::Receiver<Command>,
    queue: VecDeque<DeploymentId>,
    incumbent: Incumbent<E>,
    leaving: Leaving,
    trial: Trial<E>,
    ending: Ending,
}

/// Why a deployment that is under way is being ended early.
enum Early {
    Cancelled,
    PlatformEnds,
    ProjectDeleted(oneshot::Sender<()>),
}

impl<E: Engine> Driver<E> {
    pub(super) fn new(
        site: SharedSite<E>,
        project: ProjectId,
        commands: mpsc::Receiver<Command>,
        ending: Ending,
    ) -> Self {
        let incumbent = Incumbent::none(site.clone());
        let (leaving, trial) = (Leaving::default(), Trial::none(site.clone()));
        Self { site, project, commands, queue: VecDeque::new(), incumbent, leaving, trial, ending }
    }

    /// Starts with what is, or should be, live.
    pub(super) fn adopt(&mut self, live: Live, begin: Begin) {
        self.incumbent.install(live, begin);
    }

    /// Works until the project is deleted or the platform ends; says which app it stopped at the end.
    pub(super) async fn run(mut self) -> Option<StoppedApp> {
        loop {
            // What still waits goes on waiting for the next platform: it is on disk.
            if self.ending.borrow().is_some() {
                return self.end().await;
            }
            if let Some(next) = self.queue.pop_front() {
                if let Some(done) = self.take(next).await {
                    return self.delete(done).await;
                }
                continue;
            }
            let command = tokio::select! {
                biased;
                () = ended(&mut self.ending) => None,
                command = self.commands.recv() => command,
            };
            match command {
                None => return self.end().await,
                Some(Command::Deploy(id)) => self.queue.push_back(id),
                // What waits in the queue is cancelled there; what is not there has ended.
                Some(Command::Cancel(_)) => {}
                Some(Command::Try(id)) => self.try_again(id).await,
                Some(Command::Delete(done)) => return self.delete(done).await,
            }
        }
    }

    /// Takes one deployment to its end. Answers when the project is to be deleted.
    async fn take(&mut self, id: DeploymentId) -> Option<oneshot::Sender<()>> {
        let row = match self.site.store.deployment(id) {
            Ok(Some(row)) if !row.state.status().is_terminal() => row,
            Ok(_) => return None,
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(deployment.id = %id, error, "could not read a deployment");
                return None;
            }
        };
        self.trial.give_up().await;
        let (outcome, early) = self.work(&row).await;
        match outcome {
            Ok(went_live) => self.settle(went_live),
            Err(ended) => {
                let ended = match (ended, &early) {
                    (Ended::Cancelled, Some(Early::PlatformEnds)) => Ended::Failed(Box::new(interrupted())),
                    (ended, _) => ended,
                };
                let proposed = match &ended {
                    Ended::Failed(failure) => Proposed::by(failure),
                    _ => None,
                };
                Journal::new(&self.site, &row).record_end(ended).await;
                if let Some(proposed) = proposed {
                    self.trial.begin(row, proposed);
                }
            }
        }
        match early {
            Some(Early::ProjectDeleted(done)) => Some(done),
            _ => None,
        }
    }

    /// Runs the deployment and listens meanwhile.
    async fn work(&mut self, row: &DeploymentRow) -> (Result<WentLive, Ended>, Option<Early>) {
        let site = self.site.clone();
        let cancel = CancellationToken::new();
        let mut early = None;
        let mut work = pin!(deploy(&site, row, &mut self.incumbent, &cancel));
        loop {
            tokio::select! {
                outcome = &mut work => return (outcome, early),
                () = ended(&mut self.ending), if early.is_none() => {
                    early = Some(Early::PlatformEnds);
                    cancel.cancel();
                }
                Some(command) = self.commands.recv() => match command {
                    Command::Deploy(id) => self.queue.push_back(id),
                    Command::Cancel(id) if id == row.id => {
                        early.get_or_insert(Early::Cancelled);
                        cancel.cancel();
                    }
                    Command::Cancel(id) => cancel_queued(&site, &mut self.queue, id).await,
                    // A newer one is under way.
                    Command::Try(id) => trial::leave_unverified(&site, id).await,
                    Command::Delete(done) => {
                        early = Some(Early::ProjectDeleted(done));
                        cancel.cancel();
                    }
                },
            }
        }
    }

    /// Goes on with what an earlier platform did not find out.
    async fn try_again(&mut self, id: DeploymentId) {
        let row = self.site.store.deployment(id).ok().flatten();
        let proposed = row.and_then(|row| match &row.state {
            State::Failed { failure, .. } => Some((Proposed::by(failure)?, row)),
            _ => None,
        });
        match proposed {
            Some((proposed, row)) => self.trial.begin(row, proposed),
            None => trial::leave_unverified(&self.site, id).await,
        }
    }

    /// Watches the new instance; lets the old one go and retires old releases, both in the background.
    fn settle(&mut self, went_live: WentLive) {
        let WentLive { live, outgoing } = went_live;
        self.incumbent.install(live, Begin::Routed);
        match outgoing {
            Some(outgoing) => self.leaving.add(&self.site, outgoing),
            None => retention::retire_later(&self.site, &self.project),
        }
    }

    async fn delete(mut self, done: oneshot::Sender<()>) -> Option<StoppedApp> {
        self.site.gateway.end_previews(&self.project).await;
        self.site.gateway.remove(&self.project);
        let live = self.incumbent.dismiss().await;
        let stop_live = async {
            if let Some(live) = live {
                bring_up::stop(&self.site, live.spec.instance).await;
            }
        };
        tokio::join!(self.leaving.end(), self.trial.end(), stop_live);
        for id in self.queue {
            if let Ok(Some(row)) = self.site.store.deployment(id) {
                Journal::new(&self.site, &row).record_end(Ended::Cancelled).await;
            }
        }
        // Whoever asked may have gone away; it is done all the same.
        done.send(()).ok();
        None
    }

    async fn end(mut self) -> Option<StoppedApp> {
        let leaving = std::mem::take(&mut self.leaving);
        let trial = std::mem::replace(&mut self.trial, Trial::none(self.site.clone()));
        tokio::join!(leaving.end(), trial.end(), self.end_incumbent()).2
    }

    async fn end_incumbent(mut self) -> Option<StoppedApp> {
        let live = self.incumbent.dismiss().await?;
        if *self.ending.borrow() != Some(AppsAtEnd::Stop) {
            return None;
        }
        let url = self.site.gateway.url(&self.project);
        self.site.gateway.withdraw(&self.project);
        bring_up::stop(&self.site, live.spec.instance).await;
        Some(StoppedApp { project_id: self.project, url })
    }
}

/// Waits until the platform ends.
async fn ended(ending: &mut Ending) {
    // An error means that nobody is left to end it in order: that is an end, too.
    drop(ending.wait_for(Option::is_some).await);
}

/// Ends a deployment that still waits.
async fn cancel_queued<E: Engine>(
    site: &SharedSite<E>,
    queue: &mut VecDeque<DeploymentId>,
    id: DeploymentId,
) {
    let before = queue.len();
    queue.retain(|queued| *queued != id);
    if queue.len() == before {
        return;
    }
    if let Ok(Some(row)) = site.store.deployment(id) {
        Journal::new(site, &row).record_end(Ended::Cancelled).await;
    }
}

/// What a deployment is told that the platform's end cut short.
pub(super) fn interrupted() -> Failure {
    Failure::new(Code::INTERRUPTED, "the platform was stopped while this deployment was under way")
        .hint("Deploy again; the version that was live before is live again.")
        .retryable()
}

/// The fact for [`interrupted`].
pub(super) fn interrupted_fact() -> Fact {
    Fact::Failed { failure: Box::new(interrupted()) }
}
