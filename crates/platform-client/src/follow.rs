//! Watching a deployment to its end: over a WebSocket that is opened again where it breaks, going on after the last
//! event and the last line that were seen; over long polls where something on the way lets no `WebSocket` through.

use std::time::Duration;

use futures_util::{SinkExt as _, Stream, StreamExt as _, stream};
use platform_api::{Code, Deployment, DeploymentId, Fact, LogCursor, Status, StatusMessage};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};

use crate::backend::is_gone;
use crate::client::LogQuery;
use crate::http::Upgrade;
use crate::retry::Retry;
use crate::{Backend, Client, ClientError};

/// The largest message, in bytes (8 MiB).
const MESSAGE_BYTES_MAX: usize = 8 << 20;
/// After how long a silent socket is asked whether it still lives, and how long it may take to answer.
const SILENCE: Duration = Duration::from_secs(30);
/// How often in a row a socket may break without having brought anything before polling takes over.
const SOCKETS_MAX: u32 = 3;
/// How long one poll waits for an event. Lines are at most this late.
const POLL: Duration = Duration::from_secs(2);
/// How many lines one poll takes.
const POLL_LINES_MAX: usize = 1_000;
/// How many pages of lines are read after the end, unless they are full.
const TAIL_PAGES_MAX: u32 = 100;
/// How patient a follower is with a platform that is away.
const PATIENCE: Retry = Retry {
    attempts_max: 10,
    backoff: Duration::from_millis(50),
    backoff_max: Duration::from_secs(5),
    asked_max: Duration::from_secs(30),
};

/// Where to go on watching: after the last event and the last line that were seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FollowFrom {
    /// The number of the last event, 0 for none.
    pub seq: u64,
    /// The end of the last line; the log's beginning where absent.
    pub logs: Option<LogCursor>,
}

impl Backend {
    /// What happens to a deployment, from a place on: every event and every line once, in order. Ends after the message
    /// that tells how the deployment ended, or after an error that waiting does not mend.
    pub fn follow(
        &self,
        id: DeploymentId,
        from: FollowFrom,
    ) -> impl Stream<Item = Result<StatusMessage, ClientError>> + Send + 'static {
        let follower = Follower {
            backend: self.clone(),
            id,
            place: Place { seq: from.seq, logs: from.logs, status: Status::Queued },
            source: Source::Closed,
            failures: 0,
            ended: false,
        };
        stream::unfold(follower, |mut follower| async move {
            let item = follower.next().await?;
            Some((item, follower))
        })
    }
}

struct Follower {
    backend: Backend,
    id: DeploymentId,
    place: Place,
    source: Source,
    /// How often in a row nothing came.
    failures: u32,
    ended: bool,
}

enum Source {
    Closed,
    Socket(Box<Socket>),
    Polling(Polling),
}

/// Whether every event is told by itself, or only where things stand now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Telling {
    EveryEvent,
    Standing,
}

impl Source {
    fn telling(&self) -> Telling {
        match self {
            Self::Socket(_) => Telling::EveryEvent,
            Self::Closed | Self::Polling(_) => Telling::Standing,
        }
    }
}

/// Where polling stands.
#[derive(Debug, Clone, Copy, Default)]
struct Polling {
    /// Whether an answer was seen, so that the next one may take its time.
    waits: bool,
    /// How many pages of lines came after the deployment had ended.
    tail_pages: u32,
}

struct Socket {
    stream: WebSocketStream<reqwest::Upgraded>,
    asked: bool,
}

/// What one turn brought.
enum Turn {
    Message(Box<StatusMessage>),
    Nothing,
    /// There is no more to listen to, and no end was told.
    Closed,
    /// Whatever we listened to is no more; with the reason, where there is one.
    Broken(Option<ClientError>),
}

impl Follower {
    async fn next(&mut self) -> Option<Result<StatusMessage, ClientError>> {
        while !self.ended {
            let turn = match &mut self.source {
                Source::Closed => Box::pin(self.open()).await,
                Source::Socket(socket) => socket.read().await,
                Source::Polling(_) => Box::pin(self.poll()).await,
            };
            let broken = match turn {
                Turn::Nothing => continue,
                Turn::Closed => {
                    self.source = Source::Polling(Polling::default());
                    continue;
                }
                Turn::Message(message) if message.deployment_id != self.id => None,
                Turn::Message(message) => match self.place.take(message, self.source.telling()) {
                    Taken::New(message) => {
                        self.failures = 0;
                        self.ended = is_last(&message);
                        return Some(Ok(*message));
                    }
                    Taken::Seen => continue,
                    Taken::Wrong => None,
                },
                Turn::Broken(error) => error,
            };
            if let Some(error) = self.recover(broken).await {
                self.ended = true;
                return Some(Err(error));
            }
        }
        None
    }

    /// Waits a little and prepares another attempt; or returns the error that ends the watching.
    async fn recover(&mut self, error: Option<ClientError>) -> Option<ClientError> {
        self.failures += 1;
        let is_final = error.as_ref().is_some_and(|error| !error.retryable);
        let wait = PATIENCE.wait(self.failures, None).filter(|_| !is_final);
        let Some(wait) = wait else {
            return Some(error.unwrap_or_else(|| {
                ClientError::new(Code::UNREACHABLE, "the platform tells nothing about the deployment")
                    .hint("ask for its status")
                    .retryable()
            }));
        };
        if matches!(self.source, Source::Socket(_)) {
            self.source = Source::Closed;
        }
        if self.failures >= SOCKETS_MAX && error.is_none() {
            self.source = Source::Polling(Polling::default());
        }
        tracing::debug!(deployment.id = %self.id, failures = self.failures, "watching again");
        tokio::time::sleep(wait).await;
        None
    }

    async fn open(&mut self) -> Turn {
        let client = match self.backend.client().await {
            Ok(client) => client,
            Err(error) => return Turn::Broken(Some(error)),
        };
        match client.socket(self.id, self.place.seq, self.place.logs.as_ref()).await {
            Ok(Upgrade::Socket(socket)) => {
                let config = WebSocketConfig::default()
                    .max_message_size(Some(MESSAGE_BYTES_MAX))
                    .max_frame_size(Some(MESSAGE_BYTES_MAX));
                let stream = WebSocketStream::from_raw_socket(*socket, Role::Client, Some(config)).await;
                self.source = Source::Socket(Box::new(Socket { stream, asked: false }));
                Turn::Nothing
            }
            Ok(Upgrade::NotUnderstood) => {
                tracing::debug!(deployment.id = %self.id, "no WebSocket here; polling instead");
                self.source = Source::Polling(Polling::default());
                Turn::Nothing
            }
            Err(error) => lost(&self.backend, &client, error).await,
        }
    }

    async fn poll(&mut self) -> Turn {
        let Source::Polling(mut polling) = self.source else { return Turn::Nothing };
        let wait = if polling.waits { POLL } else { Duration::ZERO };
        let client = match self.backend.client().await {
            Ok(client) => client,
            Err(error) => return Turn::Broken(Some(error)),
        };
        let now = match client.deployment(self.id, self.place.seq, wait).await {
            Ok(now) => now,
            Err(error) => return lost(&self.backend, &client, error).await,
        };
        let query =
            LogQuery { cursor: self.place.logs.clone(), lines_max: POLL_LINES_MAX, ..LogQuery::default() };
        let page = match client.logs(self.id, &query).await {
            Ok(page) => page,
            Err(error) => return lost(&self.backend, &client, error).await,
        };
        // Only when every line was read may the end be told: nothing follows it. Lines that an app goes on writing
        // do not hold it up for ever.
        let more = now.status.is_terminal() && !page.lines.is_empty() && polling.tail_pages < TAIL_PAGES_MAX;
        polling.tail_pages += u32::from(more && page.lines.len() < POLL_LINES_MAX);
        polling.waits = page.lines.len() < POLL_LINES_MAX && !more;
        self.source = Source::Polling(polling);
        let ends = now.status.is_terminal() && !more;
        if page.lines.is_empty() && !ends && now.seq <= self.place.seq {
            return Turn::Nothing;
        }
        let lines = page.lines.into_iter().map(|line| line.text).collect();
        let mut message = message(now, lines, page.next_cursor);
        if more {
            message.status = self.place.status;
            message.seq = self.place.seq;
        }
        if !ends {
            message.url = None;
            message.error = None;
        }
        Turn::Message(Box::new(message))
    }
}

/// The next attempt looks for the platform again.
async fn lost(backend: &Backend, client: &Client, error: ClientError) -> Turn {
    if is_gone(&error) {
        backend.forget(client).await;
    }
    Turn::Broken(Some(error))
}

impl Socket {
    async fn read(&mut self) -> Turn {
        let Ok(frame) = tokio::time::timeout(SILENCE, self.stream.next()).await else {
            return self.ask().await;
        };
        self.asked = false;
        let bytes = match frame {
            Some(Ok(Message::Text(text))) => text.into(),
            Some(Ok(Message::Binary(bytes))) => bytes,
            // Everything was told, to somebody: to us before, when we go on after the end.
            Some(Ok(Message::Close(Some(CloseFrame { code: CloseCode::Normal, .. })))) => {
                return Turn::Closed;
            }
            Some(Ok(Message::Close(_)) | Err(SocketError::ConnectionClosed)) | None => {
                return Turn::Broken(None);
            }
            Some(Ok(_)) => return Turn::Nothing,
            Some(Err(error)) => {
                tracing::debug!(%error, "the socket broke");
                return Turn::Broken(None);
            }
        };
        match serde_json::from_slice(&bytes) {
            Ok(message) => Turn::Message(Box::new(message)),
            Err(error) => {
                tracing::debug!(%error, "not a message of the contract");
                Turn::Broken(None)
            }
        }
    }

    /// A socket that stays silent twice is dead.
    async fn ask(&mut self) -> Turn {
        if std::mem::replace(&mut self.asked, true) {
            return Turn::Broken(None);
        }
        match self.stream.send(Message::Ping(bytes::Bytes::new())).await {
            Ok(()) => Turn::Nothing,
            Err(_) => Turn::Broken(None),
        }
    }
}

/// What was seen so far.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    seq: u64,
    logs: Option<LogCursor>,
    status: Status,
}

/// What a message is, seen from a place.
#[derive(Debug, PartialEq)]
enum Taken {
    New(Box<StatusMessage>),
    Seen,
    /// From before, or with something missing in between.
    Wrong,
}

impl Place {
    /// Moves on over a message, cutting away what was seen before.
    fn take(&mut self, mut message: Box<StatusMessage>, telling: Telling) -> Taken {
        let next = self.seq + u64::from(message.event.is_some());
        let gap = telling == Telling::EveryEvent && message.seq > next;
        if message.seq < self.seq || gap {
            return Taken::Wrong;
        }
        if message.event.as_ref().is_some_and(|event| event.seq <= self.seq) {
            message.event = None;
        }
        if message.log_cursor.is_some() && message.log_cursor == self.logs {
            message.logs.clear();
        }
        let nothing_new = message.event.is_none() && message.logs.is_empty() && message.seq == self.seq;
        if nothing_new && message.status == self.status && !message.status.is_terminal() {
            return Taken::Seen;
        }
        self.seq = message.seq;
        self.status = message.status;
        if message.log_cursor.is_some() {
            self.logs.clone_from(&message.log_cursor);
        }
        Taken::New(message)
    }
}

/// Whether nothing follows the message.
fn is_last(message: &StatusMessage) -> bool {
    let told = message.event.as_ref().is_some_and(|event| {
        matches!(event.fact, Fact::Switched { .. } | Fact::Failed { .. } | Fact::Cancelled)
    });
    match message.status {
        Status::Complete => told || message.url.is_some(),
        Status::Failed => told || message.error.is_some(),
        Status::Cancelled => true,
        _ => false,
    }
}

fn message(now: Deployment, logs: Vec<String>, cursor: LogCursor) -> StatusMessage {
    StatusMessage {
        deployment_id: now.id,
        project_id: now.project_id,
        commit_hash: now.commit_hash,
        status: now.status,
        logs,
        seq: now.seq,
        log_cursor: Some(cursor),
        event: None,
        url: now.url,
        error: now.error,
    }
}

#[cfg(test)]
mod tests;
