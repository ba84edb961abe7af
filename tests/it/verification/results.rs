//! What comes of a trial, and who hears of it.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{MISSING, Scene, files, id, patch};
use crate::harness::{Mcp, eventually, files_with};

#[test]
fn a_patch_that_mends_the_app_passes_and_touches_nothing() {
    let scene = Scene::new("import os\nopen(os.path.join(os.environ['DATA_DIR'], 'started'), 'w')");
    let settings = format!("release: {} && touch \"$DATA_DIR/released\"\n", scene.tracing("releases"));
    let scene = scene.with(&settings);
    let failed = scene.fails();
    assert_eq!(failed["error"]["diagnosis"]["verification"], "pending", "{failed:#}");
    assert_eq!(scene.traced("releases"), 1, "the deployment ran it");
    let before = files(&scene.project_dir());
    assert!(before.keys().any(|path| path.ends_with("data/released")), "{:?}", before.keys());

    let view = scene.verified(&failed);
    let diagnosis = &view["error"]["diagnosis"];
    assert_eq!(diagnosis["verification"], "passed", "{view:#}");
    let note = diagnosis["verification_note"].as_str().expect("a note");
    assert!(note.contains("healthy") && note.ends_with("s after its start"), "{note}");
    assert_eq!(view["status"], "failed", "the failure stays one");
    assert_eq!(view["seq"], failed["seq"], "no event was added");

    scene.assert_nothing_left();
    assert_eq!(scene.traced("releases"), 1, "the trial ran no release command");
    assert!(before == files(&scene.project_dir()), "branch, releases and data are as before");
    let log = scene.home.run(&["logs", id(&failed), "--lines", "1000"]).ok().stdout;
    assert!(!log.contains("serving fine"), "the deployment's log has no line of the trial: {log}");
    let shown = scene.home.run(&["status", id(&failed)]).ok().stdout;
    assert!(shown.contains("it was tried: with the patch the app is healthy"), "{shown}");

    scene.home.run(&["platform", "stop"]).ok();
    let again = scene.home.run(&["status", id(&failed), "--json"]).ok().json();
    assert_eq!(again["error"]["diagnosis"]["verification"], "passed", "a restarted platform still knows");

    scene.project.write("requirements.txt", &format!("{MISSING}\n"));
    assert!(patch(&failed).contains(&format!("+{MISSING}\n")));
    scene.home.deploy(&scene.project.arg());
}

#[test]
fn a_patch_that_is_not_enough_fails_with_the_reason_and_no_secret() {
    const CANARY: &str = "canary-7f3e91-secret";
    let scene =
        Scene::new("import os\nraise RuntimeError('cannot log in with ' + os.environ['DB_PASSWORD'])");
    let scene = scene.with("env:\n  PASSWORD: ${SECRET:DB_PASSWORD}\n");
    let mut set = scene.home.spawn(&["secret", "set", "DB_PASSWORD", "--project", "shop"]);
    std::io::Write::write_all(&mut set.stdin.take().expect("a pipe"), CANARY.as_bytes()).expect("it reads");
    assert!(set.wait().expect("it ends").success());
    let failed = scene.fails();
    let view = scene.verified(&failed);
    let diagnosis = &view["error"]["diagnosis"];
    assert_eq!(diagnosis["verification"], "failed", "{view:#}");
    let note = diagnosis["verification_note"].as_str().expect("a note");
    assert!(
        note.contains("python_exception: RuntimeError: cannot log in with [secret DB_PASSWORD]"),
        "{note}"
    );
    assert_eq!(diagnosis["code"], "missing_module", "the diagnosis is of the deployment: {diagnosis:#}");
    let shown = scene.home.run(&["status", id(&failed)]).ok().stdout;
    assert!(shown.contains("it was tried and is not enough alone: with the patch it is python_exception"));
    scene.assert_nothing_left();
    let told = files_with(scene.home.path(), &[CANARY]);
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn an_agent_hears_at_once_that_it_failed_and_later_how_the_patch_went() {
    let scene = Scene::new("");
    let mut agent = Mcp::start(&scene.home, &scene.project.path());
    let failed = agent.ok("deploy_project", &json!({}));
    assert_eq!(failed["diagnosis"]["verification"], "pending", "{failed:#}");
    assert!(failed["next"].as_str().is_some_and(|next| next.contains("is being tried")), "{failed:#}");
    let id = &failed["deployment_id"];
    let passed = eventually("the patch was tried", 180, || {
        let status = agent.ok("get_status", &json!({"deployment_id": id, "wait_seconds": 45}));
        (status["diagnosis"]["verification"] != "pending").then_some(status)
    });
    assert_eq!(passed["diagnosis"]["verification"], "passed", "{passed:#}");
    assert!(passed["next"].as_str().is_some_and(|next| next.contains("apply it")), "{passed:#}");
}

#[test]
fn whoever_polls_for_news_is_woken_when_a_trial_ends() {
    let scene = Scene::new("");
    // Held until somebody polls.
    let go = scene.trace("go");
    let settings = format!(
        "build: \"grep -q {MISSING} requirements.txt || exit 0; until test -e {}; do sleep 0.1; done\"\n",
        go.display()
    );
    let scene = scene.with(&settings);
    let failed = scene.fails();
    let path = format!("/api/deployments/{}?after={}&timeoutS=45", id(&failed), failed["seq"]);
    let (api, began) = (scene.home.api(), Instant::now());
    let poll = std::thread::spawn(move || api.get(&path).json());
    std::fs::write(go, "").expect("a file");
    let view = poll.join().expect("an answer");
    assert_eq!(view["error"]["diagnosis"]["verification"], "passed", "{view:#}");
    assert!(began.elapsed() < Duration::from_secs(44), "it was woken");
}

#[test]
fn nothing_is_said_of_a_patch_for_a_release_command() {
    let scene = Scene::new("");
    let settings = format!("release: {}; python3 -c 'import {MISSING}'\n", scene.tracing("releases"));
    let scene = scene.with(&settings);
    let failed = scene.fails();
    assert_eq!(failed["error"]["code"], "release_failed", "{failed:#}");
    let diagnosis = &failed["error"]["diagnosis"];
    assert!(diagnosis["patch"].is_string() && diagnosis["verification"].is_null(), "{failed:#}");
    assert_eq!(scene.traced("releases"), 1);
}

#[test]
fn a_failed_test_is_run_again_with_the_patch() {
    let scene = Scene::new("");
    let settings = format!("test: {}; python3 -c 'import {MISSING}'\n", scene.tracing("tests"));
    let scene = scene.with(&settings);
    let failed = scene.fails();
    assert_eq!(failed["error"]["code"], "test_failed", "{failed:#}");
    let view = scene.verified(&failed);
    assert_eq!(view["error"]["diagnosis"]["verification"], "passed", "{view:#}");
    assert_eq!(scene.traced("tests"), 2);
}
