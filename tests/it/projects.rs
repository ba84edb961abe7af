//! The projects of `tests/projects` are more than plans: each is deployed as it lies there and asked over HTTP, unless
//! `tests/projects/RUN.txt` says why it cannot be. What a project needs comes from the package registries; all share a
//! home, so that what is fetched is fetched once, and each is deleted once it answered.

mod table;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use table::{How, Row};

use crate::harness::{Home, get};

/// How many are built at the same time.
const AT_ONCE: usize = 2;
/// Whether a project that builds for minutes is deployed too: `all`, or the names of those that alone are.
const CHOICE: &str = "BACKEND_IM_PROJECTS";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/projects").canonicalize().expect("the projects")
}

#[test]
fn every_project_says_once_how_it_is_run() {
    let entries = std::fs::read_dir(folder()).expect("a folder").flatten();
    let folders = entries.filter(|entry| entry.path().is_dir());
    let projects: BTreeSet<String> =
        folders.map(|entry| entry.file_name().into_string().expect("UTF-8")).collect();
    let rows = table::read(&folder().join("RUN.txt"));
    let named: BTreeSet<String> = rows.iter().map(|row| row.name.clone()).collect();
    assert_eq!(named.len(), rows.len(), "RUN.txt names a project twice");
    assert_eq!(named, projects, "RUN.txt and the folders of tests/projects");
}

#[test]
fn every_project_that_can_be_run_goes_live_and_answers() {
    let choice = std::env::var(CHOICE).unwrap_or_default();
    let (queue, rest): (Vec<Row>, Vec<Row>) =
        table::read(&folder().join("RUN.txt")).into_iter().partition(|row| row.is_run(&choice));
    for row in rest {
        say(&format!("{:<38} not run: {}", row.name, row.reason()));
    }
    let home = Home::new();
    let (queue, failures) = (Mutex::new(queue.into_iter()), Mutex::new(Vec::<String>::new()));
    // Not in the loop's head, where it would be locked for as long as its body runs.
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        while let Some(row) = next() {
            let failure = reported(&home, row);
            failures.lock().expect("no panic").extend(failure);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(work);
        }
    });
    let failures = failures.into_inner().expect("no panic");
    assert!(failures.is_empty(), "{} failed, see above: {}", failures.len(), failures.join(", "));
}

/// Deploys a project and says how that went; its name if it did not answer.
fn reported(home: &Home, row: Row) -> Option<String> {
    let since = Instant::now();
    let result = deployed(home, &row);
    let text = result.as_ref().map_or_else(|why| format!("FAILED\n{why}"), |()| "answers".to_owned());
    say(&format!("{:<38} {:>4} s  {text}", row.name, since.elapsed().as_secs()));
    result.is_err().then_some(row.name)
}

/// Deploys a project, asks it, and deletes it; says what went wrong.
fn deployed(home: &Home, row: &Row) -> Result<(), String> {
    let (path, text) = match &row.how {
        How::Run { path, text, .. } => (path, text),
        How::NotRun { reason } => return Err(reason.clone()),
    };
    let name = row.name.replace('_', "-");
    let source = folder().join(&row.name);
    let done = home.run(&["deploy", source.to_str().expect("UTF-8"), "--project", &name, "--json"]);
    let result = if done.code == 0 {
        let live = done.json();
        let answer = get(&format!("{}{path}", live["directUrl"].as_str().expect("a URL")));
        let answers = answer.status == 200 && answer.text.contains(text);
        answers.then_some(()).ok_or_else(|| format!("`{text}` is not in {answer:?}"))
    } else {
        let log = home.run(&["logs", &name, "--source", "all", "--lines", "40"]).stdout;
        Err(format!("{}\n{log}", done.json()["error"]))
    };
    home.run(&["delete", &name, "--confirm", &name]);
    result
}

/// Writes a line past the capture of tests that pass: what did not run must be seen.
fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("stderr is open");
}
