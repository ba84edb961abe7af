//! The way in which a process ended: it decides where it says more than any line, and stands in where no line says why.

use super::evidence::short;
use super::fatal::is_wrapping;
use super::rule::Finding;
use super::scene::{End, Scene};
use super::{Confidence, Phase, complaint, system};
use crate::Runtime;

/// Words of a line with which a program gives up.
const GIVING_UP: &[&str] = &[
    "error",
    "fail",
    "cannot",
    "can't",
    "could not",
    "couldn't",
    "unable",
    "invalid",
    "missing",
    "must ",
    "required",
    "denied",
    "refused",
    "not found",
    "unknown",
    "unexpected",
    "not exist",
    "undefined",
    "doesn't exist",
    "no such",
    "abort",
    "fatal",
    "usage:",
];

/// Endings that say what happened whatever was printed before: a signal from outside, and an end without an error.
pub(super) fn decisive(scene: &Scene) -> Option<Finding> {
    let runs = matches!(scene.phase, Phase::Start | Phase::Health);
    match scene.end {
        End::Signal(9 | 15) => said_out_of_memory(scene).or_else(|| by_end(scene)),
        End::Status(0) if runs => by_end(scene),
        _ => None,
    }
}

/// A process that ran out of memory may still have had the time to say so.
fn said_out_of_memory(scene: &Scene) -> Option<Finding> {
    let rule = system::RULES.iter().find(|rule| rule.code == "out_of_memory")?;
    (0..scene.plain.len()).rev().take(super::TAIL_LINES).find_map(|at| rule.fit(scene, at, Confidence::High))
}

/// No line says why; the way the process ended may.
pub(super) fn by_end(scene: &Scene) -> Option<Finding> {
    let (code, title, fix, confidence) = match scene.end {
        End::Signal(9) => (
            "killed",
            "The process was killed (SIGKILL)",
            "most often the machine had no memory left: let it need less, or free memory; the kernel's log says more",
            Confidence::Medium,
        ),
        End::Signal(4 | 6 | 7 | 8 | 11) => (
            "crashed",
            "The process crashed in native code",
            "update or pin the package with native code that was last added, and check that it is built for this machine",
            Confidence::Medium,
        ),
        End::Signal(15) => (
            "terminated",
            "The process was told to end (SIGTERM)",
            "nothing in the project needs to change unless this repeats; deploy again",
            Confidence::Low,
        ),
        End::Status(127) => (
            "command_not_found",
            "The command was not found",
            "correct the command, or add the package that brings it to the project's dependencies",
            Confidence::Medium,
        ),
        End::Status(126) => (
            "permission_denied",
            "The command may not be executed",
            "make the file executable (`chmod +x`) and deploy again",
            Confidence::Medium,
        ),
        End::Status(5) if scene.phase == Phase::Test && scene.runtime == Some(Runtime::Python) => (
            "no_tests",
            "The test command finds no tests",
            "write tests where the command looks for them, or remove `test` from backend-im.yml",
            Confidence::Medium,
        ),
        End::Status(0) if matches!(scene.phase, Phase::Start | Phase::Health) => (
            "ended_without_error",
            "The start command ended by itself, without an error",
            "the start command must keep running and listen on $HOST:$PORT; do not let it go to the background, and do \
             not start a script that only defines the app",
            Confidence::High,
        ),
        _ => return None,
    };
    Some(Finding {
        code,
        line: last_said(scene),
        title: title.to_owned(),
        fix: fix.to_owned(),
        confidence,
        captured: Vec::new(),
    })
}

/// The app ended with an error and a sentence of its own.
pub(super) fn own_words(scene: &Scene) -> Option<Finding> {
    let last = (0..scene.lines.len())
        .rev()
        .find(|at| !scene.lines[*at].trim().is_empty() && !scene.is_passed_on(*at))?;
    let candidates = (last.saturating_sub(super::LAST_WORDS)..=last).rev();
    let line = candidates.into_iter().find(|at| {
        let line = &scene.plain[*at];
        let is_report =
            is_frame_of_backtrace(line) || is_field(line) || is_wrapping(line) || complaint::is_bare(line);
        !scene.is_chat(*at) && !is_report && gives_up(line)
    })?;
    let text = short(scene.plain[line].trim(), 160);
    Some(Finding {
        code: "exited_with_message",
        line: Some(line),
        title: format!("The program gives up: {text}"),
        fix: "do what its last line asks for; the code that prints it says when it does".to_owned(),
        confidence: Confidence::Medium,
        captured: Vec::new(),
    })
}

/// The same for an app that went on for a while after this line.
pub(super) fn own_words_after(scene: &Scene, line: usize) -> Option<Finding> {
    let found = own_words(scene).filter(|found| found.line.is_some_and(|at| !scene.is_drawn_in(at)))?;
    let went_on = |at: usize| !gives_up(&scene.plain[at]) && found.line.is_some_and(|last| at < last);
    scene.spoken_after(line).any(went_on).then_some(found)
}

/// A line such as `   2: core::result::unwrap_failed` or `             at ./src/main.rs:3:5`.
fn is_frame_of_backtrace(line: &str) -> bool {
    let text = line.trim_start();
    let behind = text.trim_start_matches(|c: char| c.is_ascii_digit());
    text.starts_with("at ")
        || (behind.len() < text.len() && behind.starts_with(": ") && line.starts_with(' '))
}

/// A field of an object that Node shows below an error, such as `  code: 'ECONNREFUSED',`.
fn is_field(line: &str) -> bool {
    let text = line.trim_start();
    let name = text.split(':').next().unwrap_or_default();
    text.len() < line.len()
        && text.contains(": ")
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '[' | ']'))
}

/// Whether the line has a word with which programs give up.
pub(super) fn gives_up(line: &str) -> bool {
    let lower = line.to_lowercase();
    GIVING_UP.iter().any(|word| lower.contains(word))
}

/// What is said when nothing else is known: where it failed, and its last words.
pub(super) fn last_words(scene: &Scene) -> Finding {
    if matches!(scene.phase, Phase::Release | Phase::Start | Phase::Test)
        && let Some(finding) = own_words(scene)
    {
        return finding;
    }
    let (code, title, fix) = match scene.phase {
        Phase::Install => (
            "install_failed",
            "Installing the dependencies failed",
            "the evidence is what the tool said; run the same command on the project's folder to see more",
        ),
        Phase::Build => (
            "build_failed",
            "The build command failed",
            "mend what the evidence names; the same command on the project's folder shows the same",
        ),
        Phase::Test => (
            "tests_failed",
            "The test command failed",
            "mend the code or the test and deploy again; the version that was live keeps serving",
        ),
        Phase::Release => (
            "release_failed",
            "The command before the switch failed",
            "mend what the evidence names and deploy again; the version that was live keeps serving",
        ),
        Phase::Start => (
            "exited_silently",
            "The program ended with an error and does not say why",
            "let it print errors to stderr, and start it by hand with HOST and PORT set to see what it does",
        ),
        Phase::Health => (
            "not_healthy",
            "The app runs and did not get healthy",
            "it must answer HTTP on $HOST:$PORT within the time limit",
        ),
    };
    let complaint = complaint::best(scene, gives_up).filter(|_| !scene.is_running());
    let title = match complaint {
        Some(line) => format!("{title}: {}", short(scene.plain[line].trim(), 160)),
        None => title.to_owned(),
    };
    Finding {
        code,
        line: complaint.or_else(|| last_said(scene)).filter(|_| !scene.is_running()),
        title,
        fix: fix.to_owned(),
        confidence: Confidence::Low,
        captured: Vec::new(),
    }
}

fn last_said(scene: &Scene) -> Option<usize> {
    scene.lines.iter().rposition(|line| !line.trim().is_empty())
}
