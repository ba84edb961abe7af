//! Failures of every runtime, as their tools print them, and what apps print that are well: `tests/failures/recorded` and
//! `tests/failures/healthy` hold one case per file. The recorded ones were written down in the shape of the real tool's
//! output, because most of the toolchains are not on every machine; those that are real run in `tests/it`.
//!
//! `cargo test -p build-plan --test diagnosis -- --nocapture` prints precision and recall.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use build_plan::{Confidence, Diagnosis, FailedStep, Phase, Runtime, diagnose};

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
    Case {
        name: path.file_stem().expect("a name").to_string_lossy().into_owned(),
        expected: value("expect"),
        failed: FailedStep { phase, runtime: Some(runtime), exit, seen: None },
        cause: value("cause"),
        fix: value("fix"),
        output: output.lines().map(str::to_owned).collect(),
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
fn every_recorded_failure_gets_its_code_and_no_healthy_output_is_accused() {
    let (broken, healthy) = (cases("recorded"), cases("healthy"));
    assert!(broken.len() >= 100 && healthy.len() >= 15);
    let mut complaints = Vec::new();
    let (mut claims, mut right, mut right_claims, mut false_alarms) = (0_u32, 0_u32, 0_u32, 0_u32);
    let mut by_runtime: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for case in &broken {
        let found = case.diagnosis();
        let complaint = case.complaint(&found);
        claims += u32::from(is_claim(&found));
        let is_right = u32::from(found.code == case.expected);
        right += is_right;
        right_claims += u32::from(is_claim(&found)).min(is_right);
        let row = by_runtime.entry(case.failed.runtime.map_or("any", Runtime::name)).or_default();
        *row = (row.0 + 1, row.1 + is_right);
        complaints.extend(complaint);
    }
    for case in &healthy {
        let found = case.diagnosis();
        if let Some(complaint) = case.complaint(&found) {
            false_alarms += 1;
            complaints.push(complaint);
        }
    }
    eprintln!("runtime    cases  right");
    for (runtime, (cases, right)) in &by_runtime {
        eprintln!("{runtime:<10} {cases:>5} {right:>6}");
    }
    let codes: BTreeSet<&str> = broken.iter().map(|case| case.expected.as_str()).collect();
    let share = |part: u32, of: u32| f64::from(part) / f64::from(of.max(1));
    eprintln!("{} broken cases with {} codes, {} healthy ones", broken.len(), codes.len(), healthy.len());
    eprintln!(
        "precision {:.3}, recall {:.3}, false alarms {false_alarms}",
        share(right_claims, claims + false_alarms),
        share(right, u32::try_from(broken.len()).expect("few")),
    );
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
