//! Who is told when lists and resources change, in both eras of the protocol.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::ErrorData;
use rmcp::service::SubscriptionContext;
use tokio::sync::broadcast;

/// How many changes wait for a stream that is not read.
const CHANGES_MAX: usize = 16;

/// What changed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    Tools,
    Prompts,
}

/// The changes, and which resources are watched.
#[derive(Debug, Clone)]
pub(super) struct Changes {
    made: broadcast::Sender<Change>,
    watched: Arc<Mutex<BTreeSet<String>>>,
}

impl Default for Changes {
    fn default() -> Self {
        Self { made: broadcast::Sender::new(CHANGES_MAX), watched: Arc::default() }
    }
}

impl Changes {
    /// Tells everybody who listens now.
    pub(super) fn make(&self, change: Change) {
        // Nobody has to listen.
        self.made.send(change).ok();
    }

    /// Watches a resource.
    pub(super) fn watch(&self, uri: String) {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).insert(uri);
    }

    /// Stops watching it.
    pub(super) fn unwatch(&self, uri: &str) {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).remove(uri);
    }

    /// Tells one stream what it asked for, until it ends.
    pub(super) async fn tell(&self, stream: SubscriptionContext) -> Result<(), ErrorData> {
        let mut made = self.made.subscribe();
        loop {
            let change = tokio::select! {
                change = made.recv() => change,
                () = stream.cancelled() => return Ok(()),
            };
            let sink = stream.sink();
            let told = match change {
                Ok(Change::Tools) => sink.notify_tool_list_changed().await,
                Ok(Change::Prompts) => sink.notify_prompt_list_changed().await,
                Err(_) => return Ok(()),
            };
            // What this stream did not ask for is not sent.
            told.ok();
        }
    }
}
