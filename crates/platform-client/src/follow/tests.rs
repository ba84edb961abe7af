use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::ws::{CloseFrame, Message as Frame, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use platform_api::{
    Event, Failure, InstanceId, LogLine, LogPage, LogSource, LogStream, Phase, Receipt, Trigger,
};
use uuid::Uuid;

use super::*;
use crate::testing::{Server, soon};

/// How the script's server tells what it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Socket {
    /// As it should.
    Whole,
    /// It breaks off after every message.
    BreaksAfterEach,
    /// A proxy eats the upgrade.
    Eaten,
    /// It sends what is no message, and messages of others, and leaves events out.
    Confused,
}

/// A deployment whose whole life is known: every step with the lines that came before it.
#[derive(Clone)]
struct Script {
    id: DeploymentId,
    steps: Arc<[(Fact, Vec<String>)]>,
    socket: Socket,
    sockets: Arc<Mutex<u32>>,
}

impl Script {
    fn new(socket: Socket) -> Self {
        let instance = InstanceId::from_v7(Uuid::from_u128(7));
        let facts = [
            Fact::Started,
            Fact::Committed,
            Fact::NamespaceCreated,
            Fact::DataReady,
            Fact::Built,
            Fact::Launched { instance },
            Fact::Healthy,
            Fact::Switched { receipt: Receipt::default() },
        ];
        let steps = facts
            .into_iter()
            .enumerate()
            .map(|(step, fact)| (fact, (0..step).map(|line| format!("{step}.{line}")).collect()));
        Self {
            id: DeploymentId::from_v7(Uuid::now_v7()),
            steps: steps.collect(),
            socket,
            sockets: Arc::default(),
        }
    }

    fn lines(&self) -> Vec<String> {
        self.steps.iter().flat_map(|(_, lines)| lines.clone()).collect()
    }

    fn status(&self, seq: usize) -> Status {
        let order = [
            Status::Queued,
            Status::Committing,
            Status::CreatingNamespace,
            Status::CreatingPvc,
            Status::Building,
            Status::Deploying,
            Status::HealthCheck,
            Status::HealthCheck,
            Status::Complete,
        ];
        order[seq.min(self.steps.len())]
    }

    /// Everything after a place: a message of lines, then one of the step, and so on.
    fn messages(&self, after: usize, cursor: usize) -> Vec<StatusMessage> {
        let mut messages = Vec::new();
        let mut end = 0;
        for (at, (fact, lines)) in self.steps.iter().enumerate() {
            let seq = at + 1;
            let start = end;
            end += lines.len();
            if end > cursor {
                let logs = lines[cursor.saturating_sub(start)..].to_vec();
                let cursor = LogCursor(end.to_string());
                messages.push(StatusMessage {
                    logs,
                    log_cursor: Some(cursor),
                    ..self.message(at.max(after))
                });
            }
            if seq > after {
                let event = Event { seq: seq as u64, time_ms: 1, fact: fact.clone() };
                messages.push(StatusMessage { event: Some(event), ..self.message(seq) });
            }
        }
        messages
    }

    fn message(&self, seq: usize) -> StatusMessage {
        StatusMessage {
            deployment_id: self.id,
            project_id: "me-app".parse().unwrap(),
            commit_hash: "0123456789ab".parse().unwrap(),
            status: self.status(seq),
            logs: Vec::new(),
            seq: seq as u64,
            log_cursor: None,
            event: None,
            url: (self.status(seq) == Status::Complete).then(|| "http://app.localhost".to_owned()),
            error: None,
        }
    }

    async fn start(&self) -> Server {
        let router = Router::new()
            .route("/ws", get(socket))
            .route("/api/deployments/{id}", get(poll))
            .route("/api/deployments/{id}/logs", get(logs))
            .with_state(self.clone());
        Server::start(router).await
    }

    /// Follows from a place to the end.
    async fn follow(&self, from: FollowFrom) -> Vec<StatusMessage> {
        let server = self.start().await;
        let backend = server.backend(std::path::Path::new("/nonexistent"));
        let messages = soon(backend.follow(self.id, from).collect::<Vec<_>>()).await;
        messages.into_iter().map(Result::unwrap).collect()
    }
}

fn number(query: &HashMap<String, String>, name: &str) -> usize {
    query.get(name).map_or(0, |text| text.parse().unwrap())
}

async fn socket(
    State(script): State<Script>,
    Query(query): Query<HashMap<String, String>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    *script.sockets.lock().unwrap() += 1;
    if script.socket == Socket::Eaten {
        return (StatusCode::BAD_REQUEST, "what is an upgrade?").into_response();
    }
    assert_eq!(query["deploymentId"], script.id.to_string());
    let messages = script.messages(number(&query, "after"), number(&query, "logs"));
    upgrade.on_upgrade(move |socket| async move { tell(socket, &script, messages).await })
}

async fn tell(mut socket: WebSocket, script: &Script, mut messages: Vec<StatusMessage>) {
    let attempt = *script.sockets.lock().unwrap();
    match script.socket {
        Socket::BreaksAfterEach => messages.truncate(1),
        Socket::Confused if attempt == 1 => {
            socket.send(Frame::Text("{\"not\":\"a message\"}".into())).await.unwrap();
        }
        Socket::Confused if attempt == 2 => messages[0].deployment_id = DeploymentId::from_v7(Uuid::now_v7()),
        Socket::Confused => drop(messages.remove(0)),
        Socket::Whole | Socket::Eaten => {}
    }
    for message in messages {
        let text = serde_json::to_string(&message).unwrap();
        if socket.send(Frame::Text(text.into())).await.is_err() {
            return;
        }
    }
    if script.socket == Socket::Whole {
        let frame = CloseFrame { code: close_code::NORMAL, reason: "".into() };
        socket.send(Frame::Close(Some(frame))).await.ok();
    }
}

/// Every poll finds the deployment two events further on.
async fn poll(State(script): State<Script>, Query(query): Query<HashMap<String, String>>) -> Response {
    let seq = (number(&query, "after") + 2).min(script.steps.len());
    let message = script.message(seq);
    axum::Json(Deployment {
        id: script.id,
        project_id: message.project_id,
        commit_hash: message.commit_hash,
        status: message.status,
        url: message.url,
        logs: Vec::new(),
        direct_url: None,
        preview_url: None,
        live: false,
        superseded_by: None,
        trigger: Trigger::Deploy,
        message: None,
        created_ms: 1,
        ended_ms: None,
        phases: vec![Phase { status: Status::Queued, ms: 1 }],
        seq: seq as u64,
        log_cursor: LogCursor("0".to_owned()),
        plan: None,
        plan_hash: None,
        error: None::<Failure>,
        receipt: None,
        instances: Vec::new(),
    })
    .into_response()
}

/// At most five lines at a time, so that the end comes before the last line is read.
async fn logs(State(script): State<Script>, Query(query): Query<HashMap<String, String>>) -> Response {
    let (start, lines) = (number(&query, "after"), script.lines());
    let end = (start + 5).min(lines.len());
    let line = |(at, text): (usize, &String)| LogLine {
        seq: (start + at + 1) as u64,
        time_ms: 1,
        source: LogSource::Build,
        stream: LogStream::Stdout,
        text: text.clone(),
    };
    let lines = lines[start..end].iter().enumerate().map(line).collect();
    let next_cursor = LogCursor(end.to_string());
    axum::Json(LogPage { lines, next_cursor, complete: false, omitted: 0 }).into_response()
}

/// Every line once, in order, events without gaps, and the end at the end.
fn check(script: &Script, messages: &[StatusMessage]) {
    let lines: Vec<_> = messages.iter().flat_map(|message| message.logs.clone()).collect();
    assert_eq!(lines, script.lines());
    assert!(messages.is_sorted_by_key(|message| message.seq));
    assert_eq!(messages.iter().filter(|message| is_last(message)).count(), 1);
    let last = messages.last().unwrap();
    assert_eq!((last.status, last.url.is_some()), (Status::Complete, true));
}

fn events(messages: &[StatusMessage]) -> Vec<u64> {
    messages.iter().filter_map(|message| Some(message.event.as_ref()?.seq)).collect()
}

#[tokio::test]
async fn a_socket_tells_every_event_and_line_once() {
    let script = Script::new(Socket::Whole);
    let messages = script.follow(FollowFrom::default()).await;
    check(&script, &messages);
    assert_eq!(events(&messages), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(*script.sockets.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_socket_that_breaks_after_every_message_loses_and_repeats_nothing() {
    let script = Script::new(Socket::BreaksAfterEach);
    let messages = script.follow(FollowFrom::default()).await;
    check(&script, &messages);
    assert_eq!(events(&messages), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert!(*script.sockets.lock().unwrap() > 8);
}

#[tokio::test]
async fn following_goes_on_from_where_somebody_stopped() {
    let script = Script::new(Socket::Whole);
    let from = FollowFrom { seq: 5, logs: Some(LogCursor("12".to_owned())) };
    let messages = script.follow(from).await;
    assert_eq!(events(&messages), [6, 7, 8]);
    let lines: Vec<_> = messages.iter().flat_map(|message| message.logs.clone()).collect();
    assert_eq!(lines, script.lines()[12..]);
}

#[tokio::test]
async fn following_after_the_end_tells_the_end_again() {
    let script = Script::new(Socket::Whole);
    let lines = script.lines().len().to_string();
    let from = FollowFrom { seq: 8, logs: Some(LogCursor(lines)) };
    let messages = script.follow(from).await;
    let told: Vec<_> = messages.iter().map(|message| (message.status, message.url.is_some())).collect();
    assert_eq!(told, [(Status::Complete, true)]);
}

#[tokio::test]
async fn where_upgrades_are_eaten_polling_tells_the_same() {
    let script = Script::new(Socket::Eaten);
    let messages = script.follow(FollowFrom::default()).await;
    check(&script, &messages);
    assert_eq!(*script.sockets.lock().unwrap(), 1, "not tried again");
}

#[tokio::test]
async fn messages_that_cannot_be_are_not_believed() {
    let script = Script::new(Socket::Confused);
    let messages = script.follow(FollowFrom::default()).await;
    check(&script, &messages);
    assert_eq!(*script.sockets.lock().unwrap(), SOCKETS_MAX, "then polling took over");
}

#[tokio::test]
async fn an_unknown_deployment_is_one_error() {
    let server = Server::start(Router::new()).await;
    let backend = server.backend(std::path::Path::new("/nonexistent"));
    let id = DeploymentId::from_v7(Uuid::now_v7());
    let items = soon(backend.follow(id, FollowFrom::default()).collect::<Vec<_>>()).await;
    let codes: Vec<_> = items.into_iter().map(|item| item.unwrap_err().code).collect();
    assert_eq!(codes, [Code::NOT_FOUND]);
}

#[test]
fn a_place_takes_each_thing_once() {
    let script = Script::new(Socket::Whole);
    let mut place = Place { seq: 0, logs: None, status: Status::Queued };
    let messages = script.messages(0, 0);
    for message in &messages {
        let taken = place.take(Box::new(message.clone()), Telling::EveryEvent);
        assert_eq!(taken, Taken::New(Box::new(message.clone())));
    }
    let early: Box<StatusMessage> = Box::new(messages[0].clone());
    assert_eq!(place.take(early, Telling::Standing), Taken::Wrong, "going back");
    let last = Box::new(messages[messages.len() - 1].clone());
    let Taken::New(told_again) = place.take(last, Telling::EveryEvent) else {
        panic!("the end is always told")
    };
    assert_eq!(told_again.event, None);
}
