//! Secrets: a value goes in and never comes out.

use serde_json::{Value, json};

use super::{Platform, app, refusal};
use crate::harness::{Answer, send, visit};

fn put(platform: &Platform, id: &str, name: &str, value: &str) -> Answer {
    let path = format!("/api/projects/{id}/secrets/{name}");
    send(platform.api.request("PUT", &path).body(value.to_owned())).expect("an answer")
}

/// An app that answers one of its variables.
fn telling(variable: &str) -> Value {
    let mut files = app::answering("placeholder");
    let server = files["server.py"].as_str().expect("a text");
    let told = format!("os.environ.get({variable:?}, 'nothing')");
    files["server.py"] = json!(server.replace("\"placeholder\"", &told));
    files
}

#[test]
fn a_secret_is_named_and_versioned_and_reaches_the_next_deployment() {
    let platform = Platform::start();
    let id = platform.project("vault");
    let first = put(&platform, &id, "TOKEN", "canary-contract-1");
    assert_eq!(first.status, 200, "{}", first.text);
    assert_eq!(
        (&first.json()["projectId"], &first.json()["secrets"][0]["name"]),
        (&json!(id), &json!("TOKEN"))
    );
    let live = platform.deployed(&id, &telling("TOKEN"));
    assert_eq!(visit(live["url"].as_str().expect("a URL")).text, "canary-contract-1");

    let listed = platform.api.get(&format!("/api/projects/{id}/secrets")).json();
    assert_eq!(listed["secrets"][0]["applied"], true);
    let second = put(&platform, &id, "TOKEN", "canary-contract-2").json();
    assert_eq!(second["secrets"][0]["applied"], false);
    assert!(second["secrets"][0]["version"].as_u64() > listed["secrets"][0]["version"].as_u64());
    assert!(second["secrets"][0]["setMs"].as_u64() >= listed["secrets"][0]["setMs"].as_u64());
    assert_eq!(
        visit(live["url"].as_str().expect("a URL")).text,
        "canary-contract-1",
        "nothing is redeployed"
    );
    let live = platform.deployed(&id, &telling("TOKEN"));
    assert_eq!(
        visit(live["url"].as_str().expect("a URL")).text,
        "canary-contract-2",
        "the next deploy is a change"
    );

    let removed = platform.api.delete(&format!("/api/projects/{id}/secrets/TOKEN"));
    assert_eq!((removed.status, &removed.json()["secrets"]), (200, &json!([])));
    let again = platform.api.delete(&format!("/api/projects/{id}/secrets/TOKEN"));
    assert_eq!(refusal(&again), (404, "not_found".to_owned()));
    for path in ["", "/secrets", "/deployments"] {
        let text = platform.api.get(&format!("/api/projects/{id}{path}")).text;
        assert!(!text.contains("canary-contract"), "{path}: {text}");
    }
}

#[test]
fn what_is_no_secret_is_refused_and_not_repeated() {
    let platform = Platform::start();
    let id = platform.project("vault");
    let large = "x".repeat(65_537);
    for (name, value, expected) in [
        ("TOKEN", "", (400, "malformed")),
        ("TOKEN", "nul\0inside", (400, "malformed")),
        ("TOKEN", &large, (413, "too_large")),
        ("token", "x", (400, "malformed")),
        ("DATA_DIR", "x", (400, "malformed")),
    ] {
        let refused = put(&platform, &id, name, value);
        assert_eq!(refusal(&refused), (expected.0, expected.1.to_owned()), "{name}");
        assert!(!refused.text.contains("inside"), "{}", refused.text);
    }
    let files = telling("TOKEN");
    let mut needy = files.clone();
    needy["backend-im.yml"] = json!("env:\n  TOKEN: ${SECRET:NOBODY_SET_IT}\n");
    let refused = platform.api.post("/api/deploy", &json!({"projectId": id, "files": needy}));
    assert_eq!(refusal(&refused), (422, "missing_secret".to_owned()));
    assert!(refused.text.contains("NOBODY_SET_IT"), "{}", refused.text);
}

#[test]
fn a_person_is_asked_on_a_page_that_needs_no_token_and_works_once() {
    let platform = Platform::start();
    let id = platform.project("vault");
    let question = json!({"name": "TOKEN", "source": {"from": "person"}, "requestedBy": "the contract"});
    let path = format!("/api/projects/{id}/secrets/requests");
    let asked = platform.api.post(&path, &question);
    assert_eq!((asked.status, &asked.json()["state"]), (202, &json!("waiting")), "{}", asked.text);
    let page = asked.json()["pageUrl"].as_str().expect("a page").to_owned();
    let shown = crate::harness::get(&page);
    assert!(shown.status == 200 && shown.text.contains("TOKEN") && shown.text.contains("the contract"));
    let origin = page.split("/secrets/").next().expect("an origin").to_owned();
    let answer = || {
        let form = "value=canary-contract-3&answer=give";
        let request = crate::harness::to("POST", &page).header("Origin", &origin).body(form);
        send(request).expect("an answer").status
    };
    assert_eq!(answer(), 303);
    let state = format!("{path}/{}?timeoutS=30", asked.json()["id"].as_str().expect("an id"));
    assert_eq!(platform.api.get(&state).json()["state"], "stored");
    let listed = platform.api.get(&format!("/api/projects/{id}/secrets")).json();
    assert_eq!(answer(), 303);
    assert_eq!(platform.api.get(&format!("/api/projects/{id}/secrets")).json(), listed, "only once");
    let unknown = platform.api.get(&format!("{path}/none"));
    assert_eq!(refusal(&unknown), (404, "not_found".to_owned()));
}
