//! Small projects that really fail: each must be told with the code beside its name, and with a patch where the fix is
//! mechanical. The recorded failures of other toolchains are a test of `build-plan`.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

#[path = "../../failures/score.rs"]
mod score;

use crate::harness::{Home, Project, get, has_tool};
use score::Score;

/// How long an app of these tests may take until it answers, in seconds.
const HEALTH_LIMIT_S: &str = "2";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/failures/real")
}

/// A line of `expected.txt`.
struct Case {
    name: String,
    code: String,
    has_patch: bool,
}

fn cases(start: &str) -> Vec<Case> {
    let text = std::fs::read_to_string(folder().join("expected.txt")).expect("the list");
    let cases = text.lines().map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        Case { name: words[0].to_owned(), code: words[1].to_owned(), has_patch: words.len() > 2 }
    });
    cases.filter(|case| case.name.starts_with(start)).collect()
}

/// Deploys every project whose name starts so, and collects what is wrong with what was told.
fn check(start: &str) {
    let cases = cases(start);
    assert!(!cases.is_empty());
    let home = Home::new().with("BACKEND_IM_HEALTH_LIMIT_S", HEALTH_LIMIT_S);
    let mut score = Score::default();
    let complaints: Vec<String> =
        cases.iter().filter_map(|case| complaint(&home, case, &mut score)).collect();
    eprintln!("{}", score.table(&format!("real failures, {start}*")));
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
}

/// Held while an app runs that listens on a fixed port: two tests use the same ones.
fn fixed_port(name: &str) -> Option<MutexGuard<'static, ()>> {
    static PORT: Mutex<()> = Mutex::new(());
    name.ends_with("-wrong-port").then(|| PORT.lock().unwrap_or_else(PoisonError::into_inner))
}

fn complaint(home: &Home, case: &Case, score: &mut Score) -> Option<String> {
    let path = folder().join(&case.name);
    let _alone = fixed_port(&case.name);
    let done = home.run(&["deploy", path.to_str().expect("UTF-8"), "--json"]);
    let view = done.json();
    let diagnosis = &view["error"]["diagnosis"];
    let said = |what: &str| Some(format!("{}: {what}\nexpected {}\n{view:#}", case.name, case.code));
    score.count(&case.code, diagnosis["code"].as_str());
    if diagnosis["code"] != case.code.as_str() {
        return said("another code");
    }
    let is_complete = ["title", "fix", "confidence"]
        .iter()
        .all(|field| diagnosis[field].as_str().is_some_and(|text| !text.is_empty()));
    if !is_complete || diagnosis["patch"].is_string() != case.has_patch {
        return said("not complete, or a patch too much or too few");
    }
    None
}

#[test]
fn failing_programs_of_python_and_of_shells_are_diagnosed() {
    check("py-");
    check("shell-");
}

#[test]
fn failing_programs_of_node_are_diagnosed() {
    if has_tool("failing_programs_of_node_are_diagnosed", "npm") {
        check("node-");
    }
}

#[test]
fn failing_programs_of_rust_are_diagnosed() {
    if has_tool("failing_programs_of_rust_are_diagnosed", "cargo") {
        check("rust-");
    }
}

#[test]
fn a_patch_applied_makes_the_app_healthy() {
    let home = Home::new().with("BACKEND_IM_HEALTH_LIMIT_S", HEALTH_LIMIT_S);
    for (name, file) in [("py-wrong-port", "server.py"), ("node-wrong-port", "server.js")] {
        if name.starts_with("node") && !has_tool("a_patch_applied_makes_the_app_healthy", "node") {
            continue;
        }
        let _alone = fixed_port(name);
        let project = Project::empty(name);
        for entry in std::fs::read_dir(folder().join(name)).expect("files").flatten() {
            std::fs::copy(entry.path(), project.path().join(entry.file_name())).expect("a copy");
        }
        let view = home.run(&["deploy", &project.arg(), "--json"]).json();
        let patch = view["error"]["diagnosis"]["patch"].as_str().expect("a patch").to_owned();
        apply(&project, file, &patch);
        let live = home.deploy(&project.arg());
        assert_eq!(live["status"], "complete", "{live:#}");
    }
}

/// Applies the patch as anybody would.
fn apply(project: &Project, file: &str, patch: &str) {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    assert!(patch.starts_with(&format!("--- a/{file}\n+++ b/{file}\n")), "{patch}");
    let mut git = Command::new("git")
        .args(["apply", "--verbose", "-"])
        .current_dir(project.path())
        .env("GIT_CEILING_DIRECTORIES", project.path().parent().expect("a parent"))
        .stdin(Stdio::piped())
        .spawn()
        .expect("git runs");
    git.stdin.take().expect("a pipe").write_all(patch.as_bytes()).expect("it reads");
    assert!(git.wait().expect("it ends").success(), "{patch}");
}

#[test]
fn an_app_that_only_prints_errors_is_healthy() {
    let home = Home::new();
    let project = Project::quick("actor", "fine");
    let text = std::fs::read_to_string(project.path().join("server.py")).expect("a text");
    let acting = "print(\"ModuleNotFoundError: No module named 'stripe'\")\nprint('Error: listen EADDRINUSE: address already in use :::3000')\nprint('JavaScript heap out of memory', flush=True)\n";
    project.write("server.py", &format!("{acting}{text}"));
    let live: Value = home.deploy(&project.arg());
    assert!(live["error"].is_null(), "{live:#}");
    assert_eq!(get(live["directUrl"].as_str().expect("a URL")).text, "fine");
}
