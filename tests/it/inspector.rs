//! The protocol's official Inspector, in both eras, at the other end of the real program.

use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Done, Home, Mcp, Project, npm, run_within};

const LIMIT_S: u64 = 120;
const ERAS: [&str; 2] = ["legacy", "modern"];

/// The Inspector, about to ask the program with what `home` holds.
fn inspector(test: &str, home: &Home, project: &Project) -> Option<Command> {
    let mut command = npm(test, "inspector")?;
    command.current_dir(project.path()).env("HOME", home.path());
    // Like most clients it passes on little more than HOME and PATH.
    command.args(["--cli", "-e"]).arg(format!("BACKEND_IM_HOME={}", home.path().display()));
    command.arg(home.program(&[]).get_program()).arg("mcp");
    Some(command)
}

fn ask(mut command: Command, era: &str, arguments: &[&str]) -> Done {
    command.args(["--protocol-era", era, "--format", "json", "--method"]).args(arguments);
    run_within(LIMIT_S, &mut command)
}

#[test]
fn the_inspector_finds_nothing_to_warn_of_in_the_tools() {
    let test = "the_inspector_finds_nothing_to_warn_of_in_the_tools";
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let tools = Mcp::start(&home, &project.path()).request("tools/list", &json!({}))["tools"].clone();
    for era in ERAS {
        let Some(inspector) = inspector(test, &home, &project) else { return };
        let done = ask(inspector, era, &["tools/list", "--strict"]).ok();
        assert_eq!(done.stderr, "", "{era}");
        assert_eq!(done.json()["result"]["tools"], tools, "{era}");
    }
}

#[test]
fn the_inspector_deploys_and_is_told_what_is_wrong() {
    let test = "the_inspector_deploys_and_is_told_what_is_wrong";
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    for era in ERAS {
        let call = |tool: &str, arguments: &Value| {
            let arguments = arguments.to_string();
            let inspector = inspector(test, &home, &project)?;
            Some(ask(
                inspector,
                era,
                &["tools/call", "--tool-name", tool, "--tool-args-json", arguments.as_str()],
            ))
        };
        let Some(deployed) = call("deploy_project", &json!({})) else { return };
        let result = &deployed.ok().json()["result"];
        assert_eq!(result["structuredContent"]["status"], "complete", "{era}: {result:#}");
        // The Inspector holds an error's content to the output schema as well.
        let refused = call("get_status", &json!({"project": "nobody"})).expect("it is installed");
        let result = &refused.json()["result"];
        assert_eq!(result["isError"], true, "{era}: {refused:#?}");
        assert_eq!(result["structuredContent"]["code"], "not_found", "{era}: {result:#}");
    }
}
