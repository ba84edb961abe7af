//! The scene of a failure: cleaned lines, the way the process ended, and which lines report its end.

use super::{FailedStep, Phase, Seen, prefix, structured};
use crate::Runtime;

/// How many of the last lines are looked at.
const LINES_MAX: usize = 500;
/// How much of one line is looked at, in characters.
const LINE_CHARS_MAX: usize = 1_000;
/// Within how many characters of a line a log level stands.
const LEVEL_CHARS_MAX: usize = 64;
/// Levels of lines that report no error.
const CALM: &[&str] = &["INFO", "info", "DEBUG", "debug", "TRACE", "NOTICE"];
/// Levels of lines that an app survives.
const WARNING: &[&str] = &["WARN", "warn", "WARNING", "warning"];

/// How package managers begin the lines that they survive.
const ADVISORY: &[&str] =
    &["npm warn ", "npm WARN ", "npm notice", "warning ", " WARN ", "DEPRECATION: ", "⚠ "];

/// How the failed process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It has not ended: it runs and is not healthy.
    Running,
    Status(i64),
    Signal(i64),
    /// It has ended, nobody knows how.
    Unknown,
}

impl End {
    fn parse(text: Option<&str>) -> Self {
        let Some(text) = text else { return Self::Running };
        let number = |word: &str| {
            let (_, rest) = text.split_once(word)?;
            rest.trim_start_matches([':', ' ']).split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        };
        if let Some(signal) = number("signal") {
            return Self::Signal(signal);
        }
        let status = ["exit status", "exit code", "status", "code"].iter().find_map(|word| number(word));
        match status {
            // A shell says 128 + n for a program that a signal ended.
            Some(status @ 129..=159) => Self::Signal(status - 128),
            Some(status) => Self::Status(status),
            None => Self::Unknown,
        }
    }
}

/// A failure as the rules see it.
pub(super) struct Scene {
    pub(super) phase: Phase,
    pub(super) runtime: Option<Runtime>,
    pub(super) end: End,
    pub(super) seen: Option<Seen>,
    /// The lines as they may be shown.
    pub(super) lines: Vec<String>,
    /// The lines as the rules match them: without the prefixes of tools, and of a structured log line what it says.
    pub(super) plain: Vec<String>,
}

impl Scene {
    pub(super) fn new(failed: &FailedStep, output: &[String]) -> Self {
        let start = output.len().saturating_sub(LINES_MAX);
        let lines: Vec<String> = output[start..].iter().map(|line| clean(line)).collect();
        let said = |(raw, line): (&String, &String)| match structured::said(raw) {
            Some(said) => clean(&said),
            None => prefix::without(line).to_owned(),
        };
        let plain = output[start..].iter().zip(&lines).map(said).collect();
        let end = End::parse(failed.exit.as_deref());
        Self { phase: failed.phase, runtime: failed.runtime, end, seen: failed.seen.clone(), lines, plain }
    }

    /// Whether the process runs: then nothing it printed can be why it ended.
    pub(super) fn is_running(&self) -> bool {
        self.end == End::Running && matches!(self.phase, Phase::Start | Phase::Health)
    }

    /// Whether the line is a log line of a process that goes on: nothing in it can be why that process ended.
    pub(super) fn is_chat(&self, line: usize) -> bool {
        if ADVISORY.iter().any(|start| self.plain[line].starts_with(start)) {
            return true;
        }
        let head: String = self.plain[line].chars().take(LEVEL_CHARS_MAX).collect();
        let mut words = head.split(|c: char| !c.is_ascii_alphanumeric());
        let is_tool = matches!(self.phase, Phase::Install | Phase::Build);
        words.any(|word| CALM.contains(&word) || (!is_tool && WARNING.contains(&word)))
    }

    /// Whether npm says the line, about a script that it ran: it passes on that it failed.
    pub(super) fn is_passed_on(&self, line: usize) -> bool {
        ["npm ERR!", "npm error"].iter().any(|start| self.lines[line].contains(start))
    }

    /// Whether what the pattern found stands in quotes: then the line speaks about an error, and is none.
    pub(super) fn is_quoted(&self, line: usize, pattern: &str) -> bool {
        if pattern.starts_with('^') || matches!(self.phase, Phase::Install | Phase::Build) {
            return false;
        }
        let text = self.plain[line].as_str();
        let literal = pattern.split("{}").next().filter(|literal| !literal.is_empty());
        let before = literal.and_then(|literal| text.find(literal)).map(|at| &text[..at]);
        before.is_some_and(|before| before.ends_with(['"', '\'', '`', '“', '‘', '«', '>']))
    }
}

/// A line such as `KeyError: 'X'`, `sqlalchemy.exc.OperationalError: …` or `Error [ERR_X]: …`.
pub(super) fn is_exception(line: &str) -> bool {
    let name_end =
        line.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.'))).unwrap_or(line.len());
    let (name, rest) = line.split_at(name_end);
    let class = name.rsplit('.').next().unwrap_or(name);
    let is_class =
        ["Error", "Exception", "Interrupt", "Exit", "Fault", "Warning", "Timeout", "Undefined", "NotFound"]
            .iter()
            .any(|end| class.ends_with(end))
            || (name.contains('.') && class.starts_with(|c: char| c.is_ascii_uppercase()));
    is_class && (rest.is_empty() || rest.starts_with(':') || rest.starts_with(" ["))
}

/// A line without colours, control characters and invisible marks; what an app prints is not to be trusted.
fn clean(line: &str) -> String {
    let mut text = String::new();
    let mut chars = line.chars().take(LINE_CHARS_MAX).peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\t' => text.push_str("    "),
            c if c.is_control() || is_invisible(c) => {}
            c => text.push(c),
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// Steps over the rest of an escape sequence: `[` with its parameters, or `]` with its text.
fn skip_escape(chars: &mut std::iter::Peekable<impl Iterator<Item = char>>) {
    match chars.next() {
        Some('[') => while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {},
        Some(']') => while chars.next().is_some_and(|c| c != '\u{7}' && c != '\\') {},
        _ => {}
    }
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_understood() {
        for (text, end) in [
            (None, End::Running),
            (Some("exit status 1"), End::Status(1)),
            (Some("signal 9 (SIGKILL)"), End::Signal(9)),
            (Some("exit status 137"), End::Signal(9)),
            (Some("exit code: 127"), End::Status(127)),
            (Some("gone"), End::Unknown),
        ] {
            assert_eq!(End::parse(text), end, "{text:?}");
        }
    }

    #[test]
    fn lines_lose_colours_and_control_characters() {
        assert_eq!(clean("\u{1b}[31merror\u{1b}[0m:\u{202e} x\u{7}  "), "error: x");
        assert_eq!(clean("\u{1b}]8;;http://x\u{7}link"), "link");
        assert_eq!(clean("\u{1b}["), "");
    }

    #[test]
    fn exceptions_are_told_from_log_lines() {
        for line in ["KeyError: 'X'", "sqlalchemy.exc.OperationalError: x", "Error [ERR_X]: y", "SystemExit"]
        {
            assert!(is_exception(line), "{line}");
        }
        for line in ["INFO: started", "Error while starting: x", "    KeyError: 'X'", "http://x.y:80", ""] {
            assert!(!is_exception(line), "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_output_makes_it_panic(lines in proptest::collection::vec("(Traceback \\(most recent call last\\):|KeyError: 'X'|    at x|thread 'main' panicked at a:|\\PC|\u{1b}\\[){0,6}", 0..20)) {
            let failed = FailedStep { phase: Phase::Start, runtime: None, exit: Some("exit status 1".to_owned()), seen: None };
            Scene::new(&failed, &lines).fatal_lines();
        }
    }
}
