//! A workspace of 3,000 files, 34 MB: from an agent's call of `deploy_project`, which is not to wait, to its answer, when
//! the upload is over and the deploy accepted and on disk. With one line changed, against `git status` in the same folder
//! with the same change; all of it for the first time, against `tar | gzip -6` into a file. A person's `backend-im deploy
//! --detach` is told beside it: it is the same and the start and the end of a program.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::corpus;
use crate::home::{Home, wait_for_end};
use crate::http::Connection;
use crate::mcp::Agent;
use crate::peer;
use crate::project::Project;
use crate::report::{Goal, Report, Row};
use crate::statistics::{Sample, alone, take_turns, time_ms};

const WARM_ROUNDS: usize = 15;
const COLD_ROUNDS: usize = 5;

pub(crate) fn measure(report: &mut Report) {
    let (home, project) = (Home::started(), Project::empty("corpus"));
    corpus::write(&project.path());
    let mut api = home.api();
    cold(report, &home, &project.path(), &mut api);
    warm(report, &home, &project.path(), &mut api);
}

/// An agent that has found the platform.
fn agent(home: &Home, folder: &Path) -> Agent {
    let mut agent = Agent::start(home.program(&["mcp"]).current_dir(folder));
    agent.call("list_projects", &json!({}));
    agent
}

fn cold(report: &mut Report, home: &Home, folder: &Path, api: &mut Connection) {
    let mut agent = agent(home, folder);
    let ours = |round: usize| {
        // Neither the client nor the platform has seen these files.
        drop(std::fs::remove_dir_all(home.path().join("client")));
        let project = format!("cold-{round}");
        let mut accepted = Value::Null;
        let took = time_ms(|| accepted = deploy(&mut agent, &project));
        assert!(accepted["upload"]["sent_files"].as_u64() >= Some(3_000), "{accepted:#}");
        settle(home, api, &accepted);
        home.run(&["delete", &project, "--confirm", &project]);
        took
    };
    let has_tar = report.has_tools("tar | gzip -6", &[("tar", "--version"), ("gzip", "--version")]);
    let packed = home.path().join("packed.tar.gz");
    let script = format!("tar -c --exclude=.git . | gzip -6 > {}", packed.display());
    let theirs =
        |_| time_ms(|| drop(peer::run(Command::new("sh").args(["-c", &script]).current_dir(folder))));
    let (ours, theirs) =
        if has_tar { take_turns(COLD_ROUNDS, ours, theirs) } else { (alone(COLD_ROUNDS, ours), Vec::new()) };
    drop(std::fs::remove_file(packed));
    report.row(Row {
        what: "3,000 files, 34 MB, for the first time: `deploy_project` to its answer".to_owned(),
        unit: "ms",
        ours: Sample::new(ours),
        peer: (!theirs.is_empty()).then(|| ("`tar \\| gzip -6`".to_owned(), Sample::new(theirs))),
        goal: Goal::RatioMax(0.2),
    });
}

fn warm(report: &mut Report, home: &Home, folder: &Path, api: &mut Connection) {
    let mut agent = agent(home, folder);
    let accepted = deploy(&mut agent, "warm");
    settle(home, api, &accepted);
    let has_git = report.has_tools("git status", &[("git", "--version")]) && commit_all(folder);
    let ours = |_| {
        change_one_line(folder);
        let mut accepted = Value::Null;
        let took = time_ms(|| accepted = deploy(&mut agent, "warm"));
        assert_eq!(accepted["upload"]["sent_files"], 1, "{accepted:#}");
        settle(home, api, &accepted);
        took
    };
    let theirs = |_| {
        let mut changed = String::new();
        let took = time_ms(|| changed = git(folder, &["status", "--porcelain"]).expect("git works"));
        assert_eq!(changed.lines().count(), 1, "{changed}");
        took
    };
    let (ours, theirs) =
        if has_git { take_turns(WARM_ROUNDS, ours, theirs) } else { (alone(WARM_ROUNDS, ours), Vec::new()) };
    report.row(Row {
        what: "the same with one line changed".to_owned(),
        unit: "ms",
        ours: Sample::new(ours),
        peer: (!theirs.is_empty()).then(|| ("`git status`".to_owned(), Sample::new(theirs))),
        goal: Goal::RatioMax(2.0),
    });
    let by_hand = alone(WARM_ROUNDS, |_| {
        change_one_line(folder);
        let mut accepted = Value::Null;
        let took = time_ms(|| accepted = command(home, folder, "warm"));
        settle(home, api, &accepted);
        took
    });
    report.row(Row {
        what: "the same by `backend-im deploy --detach`".to_owned(),
        unit: "ms",
        ours: Sample::new(by_hand),
        peer: None,
        goal: Goal::Told,
    });
}

/// Deploys without waiting for what becomes of it.
fn deploy(agent: &mut Agent, project: &str) -> Value {
    agent.call("deploy_project", &json!({"project": project, "wait_seconds": 0}))
}

/// The same by the command.
fn command(home: &Home, folder: &Path, project: &str) -> Value {
    let folder = folder.to_str().expect("UTF-8");
    let text = home.run(&["deploy", folder, "--project", project, "--detach", "--json"]);
    let mut accepted: Value = serde_json::from_str(&text).expect("JSON");
    accepted["deployment_id"] = accepted["deploymentId"].take();
    accepted
}

/// Waits until the platform rests again: what it does after accepting must not disturb what is measured next.
fn settle(home: &Home, api: &mut Connection, accepted: &Value) {
    wait_for_end(api, accepted["deployment_id"].as_str().expect("an id"));
    home.wait_for_rest();
}

fn change_one_line(folder: &Path) {
    let path = folder.join("package01/module1/part1.py");
    let mut file = OpenOptions::new().append(true).open(path).expect("a file");
    writeln!(file, "# one line more").expect("a file");
}

fn commit_all(folder: &Path) -> bool {
    let identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"];
    let commit = [&identity[..], &["commit", "--quiet", "--message=all"]].concat();
    let steps = [&["init", "--quiet"][..], &["add", "--all"], &commit];
    steps.into_iter().all(|arguments| git(folder, arguments).is_ok())
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    peer::run(Command::new("git").args(arguments).current_dir(folder).stderr(Stdio::null()))
}
