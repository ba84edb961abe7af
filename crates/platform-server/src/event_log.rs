//! Who waits for a deployment's next event: a level, not an edge. The events themselves are in the store.

use std::collections::HashMap;
use std::sync::Mutex;

use platform_api::DeploymentId;
use tokio::sync::watch;

/// The newest event number of every deployment that is under way or watched.
#[derive(Default)]
pub(crate) struct EventLog {
    heads: Mutex<HashMap<DeploymentId, watch::Sender<u64>>>,
}

impl EventLog {
    /// A receiver that knows the newest number: at least `known`, which the caller has just read from the store.
    pub(crate) fn watch(&self, id: DeploymentId, known: u64) -> watch::Receiver<u64> {
        let mut heads = self.heads.lock().expect("nothing panics under it");
        heads.retain(|_, head| head.receiver_count() > 0);
        let head = heads.entry(id).or_insert_with(|| watch::Sender::new(known));
        head.send_if_modified(|seq| std::mem::replace(seq, known.max(*seq)) < known);
        head.subscribe()
    }

    /// Says that events up to `seq` are on disk.
    pub(crate) fn announce(&self, id: DeploymentId, seq: u64) {
        let heads = self.heads.lock().expect("nothing panics under it");
        if let Some(head) = heads.get(&id) {
            head.send_if_modified(|known| std::mem::replace(known, seq.max(*known)) < seq);
        }
    }

    /// Wakes whoever watches the deployment, for news that is no event.
    pub(crate) fn wake(&self, id: DeploymentId) {
        let heads = self.heads.lock().expect("nothing panics under it");
        if let Some(head) = heads.get(&id) {
            head.send_modify(|_| {});
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_watcher_hears_of_what_was_announced_before_it_waits() {
        let log = EventLog::default();
        let id = crate::clock::new_deployment();
        let mut head = log.watch(id, 2);
        log.announce(id, 3);
        log.announce(id, 1);
        assert_eq!(*head.wait_for(|seq| *seq >= 3).await.unwrap(), 3);
    }
}
