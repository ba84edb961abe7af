//! The scene of a failure: cleaned lines, the way the process ended, and which lines report its end.

use super::{FailedStep, Phase};
use crate::Runtime;

/// How many of the last lines are looked at.
const LINES_MAX: usize = 500;
/// How much of one line is looked at, in characters.
const LINE_CHARS_MAX: usize = 1_000;
/// How far from the end a traceback may lie and still be the end of the process, in lines.
const FATAL_DISTANCE_MAX: usize = 60;

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
    /// The lines as they may be shown.
    pub(super) lines: Vec<String>,
    /// The lines as the rules match them: without the prefixes of tools.
    pub(super) plain: Vec<String>,
}

impl Scene {
    pub(super) fn new(failed: &FailedStep, output: &[String]) -> Self {
        let start = output.len().saturating_sub(LINES_MAX);
        let lines: Vec<String> = output[start..].iter().map(|line| clean(line)).collect();
        let plain = lines.iter().map(|line| without_prefix(line).to_owned()).collect();
        let end = End::parse(failed.exit.as_deref());
        Self { phase: failed.phase, runtime: failed.runtime, end, lines, plain }
    }

    /// Whether the process runs: then nothing it printed can be why it ended.
    pub(super) fn is_running(&self) -> bool {
        self.end == End::Running && matches!(self.phase, Phase::Start | Phase::Health)
    }

    /// The lines that report the end of the process, the most telling first.
    pub(super) fn fatal_lines(&self) -> Vec<usize> {
        let near = self.plain.len().saturating_sub(FATAL_DISTANCE_MAX);
        let mut fatal = self.last_traceback();
        // A chain of tracebacks may be long; it counts as a whole when its last line is near the end.
        if fatal.first().is_some_and(|last| *last < near) {
            fatal.clear();
        }
        let others = self.last_thrown().into_iter().chain(self.last_panic());
        fatal.extend(others.filter(|at| *at >= near));
        fatal
    }

    /// The exception lines of the last chain of Python tracebacks, the last one first.
    fn last_traceback(&self) -> Vec<usize> {
        let mut exceptions: Vec<usize> = Vec::new();
        let mut in_traceback = false;
        for (at, line) in self.plain.iter().enumerate() {
            // Servers log a traceback behind their own prefix, and groups of exceptions are drawn as a tree.
            if line.contains("Traceback (most recent call last)") {
                let chained = at.checked_sub(2).is_some_and(|before| is_chain(&self.plain[before]));
                if !chained && !in_traceback {
                    exceptions.clear();
                }
                in_traceback = true;
            } else if in_traceback && is_exception(&self.plain[at]) {
                exceptions.push(at);
                in_traceback = false;
            }
        }
        // A syntax error in the file that was started has no traceback around it.
        if exceptions.is_empty() {
            exceptions.extend(self.plain.iter().rposition(|line| is_syntax_error(line)));
        }
        exceptions.reverse();
        exceptions
    }

    /// The last error that Node did not catch: a class at the line's start, followed by its stack.
    fn last_thrown(&self) -> Option<usize> {
        let at = self.plain.iter().rposition(|line| line.starts_with("    at "))?;
        self.plain[..at].iter().rposition(|line| is_exception(line) || line.starts_with("[Error"))
    }

    /// The message of the last panic, or the error that `main` returned.
    fn last_panic(&self) -> Vec<usize> {
        let panicked =
            self.plain.iter().rposition(|line| line.starts_with("thread '") && line.contains("panicked at"));
        let message = panicked.map(|at| if self.plain[at].ends_with(':') { at + 1 } else { at });
        let returned = self.plain.iter().rposition(|line| line.starts_with("Error: "));
        message.filter(|at| *at < self.plain.len()).into_iter().chain(returned).collect()
    }
}

fn is_chain(line: &str) -> bool {
    line.starts_with("During handling of the above exception")
        || line.starts_with("The above exception was the direct cause")
}

fn is_syntax_error(line: &str) -> bool {
    ["SyntaxError: ", "IndentationError: ", "TabError: "].iter().any(|name| line.starts_with(name))
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

/// The line without what pytest and npm write in front.
fn without_prefix(line: &str) -> &str {
    let line = line.strip_prefix("npm ERR! ").or_else(|| line.strip_prefix("npm error ")).unwrap_or(line);
    match line.strip_prefix("E   ") {
        Some(rest) => rest.trim_start(),
        None => line,
    }
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
            let failed = FailedStep { phase: Phase::Start, runtime: None, exit: Some("exit status 1".to_owned()) };
            Scene::new(&failed, &lines).fatal_lines();
        }
    }
}
