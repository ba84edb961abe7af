//! One line of the `FastAPI` example is changed: how long until the new body is served? Here everything counts from the
//! start of `backend-im deploy` to the new body over the project's address: reading, upload, commit, start, probe, switch.
//! podman builds and runs the same app (see `podman.rs`), from the same kind of start to the same kind of end.

use std::path::Path;

use serde_json::Value;

use crate::home::Home;
use crate::http::Connection;
use crate::podman::Podman;
use crate::project::Project;
use crate::report::{Goal, Report, Row};
use crate::statistics::{Sample, alone, take_turns, time_ms};

const ROUNDS: usize = 7;
const LIMIT_MS: f64 = 600.0;

pub(crate) fn measure(report: &mut Report) {
    let (home, project) = (Home::started(), Project::example("fastapi-todo", "todo"));
    let first = home.deploy(&project.path());
    let address = first["directUrl"].as_str().expect("an address").to_owned();
    let ours = |round: usize| {
        let name = format!("ours-{round}");
        project.rename_todo(&name);
        time_ms(|| {
            home.deploy(&project.path());
            assert!(serves(&mut Connection::to(&address), &name), "the new version is served");
        })
    };
    let theirs = Project::example("fastapi-todo", "todo");
    let podman = report.has_tools("podman build and run", &[("podman", "--version")]);
    let podman = podman.then(|| Podman::prepare(&theirs.path())).transpose().unwrap_or_else(|why| {
        report.skip("podman build and run", &why);
        None
    });
    let (ours, peer) = match &podman {
        Some(podman) => take_turns(ROUNDS, ours, |round| rebuild(podman, &theirs, round)),
        None => (alone(ROUNDS, ours), Vec::new()),
    };
    report.row(Row {
        what: "FastAPI example: one line changed to served".to_owned(),
        unit: "ms",
        ours: Sample::new(ours.clone()),
        peer: None,
        goal: Goal::Max(LIMIT_MS),
    });
    if !peer.is_empty() {
        report.row(Row {
            what: "the same".to_owned(),
            unit: "ms",
            ours: Sample::new(ours),
            peer: Some(("podman build + run".to_owned(), Sample::new(peer))),
            goal: Goal::RatioMax(0.6),
        });
    }
    tell_phases(report, &home, &project.path());
}

fn rebuild(podman: &Podman, project: &Project, round: usize) -> f64 {
    let name = format!("theirs-{round}");
    project.rename_todo(&name);
    let mut container = None;
    let took = time_ms(|| {
        let running = podman.build_and_run(&project.path());
        let mut connection = Connection::open(&running.address);
        while !serves(&mut connection, &name) {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        container = Some(running);
    });
    drop(container);
    took
}

fn serves(connection: &mut Connection, name: &str) -> bool {
    let answer = connection.get("/");
    answer.is_ok_and(|(status, body)| status == 200 && String::from_utf8_lossy(&body).contains(name))
}

/// Where the time goes, as the platform tells it.
fn tell_phases(report: &mut Report, home: &Home, folder: &Path) {
    std::fs::write(folder.join("note.txt"), "one more version\n").expect("a file");
    let live = home.deploy(folder);
    let phases = live["phases"].as_array().expect("phases").iter();
    let told: Vec<_> = phases
        .map(|phase| format!("{} {} ms", phase["status"].as_str().unwrap_or_default(), phase["ms"]))
        .collect();
    report.note(&format!("phases of one such redeploy: {}", told.join(", ")));
    assert_ne!(live["unchanged"], Value::Bool(true));
}
