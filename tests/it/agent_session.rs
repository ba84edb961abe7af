//! `examples/agent-session/`: the conversation is played to the real program, and every answer is looked at.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::harness::{Home, Mcp, Project, example, has_tool};

/// The conversation's lines.
fn session() -> Vec<Value> {
    let text = std::fs::read_to_string(example("agent-session").join("session.jsonl")).expect("a session");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// The tool that a line calls.
fn tool(line: &Value) -> &str {
    line["params"]["name"].as_str().unwrap_or_default()
}

/// A call, its answer's structured content, and the progress messages before it.
struct Turn {
    line: Value,
    answer: Value,
    progress: usize,
}

impl Turn {
    fn content(&self) -> &Value {
        &self.answer["result"]["structuredContent"]
    }

    #[track_caller]
    fn ok(&self) -> &Value {
        assert_ne!(self.answer["result"]["isError"], true, "{} {:#}", self.line, self.answer);
        assert!(self.content().is_object(), "{} {:#}", self.line, self.answer);
        self.content()
    }

    #[track_caller]
    fn refused(&self) -> &str {
        assert_eq!(self.answer["result"]["isError"], true, "{} {:#}", self.line, self.answer);
        assert!(self.content()["hint"].is_string(), "{:#}", self.answer);
        self.content()["code"].as_str().expect("a code")
    }
}

/// Says one line after the other, each when the one before is answered.
fn play(home: &Home, workspace: &Project) -> Vec<Turn> {
    let mut agent = Mcp::silent(home, &workspace.path());
    let mut turns = Vec::new();
    for line in session() {
        agent.line(&line);
        if line["id"].is_null() {
            continue;
        }
        let mut progress = 0;
        let answer = loop {
            let message = agent.next();
            if message["method"].is_null() {
                break message;
            }
            if message["method"] == "notifications/resources/list_changed" {
                continue;
            }
            assert_eq!(message["params"]["progressToken"], line["params"]["_meta"]["progressToken"]);
            progress += 1;
        };
        assert_eq!(answer["id"], line["id"], "{answer}");
        // On a slow machine the call comes back before the packages are installed. An agent would ask again.
        if tool(&line) == "deploy_project" {
            let id = &answer["result"]["structuredContent"]["deployment_id"];
            home.api().ended(id.as_str().unwrap_or_else(|| panic!("{answer:#}")));
        }
        turns.push(Turn { line, answer, progress });
    }
    assert_eq!(agent.close(), 0);
    turns
}

#[test]
fn the_conversation_goes_as_it_is_written() {
    let (home, workspace) = (Home::new(), Project::empty("workspace"));
    let turns = play(&home, &workspace);
    let mut calls: BTreeMap<&str, Vec<&Turn>> = BTreeMap::new();
    for turn in &turns {
        calls.entry(tool(&turn.line)).or_default().push(turn);
    }

    let [greeting, tools] = calls[""][..] else { panic!("initialize and tools/list") };
    assert_eq!(greeting.answer["result"]["serverInfo"]["name"], "backend-im");
    let listed = tools.answer["result"]["tools"].as_array().expect("tools");
    let names: Vec<&str> = listed.iter().filter_map(|tool| tool["name"].as_str()).collect();
    let played: Vec<&str> = calls.keys().copied().filter(|name| !name.is_empty()).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(played, sorted, "every tool has its turn");

    let [written, rewritten] = calls["generate_code"][..] else { panic!("two generations") };
    assert!(written.ok()["files"].to_string().contains("models.py"));
    assert_ne!(written.ok()["commit_hash"], rewritten.ok()["commit_hash"]);
    assert_eq!(calls["plan_deploy"][0].ok()["framework"], "fastapi");

    let [first, second] = calls["deploy_project"][..] else { panic!("two deploys") };
    assert!(first.progress > 0 && first.ok()["deployment_id"].is_string());
    assert_ne!(first.ok()["commit_hash"], second.ok()["commit_hash"]);
    for (deploy, status) in [first, second].iter().zip(&calls["get_status"]) {
        assert_eq!(status.ok()["deployment_id"], deploy.ok()["deployment_id"]);
        assert_eq!((&status.ok()["status"], &status.ok()["live"]), (&"complete".into(), &true.into()));
    }
    let lists = &calls["list_projects"];
    assert_eq!(lists[0].ok()["projects"].as_array().map(Vec::len), Some(1));
    assert_eq!(lists[1].ok()["deployments"].as_array().map(Vec::len), Some(2));
    assert_eq!(lists[2].ok()["projects"].as_array().map(Vec::len), Some(0), "deleted in the end");

    let back = calls["rollback_project"][0].ok();
    assert_eq!(back["commit_hash"], first.ok()["commit_hash"]);
    let [lines, built] = calls["stream_logs"][..] else { panic!("two looks at the log") };
    assert!(!lines.ok()["lines"].as_array().expect("lines").is_empty());
    assert!(built.ok()["lines"].to_string().contains("already built"), "{:#}", built.answer);

    assert_eq!(calls["cancel_deployment"][0].refused(), "not_found");
    let secret = calls["set_secret"][0].ok();
    assert!(secret["page"].as_str().is_some_and(|page| page.contains("/secrets/")), "{secret:#}");
    let [unsure, sure] = calls["delete_project"][..] else { panic!("two deletions") };
    assert_eq!(unsure.refused(), "confirmation_required");
    assert_eq!(sure.ok()["deleted"], true);
}

/// The script that the folder's README names, with a conversation that installs nothing.
#[test]
fn the_script_plays_a_conversation_and_leaves_nothing_behind() {
    if !has_tool("the_script_plays_a_conversation_and_leaves_nothing_behind", "bash") {
        return;
    }
    let keeps = |line: &Value| matches!(tool(line), "" | "list_projects" | "cancel_deployment");
    let session: Vec<String> = session().iter().filter(|line| keeps(line)).map(Value::to_string).collect();
    let (home, folder) = (Home::new(), tempfile::tempdir().expect("a temp dir"));
    let file = folder.path().join("short.jsonl");
    std::fs::write(&file, session.join("\n") + "\n").expect("a file");

    let readme = std::fs::read_to_string(example("agent-session").join("README.md")).expect("a README");
    let script = "examples/agent-session/play.sh";
    assert!(readme.contains(&format!("bash {script}\n")));
    let program = home.program(&[]);
    let mut play = Command::new("bash");
    play.arg(script).arg(program.get_program()).arg(&file);
    play.current_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../.."));
    play.env("TMPDIR", folder.path());
    let played = play.output().expect("bash runs");
    let told = String::from_utf8_lossy(&played.stderr);
    assert!(played.status.success(), "{told}");
    assert!(told.contains("the platform stopped"), "{told}");
    let stdout = String::from_utf8(played.stdout).expect("UTF-8");
    let answers = stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let answered: Vec<Value> =
        answers.map(|answer| answer["id"].clone()).filter(|id| !id.is_null()).collect();
    let asked = session.iter().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["id"].clone());
    assert_eq!(answered, asked.filter(|id| !id.is_null()).collect::<Vec<_>>(), "one answer to each");
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).expect("a folder").flatten().map(|it| it.path()).collect();
    assert_eq!(left, [file], "nothing is left behind");
}
