//! Trials that are cut short: by a newer deployment, by the project's end, by the platform's.

use std::time::{Duration, Instant};

use super::{MISSING, Scene, id};
use crate::harness::{eventually, python_server};

/// A project whose trial does not get through its build.
fn stuck() -> Scene {
    let scene = Scene::new("");
    let settings = format!(
        "build: \"grep -q {MISSING} requirements.txt || exit 0; {}; sleep 987\"\n",
        scene.tracing("builds")
    );
    scene.with(&settings)
}

impl Scene {
    fn is_under_way(&self) {
        eventually("the trial is under way", 120, || (self.traced("builds") > 0).then_some(()));
        assert!(!self.home.processes_with("sleep 987").is_empty());
    }
}

#[test]
fn a_newer_deployment_ends_the_trial() {
    let scene = stuck();
    let failed = scene.fails();
    scene.is_under_way();
    scene.project.write("server.py", &python_server("mended"));
    let live = scene.home.deploy(&scene.project.arg());
    assert_eq!(live["status"], "complete");
    let view = scene.home.api().get(&format!("/api/status/{}", id(&failed))).json();
    let diagnosis = &view["error"]["diagnosis"];
    assert!(diagnosis["patch"].is_string() && diagnosis["verification"].is_null(), "{view:#}");
    eventually("the trial's build has ended", 20, || {
        scene.home.processes_with("sleep 987").is_empty().then_some(())
    });
    eventually("its folder is gone", 20, || {
        let left = std::fs::read_dir(scene.home.path().join("trials")).into_iter().flatten().count();
        (left == 0).then_some(())
    });
}

#[test]
fn deleting_the_project_ends_the_trial() {
    let scene = stuck();
    scene.fails();
    scene.is_under_way();
    scene.home.run(&["delete", "shop", "--confirm", "shop"]).ok();
    assert!(scene.home.processes_with("sleep 987").is_empty(), "it ended before the answer");
    scene.assert_nothing_left();
}

#[test]
fn a_platform_that_is_stopped_ends_the_trial_and_the_next_one_begins_it_anew() {
    let scene = stuck();
    let failed = scene.fails();
    scene.is_under_way();
    let began = Instant::now();
    scene.home.run(&["platform", "stop"]).ok();
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    eventually("its processes are gone", 15, || scene.home.processes().is_empty().then_some(()));
    let left = std::fs::read_dir(scene.home.path().join("trials")).into_iter().flatten().count();
    assert_eq!(left, 0, "its folder too");

    std::fs::remove_file(scene.trace("builds")).expect("a file");
    let view = scene.home.run(&["status", id(&failed), "--json"]).ok().json();
    assert_eq!(view["error"]["diagnosis"]["verification"], "pending", "{view:#}");
    scene.is_under_way();
}

#[test]
fn nothing_of_a_trial_outlives_a_killed_platform_for_long() {
    let scene = Scene::new("print('trial starts', flush=True)\nimport time\ntime.sleep(8)");
    let failed = scene.fails();
    let pids = eventually("the trial's app runs", 120, || {
        Some(scene.home.processes_with("server.py")).filter(|pids| !pids.is_empty())
    });
    let folders = |scene: &Scene| -> Vec<_> {
        let entries = std::fs::read_dir(scene.home.path().join("trials")).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name()).collect()
    };
    let before = folders(&scene);
    assert_eq!(before.len(), 1, "{before:?}");
    scene.home.kill_platform();
    scene.home.started();
    eventually("what nobody owns is gone", 30, || {
        let is_gone = folders(&scene).iter().all(|name| !before.contains(name));
        let alive = scene.home.processes_with("server.py");
        (is_gone && pids.iter().all(|pid| !alive.contains(pid))).then_some(())
    });
    let view = scene.verified(&failed);
    assert_eq!(view["error"]["diagnosis"]["verification"], "passed", "the next platform found out: {view:#}");
    scene.assert_nothing_left();
}
