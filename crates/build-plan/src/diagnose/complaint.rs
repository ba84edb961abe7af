//! The line that says best what went wrong, where no rule knows any: what a tool marks as its error, and not what is
//! printed by everybody who merely passes the failure on.

use super::scene::Scene;

/// How a tool marks its error, at the line's start.
const MARKS: &[&str] = &[
    "error: ",
    "error[",
    "error ",
    "Error: ",
    "ERROR: ",
    "ERROR ",
    "ERROR in ",
    "[ERROR] ",
    "[error] ",
    "[FATAL] ",
    "fatal: ",
    "FATAL: ",
    "fatal error: ",
    "Fatal error: ",
    "** (",
    "✘ [ERROR] ",
    "⨯ ",
    "✖ ",
    "❌ ",
    "× ",
    "ERR! ",
    "E: ",
];
/// How a tool marks its error behind a place.
const MARKS_WITHIN: &[&str] =
    &[": error: ", ": error ", " error TS", ": fatal error: ", " - error ", "): error "];

/// What whoever passes a failure on says.
const NOISE: &[&str] = &[
    "A complete log of this run",
    "Command failed",
    "command failed",
    "ELIFECYCLE",
    "Lifecycle script",
    "exit code",
    "exit status",
    "exited with",
    "returned a non-zero",
    "did not complete successfully",
    "error code 1",
    "BUILD FAILED",
    "BUILD FAILURE",
    "Build failed",
    "build failed",
    "Build FAILED",
    "Failed to compile",
    "Build error occurred",
    "Run with --",
    "Get more help at",
    "For more information",
    "To see the full stack trace",
    "Re-run Maven",
    "Failed to restore",
    "Error(s)",
    "Warning(s)",
    "Failed to execute goal",
    "could not compile",
    "aborting due to",
    "make: ***",
    "make[",
    "likely not a problem with pip",
    "subprocess-exited-with-error",
    "metadata-generation-failed",
    "See above for output",
    "handling the ",
    "errors have been logged",
    "error during build",
    "Call retries were exceeded",
    "The build could not read",
    "[Help 1]",
];

/// The first line that is marked as an error and says something, or else the last one that complains.
pub(super) fn best(scene: &Scene, complains: fn(&str) -> bool) -> Option<usize> {
    let speaks = |at: &usize| !scene.is_chat(*at) && !is_noise(&scene.plain[*at]);
    let lines = || (0..scene.plain.len()).filter(speaks);
    lines()
        .find(|at| is_marked(&scene.plain[*at]))
        .or_else(|| lines().rev().find(|at| complains(&scene.plain[*at])))
}

fn is_marked(line: &str) -> bool {
    let line = line.trim_start();
    let marked =
        MARKS.iter().find_map(|mark| line.strip_prefix(mark)).is_some_and(|rest| !rest.trim().is_empty());
    marked || MARKS_WITHIN.iter().any(|mark| line.contains(mark))
}

fn is_noise(line: &str) -> bool {
    let text = line.trim();
    text.is_empty()
        || text.starts_with("at ")
        || text.starts_with("File \"")
        || text.starts_with("from ")
        || NOISE.iter().any(|words| text.contains(words))
}
