//! From a failure's output to what is wrong and how to mend it.
//!
//! Output is untrusted: an app may print anything. A line counts as a cause only where it is one: a tool's own error
//! while installing and building, the line with which a process ended, and for a process that still runs only what can
//! keep a running one from being healthy. The structure of the failure decides: phase, way of ending, place of the last
//! traceback, what the health check saw; the text only names what the structure already says.
//!
//! ```text
//! FailedStep + output ─► scene ─► fatal lines ─► rules ─► Finding ─► evidence ─► Diagnosis
//!                                 running / ending ──────►                patch ◄─ the project's files
//! ```

mod bots;
mod bundlers;
mod checks;
mod commands;
mod complaint;
mod database;
mod deno;
mod django;
mod docs;
mod dotnet;
mod elixir;
mod ending;
mod environment;
mod evidence;
mod fatal;
mod go;
mod image;
mod java;
mod js_packages;
mod libraries;
mod migrations;
mod network;
mod next;
mod node;
mod packages;
mod patch;
mod pattern;
mod php;
mod ports;
mod prefix;
mod prisma;
mod python;
mod python_age;
mod python_packages;
mod refine;
mod routes;
mod ruby;
mod ruby_packages;
mod rule;
mod running;
mod rust;
mod scene;
mod servers;
mod settings;
mod standard;
mod static_sites;
mod structured;
mod system;
mod test_run;

#[cfg(test)]
mod tests;

pub use patch::{PatchError, patched};
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
    /// The command that runs once before the switch, such as migrations.
    Release,
    /// The process ended before it was healthy.
    Start,
    /// The process did not get healthy.
    Health,
}

/// What the health check saw of a process that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It listens on no port.
    Nothing,
    /// It listens on this address, whose port is not the one that it was told.
    OtherPort(String),
    /// It listens on the right port of this address, which the platform cannot reach.
    OtherAddress(String),
    /// It accepts connections and answers nothing.
    Silence,
    /// It answers a path with a status that is no success.
    Status {
        /// The path that was asked.
        path: String,
        /// The last answer's status.
        status: u16,
    },
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
    /// What the health check saw, where there was one.
    pub seen: Option<Seen>,
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
    /// The same as a unified diff against the project's files, where it is mechanical.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
    /// How sure this is.
    pub confidence: Confidence,
    /// Where the makers of the tool explain it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docs: Option<String>,
    /// How trying the patch goes, where it is or was tried. Whoever diagnoses knows nothing of it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// What came of it, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_note: Option<String>,
}

/// How trying a patch goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// It is being tried, or waits for that.
    Pending,
    /// With the patch the app got healthy.
    Passed,
    /// The patch alone is not enough.
    Failed,
}

/// How many of the last lines may name a cause when nothing says which line ended the process.
const TAIL_LINES: usize = 40;
/// How many of the last lines that say anything may hold an error's name without a traceback around it.
const LAST_WORDS: usize = 4;

/// Rules in the order in which they are tried on one line: the particular before the general.
const RULES: &[&[Rule]] = &[
    commands::RULES,
    libraries::RULES,
    ports::RULES,
    system::RULES,
    image::RULES,
    migrations::RULES,
    database::RULES,
    next::RULES,
    js_packages::RULES,
    network::RULES,
    servers::RULES,
    python_age::RULES,
    python_packages::RULES,
    packages::RULES,
    django::RULES,
    python::RULES,
    routes::RULES,
    prisma::RULES,
    bots::RULES,
    static_sites::RULES,
    bundlers::RULES,
    node::RULES,
    deno::RULES,
    go::RULES,
    ruby_packages::RULES,
    ruby::RULES,
    php::RULES,
    java::RULES,
    dotnet::RULES,
    elixir::RULES,
    environment::RULES,
    rust::RULES,
    test_run::RULES,
];

/// Rules that stand in where no particular one fits any line: they know whose error it is, and not what it means.
const GENERAL: &[&[Rule]] = &[
    packages::GENERAL,
    js_packages::GENERAL,
    bundlers::GENERAL,
    django::GENERAL,
    deno::GENERAL,
    go::GENERAL,
    ruby::GENERAL,
    php::GENERAL,
    java::GENERAL,
    dotnet::GENERAL,
    elixir::GENERAL,
    rust::GENERAL,
];

/// Says why a step failed, as well as its output lets one say so. `output` are its last lines; `read` lends the
/// project's files, for a patch, and is asked for few of them.
pub fn diagnose(failed: &FailedStep, output: &[String], read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Diagnosis {
    let scene = Scene::new(failed, output);
    let finding = found(&scene).unwrap_or_else(|| ending::last_words(&scene));
    let finding = refine::named(&scene, finding);
    let patch = patch::of(&scene, &finding, read);
    let mut diagnosis = evidence::shown(&scene, finding);
    diagnosis.docs = docs::of(&diagnosis.code, scene.runtime).map(str::to_owned);
    diagnosis.patch = patch;
    diagnosis
}

fn found(scene: &Scene) -> Option<Finding> {
    if scene.is_running() {
        return running::running(scene);
    }
    if let Some(finding) = ending::decisive(scene) {
        return Some(finding);
    }
    let finding = match scene.phase {
        Phase::Install => by_rule(scene).or_else(|| by_general_rule(scene)),
        Phase::Build => built(scene),
        Phase::Test => test_run::tested(scene).or_else(|| tail(scene)),
        Phase::Release | Phase::Start | Phase::Health => ended(scene),
    };
    finding.or_else(|| ending::by_end(scene))
}

/// The package that everybody knows to bring a module of Python; nothing for one that could be anybody's.
pub(crate) fn python_package(module: &str) -> Option<String> {
    let package = python::package(module);
    patch::is_known_in_python(&package).then_some(package)
}

/// The rules about this phase: those of the project's own runtime.
fn rules(scene: &Scene) -> impl Iterator<Item = &'static Rule> + '_ {
    of_phase(RULES, scene).filter(|rule| rule.is_of_runtime(scene))
}

/// The rules about this phase of other runtimes: a Python project may well build its pages with Node.
fn foreign_rules(scene: &Scene) -> impl Iterator<Item = &'static Rule> + '_ {
    of_phase(RULES, scene).filter(|rule| !rule.is_of_runtime(scene))
}

fn general_rules(scene: &Scene) -> impl Iterator<Item = &'static Rule> + '_ {
    of_phase(GENERAL, scene).filter(|rule| rule.is_of_runtime(scene))
}

fn of_phase<'a>(
    lists: &'static [&'static [Rule]],
    scene: &'a Scene,
) -> impl Iterator<Item = &'static Rule> + use<'a> {
    lists.iter().flat_map(|rules| rules.iter()).filter(|rule| rule.is_of_phase(scene))
}

/// What the first of these rules that fits the line says.
fn fit(
    scene: &Scene,
    mut rules: impl Iterator<Item = &'static Rule>,
    at: usize,
    confidence: Confidence,
) -> Option<Finding> {
    rules.find_map(|rule| rule.fit(scene, at, confidence).filter(|found| is_cause(scene, found)))
}

/// The first line that the most particular of these rules knows: tools report their own errors.
fn first_by(
    scene: &Scene,
    mut rules: impl Iterator<Item = &'static Rule>,
    confidence: Confidence,
) -> Option<Finding> {
    let found = rules.find_map(|rule| {
        let mut lines = (0..scene.plain.len()).filter(|at| !scene.is_chat(*at));
        lines.find_map(|at| rule.fit(scene, at, confidence).filter(|found| is_cause(scene, found)))
    });
    found.map(|found| refine::refined(scene, found))
}

fn by_rule(scene: &Scene) -> Option<Finding> {
    first_by(scene, rules(scene), Confidence::High)
        .or_else(|| first_by(scene, foreign_rules(scene), Confidence::Medium))
}

fn by_general_rule(scene: &Scene) -> Option<Finding> {
    first_by(scene, general_rules(scene), Confidence::Medium)
}

/// A build runs the project's own code too: where that ends with an error, the error counts and nothing before it.
fn built(scene: &Scene) -> Option<Finding> {
    let fatal = scene.fatal_lines();
    let particular = || fatal.iter().find_map(|at| fit(scene, rules(scene), *at, Confidence::High));
    let general = || fatal.iter().find_map(|at| fit(scene, general_rules(scene), *at, Confidence::Medium));
    settings::missing(scene)
        .or_else(particular)
        .or_else(|| by_rule(scene))
        .or_else(general)
        .or_else(|| by_general_rule(scene))
        .or_else(|| fatal.first().filter(|_| is_traced(scene)).map(|at| uncaught(scene, *at)))
}

/// Whether the runtime's own reports of errors are known well enough to call them exceptions of the project's code.
fn is_traced(scene: &Scene) -> bool {
    matches!(scene.runtime, Some(Runtime::Python | Runtime::Node | Runtime::Bun | Runtime::Rust))
}

/// The process ended: the line with which it ended, unless something known was said after it.
fn ended(scene: &Scene) -> Option<Finding> {
    let fatal = scene.fatal_lines();
    let Some(last) = fatal.iter().max() else {
        return settings::missing(scene).or_else(|| tail(scene));
    };
    let particular = || fatal.iter().find_map(|at| fit(scene, rules(scene), *at, Confidence::High));
    let general = || fatal.iter().find_map(|at| fit(scene, general_rules(scene), *at, Confidence::High));
    // The report of an error may hold further ones, drawn in.
    let drawn_in = || (*last + 1..scene.plain.len()).filter(|at| scene.is_drawn_in(*at));
    let within = || drawn_in().find_map(|at| fit(scene, rules(scene), at, Confidence::High));
    let known = settings::missing(scene).or_else(particular).or_else(within).or_else(general);
    let known = known.map(|found| refine::of_chain(scene, found, &fatal));
    let speaks = |line: usize| line > *last && !scene.is_drawn_in(line);
    let later = tail(scene).filter(|found| found.line.is_some_and(speaks));
    // The app survived that one, said so, and ended with words of its own.
    let later = later.or_else(|| ending::own_words_after(scene, *last));
    match (known, later) {
        (Some(known), Some(later)) if later.code == known.code => Some(known),
        (_, Some(later)) => Some(later),
        (Some(known), None) => Some(known),
        // The app spoke on, and ended with words of its own.
        (None, None) => Some(uncaught(scene, fatal[0])),
    }
}

/// The last line that any rule knows.
fn tail(scene: &Scene) -> Option<Finding> {
    let start = scene.plain.len().saturating_sub(TAIL_LINES);
    let said = (0..scene.plain.len()).rev().filter(|at| !scene.plain[*at].is_empty());
    let last_words: Vec<usize> = said.take(LAST_WORDS).collect();
    // A runtime reports an exception with its traceback; without one, only last words are believed.
    let is_believed = |at: usize| !scene::is_exception(&scene.plain[at]) || last_words.contains(&at);
    let mut lines = (start..scene.plain.len()).rev().filter(|at| !scene.is_chat(*at) && is_believed(*at));
    lines.find_map(|at| fit(scene, rules(scene).chain(general_rules(scene)), at, Confidence::Medium))
}

/// Whether the line is what the rule takes it for: not a key that is no variable, and not cargo's closing words.
fn is_cause(scene: &Scene, found: &Finding) -> bool {
    let Some(line) = found.line.map(|line| scene.plain[line].as_str()) else { return true };
    if fatal::is_wrapping(line) {
        return false;
    }
    match found.code {
        "missing_env_var" => environment::is_about_variable(line),
        "compile_error" => !line.contains("could not compile") && !line.contains("aborting due to"),
        _ => true,
    }
}

/// An exception that no rule knows.
fn uncaught(scene: &Scene, line: usize) -> Finding {
    let line = refine::said_below(scene, line);
    let text = scene.plain.get(line).map(|text| text.trim()).unwrap_or_default();
    let (code, language) = match scene.runtime {
        Some(Runtime::Python) => ("python_exception", "Python"),
        Some(Runtime::Node) => ("node_exception", "Node"),
        Some(Runtime::Rust) => ("rust_panic", "the program"),
        _ => ("uncaught_error", "the program"),
    };
    Finding {
        code,
        line: Some(line),
        title: format!("The app ends with an error of {language}: {}", evidence::short(text, 160)),
        fix: "mend the place in the code that the evidence names, or what it asks for".to_owned(),
        confidence: Confidence::Medium,
        captured: Vec::new(),
    }
}
