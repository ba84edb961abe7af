//! An instance that requests go to: its gate, its connections, and its drain.

use std::net::SocketAddr;
use std::time::Duration;

use platform_api::{InstanceId, ShortCommit};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::gate::Gate;
use super::upstream::Pool;
use crate::health::Healthy;

/// Where a project's requests went, or go: what the gateway knows of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// The instance.
    pub(crate) instance: InstanceId,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its release.
    pub(crate) commit: ShortCommit,
}

/// A routed instance.
#[derive(Debug)]
pub(super) struct Instance {
    healthy: Healthy,
    commit: ShortCommit,
    gate: Gate,
    /// One pool a worker: a connection stays on the thread whose reactor knows it.
    pools: Box<[Pool]>,
    /// Cancelled at the end of the drain: ends what became something else than HTTP, which no drain can wait for.
    retired: CancellationToken,
}

impl Instance {
    pub(super) fn new(healthy: Healthy, commit: ShortCommit, workers: usize) -> Self {
        let pools = (0..workers).map(|_| Pool::default()).collect();
        Self { healthy, commit, gate: Gate::default(), pools, retired: CancellationToken::new() }
    }

    pub(super) fn target(&self) -> Target {
        Target {
            instance: self.healthy.instance(),
            address: self.healthy.address(),
            commit: self.commit.clone(),
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.healthy.address()
    }

    pub(super) fn commit(&self) -> &ShortCommit {
        &self.commit
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }

    pub(super) fn pool(&self, worker: usize) -> &Pool {
        &self.pools[worker]
    }

    pub(super) fn retired(&self) -> &CancellationToken {
        &self.retired
    }

    /// Waits until nothing is in flight, at most `limit`; then cuts upgraded connections and closes the idle ones, so
    /// that a server that waits for its connections ends at once. Returns how many requests were left when time was up.
    pub(super) async fn drained(&self, limit: Duration) -> u64 {
        let left = self.emptied(limit).await;
        self.retire();
        left
    }

    /// Waits until nothing is in flight, at most `limit`; how many requests are.
    pub(super) async fn emptied(&self, limit: Duration) -> u64 {
        match timeout(limit, self.gate.emptied()).await {
            Ok(()) => 0,
            Err(_elapsed) => self.gate.inside(),
        }
    }

    fn retire(&self) {
        self.retired.cancel();
        for pool in &self.pools {
            pool.close();
        }
    }
}
