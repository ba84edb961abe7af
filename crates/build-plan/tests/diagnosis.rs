//! Failures of every runtime, as their tools print them, and what apps print that are well: `tests/failures/recorded` and
//! `tests/failures/healthy` hold one case per file. The recorded ones were written down in the shape of the real tool's
//! output, because most of the toolchains are not on every machine; those that are real run in `tests/it`.
//!
//! With `--nocapture` the test prints precision and recall, per code and over all.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "../../../tests/failures/score.rs"]
mod score;

use build_plan::{Confidence, Diagnosis, FailedStep, Phase, Runtime, Seen, diagnose};
use score::Score;

/// One case.
struct Case {
    name: String,
    expected: String,
    failed: FailedStep,
    /// A part of the line that is the cause, and of the fix.
    cause: String,
    fix: String,
    output: Vec<String>,
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/failures").join(name)
}

fn cases(name: &str) -> Vec<Case> {
    let mut cases: Vec<Case> =
        fs::read_dir(folder(name)).expect("a folder").flatten().map(|entry| case(&entry.path())).collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

/// A head of `key: value` lines, `---`, and the output.
fn case(path: &Path) -> Case {
    let text = fs::read_to_string(path).expect("a text");
    let (head, output) =
        text.split_once("\n---\n").unwrap_or_else(|| panic!("{} has no head", path.display()));
    let head: BTreeMap<&str, &str> = head.lines().filter_map(|line| line.split_once(':')).collect();
    let value = |key: &str| head[key].trim().to_owned();
    let phase: Phase = serde_json::from_value(value("phase").into()).expect("a phase");
    let runtime: Runtime = serde_json::from_value(value("runtime").into()).expect("a runtime");
    let exit = Some(value("exit")).filter(|exit| !exit.is_empty());
    let seen = head.get("seen").map(|seen| seen_of(seen.trim()));
    Case {
        name: path.file_stem().expect("a name").to_string_lossy().into_owned(),
        expected: value("expect"),
        failed: FailedStep { phase, runtime: Some(runtime), exit, seen },
        cause: value("cause"),
        fix: value("fix"),
        output: output.lines().map(str::to_owned).collect(),
    }
}

/// What the health check saw: `nothing`, `silence`, `port ADDRESS`, `address ADDRESS` or `status STATUS PATH`.
fn seen_of(text: &str) -> Seen {
    match *text.split(' ').collect::<Vec<&str>>().as_slice() {
        ["nothing"] => Seen::Nothing,
        ["silence"] => Seen::Silence,
        ["port", address] => Seen::OtherPort(address.to_owned()),
        ["address", address] => Seen::OtherAddress(address.to_owned()),
        ["status", status, path] => {
            Seen::Status { path: path.to_owned(), status: status.parse().expect("a status") }
        }
        _ => panic!("{text} is nothing that the health check sees"),
    }
}

impl Case {
    fn diagnosis(&self) -> Diagnosis {
        diagnose(&self.failed, &self.output, &|_| None)
    }

    /// What is wrong with the diagnosis.
    fn complaint(&self, found: &Diagnosis) -> Option<String> {
        let line = found.cause_line.as_deref().unwrap_or_default();
        let is_right =
            found.code == self.expected && line.contains(&self.cause) && found.fix.contains(&self.fix);
        (!is_right).then(|| {
            format!("{}: expected {} with `{}`, got {found:#?}", self.name, self.expected, self.cause)
        })
    }
}

/// Whether a diagnosis claims to know the cause.
fn is_claim(found: &Diagnosis) -> bool {
    found.confidence > Confidence::Low
}

#[test]
fn recorded_failures_are_diagnosed_and_no_healthy_output_is_accused() {
    let (broken, healthy) = (cases("recorded"), cases("healthy"));
    assert!(broken.len() >= 450 && healthy.len() >= 50);
    let mut complaints = Vec::new();
    let (mut by_code, mut by_runtime) = (Score::default(), BTreeMap::<&str, Score>::new());
    for case in &broken {
        let found = case.diagnosis();
        // A failure that nothing explains keeps its general code, which claims nothing.
        let given = (is_claim(&found) || found.code == case.expected).then_some(found.code.as_str());
        by_code.count(&case.expected, given);
        let runtime = case.failed.runtime.map_or("any", Runtime::name);
        by_runtime.entry(runtime).or_default().count(&case.expected, given);
        complaints.extend(case.complaint(&found));
    }
    for case in &healthy {
        if let Some(complaint) = case.complaint(&case.diagnosis()) {
            by_code.false_alarm();
            complaints.push(complaint);
        }
    }
    for (runtime, score) in &by_runtime {
        eprint!("{}", score.total(&format!("recorded failures, {runtime}")));
    }
    eprintln!("{}", by_code.table("recorded failures, by code"));
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
}

#[test]
fn what_an_app_prints_while_it_runs_is_never_why_it_fails() {
    // The outputs of all failures, as if an app had printed them that runs and only answers nobody.
    for case in cases("recorded").iter().filter(|case| case.failed.exit.is_some()) {
        let failed = FailedStep { phase: Phase::Health, exit: None, ..case.failed.clone() };
        let found = diagnose(&failed, &case.output, &|_| None);
        // What such an app may really wait for: a service that refuses it, or its own port.
        let allowed = ["not_healthy", "port_ignored"];
        let waits = ["database_", "host_not_", "connection_refused"]
            .iter()
            .any(|start| found.code.starts_with(start));
        assert!(waits || allowed.contains(&found.code.as_str()), "{}: {found:#?}", case.name);
    }
}
