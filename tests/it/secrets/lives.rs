//! Which value an app runs with: what was current when it was deployed, through every restart, until the next deploy.

use serde_json::{Value, json};

use super::{environment, leaky, set, text};
use crate::harness::{Home, Project, eventually, get};

const PLAIN: &str = "start: python3 server.py\n";

/// What the app finds in `TOKEN`, once it answers.
fn token(live: &Value) -> Value {
    eventually("the app answers", 20, || {
        let answer = get(text(live, "directUrl"));
        (answer.status == 200).then(|| answer.json()["TOKEN"].clone())
    })
}

fn restart(home: &Home, live: &Value) {
    let before = home.processes_with("server.py");
    get(&format!("{}/exit", text(live, "directUrl")));
    eventually("another process runs", 20, || {
        let now = home.processes_with("server.py");
        (!now.is_empty() && now != before).then_some(())
    });
}

fn unchanged(home: &Home, project: &Project) -> bool {
    home.run(&["deploy", &project.arg(), "--json"]).ok().json()["unchanged"] == true
}

#[test]
fn a_new_value_waits_for_the_next_deploy_and_survives_every_end_of_the_platform() {
    let (home, project) = (Home::new(), leaky(PLAIN));
    set(&home, "TOKEN", "first-value");
    let live = home.deploy(&project.arg());
    assert_eq!(token(&live), "first-value");
    assert!(unchanged(&home, &project), "nothing changed");

    set(&home, "TOKEN", "second-value");
    let listed = home.run(&["secret", "list", "--project", "vault", "--json"]).ok().json();
    assert_eq!(listed["secrets"][0]["applied"], false, "{listed:#}");
    assert_eq!(token(&live), "first-value", "nothing is redeployed");
    restart(&home, &live);
    assert_eq!(token(&live), "first-value", "what it was deployed with, also when it is started again");

    home.kill_platform();
    home.started();
    assert_eq!(token(&live), "first-value", "adopted");
    restart(&home, &live);
    assert_eq!(token(&live), "first-value", "started again by the platform that adopted it");
    home.run(&["platform", "stop"]).ok();
    home.started();
    assert_eq!(token(&live), "first-value", "started again with its platform");

    assert!(!unchanged(&home, &project), "a new value is a change");
    assert_eq!(token(&live), "second-value");
    assert!(unchanged(&home, &project));
    let listed = home.run(&["secret", "list", "--project", "vault", "--json"]).ok().json();
    assert_eq!(listed["secrets"][0]["applied"], true, "{listed:#}");
}

#[test]
fn a_rollback_brings_old_code_back_and_no_old_value() {
    let (home, project) = (Home::new(), leaky(PLAIN));
    set(&home, "TOKEN", "first-value");
    home.deploy(&project.arg());
    project.write("notes.txt", "a change");
    set(&home, "TOKEN", "second-value");
    let live = home.deploy(&project.arg());
    assert_eq!(token(&live), "second-value");
    set(&home, "TOKEN", "third-value");
    home.run(&["rollback", "vault"]).ok();
    assert_eq!(token(&live), "third-value");
}

#[test]
fn a_removed_secret_is_gone_with_the_next_deploy_and_its_value_with_it() {
    let (home, project) = (Home::new(), leaky(PLAIN));
    set(&home, "TOKEN", "first-value");
    let live = home.deploy(&project.arg());
    home.run(&["secret", "remove", "TOKEN", "--project", "vault"]).ok();
    let again = home.run(&["secret", "remove", "TOKEN", "--project", "vault"]);
    assert_eq!(again.code, 5, "{again:#?}");
    restart(&home, &live);
    assert_eq!(token(&live), "first-value", "what runs keeps it");
    assert!(!unchanged(&home, &project));
    assert_eq!(token(&live), Value::Null);
    set(&home, "TOKEN", "first-value");
    assert!(!unchanged(&home, &project), "the same value again is a new one");
    assert_eq!(token(&live), "first-value");
}

#[test]
fn what_the_configuration_cannot_do_without_is_asked_for_before_anything_starts() {
    let config = "install: touch installed\nstart: python3 server.py\nenv:\n  TOKEN: ${SECRET:API_TOKEN}\n  X: secret:other\n";
    let (home, project) = (Home::new(), leaky(config));
    let refused = home.run(&["deploy", &project.arg(), "--json"]);
    assert_eq!(refused.code, 5, "{refused:#?}");
    let error = &refused.json()["error"];
    assert_eq!(error["code"], "missing_secret");
    assert!(text(error, "message").contains("API_TOKEN, OTHER"), "{error}");
    assert!(text(error, "hint").contains("secret set API_TOKEN --project vault"), "{error}");
    assert!(
        !home.path().join("logs").exists() || home.path().join("logs").read_dir().unwrap().next().is_none()
    );

    set(&home, "API_TOKEN", "the-token-itself");
    set(&home, "OTHER", "another");
    let live = home.deploy(&project.arg());
    assert_eq!(token(&live), "the-token-itself");
    assert_eq!(environment(&live)["X"], "another");

    home.run(&["secret", "remove", "OTHER", "--project", "vault"]).ok();
    let refused = home.run(&["rollback", "vault", "--to", text(&live, "commitHash"), "--json"]);
    assert_eq!(refused.code, 1, "{refused:#?}");
    assert_eq!(refused.json()["error"]["code"], "missing_secret", "{refused:#?}");
    assert_eq!(token(&live), "the-token-itself", "the old version serves");
}

#[test]
fn a_deleted_project_leaves_no_secret_and_another_one_gets_none() {
    let (home, project) = (Home::new(), leaky(PLAIN));
    set(&home, "TOKEN", "first-value");
    home.deploy(&project.arg());
    let other = Project::of("other", &[("server.py", super::LEAKY_SERVER), ("backend-im.yml", PLAIN)]);
    assert_eq!(environment(&home.deploy(&other.arg()))["TOKEN"], Value::Null);
    home.run(&["delete", "vault", "--confirm", "vault"]).ok();
    let live = home.deploy(&project.arg());
    assert_eq!(token(&live), Value::Null);
    let listed = home.run(&["secret", "list", "--project", "vault", "--json"]).ok().json();
    assert_eq!(listed["secrets"], json!([]));
}

#[test]
fn a_preview_of_an_old_release_gets_the_current_values() {
    let (home, project) = (Home::new(), leaky(PLAIN));
    set(&home, "TOKEN", "first-value");
    let first = home.deploy(&project.arg());
    project.write("notes.txt", "a change");
    set(&home, "TOKEN", "second-value");
    home.deploy(&project.arg());
    let seen = eventually("the preview answers", 30, || {
        let answer = crate::harness::visit(text(&first, "previewUrl"));
        (answer.status == 200).then(|| answer.json())
    });
    assert_eq!(seen["TOKEN"], "second-value");
}
