//! Projects: the list, the history, the source of any commit, going back, the end.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Platform, app, refusal};
use crate::harness::visit;

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("`{member}` is no text: {value:#}"))
}

/// Every item of a list, page by page.
fn all(platform: &Platform, path: &str) -> Vec<Value> {
    let (mut items, mut query) = (Vec::new(), String::new());
    loop {
        let answer = platform.api.get(&format!("{path}{query}"));
        assert_eq!(answer.status, 200, "{}", answer.text);
        let page = answer.json();
        items.extend(page["items"].as_array().expect("items").iter().cloned());
        match page["nextCursor"].as_str() {
            Some(cursor) => query = format!("?cursor={cursor}"),
            None => return items,
        }
    }
}

#[test]
fn a_project_shows_what_serves() {
    let platform = Platform::start();
    let id = platform.project("shop");
    let live = platform.live(&id, "one");
    let project = platform.api.get(&format!("/api/projects/{id}")).json();
    assert_eq!(project["id"], id);
    assert_eq!(format!("{}-{}", platform.user(), text(&project, "name")), id);
    assert_eq!(project["live"], live["id"]);
    assert_eq!(project["liveCommit"], live["commitHash"]);
    assert_eq!(project["head"], live["commitHash"]);
    assert_eq!(project["url"], live["url"]);
    assert_eq!(project["latest"]["id"], live["id"]);
    let listed = all(&platform, "/api/projects").into_iter().find(|item| item["id"] == id);
    assert_eq!(listed, Some(project));
}

#[test]
fn lists_come_newest_first_in_pages_without_gaps() {
    let platform = Platform::start();
    let mut made = BTreeSet::new();
    for number in 0..55 {
        let id = platform.project(&format!("p{number}"));
        let body = json!({"prompt": "a todo list API", "projectId": id});
        assert_eq!(platform.api.post("/api/generate", &body).status, 200);
        made.insert(id);
    }
    let listed = all(&platform, "/api/projects");
    let times: Vec<u64> = listed.iter().filter_map(|project| project["createdMs"].as_u64()).collect();
    assert!(times.len() == listed.len() && times.windows(2).all(|pair| pair[0] >= pair[1]), "newest first");
    let ids: Vec<&str> = listed.iter().map(|project| text(project, "id")).collect();
    let found: BTreeSet<String> =
        ids.iter().map(|id| (*id).to_owned()).filter(|id| made.contains(id)).collect();
    assert_eq!(found, made, "every project is listed");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "and once");

    let id = platform.project("site");
    let mut newest = Vec::new();
    for number in 0..52 {
        let body = json!({"projectId": id, "files": {"index.html": format!("page {number}")}});
        newest.insert(0, platform.accepted(&body)["deploymentId"].clone());
    }
    platform.api.ended(newest[0].as_str().expect("an id"));
    let history = all(&platform, &format!("/api/projects/{id}/deployments"));
    assert_eq!(history.iter().map(|view| view["id"].clone()).collect::<Vec<_>>(), newest);
    assert!(history.iter().all(|view| view["status"] == "complete"), "each had its turn");
    assert_eq!(history.iter().filter(|view| view["live"] == true).count(), 1);
    for path in ["/api/projects".to_owned(), format!("/api/projects/{id}/deployments")] {
        let nonsense = platform.api.get(&format!("{path}?cursor=nonsense"));
        assert_eq!(refusal(&nonsense), (400, "malformed".to_owned()));
    }
}

#[test]
fn the_source_of_every_commit_is_kept() {
    let platform = Platform::start();
    let id = platform.project("shop");
    let (first, second) = (platform.live(&id, "one"), platform.live(&id, "two"));
    let files = |query: &str| platform.api.get(&format!("/api/projects/{id}/files{query}")).json();
    for (view, saying) in [(&first, "one"), (&second, "two")] {
        let commit = text(view, "commitHash");
        let listed = files(&format!("?commit={commit}"));
        assert_eq!(listed["commitHash"], *commit);
        let expected = app::manifest(&app::answering(saying));
        let mut listed = listed["files"].as_array().expect("files").clone();
        listed.sort_by_key(|file| text(file, "path").to_lowercase() != "server.py");
        assert_eq!(listed, expected, "path, mode, size and id, and no content unasked");
        let one = files(&format!("?commit={commit}&path=server.py"));
        let content = STANDARD.decode(text(&one["files"][0], "content")).expect("base64");
        assert_eq!(String::from_utf8(content).ok().as_deref(), app::answering(saying)["server.py"].as_str());
        assert_eq!(one["files"].as_array().map(Vec::len), Some(1));
    }
    assert_eq!(files("")["commitHash"], second["commitHash"], "the newest by default");
    let unknown = platform.api.get(&format!("/api/projects/{id}/files?commit=000000000000"));
    assert_eq!(refusal(&unknown), (404, "not_found".to_owned()));
}

#[test]
fn going_back_serves_an_earlier_commit_again() {
    let platform = Platform::start();
    let id = platform.project("shop");
    let path = format!("/api/projects/{id}/rollback");
    assert_eq!(refusal(&platform.api.post(&path, &json!({}))), (404, "not_found".to_owned()));
    let first = platform.live(&id, "one");
    assert_eq!(refusal(&platform.api.post(&path, &json!({}))), (409, "no_earlier_release".to_owned()));
    let second = platform.live(&id, "two");
    let third = platform.live(&id, "three");

    let back = |body: &Value| {
        let answer = platform.api.post(&path, body);
        assert_eq!(answer.status, 202, "{}", answer.text);
        let ended = platform.api.ended(text(&answer.json(), "deploymentId"));
        assert_eq!(ended["status"], "complete", "{ended:#}");
        assert_eq!(ended["trigger"], "rollback");
        ended
    };
    let ended = back(&json!({}));
    assert_eq!(ended["commitHash"], second["commitHash"], "the healthy release before the live one");
    assert_eq!(visit(text(&ended, "url")).text, "two");
    let ended = back(&json!({"to": first["commitHash"]}));
    assert_eq!(visit(text(&ended, "url")).text, "one");
    let replaced = platform.api.get(&format!("/api/status/{}", text(&third, "id"))).json();
    assert_eq!(replaced["status"], "complete", "what was replaced stays complete");
    assert_eq!(replaced["live"], false);
    assert!(replaced["supersededBy"].is_string(), "{replaced:#}");

    let unknown = platform.api.post(&path, &json!({"to": "000000000000"}));
    assert_eq!(refusal(&unknown), (404, "not_found".to_owned()));
    assert_eq!(
        refusal(&platform.api.post(&path, &json!({"to": "yesterday"}))),
        (400, "malformed".to_owned())
    );
}

#[test]
fn what_is_unchanged_is_the_live_deployment() {
    let platform = Platform::start();
    let id = platform.project("shop");
    let live = platform.live(&id, "one");
    let again = platform.accepted(&json!({"projectId": id, "files": app::answering("one")}));
    assert_eq!((&again["deploymentId"], &again["unchanged"]), (&live["id"], &json!(true)));
    assert_eq!(again["status"], "complete");
    let coloured = json!({"projectId": id, "files": app::answering("one"), "env": {"COLOUR": "red"}});
    let other = platform.accepted(&coloured);
    assert_ne!(other["deploymentId"], live["id"], "another environment is another deployment");
    assert_eq!(other["commitHash"], live["commitHash"], "of the same commit");
}

#[test]
fn what_the_caller_has_not_seen_is_not_buried() {
    let platform = Platform::start();
    let id = platform.project("shop");
    let (first, second) = (platform.live(&id, "one"), platform.live(&id, "two"));
    let mine = |more: Value| {
        let mut body =
            json!({"projectId": id, "files": app::answering("mine"), "lastEqual": first["commitHash"]});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        platform.api.post("/api/deploy", &body)
    };
    let refused = mine(json!({}));
    assert_eq!(refusal(&refused), (409, "diverged".to_owned()));
    assert_eq!(refused.json()["changed"], json!(["server.py"]));
    assert_eq!(mine(json!({"force": true})).status, 202);
    let seen = mine(json!({"lastEqual": second["commitHash"]}));
    assert!(matches!(seen.status, 202 | 409), "{}", seen.text);
}

#[test]
fn nothing_is_left_of_what_is_deleted() {
    let platform = Platform::start();
    let id = platform.project("shop");
    let live = platform.live(&id, "one");
    let deleted = platform.api.delete(&format!("/api/projects/{id}"));
    assert_eq!((deleted.status, deleted.json()), (200, json!({"projectId": id})));
    let deployment = text(&live, "id");
    for path in [
        format!("/api/projects/{id}"),
        format!("/api/projects/{id}/deployments"),
        format!("/api/projects/{id}/files"),
        format!("/api/status/{deployment}"),
        format!("/api/deployments/{deployment}/logs"),
    ] {
        assert_eq!(refusal(&platform.api.get(&path)), (404, "not_found".to_owned()), "{path}");
    }
    assert_ne!(visit(text(&live, "url")).text, "one");
    assert_eq!(refusal(&platform.api.delete(&format!("/api/projects/{id}"))), (404, "not_found".to_owned()));
    let anew = platform.live(&id, "two");
    assert_eq!(visit(text(&anew, "url")).text, "two", "the name can be used again");
    assert_eq!(platform.history(&id).len(), 1);
}

#[test]
fn a_generation_that_is_held_back_changes_nothing_until_it_is_kept() {
    let platform = Platform::start();
    let id = platform.project("books");
    let path = format!("/api/projects/{id}");
    let generate =
        |body: Value| text(&platform.api.post("/api/generate", &body).json(), "commitHash").to_owned();
    let keep = |commit: &str| platform.api.post(&format!("{path}/keep"), &json!({"commit": commit}));
    let newest = || platform.api.get(&format!("{path}/files")).json()["commitHash"].clone();

    let held = generate(json!({"prompt": "An API for books with a title", "projectId": id, "held": true}));
    assert_eq!(platform.api.get(&path).status, 404, "there is no project yet");
    assert_eq!(refusal(&keep("000000000000")), (404, "not_found".to_owned()));
    for _ in 0..2 {
        assert_eq!(keep(&held).status, 200);
        assert_eq!(newest(), *held);
    }
    let late = generate(json!({"prompt": "An API for books with pages", "projectId": id, "held": true}));
    let now = generate(json!({"prompt": "An API for books with an author", "projectId": id}));
    assert_eq!(refusal(&keep(&late)), (409, "diverged".to_owned()));
    assert_eq!(newest(), *now, "it came too late");
}
