//! Apps that are built and do not serve.

use platform_api::Code;
use serde_json::json;

use super::Standing;
use super::standing::{HEALTH_LIMIT_S, failing};
use crate::harness::{Mcp, get};

#[test]
fn a_process_that_exits_at_once_is_diagnosed() {
    let standing = Standing::new();
    standing.becomes("exits-at-once");
    let (told, view) = standing.fails(&Code::EXITED_EARLY);
    let told = told.says(&["exit status 1"]).hints(&["module_that_nobody_wrote"]);
    assert!(
        told.text.contains("ModuleNotFoundError: No module named 'module_that_nobody_wrote'"),
        "{}",
        told.text
    );
    let diagnosis = &view["error"]["diagnosis"];
    assert_eq!(diagnosis["confidence"], "high", "{diagnosis:#}");
    assert!(
        diagnosis["cause_line"].as_str().is_some_and(|line| line.contains("No module named")),
        "{diagnosis:#}"
    );
    standing.recovers();
}

#[test]
fn one_that_listens_on_the_wrong_port_is_told_which() {
    let standing = Standing::new();
    standing.becomes("wrong-port");
    let (told, _) = standing.fails(&Code::WRONG_PORT);
    told.says(&["listens on 127.0.0.1:", "$HOST:$PORT"]).hints(&["PORT environment variable"]);
}

#[test]
fn one_that_listens_on_another_address_is_told_which() {
    let standing = Standing::new();
    standing.becomes("wrong-address");
    let (told, _) = standing.fails(&Code::WRONG_ADDRESS);
    told.says(&["listens on 127.0.0.2:", "told to listen on 127.0.0.1:"]).hints(&["$HOST"]);
}

#[test]
fn one_that_never_listens_is_given_up_after_the_limit() {
    let standing = Standing::new();
    standing.becomes("never-listens");
    let (told, view) = standing.fails(&Code::NEVER_LISTENED);
    let told = told.says(&[&format!("within {HEALTH_LIMIT_S} s")]).hints(&["$HOST:$PORT"]);
    assert!(told.text.contains("working on something else"), "its own words are shown: {}", told.text);
    took_about_the_limit(&view);
}

#[test]
fn one_that_never_answers_is_given_up_after_the_limit() {
    let standing = Standing::new();
    standing.becomes("never-answers");
    let (told, view) = standing.fails(&Code::NEVER_ANSWERED);
    told.says(&["accepts connections on 127.0.0.1:", &format!("within {HEALTH_LIMIT_S} s")]);
    took_about_the_limit(&view);
}

#[test]
fn one_that_answers_500_is_told_path_and_status() {
    let standing = Standing::new();
    standing.becomes("answers-500");
    let (told, view) = standing.fails(&Code::UNHEALTHY);
    told.says(&["GET /", "500"]).hints(&["logs"]);
    took_about_the_limit(&view);
}

#[test]
fn a_health_path_of_the_project_must_answer_with_success() {
    let standing = Standing::new();
    standing
        .project
        .write("backend-im.yml", "start: python3 -m http.server $PORT --bind $HOST\nhealth_path: /nowhere\n");
    let (told, _) = standing.fails(&Code::UNHEALTHY);
    told.says(&["GET /nowhere", "404"]);
}

#[test]
fn a_first_version_that_fails_leaves_nothing_and_the_next_one_goes_live() {
    let standing = Standing::new();
    let folder = failing("exits-at-once");
    let done = standing.home.run(&["deploy", folder.to_str().expect("UTF-8"), "--json"]);
    assert_eq!(done.code, 1, "{done:#?}");
    let view = done.json();
    assert_eq!(
        (&view["status"], &view["error"]["code"]),
        (&"failed".into(), &Code::EXITED_EARLY.as_str().into())
    );
    let again = standing.home.run(&["rollback", "exits-at-once", "--json"]);
    assert_eq!(again.json()["error"]["code"], Code::NO_EARLIER_RELEASE.as_str());
    standing.stands();
}

#[test]
fn an_agent_is_told_the_same() {
    let standing = Standing::new();
    standing.becomes("exits-at-once");
    let mut agent = Mcp::start(&standing.home, &standing.project.path());
    let result = agent.call("deploy_project", &json!({}));
    // The call did what it should; the deployment did not.
    assert_ne!(result["isError"], true, "{result:#}");
    let view = &result["structuredContent"];
    assert_eq!(view["status"], "failed", "{view:#}");
    assert_eq!(view["error"]["code"], Code::EXITED_EARLY.as_str());
    assert!(
        view["error"]["hint"].as_str().is_some_and(|hint| hint.contains("module_that_nobody_wrote")),
        "{view:#}"
    );
    assert!(view["diagnosis"]["cause_line"].is_string(), "{view:#}");
    let text = result["content"][0]["text"].as_str().expect("text");
    assert!(text.contains("exited_early") && text.contains("module_that_nobody_wrote"), "{text}");
    assert_eq!(get(standing.direct_url()).text, "good");
    assert_eq!(agent.close(), 0);
    standing.stands();
}

/// The health check took the limit that its message names, and not much longer.
fn took_about_the_limit(view: &serde_json::Value) {
    let phases = view["phases"].as_array().expect("phases");
    let check = phases.iter().find(|phase| phase["status"] == "health_check").expect("a health check");
    let ms = check["ms"].as_u64().expect("a duration");
    let limit_ms = HEALTH_LIMIT_S * 1_000;
    assert!((limit_ms..limit_ms + 2_500).contains(&ms), "{ms} ms, and the limit is {limit_ms} ms: {view:#}");
}
