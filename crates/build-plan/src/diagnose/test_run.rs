//! What test programs print, in the words of many of them.

use super::rule::{Finding, Rule, TEST, or};
use super::scene::{Scene, is_exception};
use super::{Confidence, is_cause, rules};

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "no_tests",
        phases: TEST,
        runtimes: &[],
        patterns: &[
            "no tests ran in",
            "^collected 0 items",
            "No tests found, exiting with code 1",
            "No test files found, exiting",
            "Error: no test specified",
            "No tests executed!",
            "error: No test modules found",
            "No test is available in",
        ],
        title: |_| "The test command finds no tests".to_owned(),
        fix: |_| {
            "write tests where the command looks for them, or remove `test` from backend-im.yml".to_owned()
        },
    },
    failed(NAMED),
    failed(OTHERWISE),
];

/// Lines that name the test.
const NAMED: &[&str] = &[
    "^FAILED {}",
    "^ERROR {}",
    "^FAIL: {}",
    "^ERROR: {}",
    "^--- FAIL: {}",
    "^  ● {}",
    "^ FAIL  {}",
    "^test {} ... FAILED",
    "{} ... FAILED (",
    "^(fail) {}",
    "^not ok {}",
    "^✖ {}",
    "^rspec ./{}",
    "^  Failed {} [",
    "^1) {}",
    "^  1) {}",
    "<<< FAILURE! {}",
];

/// Lines that say only that something failed.
const OTHERWISE: &[&str] =
    &["^FAIL {}", "^thread '{}' panicked", "^AssertionError{}", "There are test failures."];

const fn failed(patterns: &'static [&'static str]) -> Rule {
    Rule {
        code: "tests_failed",
        phases: TEST,
        runtimes: &[],
        patterns,
        title: |c| format!("A test fails: {}", or(c, 0, "see the output")),
        fix: |_| {
            "mend the code or the test and deploy again; the version that was live keeps serving".to_owned()
        },
    }
}

/// A test program sums up at the end; the summary's own reason is better than the fact that something failed.
pub(super) fn tested(scene: &Scene) -> Option<Finding> {
    let is_summed_up = scene.lines.iter().any(|line| is_summary(line));
    // Once the program tells the reasons itself, other exceptions are what the tests printed.
    let causes = (0..scene.lines.len()).rev().filter(|at| {
        if is_summed_up { is_summary(&scene.lines[*at]) } else { is_exception(&scene.lines[*at]) }
    });
    let mut particular = causes.filter_map(|at| {
        let mut fitting = rules(scene).filter(|rule| rule.code != "tests_failed");
        fitting.find_map(|rule| rule.fit(scene, at, Confidence::High)).filter(|found| is_cause(scene, found))
    });
    particular.next().or_else(|| {
        RULES.iter().find_map(|rule| {
            let mut lines = 0..scene.plain.len();
            lines.find_map(|at| rule.fit(scene, at, Confidence::High))
        })
    })
}

fn is_summary(line: &str) -> bool {
    ["FAILED ", "ERROR ", "E   "].iter().any(|start| line.starts_with(start))
}
