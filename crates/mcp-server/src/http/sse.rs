//! The transport of 2024-11-05, for clients that know no other: `GET /sse` opens a conversation and says where its
//! messages go, `POST /messages?sessionId=…` takes them, and the answers come over the stream. A conversation ends with
//! its stream.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::Transport;
use rmcp::{RoleServer, ServerHandler, ServiceExt};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::refusal::Refusal;

/// How many messages wait, in each direction.
const QUEUE_MESSAGES_MAX: usize = 16;
/// How long a message may wait for its conversation to take it.
const TAKE_LIMIT: Duration = Duration::from_secs(5);
/// Random bytes of a conversation's id.
const ID_BYTES: usize = 16;

/// The conversations that are open, and what a new one needs.
pub(super) struct Conversations<H> {
    open: Arc<Open>,
    make: Arc<dyn Fn() -> H + Send + Sync>,
    tasks: TaskTracker,
    closing: CancellationToken,
}

/// Where the messages of each open conversation go.
type Open = Mutex<HashMap<String, mpsc::Sender<ClientJsonRpcMessage>>>;

impl<H> Clone for Conversations<H> {
    fn clone(&self) -> Self {
        let Self { open, make, tasks, closing } = self;
        Self { open: open.clone(), make: make.clone(), tasks: tasks.clone(), closing: closing.clone() }
    }
}

impl<H: ServerHandler> Conversations<H> {
    /// No conversation yet. Each is a task of `tasks`; from `closing` on they answer what they were asked and end.
    pub(super) fn new(
        make: Arc<dyn Fn() -> H + Send + Sync>,
        tasks: TaskTracker,
        closing: CancellationToken,
    ) -> Self {
        Self { open: Arc::default(), make, tasks, closing }
    }

    /// Opens a conversation.
    fn begin(&self, id: &str) -> mpsc::Receiver<ServerJsonRpcMessage> {
        let (posted, questions) = mpsc::channel(QUEUE_MESSAGES_MAX);
        let (said, answers) = mpsc::channel(QUEUE_MESSAGES_MAX);
        lock(&self.open).insert(id.to_owned(), posted);
        let pipe = Pipe { questions, said, closing: self.closing.clone() };
        let server = (self.make)();
        self.tasks.spawn(async move {
            let ended = match server.serve(pipe).await {
                Ok(session) => session.waiting().await.err().map(|error| error.to_string()),
                Err(error) => Some(error.to_string()),
            };
            if let Some(error) = ended {
                tracing::debug!(error, "a conversation over SSE ended early");
            }
        });
        answers
    }
}

/// `GET /sse`.
pub(super) async fn open<H: ServerHandler>(
    State(conversations): State<Conversations<H>>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let mut random = [0; ID_BYTES];
    getrandom::fill(&mut random).map_err(|_| Refusal::NoRandomness)?;
    let id = hex::encode(random);
    let endpoint = Event::default().event("endpoint").data(format!("/messages?sessionId={id}"));
    let answers = conversations.begin(&id);
    let over = Over { id, open: conversations.open };
    // The stream owns the conversation: when the client goes away, so does it.
    let messages = stream::unfold((answers, over), |(mut answers, over)| async {
        let message = answers.recv().await?;
        let text = serde_json::to_string(&message).expect("messages are plain data");
        Some((Event::default().event("message").data(text), (answers, over)))
    });
    let events = stream::iter([endpoint]).chain(messages).map(Ok);
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Address {
    session_id: String,
}

/// `POST /messages`.
pub(super) async fn post<H: ServerHandler>(
    State(conversations): State<Conversations<H>>,
    address: Result<Query<Address>, QueryRejection>,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let Query(address) = address.map_err(|_| Refusal::UnknownSession)?;
    let message = serde_json::from_slice(&body).map_err(|_| Refusal::NoMessage)?;
    let conversation = lock(&conversations.open).get(&address.session_id).cloned();
    let conversation = conversation.ok_or(Refusal::UnknownSession)?;
    match timeout(TAKE_LIMIT, conversation.send(message)).await {
        Ok(Ok(())) => Ok(StatusCode::ACCEPTED),
        Ok(Err(_)) => Err(Refusal::UnknownSession),
        Err(_) => Err(Refusal::Busy),
    }
}

/// Forgets a conversation when its stream ends.
struct Over {
    id: String,
    open: Arc<Open>,
}

impl Drop for Over {
    fn drop(&mut self) {
        lock(&self.open).remove(&self.id);
    }
}

fn lock(open: &Open) -> MutexGuard<'_, HashMap<String, mpsc::Sender<ClientJsonRpcMessage>>> {
    // Entries are put in and taken out whole.
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One conversation's two directions.
struct Pipe {
    questions: mpsc::Receiver<ClientJsonRpcMessage>,
    said: mpsc::Sender<ServerJsonRpcMessage>,
    closing: CancellationToken,
}

impl Transport<RoleServer> for Pipe {
    type Error = mpsc::error::SendError<ServerJsonRpcMessage>;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let said = self.said.clone();
        async move { said.send(message).await }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        self.closing.run_until_cancelled(self.questions.recv()).await.flatten()
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.questions.close();
        Ok(())
    }
}
