//! Which instance a project's requests go to, and the switch from one to the next.
//!
//! ```text
//! request:  live.load ─► gate.enter ──► counted on that instance ──► … ──► gate.leave
//!                └──◄── closed: a newer one is already in `live`, load again
//! switch:   live.swap(new) ─► old.gate.close ─► drain: old.gate empty
//! ```
//! Entering and closing are one atomic word, so a request is either counted before the closing, and waited for, or sees
//! it and goes to the new instance. No request is lost in between, and no lock is held while any is served.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use platform_api::{ProjectId, Receipt, ShortCommit};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::instance::{Instance, Target};
use super::page::Page;
use super::preview::{Previews, Waker};

/// All routes, by project.
#[derive(Debug, Default)]
pub(super) struct Routes {
    by_project: ArcSwap<HashMap<String, Arc<Route>>>,
    changing: Mutex<()>,
    waker: ArcSwapOption<Waker>,
}

impl Routes {
    /// The route of `project`, if it has one.
    pub(super) fn find(&self, project: &str) -> Option<Arc<Route>> {
        self.by_project.load().get(project).cloned()
    }

    /// The route of `project`, made if it has none.
    pub(super) fn of(&self, project: &ProjectId) -> Arc<Route> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = self.find(project.as_str()) {
            return route;
        }
        let route = Arc::new(Route::new(project.clone()));
        let mut next = HashMap::clone(&self.by_project.load());
        next.insert(project.to_string(), Arc::clone(&route));
        self.by_project.store(Arc::new(next));
        route
    }

    /// Who starts releases that do not run; nobody before the platform does.
    pub(super) fn waker(&self) -> Option<Arc<Waker>> {
        self.waker.load_full()
    }

    /// Has releases that do not run started by whoever listens to `waker`.
    pub(super) fn wake_with(&self, waker: Waker) {
        self.waker.store(Some(Arc::new(waker)));
    }

    /// Forgets `project`.
    pub(super) fn remove(&self, project: &ProjectId) -> Option<Arc<Route>> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = HashMap::clone(&self.by_project.load());
        let removed = next.remove(project.as_str());
        self.by_project.store(Arc::new(next));
        removed
    }
}

/// One project's route.
#[derive(Debug)]
pub(super) struct Route {
    project: ProjectId,
    live: ArcSwapOption<Instance>,
    was_live: AtomicBool,
    known: ArcSwap<Vec<ShortCommit>>,
    previews: Previews,
    counts: Counts,
    port: Mutex<Option<OwnPort>>,
}

/// What a project's requests came to, since the gateway started.
#[derive(Debug, Default)]
struct Counts {
    requests: AtomicU64,
    failed: AtomicU64,
}

/// The project's own port.
#[derive(Debug)]
pub(super) struct OwnPort {
    pub(super) number: u16,
    /// Cancel to stop listening.
    pub(super) open: CancellationToken,
}

impl Route {
    pub(super) fn new(project: ProjectId) -> Self {
        Self {
            project,
            live: ArcSwapOption::empty(),
            was_live: AtomicBool::new(false),
            known: ArcSwap::default(),
            previews: Previews::default(),
            counts: Counts::default(),
            port: Mutex::default(),
        }
    }

    /// Counts a request and hands it the live instance, or says why there is none.
    pub(super) fn claim(self: &Arc<Self>) -> Result<Claim, Page> {
        self.counts.requests.fetch_add(1, Ordering::Relaxed);
        loop {
            let Some(instance) = self.live.load_full() else {
                self.counts.failed.fetch_add(1, Ordering::Relaxed);
                return Err(self.absent());
            };
            if instance.gate().enter() {
                return Ok(Claim { route: Arc::clone(self), instance });
            }
        }
    }

    /// Like [`Self::claim`], for one release only: the live instance, or one that is started beside it.
    pub(super) async fn claim_release(
        self: &Arc<Self>,
        commit: &str,
        waker: Option<&Waker>,
    ) -> Result<Claim, Page> {
        loop {
            if self.live_commit().ok_or_else(|| self.absent())?.as_str() == commit {
                let claim = self.claim()?;
                if claim.instance.commit().as_str() == commit {
                    return Ok(claim);
                }
            }
            let kept = self.known.load().iter().find(|known| known.as_str() == commit).cloned();
            let gone = || Page::ReleaseGone { project: self.project.to_string(), commit: commit.to_owned() };
            if let Some(claim) = self.previews.claim(self, &kept.ok_or_else(gone)?, waker).await? {
                return Ok(claim);
            }
        }
    }

    /// Whether an instance of this release may run beside the live one: it is kept and is another one.
    pub(super) fn may_preview(&self, commit: &ShortCommit) -> bool {
        self.live_commit().is_some_and(|live| live != *commit) && self.known.load().contains(commit)
    }

    fn live_commit(&self) -> Option<ShortCommit> {
        Some(self.live.load().as_ref()?.commit().clone())
    }

    fn absent(&self) -> Page {
        let project = self.project.to_string();
        if self.was_live.load(Ordering::Relaxed) {
            Page::Stopped { project }
        } else {
            Page::NotYetLive { project }
        }
    }

    /// From here on new requests go to `next`.
    pub(super) fn switch(self: &Arc<Self>, next: Option<Arc<Instance>>) -> Switched {
        let (requests, failed) = self.counted();
        self.was_live.store(true, Ordering::Relaxed);
        let leaving = self.live.swap(next);
        let live = self.live_commit();
        self.previews.retain(|commit| live.as_ref() != Some(commit));
        let in_flight = leaving.as_ref().map_or(0, |old| old.gate().close());
        Switched {
            old: leaving.as_ref().map(|old| old.target()),
            leaving,
            route: Arc::clone(self),
            at: Instant::now(),
            before: Receipt { requests, failed, in_flight, ..Receipt::default() },
        }
    }

    /// The releases that are kept: one that does not run is started when its host is asked. Ends previews of others.
    pub(super) fn know(&self, commits: &[ShortCommit]) {
        self.known.store(Arc::new(commits.to_vec()));
        self.previews.retain(|commit| commits.contains(commit));
    }

    pub(super) fn project(&self) -> &ProjectId {
        &self.project
    }

    pub(super) fn previews(&self) -> &Previews {
        &self.previews
    }

    /// How many requests there were.
    pub(super) fn requests(&self) -> u64 {
        self.counts.requests.load(Ordering::Relaxed)
    }

    /// How many requests the live instance is at.
    pub(super) fn in_flight(&self) -> u64 {
        self.live.load().as_ref().map_or(0, |live| live.gate().inside())
    }

    /// The project's own port, for reading and changing.
    pub(super) fn port(&self) -> std::sync::MutexGuard<'_, Option<OwnPort>> {
        self.port.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counted(&self) -> (u64, u64) {
        (self.requests(), self.counts.failed.load(Ordering::Relaxed))
    }
}

/// One request's place on an instance, from its choice until the answer's last byte has left the instance.
#[derive(Debug)]
pub(super) struct Claim {
    route: Arc<Route>,
    instance: Arc<Instance>,
}

impl Claim {
    pub(super) fn instance(&self) -> &Arc<Instance> {
        &self.instance
    }

    pub(super) fn project(&self) -> &ProjectId {
        &self.route.project
    }

    /// Counts the request as one that the instance did not answer, or not to the end.
    pub(super) fn failed(&self) {
        self.route.counts.failed.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.instance.gate().leave();
    }
}

/// A switch that happened; what it replaced is still finishing its requests.
#[derive(Debug)]
#[must_use = "the old instance may be stopped only after `drained`"]
pub(crate) struct Switched {
    /// What was replaced.
    pub(crate) old: Option<Target>,
    leaving: Option<Arc<Instance>>,
    route: Arc<Route>,
    at: Instant,
    before: Receipt,
}

impl Switched {
    /// What the switch has cost once the replaced instance has nothing in flight any more, at latest after `limit`.
    ///
    /// # Cancel safety
    /// Safe to drop.
    pub(crate) async fn settled(&self, limit: Duration) -> Receipt {
        let open = match &self.leaving {
            Some(instance) => instance.emptied(limit).await,
            None => 0,
        };
        self.receipt(open)
    }

    /// Waits until the replaced instance has nothing in flight any more, at most until `limit` after the switch, and cuts
    /// its upgraded connections. After this it may be stopped. Requests that were left when time was up count as failed.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the switch in place and the rest of the drain undone: upgraded connections then last
    /// until the instance itself ends.
    pub(crate) async fn drained(self, limit: Duration) -> Receipt {
        let limit = limit.saturating_sub(Instant::now() - self.at);
        let left = match &self.leaving {
            Some(instance) => instance.drained(limit).await,
            None => 0,
        };
        let receipt = self.receipt(left);
        Receipt { failed: receipt.failed + left, ..receipt }
    }

    fn receipt(&self, open: u64) -> Receipt {
        let (requests, failed) = self.route.counted();
        let drain = Instant::now() - self.at;
        Receipt {
            requests: requests - self.before.requests,
            failed: failed - self.before.failed,
            in_flight: self.before.in_flight,
            drain_ms: u64::try_from(drain.as_millis()).unwrap_or(u64::MAX),
            open,
        }
    }
}

#[cfg(test)]
mod tests {
    use platform_api::InstanceId;
    use uuid::Uuid;

    use super::*;
    use crate::health::Healthy;

    fn instance(number: u16) -> Arc<Instance> {
        let healthy = Healthy::for_test(InstanceId::from_v7(Uuid::now_v7()), ([127, 0, 0, 1], number).into());
        Arc::new(Instance::new(healthy, "0123456789ab".parse().unwrap(), 1))
    }

    /// The moment between choosing an instance and being counted on it is no gap: whoever holds a claim holds it on an
    /// instance that nobody takes for drained.
    #[test]
    fn no_claim_is_on_an_instance_that_has_drained() {
        const SWITCHES: u16 = 5_000;
        let route = Arc::new(Route::new("ana-todo".parse().unwrap()));
        drop(route.switch(Some(instance(0))));
        // Instances are stopped in the order of their numbers: all below this one.
        let stopped_below = AtomicU64::new(0);
        let claim = || {
            loop {
                let claim = route.claim().unwrap();
                let number = claim.instance().address().port();
                assert!(u64::from(number) >= stopped_below.load(Ordering::SeqCst), "{number} was stopped");
                if number == SWITCHES {
                    return;
                }
            }
        };
        std::thread::scope(|scope| {
            let _claimers = [scope.spawn(claim), scope.spawn(claim), scope.spawn(claim)];
            for number in 1..=SWITCHES {
                let switched = route.switch(Some(instance(number)));
                let old = switched.leaving.as_ref().unwrap();
                let begin = std::time::Instant::now();
                while old.gate().inside() > 0 {
                    assert!(begin.elapsed() < Duration::from_secs(20), "{} left inside", old.gate().inside());
                    std::thread::yield_now();
                }
                stopped_below.store(number.into(), Ordering::SeqCst);
            }
        });
    }

    #[test]
    fn a_receipt_counts_from_the_switch_on() {
        let route = Arc::new(Route::new("ana-todo".parse().unwrap()));
        assert_eq!(route.claim().unwrap_err(), Page::NotYetLive { project: "ana-todo".to_owned() });
        let switched = route.switch(Some(instance(1)));
        let claims = [route.claim().unwrap(), route.claim().unwrap()];
        claims[0].failed();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let receipt = runtime.block_on(switched.drained(Duration::from_secs(1)));
        assert_eq!((receipt.requests, receipt.failed, receipt.in_flight), (2, 1, 0));
        assert_eq!(route.switch(None).before.in_flight, 2);
    }
}
