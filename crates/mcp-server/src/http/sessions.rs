//! The sessions of clients that open with `initialize`. There is always room for a new one: the one that was silent for
//! longest makes it, and its client opens another when it comes back, as the protocol asks of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::Response;
use rmcp::transport::streamable_http_server::SessionManager;
use rmcp::transport::streamable_http_server::session::SessionId;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use tokio::time::Instant;

/// How many sessions are open at once.
const SESSIONS_MAX: usize = 256;
/// How long a session may be silent before it ends: longer than a long lunch.
const SILENCE_MAX: Duration = Duration::from_hours(4);

/// All sessions, and when each was last used.
#[derive(Clone)]
pub(super) struct Sessions {
    manager: Arc<LocalSessionManager>,
    used: Arc<Mutex<HashMap<SessionId, Instant>>>,
}

impl Sessions {
    pub(super) fn new() -> Self {
        let mut manager = LocalSessionManager::default();
        manager.session_config.keep_alive = Some(SILENCE_MAX);
        Self { manager: Arc::new(manager), used: Arc::default() }
    }

    pub(super) fn manager(&self) -> Arc<LocalSessionManager> {
        self.manager.clone()
    }

    /// Ends the session that was silent for longest, if there are as many as there may be.
    async fn make_room(&self) {
        let open: Vec<SessionId> = self.manager.sessions.read().await.keys().cloned().collect();
        if open.len() < SESSIONS_MAX {
            return;
        }
        let silent = {
            let mut used = self.used();
            used.retain(|id, _| open.contains(id));
            open.into_iter().min_by_key(|id| used.get(id).copied())
        };
        if let Some(id) = silent
            && let Err(error) = self.manager.close_session(&id).await
        {
            tracing::warn!(%error, "a session did not close");
        }
    }

    fn used(&self) -> MutexGuard<'_, HashMap<SessionId, Instant>> {
        // Entries are written whole.
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes which session a request is for, and makes room before a request that may open one.
pub(super) async fn note(State(sessions): State<Sessions>, request: Request, next: Next) -> Response {
    match id(request.headers()) {
        Some(id) => {
            if let Some(used) = sessions.used().get_mut(id) {
                *used = Instant::now();
            }
        }
        None if request.method() == Method::POST => sessions.make_room().await,
        None => {}
    }
    let response = next.run(request).await;
    if let Some(opened) = id(response.headers()) {
        sessions.used().insert(opened.into(), Instant::now());
    }
    response
}

fn id(headers: &HeaderMap) -> Option<&str> {
    headers.get("mcp-session-id")?.to_str().ok()
}
