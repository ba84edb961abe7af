//! The line that says best what went wrong, where no rule knows any: what a tool marks as its error, and not what is
//! printed by everybody who merely passes the failure on.

use super::scene::{Scene, is_exception};

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
    "aborted!",
    "ERROR: Exception:",
    "This is an error with npm itself",
    "Encountered dynamic routes",
    "Unable to build website for locale",
    "Having trouble rendering",
    "returned with error code",
    "with errors in ",
    "Try '",
];

/// The first line that is marked as an error and says something, or else the last one that complains.
pub(super) fn best(scene: &Scene, complains: fn(&str) -> bool) -> Option<usize> {
    let speaks = |at: &usize| !scene.is_chat(*at) && !is_noise(&scene.plain[*at]);
    let lines = || (0..scene.plain.len()).filter(speaks);
    // PHP prints the class of an exception alone on its line, and what it says below.
    let said = |at: usize| {
        if is_bare(&scene.plain[at]) { lines().find(|next| *next > at).unwrap_or(at) } else { at }
    };
    went_wrong(scene)
        .or_else(|| lines().find(|at| is_marked(&scene.plain[*at])).map(said))
        .or_else(|| lines().rev().find(|at| complains(&scene.plain[*at])))
        .or_else(|| lines().next_back())
}

/// Gradle says below a header what went wrong, and indents each reason below what it is the reason of.
fn went_wrong(scene: &Scene) -> Option<usize> {
    let header = scene.plain.iter().position(|line| line.trim() == "* What went wrong:")?;
    let said = (header + 1..scene.plain.len()).take_while(|at| !scene.plain[*at].trim().is_empty());
    let first = header + 1;
    said.filter(|at| *at == first || scene.plain[*at].trim_start().starts_with("> "))
        .last()
        .filter(|at| !is_noise(&scene.plain[*at]))
}

fn is_marked(line: &str) -> bool {
    let line = line.trim_start();
    let marked =
        MARKS.iter().find_map(|mark| line.strip_prefix(mark)).is_some_and(|rest| !rest.trim().is_empty());
    marked || is_named(line) || MARKS_WITHIN.iter().any(|mark| line.contains(mark))
}

/// A line such as `[MissingSharp] Could not find Sharp`, `EBUSY: resource busy`, `ActiveRecord::AdapterNotSpecified: …` or
/// `ValueError: …`: an error with its name in front.
fn is_named(line: &str) -> bool {
    let in_brackets = line.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map(|(name, _)| name);
    let is_camel = |name: &str| {
        name.len() > 6
            && name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().skip(1).filter(char::is_ascii_uppercase).count() < name.len() / 2
            && name.chars().skip(1).any(|c| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric())
    };
    let name = line.split_once(": ").map(|(name, _)| name).unwrap_or_default();
    let is_system = name.len() > 3 && name.starts_with('E') && name.bytes().all(|b| b.is_ascii_uppercase());
    let is_ruby = name.contains("::")
        && name.split("::").all(|part| part.starts_with(|c: char| c.is_ascii_uppercase()))
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == ':');
    in_brackets.is_some_and(is_camel) || is_system || is_ruby || is_exception(line)
}

/// Whether the line is an exception's name and nothing else.
pub(super) fn is_bare(line: &str) -> bool {
    let line = line.trim();
    is_exception(line) && line.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '\\' | '.' | '_'))
}

fn is_noise(line: &str) -> bool {
    let text = line.trim();
    text.is_empty()
        || text.starts_with("at ")
        || text.starts_with("File \"")
        || text.starts_with("from ")
        || NOISE.iter().any(|words| text.contains(words))
}
