//! The platform as its users see it. This file finds the platform and finds it again; what can be asked of it is in the
//! files named after the asking.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use platform_api::Code;
use tokio::sync::Mutex;

use crate::{Client, ClientError, Look};

/// Finds the platform, and starts it where that is this program's to do. Called on first use, and again when the platform
/// that was found is gone.
pub type Connect = Arc<dyn Fn() -> BoxFuture<'static, Result<Client, ClientError>> + Send + Sync>;

/// The platform: every tool and every command is one method here. Cheap to clone; clones share one connection.
#[derive(Clone)]
pub struct Backend {
    shared: Arc<Shared>,
}

struct Shared {
    connect: Connect,
    /// Given only where a plan may say what the machine lacks.
    look: Option<Look>,
    state_dir: PathBuf,
    client: Mutex<Option<Client>>,
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend").field("state_dir", &self.shared.state_dir).finish_non_exhaustive()
    }
}

impl Backend {
    /// A backend that finds its platform with `connect` and keeps what it knows of workspaces in `state_dir`. Does
    /// nothing yet.
    pub fn new(connect: Connect, state_dir: PathBuf) -> Self {
        Self { shared: Arc::new(Shared { connect, look: None, state_dir, client: Mutex::new(None) }) }
    }

    /// The same before its first call, whose plans say what the machine that would build lacks.
    #[must_use]
    pub fn looking_with(self, look: Look) -> Self {
        let Shared { connect, state_dir, .. } = &*self.shared;
        let (connect, state_dir) = (connect.clone(), state_dir.clone());
        Self { shared: Arc::new(Shared { connect, look: Some(look), state_dir, client: Mutex::new(None) }) }
    }

    /// The connection, found now if it was not before.
    ///
    /// # Errors
    /// What `connect` says.
    pub async fn client(&self) -> Result<Client, ClientError> {
        let mut client = self.shared.client.lock().await;
        if let Some(client) = &*client {
            return Ok(client.clone());
        }
        let found = (self.shared.connect)().await?;
        *client = Some(found.clone());
        Ok(found)
    }

    /// The same platform for what goes on behind the person's back: it uses the one that was found and never looks for
    /// one itself, because looking may start it.
    #[must_use]
    pub fn background(&self) -> Self {
        let shared = self.shared.clone();
        let connect: Connect = Arc::new(move || {
            // While it is being looked for there is none yet.
            let found = shared.client.try_lock().ok().and_then(|client| client.clone());
            async move { found.ok_or_else(unused) }.boxed()
        });
        Self::new(connect, self.shared.state_dir.clone())
    }

    pub(crate) fn look(&self) -> Option<&Look> {
        self.shared.look.as_ref()
    }

    pub(crate) fn state_dir(&self) -> &Path {
        &self.shared.state_dir
    }

    /// Does something with the connection; when the platform turns out to be gone, once more with a new one.
    pub(crate) async fn with_client<T, Do, Doing>(&self, act: Do) -> Result<T, ClientError>
    where
        Do: Fn(Client) -> Doing + Send + Sync,
        Doing: Future<Output = Result<T, ClientError>> + Send,
        T: Send,
    {
        let client = self.client().await?;
        match act(client.clone()).await {
            Err(error) if is_gone(&error) => {
                tracing::debug!(%error, "looking for the platform again");
                self.forget(&client).await;
                act(self.client().await?).await
            }
            other => other,
        }
    }

    /// Drops the connection, unless somebody else has already replaced it.
    pub(crate) async fn forget(&self, gone: &Client) {
        let mut client = self.shared.client.lock().await;
        if client.as_ref().is_some_and(|held| held.is_same(gone)) {
            *client = None;
        }
    }
}

/// Whether the platform itself is away, as opposed to one thing that it was asked for.
pub(crate) fn is_gone(error: &ClientError) -> bool {
    error.code == Code::UNREACHABLE || error.code == Code::DRAINING
}

fn unused() -> ClientError {
    ClientError::new(Code::UNREACHABLE, "no platform was used yet").hint("call it first").retryable()
}

/// Runs what reads and writes files where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ClientError> + Send + 'static,
) -> Result<T, ClientError> {
    tokio::task::spawn_blocking(work).await.map_err(ClientError::lost)?
}
