//! What a client of the older era subscribed to: one watcher each, owned here, ended with the connection.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use platform_client::Backend;
use rmcp::RoleServer;
use rmcp::model::ResourceUpdatedNotificationParam;
use rmcp::service::Peer;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use super::{Address, Change, Wanted};

/// How many resources one client may watch.
pub(super) const SUBSCRIPTIONS_MAX: usize = 64;

/// The subscriptions of one connection. Dropping it ends them.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    watchers: JoinSet<()>,
    watched: BTreeMap<Address, AbortHandle>,
}

/// One client watches as much as it may already.
#[derive(Debug, thiserror::Error)]
#[error("at most {SUBSCRIPTIONS_MAX} resources can be subscribed to at once: unsubscribe from one first")]
pub(crate) struct TooMany;

impl Subscriptions {
    /// Tells `peer` from now on when the resource changes. The same again changes nothing.
    ///
    /// # Errors
    /// [`TooMany`].
    pub(crate) fn add(
        &self,
        address: Address,
        backend: Backend,
        acts: watch::Receiver<()>,
        peer: Peer<RoleServer>,
    ) -> Result<(), TooMany> {
        let Inner { watchers, watched } = &mut *self.lock();
        while watchers.try_join_next().is_some() {}
        watched.retain(|_, watcher| !watcher.is_finished());
        if watched.contains_key(&address) {
            return Ok(());
        }
        if watched.len() == SUBSCRIPTIONS_MAX {
            return Err(TooMany);
        }
        let wanted = Wanted { addresses: BTreeSet::from([address]), list: address == Address::Projects };
        let tell = Box::new(move |change| tell(peer.clone(), change).boxed());
        let watcher = watchers.spawn(async move { super::watch(&backend, wanted, acts, tell).await });
        watched.insert(address, watcher);
        Ok(())
    }

    /// Tells nothing more about the resource.
    pub(crate) fn remove(&self, address: Address) {
        if let Some(watcher) = self.lock().watched.remove(&address) {
            watcher.abort();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Entries are written whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn tell(peer: Peer<RoleServer>, change: Change) -> bool {
    let told = match change {
        Change::Updated(address) => {
            peer.notify_resource_updated(ResourceUpdatedNotificationParam::new(address.to_string())).await
        }
        Change::Listed => peer.notify_resource_list_changed().await,
    };
    told.is_ok()
}
