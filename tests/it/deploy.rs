//! A person deploys: the path from a folder to a URL, and what comes after.

use serde_json::Value;

use crate::harness::{Home, Project, get};

fn phases(view: &Value) -> Vec<&str> {
    view["phases"].as_array().expect("phases").iter().filter_map(|phase| phase["status"].as_str()).collect()
}

#[test]
fn a_folder_becomes_a_url_that_answers() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let done = home.run(&["deploy", &project.arg()]).ok();
    let url = done.stdout.trim();
    assert!(
        url.starts_with("http://") && url.contains("-hello.localhost:"),
        "stdout is the URL alone: {done:#?}"
    );

    let status = home.run(&["status", "hello", "--json"]).ok().json();
    let direct = status["directUrl"].as_str().expect("a direct URL");
    assert_eq!(get(direct).text, "one");
    assert_eq!(status["url"], url);
    assert_eq!(status["live"], true);
    assert_eq!(status["receipt"]["failed"], 0);
    let all = [
        "queued",
        "committing",
        "creating_namespace",
        "creating_pvc",
        "building",
        "deploying",
        "health_check",
    ];
    assert_eq!(phases(&status), all);
}

#[test]
fn a_change_goes_live_and_a_rollback_builds_nothing() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let first = home.deploy(&project.arg());
    project.says("two");
    let second = home.deploy(&project.arg());
    assert_ne!(first["commitHash"], second["commitHash"]);
    let direct = second["directUrl"].as_str().expect("a direct URL");
    assert_eq!(get(direct).text, "two");

    let back = home.run(&["rollback", "hello", "--json"]).ok().json();
    assert_eq!(back["commitHash"], first["commitHash"]);
    assert_eq!(back["trigger"], "rollback");
    assert_eq!(get(direct).text, "one");
    let log = home.run(&["logs", "hello", "--source", "build"]).ok();
    assert!(log.stdout.contains("already built"), "{log:#?}");

    project.says("three");
    let third = home.deploy(&project.arg());
    assert_eq!(get(direct).text, "three", "deploying after a rollback needs no force: {third:#}");
}

#[test]
fn what_is_unchanged_is_said_and_not_deployed_again() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let first = home.deploy(&project.arg());
    let again = home.deploy(&project.arg());
    assert_eq!(first["id"], again["id"]);

    let with_env = home.run(&["deploy", &project.arg(), "--env", "COLOUR=red", "--json"]).ok().json();
    assert_ne!(with_env["id"], first["id"], "another environment is another deployment");
    assert_eq!(with_env["commitHash"], first["commitHash"], "of the same commit");
    home.run(&["rollback", "hello"]);
}

#[test]
fn data_outlives_releases() {
    let (home, project) = (Home::new(), Project::quick("counter", "one"));
    let live = home.deploy(&project.arg());
    let count = format!("{}/count", live["directUrl"].as_str().expect("a direct URL"));
    assert_eq!(get(&count).text, "1");
    project.says("two");
    home.deploy(&project.arg());
    assert_eq!(get(&count).text, "2");
    home.run(&["rollback", "counter"]).ok();
    assert_eq!(get(&count).text, "3");
}

#[test]
fn a_deploy_that_fails_leaves_the_old_version_serving() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let live = home.deploy(&project.arg());
    project.write("server.py", "raise SystemExit('no thanks')\n");
    let failed = home.run(&["deploy", &project.arg(), "--json"]);
    assert_eq!(failed.code, 1, "{failed:#?}");
    let error = &failed.json()["error"];
    assert_eq!(error["code"], "exited_early", "{error:#}");
    assert!(error["hint"].is_string());
    assert_eq!(get(live["directUrl"].as_str().expect("a direct URL")).text, "one");
    let status = home.run(&["status", "hello", "--json"]).ok().json();
    assert_eq!(status["live"], false, "the newest deployment failed");
}

#[test]
fn deleting_a_project_leaves_nothing_of_it() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let live = home.deploy(&project.arg());
    let refused = home.run(&["delete", "hello"]);
    assert_ne!(refused.code, 0, "deleting wants a confirmation: {refused:#?}");
    home.run(&["delete", "hello", "--confirm", "hello"]).ok();
    let id = live["projectId"].as_str().expect("an id");
    assert!(!home.path().join("projects").join(id).exists());
    assert!(home.processes_with("server.py").is_empty());
    let list = home.run(&["projects", "--json"]).ok().json();
    assert_eq!(list["items"], serde_json::json!([]));
}

#[test]
fn two_folders_of_one_name_are_told_apart() {
    let home = Home::new();
    let (mine, yours) = (Project::quick("hello", "mine"), Project::quick("hello", "yours"));
    let live = home.deploy(&mine.arg());
    let refused = home.run(&["deploy", &yours.arg(), "--json"]);
    assert_ne!(refused.code, 0);
    assert!(
        refused.stdout.contains("project_taken") || refused.stderr.contains("project_taken"),
        "{refused:#?}"
    );
    assert_eq!(get(live["directUrl"].as_str().expect("a direct URL")).text, "mine");
    home.run(&["deploy", &yours.arg(), "--project", "hello-too"]).ok();
}

#[test]
fn only_the_last_releases_are_kept() {
    let home = Home::new().with("BACKEND_IM_KEEP_RELEASES", "2");
    let project = Project::quick("hello", "0");
    let mut live = Value::Null;
    for text in ["1", "2", "3", "4"] {
        project.says(text);
        live = home.deploy(&project.arg());
    }
    let releases =
        home.path().join("projects").join(live["projectId"].as_str().expect("an id")).join("releases");
    crate::harness::eventually("old releases are gone", 20, || {
        (std::fs::read_dir(&releases).expect("releases").count() == 2).then_some(())
    });
    home.run(&["rollback", "hello"]).ok();
    assert_eq!(get(live["directUrl"].as_str().expect("a direct URL")).text, "3");
}
