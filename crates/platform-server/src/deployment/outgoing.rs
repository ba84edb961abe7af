//! What a deployment replaced: it finishes what it has, and is stopped. The deployment is complete meanwhile.

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::journal::say;
use super::site::SharedSite;
use super::supervise::Live;
use super::{bring_up, retention};
use crate::engine::Engine;
use crate::gateway::Switched;
use platform_api::LogSource;

/// An instance that serves no new requests.
pub(super) struct Outgoing {
    pub(super) live: Live,
    pub(super) switched: Switched,
}

/// Owns the instances of one project that are on their way out.
#[derive(Default)]
pub(super) struct Leaving {
    tasks: JoinSet<()>,
    cut: CancellationToken,
}

impl Leaving {
    /// Lets the instance finish what it has, stops it, and retires the releases that are no longer kept.
    pub(super) fn add<E: Engine>(&mut self, site: &SharedSite<E>, outgoing: Outgoing) {
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(leave(site.clone(), outgoing, self.cut.clone()));
    }

    /// Stops them all now; returns once none runs.
    pub(super) async fn end(self) {
        self.cut.cancel();
        self.tasks.join_all().await;
    }
}

async fn leave<E: Engine>(site: SharedSite<E>, outgoing: Outgoing, cut: CancellationToken) {
    let Outgoing { live, switched } = outgoing;
    let drained = cut.run_until_cancelled(switched.drained(site.limits.drain)).await;
    if let Some(open @ 1..) = drained.map(|receipt| receipt.open) {
        let seconds = site.limits.drain.as_secs();
        let told = format!("{open} requests that were still open {seconds} s after the switch are cut");
        say(&site, &live.row, LogSource::Runtime, &told);
    }
    bring_up::stop(&site, live.spec.instance).await;
    retention::retire_later(&site, &live.row.project);
}
