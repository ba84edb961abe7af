//! The published endpoints, by a client that knows nothing else: it reads the members that the table names, and lets
//! every other pass.

use serde_json::{Value, json};

use super::{Platform, Socket, app, refusal};
use crate::harness::{eventually, send, visit};

/// In this order.
const STATUSES: [&str; 9] = [
    "queued",
    "committing",
    "creating_namespace",
    "creating_pvc",
    "building",
    "deploying",
    "health_check",
    "complete",
    "failed",
];

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("`{member}` is no text: {value:#}"))
}

#[track_caller]
fn place(value: &Value) -> usize {
    let status = text(value, "status");
    STATUSES.iter().position(|known| *known == status).unwrap_or_else(|| panic!("unknown status {status}"))
}

#[track_caller]
fn is_about(value: &Value, accepted: &Value) {
    for member in ["projectId", "commitHash"] {
        assert_eq!(value[member], accepted[member], "{value:#}");
    }
    assert!(value["logs"].as_array().expect("lines").iter().all(Value::is_string), "{value:#}");
}

#[track_caller]
fn is_accepted(answer: &crate::harness::Answer, project: &str) -> Value {
    assert_eq!(answer.status, 202, "{}", answer.text);
    let accepted = answer.json();
    assert_eq!(accepted["projectId"], project);
    assert_eq!(accepted["status"], "queued");
    let id: uuid::Uuid = text(&accepted, "deploymentId").parse().expect("a UUID");
    assert_eq!(id.get_version_num(), 7);
    let commit = text(&accepted, "commitHash");
    assert!(commit.len() == 12 && commit.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{commit}");
    let end = format!("/ws?deploymentId={id}");
    let socket = text(&accepted, "websocketUrl");
    assert!(socket.starts_with("ws") && socket.ends_with(&end), "{socket}");
    accepted
}

#[test]
fn files_become_a_url_and_the_status_tells_the_way() {
    let platform = Platform::start();
    let project = platform.project("hello");
    let answer =
        platform.api.post("/api/deploy", &json!({"files": app::answering("one"), "projectId": project}));
    let accepted = is_accepted(&answer, &project);
    let id = text(&accepted, "deploymentId");

    let mut reached = 0;
    let last = eventually("the deployment is complete", 60, || {
        let answer = platform.api.get(&format!("/api/status/{id}"));
        assert_eq!(answer.status, 200, "{}", answer.text);
        let status = answer.json();
        assert_eq!(status["id"], id);
        is_about(&status, &accepted);
        assert!(place(&status) >= reached, "never backwards: {status:#}");
        reached = place(&status);
        assert!(status["status"] == "complete" || status["url"].is_null(), "no URL before the end");
        (status["status"] == "complete").then_some(status)
    });
    assert_eq!(visit(text(&last, "url")).text, "one");
    assert!(last["logs"].to_string().contains("serving one"), "{last:#}");
}

#[test]
fn the_socket_tells_every_step_in_order_then_the_url_then_closes() {
    let platform = Platform::start();
    let project = platform.project("hello");
    let accepted = platform.accepted(&json!({"files": app::answering("one"), "projectId": project}));
    let query = format!("deploymentId={}", text(&accepted, "deploymentId"));
    let messages = Socket::open(&platform.api, &query).rest();
    let mut seen = Vec::new();
    for message in &messages {
        assert_eq!(message["deploymentId"], accepted["deploymentId"]);
        is_about(message, &accepted);
        if seen.last() != Some(&place(message)) {
            seen.push(place(message));
        }
    }
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "in the order of the table: {seen:?}");
    assert_eq!(seen, (0..=7).collect::<Vec<_>>(), "each step is told, and that it was queued");
    let (last, before) = messages.split_last().expect("messages");
    assert_eq!(visit(text(last, "url")).text, "one");
    assert!(before.iter().all(|message| message["url"].is_null()));
}

#[test]
fn the_socket_of_a_failed_deployment_ends_with_the_error() {
    let platform = Platform::start();
    let project = platform.project("hello");
    let accepted = platform.accepted(&json!({"files": app::broken(), "projectId": project}));
    let id = text(&accepted, "deploymentId");
    let messages = Socket::open(&platform.api, &format!("deploymentId={id}")).rest();
    let last = messages.last().expect("a message");
    assert_eq!(last["status"], "failed");
    assert!(!last["error"].is_null() && last["url"].is_null(), "{last:#}");
    let told = messages.iter().flat_map(|message| message["logs"].as_array().expect("lines"));
    assert!(told.clone().any(|line| line == "no thanks"), "{messages:#?}");
    let status = platform.api.get(&format!("/api/status/{id}")).json();
    assert_eq!(status["status"], "failed");
    assert!(status["url"].is_null(), "{status:#}");
}

#[test]
fn a_project_is_also_named_by_its_name_and_its_user() {
    let platform = Platform::start();
    let id = platform.project("hello");
    let name = id.strip_prefix(&format!("{}-", platform.user())).expect("the user's");
    let files = app::answering("one");
    let both = json!({"files": files, "projectName": name, "userId": platform.user()});
    assert_eq!(platform.accepted(&both)["projectId"], id);
    let alone = json!({"files": app::answering("two"), "projectName": name});
    assert_eq!(platform.accepted(&alone)["projectId"], id);
}

#[test]
fn a_prompt_becomes_files() {
    let platform = Platform::start();
    let prompt = "Create a REST API for user management with users and roles, users have an email and a name";
    let answer = platform.api.post("/api/generate", &json!({"prompt": prompt}));
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = answer.json();
    for path in ["main.py", "models.py", "requirements.txt", "schema.sql"] {
        assert!(!text(&answer["files"], path).is_empty(), "{path}");
    }
    let project = text(&answer, "projectId");
    platform.clean(project);
    assert!(project.contains("user-management"), "named after the prompt's subject: {project}");
    let commit = text(&answer, "commitHash");
    let kept = platform.api.get(&format!("/api/projects/{project}/files?commit={commit}")).json();
    let paths = |files: &Value| {
        files.as_array().expect("files").iter().map(|file| text(file, "path").to_owned()).collect::<Vec<_>>()
    };
    let mut written: Vec<String> = answer["files"].as_object().expect("files").keys().cloned().collect();
    let mut kept = paths(&kept["files"]);
    written.sort();
    kept.sort();
    assert_eq!(written, kept, "what was written is committed");
    assert!(answer["warnings"].is_array() && answer["stack"].is_string() && answer["generator"].is_string());
}

#[test]
fn a_token_tells_whose_it_is() {
    let platform = Platform::start();
    let verified = platform.api.get("/api/auth/verify");
    assert_eq!(verified.status, 200);
    let verified = verified.json();
    assert_eq!(verified["valid"], true);
    let user = text(&verified, "userId");
    assert!(user.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{user}");
    assert!(text(&verified, "email").contains('@'));
}

#[test]
fn the_other_names_of_the_calls_are_the_same_calls() {
    let platform = Platform::start();
    let project = platform.project("hello");
    let (body, kind) = app::form(&[
        ("source", &app::tar_gz(&app::answering("one"))),
        ("config", json!({"projectId": project}).to_string().as_bytes()),
    ]);
    let request = platform.api.request("POST", "/v1/deployments").header("Content-Type", kind).body(body);
    let first = is_accepted(&send(request).expect("an answer"), &project);
    let first = platform.api.ended(text(&first, "deploymentId"));
    assert_eq!(first["status"], "complete", "{first:#}");

    for (path, text) in [("/v1/deployments", "two"), ("/deploy", "three")] {
        let body = json!({"projectId": project, "files": app::answering(text)});
        let accepted = is_accepted(&platform.api.post(path, &body), &project);
        let id = accepted["deploymentId"].as_str().expect("an id");
        platform.api.ended(id);
        let status = platform.api.get(&format!("/status/{id}"));
        assert_eq!(status.status, 200, "{}", status.text);
        assert_eq!(visit(status.json()["url"].as_str().expect("a URL")).text, text);
    }
    let image = platform
        .api
        .post("/v1/deployments", &json!({"projectId": project, "image": "example.org/app@sha256:00"}));
    assert!(image.status == 202 || refusal(&image) == (422, "unsupported".to_owned()), "{}", image.text);

    let deleted = platform.api.delete(&format!("/app/{project}"));
    assert_eq!(deleted.status, 200, "{}", deleted.text);
    assert_eq!(platform.api.get(&format!("/api/projects/{project}")).status, 404);
}

#[test]
fn logins_are_not_there_yet() {
    let platform = Platform::start();
    for method in ["GET", "POST"] {
        let request = platform.api.request(method, "/api/auth/callback?code=c&state=s");
        assert_eq!(refusal(&send(request).expect("an answer")), (404, "not_found".to_owned()));
    }
}
