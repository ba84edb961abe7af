//! Cancelling: of what waits, of what is being built, and of what has ended.

use serde_json::{Value, json};

use super::{Platform, Socket, app, refusal};
use crate::harness::{Answer, eventually, visit};

fn cancel(platform: &Platform, id: &str) -> Answer {
    platform.api.post(&format!("/api/deployments/{id}/cancel"), &json!({}))
}

fn status(platform: &Platform, id: &str) -> Value {
    platform.api.get(&format!("/api/status/{id}")).json()
}

#[test]
fn what_waits_and_what_is_built_can_be_cancelled_and_the_old_version_serves() {
    let platform = Platform::start();
    let project = platform.project("stop");
    let live = platform.live(&project, "one");
    let accept = |files: Value| {
        let accepted = platform.accepted(&json!({"projectId": project, "files": files}));
        accepted["deploymentId"].as_str().expect("an id").to_owned()
    };
    let (building, queued) = (accept(app::slow("two")), accept(app::answering("three")));
    eventually("it is being built", 30, || {
        (status(&platform, &building)["status"] == "building").then_some(())
    });

    let cancelled = cancel(&platform, &queued);
    assert_eq!(
        (cancelled.status, &cancelled.json()["status"]),
        (200, &json!("cancelled")),
        "{}",
        cancelled.text
    );
    assert_eq!(status(&platform, &building)["status"], "building", "the other one goes on");
    let cancelled = cancel(&platform, &building);
    assert_eq!(
        (cancelled.status, &cancelled.json()["status"]),
        (200, &json!("cancelled")),
        "{}",
        cancelled.text
    );
    assert_eq!(cancel(&platform, &building).status, 200, "cancelling again changes nothing");

    for id in [&building, &queued] {
        let messages = Socket::open(&platform.api, &format!("deploymentId={id}")).rest();
        assert_eq!(messages.last().map(|last| &last["status"]), Some(&json!("cancelled")));
        assert!(messages.iter().all(|message| message["url"].is_null() && message["error"].is_null()));
    }
    assert_eq!(visit(live["url"].as_str().expect("a URL")).text, "one");
    platform.live(&project, "four");
    assert_eq!(visit(live["url"].as_str().expect("a URL")).text, "four", "the next one has its turn");
}

#[test]
fn what_has_ended_cannot_be_cancelled() {
    let platform = Platform::start();
    let project = platform.project("stop");
    let live = platform.live(&project, "one");
    let failed = platform.deployed(&project, &app::broken());
    for view in [&live, &failed] {
        let answer = cancel(&platform, view["id"].as_str().expect("an id"));
        assert_eq!(refusal(&answer), (409, "already_ended".to_owned()));
    }
    let nobody = uuid::Uuid::now_v7().to_string();
    assert_eq!(refusal(&cancel(&platform, &nobody)), (404, "not_found".to_owned()));
}

#[test]
fn deleting_a_project_ends_what_is_under_way() {
    let platform = Platform::start();
    let project = platform.project("stop");
    let accepted = platform.accepted(&json!({"projectId": project, "files": app::slow("one")}));
    let id = accepted["deploymentId"].as_str().expect("an id");
    eventually("it is being built", 30, || (status(&platform, id)["status"] == "building").then_some(()));
    assert_eq!(platform.api.delete(&format!("/api/projects/{project}")).status, 200);
    assert_eq!(platform.api.get(&format!("/api/status/{id}")).status, 404);
}
