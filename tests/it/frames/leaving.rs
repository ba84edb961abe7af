//! The client goes away while calls are under way.

use std::io::Read;

use super::*;
use crate::harness::eventually;

/// A project whose build takes long enough to be left alone.
fn slow() -> Project {
    let project = Project::quick("slow", "one");
    project.write("backend-im.yml", "build: sleep 6\nstart: python3 server.py\n");
    project
}

fn call(id: u64, tool: &str, arguments: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})
}

/// Waits that a client left behind end at once, with what is known then; the deployment goes on.
#[test]
fn a_client_that_leaves_gets_its_answers_and_keeps_its_deploy() {
    let (home, project) = (Home::new(), slow());
    let mut server = Server::start(home.program(&["mcp"]), &project);
    let started = server.ask(&call(1, "deploy_project", &json!({"wait_seconds": 0})));
    let result = &started["result"]["structuredContent"];
    let id = result["deployment_id"].as_str().expect("an id").to_owned();
    server.say(&call(
        2,
        "stream_logs",
        &json!({"deployment_id": id, "follow_seconds": 45, "source": "runtime"}),
    ));
    server.say(&call(3, "deploy_project", &json!({"message": "the same again"})));
    let deployments = format!("/api/projects/{}/deployments", result["project_id"].as_str().expect("an id"));
    eventually("the second deploy is accepted, so that its call waits for it", 30, || {
        (home.api().get(&deployments).json()["items"].as_array()?.len() == 2).then_some(())
    });

    drop(server.stdin.take());
    // Less than the five seconds for which calls of a client that left could be waited for.
    eventually("the server has ended", 4, || server.child.try_wait().expect("it is ours"));
    let mut rest = String::new();
    server.stdout.as_mut().expect("a pipe").read_to_string(&mut rest).expect("a readable pipe");
    let answers: Vec<Value> = rest.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let mut ids: Vec<u64> = answers.iter().filter_map(|answer| answer["id"].as_u64()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [2, 3], "{answers:#?}");
    assert!(answers.iter().all(|answer| answer["result"]["isError"] == false), "{answers:#?}");
    assert_eq!(home.api().ended(&id)["status"], "complete");
}

#[test]
fn a_client_that_stops_reading_is_gone() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let mut server = Server::start(home.program(&["mcp"]), &project);
    drop(server.stdout.take());
    server.say(&json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}));
    eventually("the server has ended", 10, || server.child.try_wait().expect("it is ours"));
}
