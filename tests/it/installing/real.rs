//! Clients that are here for real read, and where they can start, what was put into their files.

use std::process::Command;

use serde_json::{Value, json};

use super::{Person, read};
use crate::claude::Claude;
use crate::harness::{npm, run_within};

const LIMIT_S: u64 = 120;

/// A client from npm with this person's home.
fn client(person: &Person, test: &str, name: &str) -> Option<Command> {
    let mut command = npm(test, name)?;
    person.home.lend(&mut command);
    command.current_dir(person.project()).env("TERM", "dumb");
    Some(command)
}

#[test]
fn claude_code_connects_to_what_was_installed_and_would_have_written_the_same() {
    let test = "claude_code_connects_to_what_was_installed_and_would_have_written_the_same";
    let person = Person::new();
    let claude = Claude { test, home: &person.home, folder: person.project() };
    person.run("mcp install claude-code").ok();
    let Some(listed) = claude.run(["mcp", "list"]) else { return };
    assert!(listed.stdout.contains("backend-im: backend-im mcp - ✔ Connected"), "{listed:#?}");

    let entry = |name: &str| -> Value {
        let file: Value = serde_json::from_str(&read(person.path(".claude.json"))).expect("JSON");
        file["mcpServers"][name].clone()
    };
    claude.run(["mcp", "add", "--scope", "user", "own", "--", "backend-im", "mcp"]).expect("it is installed");
    assert_eq!(entry("own"), entry("backend-im"));
    let url = "http://127.0.0.1:7330/mcp";
    person.run(&format!("mcp install claude-code --name http --http {url}")).ok();
    let header = "Authorization: Bearer ${BACKEND_IM_MCP_TOKEN}";
    let add = ["mcp", "add", "--scope", "user", "--transport", "http", "own-http", url, "--header", header];
    claude.run(add).expect("it is installed");
    assert_eq!(entry("own-http"), entry("http"));

    person.run("mcp install claude-code --scope project --name shared").ok();
    let listed = claude.run(["mcp", "list"]).expect("it is installed");
    assert!(listed.stdout.contains("shared: backend-im mcp - ⏸ Pending approval"), "{listed:#?}");
}

#[test]
fn codex_reads_what_was_installed() {
    let person = Person::new();
    person.run("mcp install codex").ok();
    person.run("mcp install codex --name http --http http://127.0.0.1:7330/mcp").ok();
    let Some(mut codex) = client(&person, "codex_reads_what_was_installed", "codex") else { return };
    let listed = run_within(LIMIT_S, codex.args(["mcp", "list", "--json"])).ok().json();
    let [program, address] = listed.as_array().expect("servers").as_slice() else { panic!("{listed:#}") };
    assert_eq!(program["name"], "backend-im", "{listed:#}");
    assert_eq!(program["transport"]["command"], "backend-im");
    assert_eq!(program["transport"]["args"], json!(["mcp"]));
    assert_eq!(address["transport"]["url"], "http://127.0.0.1:7330/mcp", "{listed:#}");
    assert_eq!(address["transport"]["bearer_token_env_var"], "BACKEND_IM_MCP_TOKEN");
    for server in [program, address] {
        assert_eq!((&server["enabled"], &server["tool_timeout_sec"]), (&json!(true), &json!(600.0)));
    }
}

#[test]
fn gemini_connects_to_what_was_installed() {
    let person = Person::new();
    person.run("mcp install gemini").ok();
    person.has(
        ".gemini/trustedFolders.json",
        &json!({person.project().to_str().expect("UTF-8"): "TRUST_FOLDER"}).to_string(),
    );
    let Some(mut gemini) = client(&person, "gemini_connects_to_what_was_installed", "gemini") else { return };
    let listed = run_within(LIMIT_S, gemini.args(["mcp", "list"])).ok();
    let told = [listed.stdout, listed.stderr].concat();
    assert!(told.contains("✓ backend-im: backend-im mcp (stdio) - Connected"), "{told}");
}

/// The Inspector reads the form of file that Claude Desktop, Cursor and Windsurf share.
#[test]
fn what_was_installed_for_desktop_programs_starts_outside_of_any_project() {
    let test = "what_was_installed_for_desktop_programs_starts_outside_of_any_project";
    let person = Person::new();
    std::fs::write(person.project().join("index.html"), "hello").expect("a file");
    for client_name in ["claude-desktop", "windsurf"] {
        let file = person.run(&format!("mcp install {client_name}")).ok().stdout;
        let Some(mut inspector) = client(&person, test, "inspector") else { return };
        inspector.args(["--cli", "--config", file.trim(), "--server", "backend-im", "--format", "json"]);
        inspector.args(["--method", "tools/call", "--tool-name", "plan_deploy"]).current_dir("/");
        let plan = run_within(LIMIT_S, &mut inspector).ok().json();
        assert_eq!(plan["result"]["structuredContent"]["runtime"], "static", "{plan:#}");
    }
}
