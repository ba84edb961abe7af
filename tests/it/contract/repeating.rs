//! `Idempotency-Key`: a request that comes again is the same request.

use serde_json::{Value, json};

use super::{Platform, app, refusal};
use crate::harness::{Answer, send, visit};

fn post(platform: &Platform, path: &str, key: &str, body: &Value) -> Answer {
    let request = platform.api.request("POST", path).header("Idempotency-Key", key);
    send(request.json(body)).expect("an answer")
}

/// A key that no other run has.
fn key() -> String {
    uuid::Uuid::now_v7().to_string()
}

#[track_caller]
fn deployment(answer: &Answer) -> String {
    assert_eq!(answer.status, 202, "{}", answer.text);
    answer.json()["deploymentId"].as_str().expect("an id").to_owned()
}

#[test]
fn the_same_key_and_body_are_the_same_deployment() {
    let platform = Platform::start();
    let (project, key) = (platform.project("once"), key());
    let body = json!({"projectId": project, "files": app::answering("one")});
    let first = post(&platform, "/api/deploy", &key, &body);
    platform.api.ended(&deployment(&first));
    let again = post(&platform, "/api/deploy", &key, &body);
    assert_eq!(deployment(&again), deployment(&first));
    assert_eq!(again.json()["commitHash"], first.json()["commitHash"]);
    assert_eq!(again.json()["status"], "complete", "where it is now");
    assert_eq!(platform.history(&project).len(), 1);
}

#[test]
fn an_answer_stays_the_same_when_other_deployments_came_after_it() {
    let platform = Platform::start();
    let (project, key) = (platform.project("once"), key());
    let live = platform.live(&project, "one");
    let body = json!({"projectId": project, "files": app::answering("one")});
    let unchanged = post(&platform, "/api/deploy", &key, &body);
    assert_eq!(unchanged.json()["deploymentId"], live["id"], "nothing changed, so it is the live one");
    let newer = platform.live(&project, "two");

    let again = post(&platform, "/api/deploy", &key, &body);
    assert_eq!(again.json()["deploymentId"], live["id"], "a repetition does not undo what came after");
    assert_eq!(platform.history(&project)[0]["id"], newer["id"]);
    assert_eq!(visit(newer["url"].as_str().expect("a URL")).text, "two");
}

#[test]
fn twenty_at_once_are_one_deployment() {
    let platform = Platform::start();
    let (project, key) = (platform.project("once"), key());
    let body = json!({"projectId": project, "files": app::answering("one")});
    let ids: Vec<String> = std::thread::scope(|scope| {
        let post = || deployment(&post(&platform, "/api/deploy", &key, &body));
        let posts: Vec<_> = (0..20).map(|_| scope.spawn(post)).collect();
        posts.into_iter().map(|post| post.join().expect("an answer")).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(platform.history(&project).len(), 1);
    assert_eq!(platform.api.ended(&ids[0])["status"], "complete");
}

#[test]
fn the_same_key_with_another_body_is_a_conflict() {
    let platform = Platform::start();
    let (project, key) = (platform.project("once"), key());
    let body = json!({"projectId": project, "files": app::answering("one")});
    platform.api.ended(&deployment(&post(&platform, "/api/deploy", &key, &body)));
    let conflict = (409, "idempotency_conflict".to_owned());
    let other = json!({"projectId": project, "files": app::answering("two")});
    assert_eq!(refusal(&post(&platform, "/api/deploy", &key, &other)), conflict);
    let rollback = format!("/api/projects/{project}/rollback");
    assert_eq!(refusal(&post(&platform, &rollback, &key, &json!({}))), conflict, "another call, too");
    let prompt = json!({"prompt": "a todo list API"});
    assert_eq!(refusal(&post(&platform, "/api/generate", &key, &prompt)), conflict);
    assert_eq!(platform.history(&project).len(), 1);
}

#[test]
fn a_rollback_that_is_repeated_goes_back_once() {
    let platform = Platform::start();
    let (project, key) = (platform.project("once"), key());
    let first = platform.live(&project, "one");
    platform.live(&project, "two");
    let path = format!("/api/projects/{project}/rollback");
    let back = post(&platform, &path, &key, &json!({}));
    assert_eq!(platform.api.ended(&deployment(&back))["status"], "complete");
    let again = post(&platform, &path, &key, &json!({}));
    assert_eq!(deployment(&again), deployment(&back), "not back and forth");
    assert_eq!(platform.history(&project).len(), 3);
    assert_eq!(visit(first["url"].as_str().expect("a URL")).text, "one");
}

#[test]
fn a_generation_that_is_repeated_writes_one_project() {
    let platform = Platform::start();
    let (key, body) = (key(), json!({"prompt": "a todo list API"}));
    let answers: Vec<Value> = std::thread::scope(|scope| {
        let post = || post(&platform, "/api/generate", &key, &body).json();
        let posts: Vec<_> = (0..8).map(|_| scope.spawn(post)).collect();
        posts.into_iter().map(|post| post.join().expect("an answer")).collect()
    });
    for answer in &answers {
        platform.clean(answer["projectId"].as_str().unwrap_or_else(|| panic!("{answer}")));
        assert_eq!(answer["projectId"], answers[0]["projectId"]);
        assert_eq!(answer["commitHash"], answers[0]["commitHash"]);
    }
    let other = json!({"prompt": "a blog with posts and tags"});
    let conflict = post(&platform, "/api/generate", &key, &other);
    assert_eq!(refusal(&conflict), (409, "idempotency_conflict".to_owned()));
}

#[test]
fn a_key_is_remembered_over_a_crash() {
    let Some(mut platform) = Platform::own("a_key_is_remembered_over_a_crash") else { return };
    let (project, key) = (platform.project("once"), key());
    let body = json!({"projectId": project, "files": app::answering("one")});
    let first = deployment(&post(&platform, "/api/deploy", &key, &body));
    platform.api.ended(&first);
    platform.home().kill_platform();
    platform.api = platform.home().started();
    assert_eq!(deployment(&post(&platform, "/api/deploy", &key, &body)), first);
    assert_eq!(platform.history(&project).len(), 1);
}

#[test]
fn a_key_that_is_none_is_refused() {
    let platform = Platform::start();
    let project = platform.project("once");
    let body = json!({"projectId": project, "files": app::answering("one")});
    let long = "k".repeat(256);
    assert_eq!(refusal(&post(&platform, "/api/deploy", &long, &body)), (400, "malformed".to_owned()));
    assert_eq!(refusal(&post(&platform, "/api/deploy", "", &body)), (400, "malformed".to_owned()));
}
