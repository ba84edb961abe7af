//! 20 deployments of the `FastAPI` example at once: how quickly does the API answer meanwhile? Requests are sent on a
//! schedule and timed from when they were due, so that a slow answer cannot hide those behind it. Their answers are an
//! app's status and the list of projects.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::home::Home;
use crate::project::Project;
use crate::report::{Goal, Report, Row};
use crate::statistics::{Sample, time_ms};

const AT_ONCE: usize = 20;
const ASKERS: u32 = 4;
/// How often each of them asks.
const EVERY: Duration = Duration::from_millis(40);
const LIMIT_MS: f64 = 50.0;

pub(crate) fn measure(report: &mut Report) {
    let home = Home::started();
    // Dependencies are a layer that all of them share; it is not what is measured.
    let layer = Project::example("fastapi-todo", "layer");
    let first = home.deploy(&layer.path())["id"].as_str().expect("an id").to_owned();
    let projects: Vec<Project> =
        (0..AT_ONCE).map(|number| Project::example("fastapi-todo", &format!("todo-{number}"))).collect();
    let done = AtomicBool::new(false);
    let (took_ms, waits_ms) = thread::scope(|scope| {
        let askers: Vec<_> = (0..ASKERS)
            .map(|number| {
                let (home, done, first) = (&home, &done, &first);
                scope.spawn(move || ask_until(home, first, EVERY / ASKERS * number, done))
            })
            .collect();
        let took_ms = time_ms(|| deploy_all(&home, &projects));
        done.store(true, Ordering::Relaxed);
        let waits = askers.into_iter().flat_map(|asker| asker.join().expect("every request is answered"));
        (took_ms, waits.collect())
    });
    let waits = Sample::new(waits_ms);
    report.row(Row {
        what: format!("{AT_ONCE} deployments at once: the API's p95 meanwhile"),
        unit: "ms",
        ours: Sample::single(waits.percentile(95)),
        peer: None,
        goal: Goal::Max(LIMIT_MS),
    });
    report.note(&format!("… its median {:.1} ms, the longest {:.0} ms", waits.median(), waits.max()));
    report.row(Row {
        what: format!("{AT_ONCE} deployments at once: all live after"),
        unit: "ms",
        ours: Sample::single(took_ms),
        peer: None,
        goal: Goal::Told,
    });
}

/// Calls for all at once and waits until all are live.
fn deploy_all(home: &Home, projects: &[Project]) {
    thread::scope(|scope| {
        for project in projects {
            scope.spawn(move || home.deploy(&project.path()));
        }
    });
}

fn ask_until(home: &Home, deployment: &str, offset: Duration, done: &AtomicBool) -> Vec<f64> {
    let mut api = home.api();
    let paths = [format!("/api/status/{deployment}"), "/api/projects".to_owned()];
    let mut waits = Vec::new();
    let mut due = Instant::now() + offset;
    for path in paths.iter().cycle() {
        if done.load(Ordering::Relaxed) {
            break;
        }
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let (status, _) = api.get(path).expect("an answer");
        assert_eq!(status, 200, "{path}");
        waits.push(due.elapsed().as_secs_f64() * 1e3);
        due += EVERY;
    }
    waits
}
