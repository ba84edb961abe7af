//! What happens when a client goes away, and when the server does.

use serde_json::{Value, json};

use super::{Gate, call};
use crate::harness::{Home, McpHttp, eventually};

/// The newest deployment of the gated project.
fn newest(server: &McpHttp) -> Option<Value> {
    let listed = server.modern("tools/call", call("get_status", &json!({"project": "gated"}))).answer(1);
    let status = listed["result"]["structuredContent"].clone();
    status["deployment_id"].is_string().then_some(status)
}

#[test]
fn a_deploy_goes_on_when_its_caller_goes_away() {
    let home = Home::new();
    let gate = Gate::new(&home);
    let server = McpHttp::start(&home, &gate.project.path(), &[]);
    let mut caller = server.modern("tools/call", call("deploy_project", &json!({})));
    let first = caller.message().expect("a message");
    assert_eq!(first["method"], "notifications/progress", "the head came before the end: {first}");
    drop(caller);
    let status = eventually("the platform has it", 30, || newest(&server));
    assert_ne!(status["status"], "complete", "{status:#}");
    gate.open();
    let id = status["deployment_id"].as_str().expect("an id");
    assert_eq!(home.api().ended(id)["status"], "complete");
}

#[test]
fn a_caller_that_comes_back_to_its_session_gets_the_answer() {
    let home = Home::new();
    let gate = Gate::new(&home);
    let server = McpHttp::start(&home, &gate.project.path(), &[]);
    let mut session = server.session();
    let (id, mut caller) = session.begin("tools/call", &call("deploy_project", &json!({})));
    let event = caller.event().expect("an event");
    let last = event.lines().find_map(|line| line.strip_prefix("id: ")).expect("an id").to_owned();
    drop(caller);
    gate.open();
    let mut again = session.send("GET /mcp", &[("Last-Event-ID", &last)], "");
    let answer = again.answer(id);
    assert_eq!(answer["result"]["structuredContent"]["status"], "complete", "{answer:#}");
}

#[test]
fn a_signal_lets_calls_that_wait_answer_at_once() {
    let home = Home::new();
    let gate = Gate::new(&home);
    let mut server = McpHttp::start(&home, &gate.project.path(), &[]);
    let deploy = call("deploy_project", &json!({"wait_seconds": 0}));
    let started = server.modern("tools/call", deploy).answer(1);
    let id = started["result"]["structuredContent"]["deployment_id"].as_str().expect("an id").to_owned();

    let waiting = call("stream_logs", &json!({"deployment_id": id, "follow_seconds": 45}));
    let mut modern = server.modern("tools/call", waiting.clone());
    assert_eq!(modern.message().expect("a message")["method"], "notifications/progress");
    let mut session = server.session();
    let mut standing = session.send("GET /mcp", &[], "");
    let (request, mut legacy) = session.begin("tools/call", &waiting);
    assert!(legacy.event().is_some());
    server.signal("TERM");
    for answer in [modern.answer(1), legacy.answer(request)] {
        assert_eq!(answer["result"]["structuredContent"]["complete"], false, "{answer:#}");
    }
    while standing.event().is_some() {}
    assert_eq!(server.wait().code(), Some(0), "{}", server.said());
    assert!(!server.said().contains("abandoned"), "{}", server.said());
    gate.open();
    assert_eq!(home.api().ended(&id)["status"], "complete");
}
