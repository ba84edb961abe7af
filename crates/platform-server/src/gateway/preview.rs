//! A release that runs beside the live one because somebody asked for it.
//!
//! ```text
//! first request ─► place + Wake ──queue──► platform: launch, probe ─► wake.up(healthy)
//! all requests  ─► wait for `Running` ───────────────────────────────► claim, like on a live one
//! idle, not kept, live itself ─► wake.unwanted ─► withdraw, drain, stop
//! ```
//! A place has a route of its own, so that nothing here counts into the project's receipts; it is free again once its
//! [`Wake`] is dropped, however the start or the preview ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use platform_api::{DeploymentId, ProjectId, ShortCommit};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::instance::Instance;
use super::page::Page;
use super::route::{Claim, Route, Switched};
use crate::health::Healthy;

/// How many releases wait for the platform to start them at most.
pub(super) const WAKES_MAX: usize = 64;
/// A preview that nobody asked for anything for this long is not wanted any more, in seconds.
const IDLE_S: u64 = 5 * 60;
/// How often that is looked at, in seconds.
const IDLE_CHECK_S: u64 = 15;
/// How long a release that did not come up is not started again, in seconds.
pub(crate) const RETRY_S: u16 = 10;

/// How far a preview is.
#[derive(Debug, Clone)]
enum State {
    Starting,
    Running,
    Failed { logs: DeploymentId, message: String },
}

/// One project's previews.
#[derive(Debug, Default)]
pub(super) struct Previews {
    by_commit: Mutex<HashMap<ShortCommit, Preview>>,
    /// One token for each [`Wake`] that is not dropped.
    wakes: TaskTracker,
}

/// The place of a preview.
#[derive(Debug, Clone)]
struct Preview {
    route: Arc<Route>,
    state: watch::Receiver<State>,
    unwanted: CancellationToken,
}

/// A release to be started, and then the place of its instance. Dropping it gives the place up.
#[derive(Debug)]
pub(crate) struct Wake {
    project: Arc<Route>,
    commit: ShortCommit,
    workers: usize,
    route: Arc<Route>,
    state: watch::Sender<State>,
    unwanted: CancellationToken,
    _counted: TaskTrackerToken,
}

/// Asks the platform to start releases.
#[derive(Debug, Clone)]
pub(super) struct Waker {
    pub(super) queue: mpsc::Sender<Wake>,
    /// How many gateway threads there are.
    pub(super) workers: usize,
}

impl Previews {
    /// A place on the preview of `commit`; the first to ask has it started, and all wait until it answers. `None` when
    /// it ended in this moment: ask again from the start.
    pub(super) async fn claim(
        &self,
        project: &Arc<Route>,
        commit: &ShortCommit,
        waker: Option<&Waker>,
    ) -> Result<Option<Claim>, Page> {
        let mut preview = self.find_or_wake(project, commit, waker)?;
        let state = preview.state.wait_for(|state| !matches!(state, State::Starting)).await;
        match state.as_deref() {
            Ok(State::Failed { logs, message }) => Err(Page::ReleaseFailed {
                commit: commit.to_string(),
                logs: logs.to_string(),
                message: message.clone(),
            }),
            Ok(_) => Ok(preview.route.claim().ok()),
            Err(_given_up) if project.may_preview(commit) => Err(not_running(project, commit)),
            // It was given up because it is live itself, or not kept.
            Err(_given_up) => Ok(None),
        }
    }

    fn find_or_wake(
        &self,
        project: &Arc<Route>,
        commit: &ShortCommit,
        waker: Option<&Waker>,
    ) -> Result<Preview, Page> {
        let mut by_commit = self.by_commit();
        if let Some(preview) = by_commit.get(commit) {
            return Ok(preview.clone());
        }
        // Asked under the lock that a change takes after it: no preview starts behind the back of one.
        let waker = waker.filter(|_| project.may_preview(commit));
        let place = waker.and_then(|waker| Some((waker.queue.try_reserve().ok()?, waker.workers)));
        let (place, workers) = place.ok_or_else(|| not_running(project, commit))?;
        let (state, seen) = watch::channel(State::Starting);
        let route = Arc::new(Route::new(project.project().clone()));
        let (unwanted, counted) = (CancellationToken::new(), self.wakes.token());
        let preview = Preview { route: Arc::clone(&route), state: seen, unwanted: unwanted.clone() };
        by_commit.insert(commit.clone(), preview.clone());
        // Nobody may drop a wake under the lock: its drop takes it.
        drop(by_commit);
        place.send(Wake {
            project: Arc::clone(project),
            commit: commit.clone(),
            workers,
            route,
            state,
            unwanted,
            _counted: counted,
        });
        Ok(preview)
    }

    /// Ends the previews that `wanted` does not name.
    pub(super) fn retain(&self, wanted: impl Fn(&ShortCommit) -> bool) {
        for (commit, preview) in self.by_commit().iter() {
            if !wanted(commit) {
                preview.unwanted.cancel();
            }
        }
    }

    /// Resolves when nothing of any preview is left.
    pub(super) async fn ended(&self) {
        self.wakes.close();
        self.wakes.wait().await;
    }

    fn by_commit(&self) -> MutexGuard<'_, HashMap<ShortCommit, Preview>> {
        self.by_commit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_running(project: &Route, commit: &ShortCommit) -> Page {
    Page::ReleaseNotRunning { project: project.project().to_string(), commit: commit.to_string() }
}

impl Wake {
    /// Whose release it is.
    pub(crate) fn project(&self) -> &ProjectId {
        self.project.project()
    }

    /// Which release it is.
    pub(crate) fn commit(&self) -> &ShortCommit {
        &self.commit
    }

    /// Sends the requests that wait, and all that come, to `healthy`.
    pub(crate) fn up(&self, healthy: Healthy) {
        let instance = Instance::new(healthy, self.commit.clone(), self.workers);
        drop(self.route.switch(Some(Arc::new(instance))));
        self.state.send_replace(State::Running);
    }

    /// Answers the requests that wait, and all that come, with why there is no instance; `logs` has its output.
    pub(crate) fn failed(&self, logs: DeploymentId, message: String) {
        self.state.send_replace(State::Failed { logs, message });
    }

    /// Resolves when nobody wants it any more: the release is not kept, is the live one, or was not asked for anything
    /// for some minutes.
    ///
    /// # Cancel safety
    /// Safe to drop; the time without a request then starts anew.
    pub(crate) async fn unwanted(&self) {
        tokio::select! {
            () = self.unwanted.cancelled() => {}
            () = self.idle() => {}
        }
    }

    async fn idle(&self) {
        let (mut seen, mut since) = (self.route.requests(), Instant::now());
        while Instant::now() - since < Duration::from_secs(IDLE_S) {
            sleep(Duration::from_secs(IDLE_CHECK_S)).await;
            let requests = self.route.requests();
            if requests != seen || self.route.in_flight() > 0 {
                (seen, since) = (requests, Instant::now());
            }
        }
    }

    /// Takes it off the air: the next request for the release starts another one.
    pub(crate) fn withdraw(&self) -> Switched {
        self.leave();
        self.route.switch(None)
    }

    /// Gives the place up, if it is still this one's.
    fn leave(&self) {
        let mut by_commit = self.project.previews().by_commit();
        if by_commit.get(&self.commit).is_some_and(|preview| Arc::ptr_eq(&preview.route, &self.route)) {
            by_commit.remove(&self.commit);
        }
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use platform_api::InstanceId;
    use uuid::Uuid;

    use super::*;

    fn healthy() -> Healthy {
        Healthy::for_test(InstanceId::from_v7(Uuid::now_v7()), ([127, 0, 0, 1], 1).into())
    }

    fn commit(number: u64) -> ShortCommit {
        format!("{number:012x}").parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_preview_is_wanted_until_nobody_has_asked_for_five_minutes() {
        let project = Arc::new(Route::new("ana-todo".parse().unwrap()));
        project.know(&[commit(1), commit(2)]);
        drop(project.switch(Some(Arc::new(Instance::new(healthy(), commit(2), 1)))));
        let (queue, mut asked) = mpsc::channel(1);
        let waker = Waker { queue, workers: 1 };
        let first = commit(1);
        let (claim, wake) = tokio::join!(project.claim_release(first.as_str(), Some(&waker)), async {
            let wake = asked.recv().await.unwrap();
            wake.up(healthy());
            wake
        });
        let claim = claim.unwrap();
        let within = |seconds| tokio::time::timeout(Duration::from_secs(seconds), wake.unwanted());
        within(3 * IDLE_S).await.expect_err("a request is in flight");
        drop(claim);
        let before = Instant::now();
        within(2 * IDLE_S).await.expect("nobody asks any more");
        let idle = (Instant::now() - before).as_secs();
        assert!((IDLE_S..=IDLE_S + IDLE_CHECK_S).contains(&idle), "{idle} s");
    }
}
