//! An agent deploys over MCP.

use serde_json::json;

use crate::harness::{Home, Mcp, Project, get};

#[test]
fn an_agent_plans_deploys_watches_rolls_back_and_deletes() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let mut agent = Mcp::start(&home, &project.path());

    let plan = agent.ok("plan_deploy", &json!({}));
    assert_eq!(plan["start"], "python3 server.py", "{plan:#}");
    assert!(home.platform_file().is_none(), "planning starts nothing");

    agent.notifications.clear();
    let live = agent.ok("deploy_project", &json!({}));
    assert_eq!(live["status"], "complete", "{live:#}");
    let direct = live["direct_url"].as_str().expect("a direct URL");
    assert_eq!(get(direct).text, "one");
    let progress: Vec<f64> = agent
        .notifications
        .iter()
        .filter(|message| message["method"] == "notifications/progress")
        .filter_map(|message| message["params"]["progress"].as_f64())
        .collect();
    assert!(progress.len() >= 4, "{:#?}", agent.notifications);
    assert!(progress.windows(2).all(|pair| pair[0] < pair[1]), "progress only grows: {progress:?}");

    project.says("two");
    let second = agent.ok("deploy_project", &json!({"plan_hash": agent_plan(&home, &project)}));
    assert_eq!(get(direct).text, "two");
    let logs = agent.ok("stream_logs", &json!({"deployment_id": second["deployment_id"]}));
    let texts = logs["lines"].to_string();
    assert!(texts.contains("serving two"), "{texts}");
    let more = agent
        .ok("stream_logs", &json!({"deployment_id": second["deployment_id"], "cursor": logs["next_cursor"]}));
    assert!(!more["lines"].to_string().contains("serving two"), "no line twice");

    let back = agent.ok("rollback_project", &json!({"project": "hello"}));
    assert_eq!(back["commit_hash"], live["commit_hash"]);
    let status = agent.ok("get_status", &json!({"project": "hello", "wait_seconds": 30}));
    assert_eq!(status["status"], "complete", "{status:#}");
    assert_eq!(get(direct).text, "one");

    let refused = agent.refused("delete_project", &json!({"project": "hello"}));
    assert_eq!(refused["code"], "confirmation_required");
    agent.ok("delete_project", &json!({"project": "hello", "confirm": "hello"}));
    let list = agent.ok("list_projects", &json!({}));
    assert_eq!(list["projects"], json!([]));
    assert_eq!(agent.close(), 0);
}

#[test]
fn calls_that_name_no_project_mean_the_one_of_the_settings() {
    let home = Home::new().with("BACKEND_IM_PROJECT", "shop");
    let project = Project::quick("hello", "one");
    let mut agent = Mcp::start(&home, &project.path());
    let live = agent.ok("deploy_project", &json!({}));
    assert!(live["project_id"].as_str().is_some_and(|id| id.ends_with("-shop")), "{live:#}");
    for (tool, arguments) in [("get_status", json!({})), ("stream_logs", json!({"max_lines": 1}))] {
        let answer = agent.ok(tool, &arguments);
        assert_eq!(answer["deployment_id"], live["deployment_id"], "{tool}: {answer:#}");
    }
    let named = agent.ok("deploy_project", &json!({"project": "other"}));
    assert!(named["project_id"].as_str().is_some_and(|id| id.ends_with("-other")), "{named:#}");
    assert_eq!(agent.close(), 0);
}

fn agent_plan(home: &Home, project: &Project) -> String {
    let plan = home.run(&["plan", &project.arg(), "--json"]).ok().json();
    plan["plan"]["plan_hash"].as_str().or(plan["plan_hash"].as_str()).expect("a hash").to_owned()
}

#[test]
fn two_agents_that_start_at_once_share_one_platform() {
    let home = Home::new();
    let projects = [Project::quick("one", "1"), Project::quick("two", "2")];
    std::thread::scope(|scope| {
        for project in &projects {
            let home = &home;
            scope.spawn(move || {
                let mut agent = Mcp::start(home, &project.path());
                let live = agent.ok("deploy_project", &json!({}));
                assert_eq!(live["status"], "complete", "{live:#}");
            });
        }
    });
    let list = home.run(&["projects", "--json"]).ok().json();
    assert_eq!(list["items"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_dead_agent_does_not_stop_a_deploy() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let mut agent = Mcp::start(&home, &project.path());
    let started = agent.ok("deploy_project", &json!({"wait_seconds": 0}));
    let id = started["deployment_id"].as_str().expect("an id").to_owned();
    drop(agent);
    assert_eq!(home.api().ended(&id)["status"], "complete");
}
