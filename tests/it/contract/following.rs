//! Following a deployment: long polls, and a WebSocket that was cut and comes back.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Heard, Platform, Socket, app, refusal};

fn id(accepted: &Value) -> &str {
    accepted["deploymentId"].as_str().expect("an id")
}

#[test]
fn a_long_poll_answers_with_what_is_newer() {
    let platform = Platform::start();
    let project = platform.project("poll");
    let accepted = platform.accepted(&json!({"projectId": project, "files": app::talkative("one")}));
    let mut seq = 0;
    let last = loop {
        let path = format!("/api/deployments/{}?after={seq}&timeoutS=45", id(&accepted));
        let view = platform.api.get(&path).json();
        assert!(view["seq"].as_u64() > Some(seq), "answered without news: {view:#}");
        seq = view["seq"].as_u64().expect("a number");
        if view["status"] == "complete" || view["status"] == "failed" {
            break view;
        }
    };
    assert_eq!(last["status"], "complete", "{last:#}");

    let path = format!("/api/deployments/{}", id(&accepted));
    let begun = Instant::now();
    let same = platform.api.get(&format!("{path}?after={seq}&timeoutS=1")).json();
    assert_eq!(same["seq"], seq, "nothing is newer");
    assert!(begun.elapsed() >= Duration::from_millis(900), "it waited");
    let begun = Instant::now();
    platform.api.get(&format!("{path}?after={seq}"));
    platform.api.get(&format!("{path}?after=0&timeoutS=45"));
    platform.api.get(&format!("{path}?waitFor=terminal&timeoutS=45"));
    assert!(begun.elapsed() < Duration::from_secs(10), "nobody waits for what is there");
}

#[test]
fn waiting_for_the_end_answers_only_at_the_end() {
    let platform = Platform::start();
    let project = platform.project("poll");
    let accepted = platform.accepted(&json!({"projectId": project, "files": app::talkative("one")}));
    let path = format!("/api/deployments/{}", id(&accepted));
    let view = platform.api.get(&format!("{path}?waitFor=terminal&timeoutS=45")).json();
    assert_eq!(view["status"], "complete", "{view:#}");
    assert_eq!(refusal(&platform.api.get(&format!("{path}?waitFor=godot"))), (400, "malformed".to_owned()));
}

/// What a follower has heard, and where it would go on.
#[derive(Default)]
struct Follower {
    events: Vec<u64>,
    lines: Vec<String>,
    seq: u64,
    cursor: Option<String>,
    last: Value,
}

impl Follower {
    fn query(&self, id: &str) -> String {
        let logs = self.cursor.as_ref().map(|cursor| format!("&logs={cursor}")).unwrap_or_default();
        format!("deploymentId={id}&after={}{logs}", self.seq)
    }

    fn hear(&mut self, message: Value) {
        let lines = message["logs"].as_array().expect("lines");
        assert_eq!(
            lines.is_empty(),
            message["logCursor"].is_null(),
            "a cursor comes with lines: {message:#}"
        );
        self.lines.extend(lines.iter().map(|line| line.as_str().expect("a line").to_owned()));
        self.events.extend(message["event"]["seq"].as_u64());
        self.seq = message["seq"].as_u64().expect("a number");
        self.cursor = message["logCursor"].as_str().map(str::to_owned).or_else(|| self.cursor.take());
        self.last = message;
    }

    /// The numbers of the build's own lines.
    fn numbers(&self) -> Vec<usize> {
        self.lines.iter().filter_map(|line| line.strip_prefix("line ")?.parse().ok()).collect()
    }
}

#[test]
fn a_follower_whose_connection_is_cut_again_and_again_misses_nothing_and_sees_nothing_twice() {
    let platform = Platform::start();
    let project = platform.project("cut");
    let accepted = platform.accepted(&json!({"projectId": project, "files": app::talkative("one")}));
    let (mut follower, mut cuts) = (Follower::default(), 0);
    'again: loop {
        let mut socket = Socket::open(&platform.api, &follower.query(id(&accepted)));
        for _ in 0..=cuts % 3 {
            match socket.next() {
                Heard::Message(message) => follower.hear(message),
                Heard::Closed(code) => {
                    assert_eq!(code, 1000);
                    break 'again;
                }
            }
        }
        cuts += 1;
    }
    assert!(cuts > 3, "cut only {cuts} times");
    assert_eq!(follower.events, (1..=follower.seq).collect::<Vec<_>>(), "every event once");
    assert_eq!(follower.numbers(), (0..app::LINES).collect::<Vec<_>>(), "every line once");
    assert_eq!(follower.last["status"], "complete", "{:#}", follower.last);

    let mut whole = Follower::default();
    Socket::open(&platform.api, &whole.query(id(&accepted))).rest().into_iter().for_each(|it| whole.hear(it));
    assert_eq!(whole.events, follower.events, "who comes late is told the same");
    assert_eq!(whole.lines, follower.lines);
    let after_the_end = Socket::open(&platform.api, &follower.query(id(&accepted))).rest();
    assert_eq!(after_the_end, Vec::<Value>::new(), "and who has heard all of it, nothing");
}

#[test]
fn what_cannot_be_followed_is_refused_before_the_upgrade() {
    let platform = Platform::start();
    let live = platform.live(&platform.project("cut"), "one");
    let id = live["id"].as_str().expect("an id");
    let nobody = uuid::Uuid::now_v7();
    let refused = |query: &str| refusal(&Socket::refused(&platform.api, query));
    assert_eq!(refused(&format!("deploymentId={nobody}")), (404, "not_found".to_owned()));
    for query in [
        String::new(),
        "deploymentId=nonsense".to_owned(),
        format!("deploymentId={id}&after=999"),
        format!("deploymentId={id}&after=x"),
        format!("deploymentId={id}&logs=nonsense"),
    ] {
        assert_eq!(refused(&query), (400, "malformed".to_owned()), "{query}");
    }
    let plain = platform.api.get(&format!("/ws?deploymentId={id}"));
    assert_eq!(refusal(&plain).0, 400, "no upgrade");
}
