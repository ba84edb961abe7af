//! The protocol's official Inspector, in both eras, at the other end of the real program.

use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Done, Home, Mcp, McpHttp, Project, npm, run_within};

const LIMIT_S: u64 = 120;
const ERAS: [&str; 2] = ["legacy", "modern"];

/// How the Inspector reaches the program.
#[derive(Clone, Copy)]
enum Way<'a> {
    /// It starts it.
    Stdio,
    /// It calls one that serves.
    Http(&'a McpHttp),
}

/// The Inspector, about to ask the program with what `home` holds.
fn inspector(test: &str, home: &Home, project: &Project, way: Way<'_>) -> Option<Command> {
    let mut command = npm(test, "inspector")?;
    command.current_dir(project.path()).env("HOME", home.path()).arg("--cli");
    match way {
        // Like most clients it passes on little more than HOME and PATH.
        Way::Stdio => command
            .args(["-e", &format!("BACKEND_IM_HOME={}", home.path().display())])
            .arg(home.program(&[]).get_program())
            .arg("mcp"),
        Way::Http(served) => command
            .args([&served.url(), "--transport", "http", "--stored-auth-only"])
            .args(["--header", &format!("Authorization: Bearer {}", served.token())]),
    };
    Some(command)
}

fn ask(mut command: Command, era: &str, arguments: &[&str]) -> Done {
    command.args(["--protocol-era", era, "--format", "json", "--method"]).args(arguments);
    run_within(LIMIT_S, &mut command)
}

/// It lists the tools, deploys, and is told what is wrong, in both eras.
fn inspects(test: &str, home: &Home, project: &Project, way: Way<'_>) {
    let tools = Mcp::start(home, &project.path()).request("tools/list", &json!({}))["tools"].clone();
    for era in ERAS {
        let ask = |arguments: &[&str]| Some(ask(inspector(test, home, project, way)?, era, arguments));
        let Some(listed) = ask(&["tools/list", "--strict"]) else { return };
        assert_eq!(listed.stderr, "", "{era}: it has nothing to warn of");
        assert_eq!(listed.ok().json()["result"]["tools"], tools, "{era}");

        let call = |tool: &str, arguments: &Value| {
            let arguments = arguments.to_string();
            ask(&["tools/call", "--tool-name", tool, "--tool-args-json", &arguments])
                .expect("it is installed")
        };
        let deployed = call("deploy_project", &json!({})).ok().json();
        assert_eq!(deployed["result"]["structuredContent"]["status"], "complete", "{era}: {deployed:#}");
        // The Inspector holds an error's content to the output schema as well.
        let refused = call("get_status", &json!({"project": "nobody"})).json();
        assert_eq!(refused["result"]["isError"], true, "{era}: {refused:#}");
        assert_eq!(refused["result"]["structuredContent"]["code"], "not_found", "{era}: {refused:#}");
    }
}

#[test]
fn the_inspector_uses_the_tools_over_stdio() {
    let test = "the_inspector_uses_the_tools_over_stdio";
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    inspects(test, &home, &project, Way::Stdio);
}

#[test]
fn the_inspector_uses_the_tools_over_http() {
    let test = "the_inspector_uses_the_tools_over_http";
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let served = McpHttp::start(&home, &project.path(), &[]);
    inspects(test, &home, &project, Way::Http(&served));
}
