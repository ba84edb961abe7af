//! `kill -9` of the platform at any moment loses nothing and leaves nothing unowned.

use std::time::{Duration, Instant};

use crate::harness::{Home, Project, eventually, get};

#[test]
fn an_app_outlives_its_platform_and_no_line_of_it_is_lost() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let live = home.deploy(&project.arg());
    let direct = live["directUrl"].as_str().expect("a direct URL").to_owned();
    let pids = home.processes_with("server.py");
    assert_eq!(pids.len(), 1, "{pids:?}");
    let address = live["instances"][0]["address"].as_str().expect("an address").to_owned();

    home.kill_platform();
    for n in 0..20 {
        assert_eq!(get(&format!("http://{address}/while-away-{n}")).text, "one");
    }
    home.started();
    assert_eq!(home.processes_with("server.py"), pids, "the app is adopted, not started again");
    eventually("the adopted app has its route", 10, || (get(&direct).status == 200).then_some(()));
    let log = home.run(&["logs", "hello", "--source", "runtime", "--lines", "200"]).ok();
    for n in 0..20 {
        assert!(log.stdout.contains(&format!("request /while-away-{n}")), "line {n} is lost: {}", log.stdout);
    }
    let after = home.run(&["status", "hello", "--json"]).ok().json();
    assert_eq!(after["id"], live["id"]);
    assert_eq!(after["url"], live["url"], "addresses survive a restart");
}

#[test]
fn an_app_that_died_with_its_platform_is_started_again() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let live = home.deploy(&project.arg());
    let direct = live["directUrl"].as_str().expect("a direct URL").to_owned();
    let address = live["instances"][0]["address"].as_str().expect("an address").to_owned();
    home.kill_platform();
    std::panic::catch_unwind(|| get(&format!("http://{address}/exit")))
        .expect_err("the app ends while it answers");
    home.started();
    eventually("the app runs again", 20, || (get(&direct).text == "one").then_some(()));
}

#[test]
fn an_app_that_ends_by_itself_is_started_again() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let live = home.deploy(&project.arg());
    let direct = live["directUrl"].as_str().expect("a direct URL").to_owned();
    assert_eq!(get(&format!("{direct}/exit")).status, 502);
    eventually("the app runs again", 20, || (get(&direct).text == "one").then_some(()));
    let status = home.run(&["status", "hello", "--json"]).ok().json();
    assert_eq!(status["instances"][0]["restarts"], 1, "{status:#}");
}

/// Kills the platform at many moments of a deploy; after each, the next start finds every deployment at an end, the
/// old or the new version serving, and one app process.
#[test]
fn killing_the_platform_at_any_moment_of_a_deploy_loses_nothing() {
    let (home, project) = (Home::new(), Project::quick("hello", "0"));
    let live = home.deploy(&project.arg());
    let direct = live["directUrl"].as_str().expect("a direct URL").to_owned();
    let mut serving = "0".to_owned();
    for round in 1..=12_u64 {
        let next = round.to_string();
        let before = home.run(&["status", "hello", "--json"]).ok().json()["id"].clone();
        project.says(&next);
        let mut deploy = home.spawn(&["deploy", &project.arg(), "--detach"]);
        let until = Instant::now() + Duration::from_millis(35 * round);
        while Instant::now() < until {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        home.kill_platform();
        drop(deploy.wait());

        let api = home.started();
        let id = live["projectId"].as_str().expect("an id");
        let all = eventually("every deployment has ended", 30, || {
            let page = api.get(&format!("/api/projects/{id}/deployments")).json();
            let ended = |view: &serde_json::Value| {
                matches!(view["status"].as_str(), Some("complete" | "failed" | "cancelled"))
            };
            page["items"].as_array().expect("items").iter().all(ended).then_some(page)
        });
        let newest = &all["items"][0];
        if newest["status"] == "failed" {
            assert_eq!(newest["error"]["code"], "interrupted", "{newest:#}");
            assert_eq!(newest["error"]["retryable"], true);
        }
        let text = eventually("a version serves", 20, || {
            let answer = get(&direct);
            (answer.status == 200).then_some(answer.text)
        });
        assert!(
            text == serving || text == next,
            "round {round}: {text:?} serves, not {serving:?} or {next:?}"
        );
        if newest["live"] == true {
            assert!(text == next || newest["id"] == before, "what is complete serves: {text:?}");
        }
        serving = text;
        eventually("one app runs", 20, || (home.processes_with("server.py").len() == 1).then_some(()));
    }
    project.says("at last");
    home.deploy(&project.arg());
    assert_eq!(get(&direct).text, "at last");
}

#[test]
fn stopping_the_platform_ends_its_apps_and_says_which() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let live = home.deploy(&project.arg());
    let stop = home.run(&["platform", "stop"]).ok();
    assert!(format!("{}{}", stop.stdout, stop.stderr).contains("hello"), "{stop:#?}");
    assert!(home.processes_with("server.py").is_empty());
    home.started();
    let direct = live["directUrl"].as_str().expect("a direct URL");
    eventually("what was live is live again", 20, || (get(direct).text == "one").then_some(()));
}

#[test]
fn two_that_start_at_once_get_one_platform() {
    let home = Home::new();
    let children: Vec<_> = (0..6).map(|_| home.spawn(&["projects", "--json"])).collect();
    for child in children {
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let platforms = home.processes().into_iter().filter(|(_, line)| line.contains("platform serve")).count();
    assert_eq!(platforms, 1);
}
