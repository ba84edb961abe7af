//! From a failure's output to what is wrong and how to mend it.
//!
//! Output is untrusted: an app may print anything. A line counts as a cause only where it is one: a tool's own error
//! while installing and building, the line with which a process ended, and for a process that still runs only what can
//! keep a running one from being healthy.

mod checks;
mod ending;
mod environment;
mod evidence;
mod network;
mod node;
mod packages;
mod pattern;
mod python;
mod refine;
mod rule;
mod running;
mod rust;
mod scene;
mod system;

#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Runtime;
use rule::{Finding, Rule};
use scene::Scene;

/// Where a deployment failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Installing dependencies.
    Install,
    /// The build command.
    Build,
    /// The test command.
    Test,
    /// The command that runs once before the switch.
    Release,
    /// The process ended before it was healthy.
    Start,
    /// The process did not get healthy.
    Health,
}

/// The step that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedStep {
    /// Where.
    pub phase: Phase,
    /// What runs the project, where that is known.
    pub runtime: Option<Runtime>,
    /// How the process ended: `exit status 1`, `signal 9 (SIGKILL)`; nothing when it still runs.
    pub exit: Option<String>,
}

/// How sure a diagnosis is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// A guess worth looking at.
    Low,
    /// Likely.
    Medium,
    /// The failure itself says so.
    High,
}

/// What is wrong, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnosis {
    /// A stable name in `snake_case`.
    pub code: String,
    /// What is wrong, in one sentence.
    pub title: String,
    /// The line of output that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause_line: Option<String>,
    /// Lines that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// What to do.
    pub fix: String,
    /// How sure this is.
    pub confidence: Confidence,
}

/// How many of the last lines may name a cause when nothing says which line ended the process.
const TAIL_LINES: usize = 40;

/// Rules in the order in which they are tried on one line: the particular before the general.
const RULES: &[&[Rule]] = &[
    system::RULES,
    network::RULES,
    packages::RULES,
    python::RULES,
    node::RULES,
    environment::RULES,
    rust::RULES,
    checks::TESTS,
];

/// Says why a step failed, where its output lets one say so. `output` are its last lines.
pub fn diagnose(failed: &FailedStep, output: &[String]) -> Option<Diagnosis> {
    let scene = Scene::new(failed, output);
    let finding = if scene.is_running() {
        running::running(&scene)
    } else {
        match scene.phase {
            Phase::Install | Phase::Build => by_rule(&scene),
            Phase::Test => tested(&scene),
            Phase::Release | Phase::Start | Phase::Health => ended(&scene),
        }
    };
    match finding {
        Some(finding) => Some(evidence::shown(&scene, finding)),
        None => ending::by_end(&scene),
    }
}

fn rules(scene: &Scene) -> impl Iterator<Item = &'static Rule> + '_ {
    RULES.iter().flat_map(|rules| rules.iter()).filter(|rule| rule.applies(scene))
}

/// Tools report their own errors: the first line that the most particular rule knows.
fn by_rule(scene: &Scene) -> Option<Finding> {
    rules(scene)
        .find_map(|rule| {
            let mut lines = 0..scene.plain.len();
            lines.find_map(|at| rule.fit(scene, at, Confidence::High).filter(|found| is_cause(scene, found)))
        })
        .map(|found| refine::refined(scene, found))
}

/// A test program sums up at the end; the summary's own reason is better than the fact that something failed.
fn tested(scene: &Scene) -> Option<Finding> {
    let summary = |line: &str| {
        ["FAILED ", "ERROR ", "E   "].iter().any(|start| line.starts_with(start)) || scene::is_exception(line)
    };
    let causes = (0..scene.lines.len()).filter(|at| summary(&scene.lines[*at]));
    let causes: Vec<usize> = causes.collect();
    let particular = causes.iter().rev().find_map(|at| {
        let mut fitting = rules(scene).filter(|rule| rule.code != "tests_failed");
        fitting.find_map(|rule| rule.fit(scene, *at, Confidence::High)).filter(|found| is_cause(scene, found))
    });
    particular.or_else(|| by_rule_of(scene, checks::TESTS)).or_else(|| tail(scene))
}

fn by_rule_of(scene: &Scene, rules: &'static [Rule]) -> Option<Finding> {
    rules.iter().find_map(|rule| {
        let mut lines = 0..scene.plain.len();
        lines.find_map(|at| rule.fit(scene, at, Confidence::High))
    })
}

/// The process ended: the line with which it ended, unless something known was said after it.
fn ended(scene: &Scene) -> Option<Finding> {
    let fatal = scene.fatal_lines();
    let fit = |at: usize| {
        rules(scene)
            .find_map(|rule| rule.fit(scene, at, Confidence::High).filter(|found| is_cause(scene, found)))
    };
    let Some(last) = fatal.iter().max() else { return tail(scene) };
    let settings = refine::missing_settings(scene, *last);
    let known = settings.or_else(|| fatal.iter().find_map(|at| fit(*at)));
    let later = tail(scene).filter(|found| found.line > *last);
    match (known, later) {
        (Some(known), Some(later)) if later.code == known.code => Some(known),
        (_, Some(later)) => Some(later),
        (Some(known), None) => Some(known),
        (None, None) => uncaught(scene, fatal[0]),
    }
}

/// The last line that any rule knows.
fn tail(scene: &Scene) -> Option<Finding> {
    let start = scene.plain.len().saturating_sub(TAIL_LINES);
    (start..scene.plain.len()).rev().find_map(|at| {
        rules(scene)
            .find_map(|rule| rule.fit(scene, at, Confidence::Medium).filter(|found| is_cause(scene, found)))
    })
}

/// Whether the line is what the rule takes it for: not a key that is no variable, and not cargo's closing words.
fn is_cause(scene: &Scene, found: &Finding) -> bool {
    let line = scene.plain[found.line].as_str();
    match found.code {
        "missing_env_var" => environment::is_about_variable(line),
        "compile_error" => !line.contains("could not compile") && !line.contains("aborting due to"),
        _ => true,
    }
}

/// An exception that no rule knows.
fn uncaught(scene: &Scene, line: usize) -> Option<Finding> {
    let text = scene.plain.get(line)?;
    let (code, language) = match scene.runtime {
        Some(Runtime::Python) => ("python_exception", "Python"),
        Some(Runtime::Node) => ("node_exception", "Node"),
        Some(Runtime::Rust) => ("rust_panic", "the program"),
        _ => ("uncaught_error", "the program"),
    };
    Some(Finding {
        code,
        line,
        title: format!("The app ends with an error of {language}: {}", evidence::short(text, 160)),
        fix: "mend the place in the code that the evidence names, or what it asks for".to_owned(),
        confidence: Confidence::Medium,
    })
}
