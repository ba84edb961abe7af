//! Following a deployment over a WebSocket: numbered steps with its lines between them, then a normal close.

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use futures_util::stream::SplitSink;
use futures_util::{SinkExt, Stream, StreamExt};
use platform_api::{DeploymentId, LogCursor, StatusMessage};
use serde::Deserialize;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::Api;
use super::extract::Query;
use super::follower::Follower;
use crate::platform::Refusal;

/// How often the other end is asked whether it is still there.
const PING: Duration = Duration::from_secs(20);
/// How long it may say nothing at all.
const SILENCE: Duration = Duration::from_secs(65);
/// How long it may take to make room for one message.
const SEND: Duration = Duration::from_secs(30);
/// How long it may take to answer the close.
const CLOSE: Duration = Duration::from_secs(5);
/// The largest message that a follower may send, in bytes: it has nothing to say.
const HEARD_BYTES_MAX: usize = 4 << 10;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct From {
    /// Which deployment.
    deployment_id: DeploymentId,
    /// Go on after the event with this number; without it the first message says `queued`.
    #[param(value_type = Option<u64>)]
    after: Option<u64>,
    /// Go on after the lines up to this cursor.
    #[param(value_type = Option<String>)]
    logs: Option<LogCursor>,
}

/// Follows a deployment over a WebSocket: one `StatusMessage` per step or batch of lines, the last with the URL or the error.
#[utoipa::path(
    get, path = "/ws", tag = "deployments", params(From),
    responses((status = 101, description = "A WebSocket; each message is the JSON of a StatusMessage", body = StatusMessage)),
)]
pub(super) async fn follow(
    State(api): State<Api>,
    Query(from): Query<From>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let upgrade = upgrade.map_err(|error| {
        Refusal::malformed(error.body_text())
            .hint("Open this address as a WebSocket, or poll GET /api/deployments/{id}?after=.")
    })?;
    let follower = Follower::new(&api.platform, from.deployment_id, from.after, from.logs).await?;
    let Api { shutdown, tasks, .. } = api;
    let talk = move |socket| tasks.track_future(talk(socket, follower, shutdown));
    Ok(upgrade.max_message_size(HEARD_BYTES_MAX).on_upgrade(talk))
}

/// Tells the other end everything, unless it goes away or stops listening.
async fn talk(socket: WebSocket, follower: Follower, shutdown: CancellationToken) {
    let (mut to, from) = socket.split();
    let mut heard = std::pin::pin!(listen(from));
    let telling = async {
        let close = shutdown.run_until_cancelled(tell(&mut to, follower)).await;
        let close = close.unwrap_or(Some((close_code::AWAY, "the platform is stopping")));
        if let Some((code, reason)) = close {
            send(&mut to, Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await.ok();
        }
    };
    tokio::select! {
        () = &mut heard => return,
        () = telling => {}
    }
    // The other end answers the close; whether it does is its own affair.
    timeout(CLOSE, heard).await.ok();
}

/// Resolves when the other end has gone, closed or fallen silent.
async fn listen(mut from: impl Stream<Item = Result<Message, axum::Error>> + Unpin) {
    while let Ok(Some(Ok(message))) = timeout(SILENCE, from.next()).await {
        if matches!(message, Message::Close(_)) {
            return;
        }
    }
}

/// With what to close, or nothing when the other end takes no more.
async fn tell(to: &mut SplitSink<WebSocket, Message>, mut follower: Follower) -> Option<(u16, &'static str)> {
    let mut pings = interval(PING);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let message = tokio::select! {
            _ = pings.tick() => Message::Ping(bytes::Bytes::new()),
            next = follower.next() => match next {
                Ok(Some(message)) => Message::Text(serde_json::to_string(&message).ok()?.into()),
                Ok(None) => return Some((close_code::NORMAL, "")),
                Err(refusal) => {
                    tracing::warn!(code = %refusal.code, "following a deployment ended: {refusal}");
                    return Some((close_code::ERROR, "the deployment can no longer be followed"));
                }
            },
        };
        send(to, message).await.ok()?;
    }
}

async fn send(to: &mut SplitSink<WebSocket, Message>, message: Message) -> Result<(), ()> {
    match timeout(SEND, to.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(()),
    }
}
