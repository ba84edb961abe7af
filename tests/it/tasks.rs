//! A deployment as a task, for clients that declare the extension: polled, cancelled, and known to any process.

use serde_json::{Value, json};

use crate::harness::{Client, ERAS, Era, Home, Project, eventually, get, nobody, python_server};

fn takes_tasks() -> Value {
    json!({"extensions": {"io.modelcontextprotocol/tasks": {}}})
}

/// A project whose build takes until the file `go` is there.
fn slow() -> Project {
    let project = Project::quick("slow", "one");
    let wait = "import os, time\nwhile not os.path.exists(os.environ['GO']):\n    time.sleep(0.05)\n";
    project.write("server.py", &format!("{wait}{}", python_server("one")));
    project
}

/// The deployment as a task, as the call answers it.
#[track_caller]
fn task(client: &mut Client, go: &str) -> Value {
    let result = client.call("deploy_project", &json!({"env": {"GO": go}}), nobody);
    assert_eq!(result["resultType"], "task", "{result}");
    assert_eq!(result["status"], "working", "{result}");
    let (ttl, poll) = (result["ttlMs"].as_u64(), result["pollIntervalMs"].as_u64());
    assert!(ttl >= Some(60 * 60 * 1_000) && (Some(2_000)..=Some(5_000)).contains(&poll), "{result}");
    result
}

fn ask(client: &mut Client, id: &Value) -> Value {
    client.ask("tasks/get", json!({"taskId": id}))
}

#[test]
fn a_slow_deploy_is_a_task_that_another_process_answers_for() {
    let (home, project) = (Home::new(), slow());
    let folder = tempfile::tempdir().expect("a temp dir");
    let go = folder.path().join("go");
    let mut client = Client::start(&home, &project, Era::New, takes_tasks());
    let found = client.ask("server/discover", json!({}));
    assert!(found["capabilities"]["extensions"]["io.modelcontextprotocol/tasks"].is_object(), "{found}");
    let seed = task(&mut client, go.to_str().expect("UTF-8"));
    let id = seed["taskId"].clone();
    let working = ask(&mut client, &id);
    assert_eq!((&working["resultType"], &working["status"]), (&json!("complete"), &json!("working")));
    assert!(working["statusMessage"].as_str().is_some_and(|text| text.contains("health_check")), "{working}");
    assert_eq!(working["createdAt"], seed["createdAt"]);
    assert!(working.get("result").is_none());
    assert_eq!(client.mcp.close(), 0);

    std::fs::write(&go, "").expect("a file");
    // Another process, which never heard of it.
    let mut other = Client::start(&home, &project, Era::New, takes_tasks());
    let done = eventually("the task is done", 60, || {
        let task = ask(&mut other, &id);
        (task["status"] != "working").then_some(task)
    });
    assert_eq!(done["status"], "completed", "{done}");
    let result = &done["result"];
    assert_eq!(result["structuredContent"]["status"], "complete", "{result}");
    assert_eq!(result["structuredContent"]["deployment_id"], id);
    assert!(result["content"][0]["text"].is_string() && result["isError"] != true, "{result}");
    let url = result["structuredContent"]["direct_url"].as_str().expect("a URL");
    assert_eq!(get(url).text, "one");
    assert!(done["lastUpdatedAt"].as_str() >= done["createdAt"].as_str());

    // What has ended stays as it is.
    other.ask("tasks/cancel", json!({"taskId": id}));
    other.ask("tasks/update", json!({"taskId": id, "inputResponses": {"no": {"action": "accept"}}}));
    assert_eq!(ask(&mut other, &id)["status"], "completed");
    assert_eq!(get(url).text, "one");
}

#[test]
fn cancelling_a_task_stops_its_deployment() {
    for era in ERAS {
        let (home, project) = (Home::new(), slow());
        let mut client = Client::start(&home, &project, era, takes_tasks());
        let id = task(&mut client, "/nowhere")["taskId"].clone();
        client.ask("tasks/cancel", json!({"taskId": id}));
        let cancelled = eventually("the task is cancelled", 60, || {
            let task = ask(&mut client, &id);
            (task["status"] != "working").then_some(task)
        });
        assert_eq!(cancelled["status"], "cancelled", "{cancelled}");
        assert!(cancelled.get("result").is_none(), "{cancelled}");
        let deployment = home.api().ended(id.as_str().expect("an id"));
        assert_eq!(deployment["status"], "cancelled");
    }
}

#[test]
fn a_task_that_fails_ends_with_the_diagnosis_like_the_call() {
    let (home, project) = (Home::new(), slow());
    let folder = tempfile::tempdir().expect("a temp dir");
    let go = folder.path().join("go");
    project.edit("server.py", "import os, sys", "raise SystemExit('no database')\nimport os, sys");
    let mut client = Client::start(&home, &project, Era::New, takes_tasks());
    let id = task(&mut client, go.to_str().expect("UTF-8"))["taskId"].clone();
    std::fs::write(&go, "").expect("a file");
    let failed = eventually("the task has ended", 60, || {
        let task = ask(&mut client, &id);
        (task["status"] != "working").then_some(task)
    });
    assert_eq!(failed["status"], "completed", "the call was answered: {failed}");
    let content = &failed["result"]["structuredContent"];
    assert_eq!(content["status"], "failed", "{failed}");
    assert!(content["error"]["code"].is_string() && content["next"].is_string(), "{failed}");
}

#[test]
fn a_task_is_never_required_and_nobody_else_gets_one() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    // Quick, so there is nothing to wait for; and who does not want to wait gets the id.
    let mut client = Client::start(&home, &project, Era::New, takes_tasks());
    let at_once = client.call("deploy_project", &json!({"wait_seconds": 0}), nobody);
    let id = at_once["structuredContent"]["deployment_id"].clone();
    assert!(id.is_string(), "{at_once}");
    home.api().ended(id.as_str().expect("an id"));
    let unchanged = client.call("deploy_project", &json!({}), nobody);
    assert_eq!(unchanged["structuredContent"]["unchanged"], true, "{unchanged}");

    for wrong in ["", "task-1", "0190b5a4-6e1f-7c3a-9b1d-2f6c8e4a7d10"] {
        for method in ["tasks/get", "tasks/cancel", "tasks/update"] {
            let params = json!({"taskId": wrong, "inputResponses": {}});
            let refused = client.send(method, params, nobody);
            assert_eq!(refused["error"]["code"], -32602, "{method} {refused}");
        }
    }
    for era in ERAS {
        let mut other = Client::start(&home, &project, era, json!({}));
        project.says(if era == Era::Old { "two" } else { "three" });
        let waited = other.call("deploy_project", &json!({}), nobody);
        assert_eq!(waited["structuredContent"]["status"], "complete", "{waited}");
        let refused = other.send("tasks/get", json!({"taskId": id}), nobody);
        assert_eq!(refused["error"]["code"], -32021, "{refused}");
    }
}
