//! A follower's WebSocket, over the same HTTP client as everything else.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::{RequestBuilder, Upgraded};
use serde_json::Value;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::harness::{Answer, Api, block_on, send};

/// How long the next message may take.
const SILENCE: Duration = Duration::from_mins(1);

/// An open WebSocket. Dropping it cuts the connection, without a word.
pub(super) struct Socket(WebSocketStream<Upgraded>);

/// What a socket says.
#[derive(Debug, PartialEq)]
pub(super) enum Heard {
    Message(Value),
    Closed(u16),
}

impl Socket {
    /// Follows with this query.
    pub(super) fn open(api: &Api, query: &str) -> Self {
        block_on(async {
            let response = request(api, query).send().await.expect("an answer");
            assert_eq!(response.status(), 101);
            let upgraded = response.upgrade().await.expect("an upgrade");
            Self(WebSocketStream::from_raw_socket(upgraded, Role::Client, None).await)
        })
    }

    /// Asks to follow what must be refused.
    pub(super) fn refused(api: &Api, query: &str) -> Answer {
        send(request(api, query)).expect("an answer")
    }

    /// The next message, or how the socket was closed.
    pub(super) fn next(&mut self) -> Heard {
        let heard = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Text(text))) => {
                        return Heard::Message(serde_json::from_str(&text).expect("JSON"));
                    }
                    Some(Ok(Message::Close(frame))) => {
                        return Heard::Closed(frame.expect("a reason to close").code.into());
                    }
                    Some(Ok(_)) => {}
                    other => panic!("the socket ended without a close: {other:?}"),
                }
            }
        };
        block_on(async { tokio::time::timeout(SILENCE, heard).await }).expect("a message in time")
    }

    /// Everything until the socket is closed, which must be normal.
    pub(super) fn rest(mut self) -> Vec<Value> {
        let mut messages = Vec::new();
        loop {
            match self.next() {
                Heard::Message(message) => messages.push(message),
                Heard::Closed(code) => {
                    assert_eq!(code, 1000, "after {:?}", messages.last());
                    return messages;
                }
            }
        }
    }
}

fn request(api: &Api, query: &str) -> RequestBuilder {
    api.request("GET", &format!("/ws?{query}"))
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
}
