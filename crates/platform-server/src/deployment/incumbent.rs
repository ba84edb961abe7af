//! What serves a project now, and the task that keeps it running.

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::site::SharedSite;
use super::supervise::{Begin, Live, supervise};
use crate::engine::Engine;

/// Owns the supervision of the live instance; there is at most one.
pub(super) struct Incumbent<E> {
    site: SharedSite<E>,
    task: JoinSet<Live>,
    cancel: CancellationToken,
}

impl<E: Engine> Incumbent<E> {
    /// Nobody yet.
    pub(super) fn none(site: SharedSite<E>) -> Self {
        Self { site, task: JoinSet::new(), cancel: CancellationToken::new() }
    }

    /// Watches `live` from now on.
    pub(super) fn install(&mut self, live: Live, begin: Begin) {
        debug_assert!(self.task.is_empty(), "the one before was dismissed");
        self.cancel = CancellationToken::new();
        self.task.spawn(supervise(self.site.clone(), live, begin, self.cancel.clone()));
    }

    /// Stops watching and says what runs; the instance itself goes on.
    pub(super) async fn dismiss(&mut self) -> Option<Live> {
        self.cancel.cancel();
        self.task.join_next().await?.ok()
    }

    /// Takes back what was dismissed: it is probed, gets the route again and is watched.
    pub(super) fn reinstate(&mut self, live: Option<Live>) {
        if let Some(live) = live {
            self.install(live, Begin::Adopted);
        }
    }
}
