//! Both eras, with sessions and without, and the older transport.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::call;
use crate::harness::{Home, Mcp, McpHttp, Project, eventually, message};

#[test]
fn both_eras_and_stdio_show_the_same_tools() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let tools = Mcp::start(&home, &project.path()).request("tools/list", &json!({}))["tools"].clone();
    let server = McpHttp::start(&home, &project.path(), &[]);
    let listed = server.modern("tools/list", json!({})).answer(1);
    assert_eq!(listed["result"]["tools"], tools);
    assert!(listed["result"]["ttlMs"].is_u64(), "{listed:#}");
    let discovered = server.modern("server/discover", json!({})).answer(1);
    assert!(discovered["result"]["supportedVersions"].to_string().contains("2026-07-28"), "{discovered:#}");
    assert_eq!(server.ok("plan_deploy", &json!({}))["start"], "python3 server.py");

    let mut session = server.session();
    assert_eq!(session.request("tools/list", &json!({}))["tools"], tools);
    assert_eq!(session.ok("plan_deploy", &json!({}))["start"], "python3 server.py");
    assert_eq!(session.send("DELETE /mcp", &[], "").head.status, 202);
    let gone = session.send("POST /mcp", &[], &message(9, "tools/list", &json!({})));
    assert_eq!(gone.head.status, 404, "the client is told to open another session");
}

#[test]
fn paths_outside_the_root_are_refused_over_http_as_well() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let elsewhere = Project::quick("other", "two");
    let server = McpHttp::start(&home, home.path(), &["--root", &project.arg()]);
    let params = call("plan_deploy", &json!({"path": elsewhere.arg()}));
    let result = server.modern("tools/call", params).answer(1)["result"].take();
    assert_eq!(result["structuredContent"]["code"], "outside_workspace", "{result:#}");
}

#[test]
fn without_sessions_older_clients_are_served_request_by_request() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let server = McpHttp::start(&home, &project.path(), &["--no-sessions"]);
    let client = json!({"name": "test", "version": "1"});
    let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client});
    let mut opened = server.send("POST /mcp", &[], &message(1, "initialize", &hello));
    assert_eq!(opened.head.header("mcp-session-id"), None);
    assert_eq!(opened.answer(1)["result"]["protocolVersion"], "2025-06-18");
    let version = [("MCP-Protocol-Version", "2025-06-18")];
    let body = message(2, "tools/call", &call("plan_deploy", &json!({})));
    let answer = server.send("POST /mcp", &version, &body).answer(2);
    assert_eq!(answer["result"]["structuredContent"]["start"], "python3 server.py");
    assert_eq!(server.send("GET /mcp", &version, "").head.status, 405);
}

#[test]
fn a_client_of_2024_converses_over_sse() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let server = McpHttp::start(&home, &project.path(), &[]);
    let mut stream = server.send("GET /sse", &[], "");
    assert_eq!(stream.head.header("content-type"), Some("text/event-stream"));
    let endpoint = stream.event().expect("an endpoint");
    let path = endpoint.strip_prefix("event: endpoint\ndata: ").expect("an endpoint").to_owned();
    let target = format!("POST {path}");
    let post = |body: &str| server.send(&target, &[], body).head.status;

    let client = json!({"name": "test", "version": "1"});
    let hello = json!({"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": client});
    assert_eq!(post(&message(1, "initialize", &hello)), 202);
    assert_eq!(stream.answer(1)["result"]["protocolVersion"], "2024-11-05");
    assert_eq!(post(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string()), 202);
    assert_eq!(post(&message(2, "tools/call", &call("deploy_project", &json!({})))), 202);
    let first = stream.message().expect("a message");
    assert_eq!(first["method"], "notifications/progress", "it is said at once: {first}");
    let live = stream.answer(2);
    assert_eq!(live["result"]["structuredContent"]["status"], "complete", "{live:#}");

    assert_eq!(post("{}"), 400);
    assert_eq!(
        server.send("POST /messages?sessionId=0", &[], &message(3, "ping", &json!({}))).head.status,
        404
    );
    drop(stream);
    eventually("the conversation ended with its stream", 10, || {
        (post(&message(4, "ping", &json!({}))) == 404).then_some(())
    });
}

#[test]
fn every_client_is_shown_every_line_once() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let server = McpHttp::start(&home, &project.path(), &[]);
    let id = server.ok("deploy_project", &json!({}))["deployment_id"].clone();
    let logs = json!({"deployment_id": id, "source": "runtime"});
    let shown = |page: &Value| page["lines"].to_string().contains("serving one");
    let (mut one, mut two) = (server.session(), server.session());
    for session in [&mut one, &mut two] {
        assert!(shown(&session.ok("stream_logs", &logs)), "it has not seen it yet");
    }
    for session in [&mut one, &mut two] {
        assert!(!shown(&session.ok("stream_logs", &logs)), "it has seen it");
    }
    for _ in 0..2 {
        assert!(
            shown(&server.ok("stream_logs", &logs)),
            "nothing is remembered of a client without a session"
        );
    }
}

#[test]
fn clients_of_both_eras_deploy_at_once() {
    let home = Home::new();
    let root = Project::empty("root");
    for name in ["one", "two"] {
        root.write(&format!("{name}/server.py"), &crate::harness::python_server(name));
        root.write(&format!("{name}/Procfile"), "web: python3 server.py\n");
    }
    let server = McpHttp::start(&home, &root.path(), &[]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let live = server.ok("deploy_project", &json!({"path": "one"}));
            assert_eq!(live["status"], "complete", "{live:#}");
        });
        let live = server.session().ok("deploy_project", &json!({"path": "two"}));
        assert_eq!(live["status"], "complete", "{live:#}");
    });
    let projects = server.ok("list_projects", &json!({}));
    let names: BTreeSet<_> = projects["projects"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["project"].as_str())
        .collect();
    assert_eq!(names, BTreeSet::from(["one", "two"]), "{projects:#}");
}

#[test]
fn a_new_session_takes_the_place_of_the_one_that_was_silent_for_longest() {
    const SESSIONS_MAX: usize = 256;
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let server = McpHttp::start(&home, &project.path(), &[]);
    let (mut used, silent) = (server.session(), server.session());
    let _others: Vec<_> = (2..SESSIONS_MAX).map(|_| server.session()).collect();
    let ping = message(1, "ping", &json!({}));
    assert_eq!(used.request("ping", &json!({})), json!({}));
    drop(server.session());
    assert_eq!(silent.send("POST /mcp", &[], &ping).head.status, 404);
    assert_eq!(used.request("ping", &json!({})), json!({}));
}
