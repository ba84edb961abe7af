//! The build plan without deploying.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Platform, app, refusal};

#[test]
fn a_plan_asks_for_the_files_it_needs_and_equals_the_deployments_own() {
    let platform = Platform::start();
    let mut files = app::answering("one");
    files["film.bin"] = json!("not worth reading");
    let by_id: BTreeMap<String, (String, String)> = app::contents(&files)
        .into_iter()
        .map(|(path, bytes)| (app::blob_id(&bytes), (path, STANDARD.encode(&bytes))))
        .collect();
    let mut given = serde_json::Map::new();
    let plan = loop {
        let body = json!({"manifest": app::manifest(&files), "files": given});
        let answer = platform.api.post("/api/plan", &body);
        if answer.status == 200 {
            break answer.json();
        }
        assert_eq!(refusal(&answer), (422, "missing_blobs".to_owned()));
        let before = given.len();
        for id in answer.json()["missing"].as_array().expect("ids") {
            let (path, content) = &by_id[id.as_str().expect("an id")];
            given.insert(path.clone(), json!(content));
        }
        assert!(given.len() > before, "each round asks for something else");
    };
    assert!(!given.contains_key("film.bin"), "detection does not ask for everything");
    assert_eq!(plan["start"], "python3 server.py", "{plan:#}");

    let project = platform.project("plan");
    let list = platform.api.get(&format!("/api/projects/{project}"));
    assert_eq!(refusal(&list).0, 404, "planning makes nothing");
    let wanted = json!({"projectId": project, "files": files, "planHash": plan["plan_hash"]});
    let view = platform.api.ended(platform.accepted(&wanted)["deploymentId"].as_str().expect("an id"));
    assert_eq!(view["planHash"], plan["plan_hash"]);
    assert_eq!(view["plan"], plan);
}

#[test]
fn a_deploy_whose_inputs_changed_since_its_plan_is_refused() {
    let platform = Platform::start();
    let project = platform.project("plan");
    let body = json!({"projectId": project, "files": app::answering("one"), "planHash": "0123456789abcdef"});
    assert_eq!(refusal(&platform.api.post("/api/deploy", &body)), (409, "plan_changed".to_owned()));
}

#[test]
fn what_cannot_be_planned_says_why() {
    let platform = Platform::start();
    let plan = |files: &Value| {
        let given: serde_json::Map<String, Value> = app::contents(files)
            .into_iter()
            .map(|(path, bytes)| (path, json!(STANDARD.encode(bytes))))
            .collect();
        platform.api.post("/api/plan", &json!({"manifest": app::manifest(files), "files": given}))
    };
    let unknown = plan(&json!({"notes.txt": "nothing to run"}));
    assert_eq!(refusal(&unknown), (422, "unrecognised_project".to_owned()));
    assert!(unknown.json()["hint"].is_string(), "{}", unknown.text);
    let mut wrong = app::answering("one");
    wrong["backend-im.yml"] = json!("bild: make\n");
    let wrong = plan(&wrong);
    assert_eq!(refusal(&wrong), (422, "invalid_config".to_owned()));
    assert!(wrong.text.contains("build"), "the nearest known key is named: {}", wrong.text);
}
