//! Settings that cannot be used.

use platform_api::Code;
use serde_json::json;

use super::Standing;
use super::told::{refused, tool_refused};
use crate::harness::{Home, Project};

#[test]
fn a_syntax_error_is_told_with_its_line() {
    let standing = Standing::new();
    standing.project.write("backend-im.yml", "name: hello\nenv:\n  A: [1, 2\nstart: python3 server.py\n");
    let told = standing.refuses(&Code::INVALID_CONFIG).exits(3);
    told.says(&["backend-im.yml:"]);
}

#[test]
fn an_unknown_key_is_told_with_the_nearest_known_one() {
    let standing = Standing::new();
    standing.project.write("backend-im.yml", "name: hello\nstrat: python3 server.py\n");
    let told = standing.refuses(&Code::INVALID_CONFIG).exits(3).says(&["backend-im.yml:2", "strat"]);
    assert!(told.text.contains("`start`"), "{told:#?}");
}

#[test]
fn a_value_of_the_wrong_kind_is_told_with_its_line() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    project.write("backend-im.yml", "start: python3 server.py\nport: many\n");
    refused(&home, &["plan", &project.arg()], &Code::INVALID_CONFIG)
        .says(&["backend-im.yml:2", "port"])
        .exits(3);
}

#[test]
fn a_known_key_that_is_not_applied_is_a_warning_that_says_so() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    project.write("backend-im.yml", "start: python3 server.py\nscaling:\n  replicas: 3\n");
    let done = home.run(&["deploy", &project.arg()]).ok();
    assert!(done.stderr.contains("warning: ") && done.stderr.contains("scaling"), "{done:#?}");
}

#[test]
fn two_configuration_files_are_one_too_many() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    project.write("backend-im.yml", "name: hello\n");
    project.write("backend.yml", "name: hello\n");
    let told = refused(&home, &["deploy", &project.arg()], &Code::INVALID_CONFIG).exits(3);
    told.says(&["backend-im.yml", "backend.yml"]);
}

#[test]
fn a_variable_of_ours_that_nobody_knows_is_told_with_the_nearest_known_one() {
    let home = Home::new();
    let done = home.program(&["projects", "--json"]).env("BACKEND_IM_HEALT_LIMIT_S", "2").output();
    let done = crate::harness::Done::of(done.expect("the program runs"));
    let told = super::Told::of(&done, &Code::INVALID_CONFIG).exits(3);
    told.says(&["BACKEND_IM_HEALT_LIMIT_S"]).hints(&["BACKEND_IM_HEALTH_LIMIT_S"]);
}

#[test]
fn an_agent_is_told_the_nearest_known_key_as_well() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    project.write("backend-im.yml", "strat: python3 server.py\n");
    for tool in ["plan_deploy", "deploy_project"] {
        let error = tool_refused(&home, &project.path(), (tool, &json!({})), &Code::INVALID_CONFIG);
        assert!(error.to_string().contains("`start`"), "{error:#}");
    }
    assert!(home.platform_file().is_none(), "for this no platform is needed");
}
