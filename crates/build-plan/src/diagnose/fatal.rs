//! Which lines report the end of a process. What a process prints counts as the cause of its end only where its
//! runtime reports the end itself: the last traceback, the uncaught error, the panic.

use super::scene::{Scene, is_exception};

/// How an error begins that another one was made of.
const CHAINED: &str = "Caused by: ";
/// How far from the end a traceback may lie and still be the end of the process, in lines.
const FATAL_DISTANCE_MAX: usize = 80;
/// After how many lines of an app that goes on a traceback was not the end.
const SPOKEN_AFTER_MAX: usize = 6;

/// How runtimes begin the report of an error that nobody caught.
const UNCAUGHT: &[&str] = &[
    "panic: ",
    "fatal error: ",
    "Unhandled exception. ",
    "Unhandled exception:",
    "PHP Fatal error: ",
    "PHP Parse error: ",
    "Exception in thread ",
    "Caused by: ",
    "** (",
    "error: Uncaught ",
    "error: ",
    "Uncaught ",
    "[Error",
];

/// How lines begin that wrappers and servers print when the process below them has ended.
const CLOSING: &[&str] = &[
    "}",
    "]",
    "^",
    "[SQL",
    "(Background on this error",
    "Node.js v",
    "Bun v",
    "Deno v",
    "Command failed",
    "Lifecycle script",
    "code ",
    "path ",
    "workspace ",
    "location ",
    "command ",
    "signal ",
    "note: ",
    "error Command failed",
    "info Visit ",
    "error: script ",
    "exit status",
    "goroutine ",
    "created by ",
    "main.main()",
    "rejected",
    "During handling of the above",
    "The above exception was",
    "Traceback (most recent call last)",
    "ERR_PNPM_",
    "ELIFECYCLE",
    "A complete log of this run",
    "For further information visit",
    "Sentry is attempting",
    "Waiting up to",
    "Press Ctrl-C",
    "Kernel pid terminated",
    "Crash dump is being written",
    "hint: ",
    "help: ",
    "thrown in ",
    "Stack trace:",
    "#",
];

/// What servers say when they give up, behind whatever they write in front.
const CLOSING_WORDS: &[&str] = &[
    "shutdown",
    "shutting down",
    "Shutting down",
    "Worker exiting",
    "Reason: ",
    "startup failed",
    "exited with code",
    "Exiting",
    "exiting",
    "closed",
    "[type=",
    "Lifecycle",
];

/// Reports that only pass on what another line says.
const WRAPPING: &[&str] = &[
    "Could not start application",
    "(errors have been logged)",
    "Call retries were exceeded",
    "Application run failed",
    "rails aborted!",
    "rake aborted!",
    "Command build failed, ensure",
    "Error creating bean with name",
    "Failed to collect page data for",
    "A fatal exception has occurred. Program will exit",
    "Kernel pid terminated",
    "connection not available and request was dropped from queue",
    "gunicorn.errors.HaltServer",
    "Worker failed to boot",
    "App failed to load",
    "exited with 1",
];

/// Whether the line only passes on what another one says.
pub(super) fn is_wrapping(line: &str) -> bool {
    WRAPPING.iter().any(|words| line.contains(words))
}

impl Scene {
    /// The lines that report the end of the process, the most telling first.
    pub(super) fn fatal_lines(&self) -> Vec<usize> {
        let near = self.plain.len().saturating_sub(FATAL_DISTANCE_MAX);
        let mut fatal = self.last_traceback();
        // A chain of tracebacks may be long; it counts as a whole when its last line is near the end.
        if fatal.first().is_some_and(|last| *last < near) {
            fatal.clear();
        }
        let others = self.last_thrown().into_iter().chain(self.last_panic()).chain(self.last_raised());
        fatal.extend(others.filter(|at| *at >= near && !is_wrapping(&self.plain[*at])));
        // Whoever goes on speaking for a while did not end there.
        if fatal.iter().max().is_some_and(|last| self.spoken_after(*last).count() > SPOKEN_AFTER_MAX) {
            fatal.clear();
        }
        fatal
    }

    /// The lines behind this one in which the app itself speaks, and not what reports its end or says the same again, as
    /// gunicorn does with the message of an exception.
    pub(super) fn spoken_after(&self, at: usize) -> impl DoubleEndedIterator<Item = usize> {
        let is_echo = move |line: usize| self.plain[at].ends_with(self.plain[line].as_str());
        (at + 1..self.plain.len()).filter(move |line| self.is_spoken(*line) && !is_echo(*line))
    }

    /// Whether the line belongs to the report of the error above it.
    pub(super) fn is_drawn_in(&self, at: usize) -> bool {
        self.plain[at].starts_with("    ")
    }

    fn is_spoken(&self, at: usize) -> bool {
        let line = self.plain[at].as_str();
        let is_name_of_field =
            || self.plain.get(at + 1).is_some_and(|next| next.contains("[type=")) && !line.contains(' ');
        !(line.is_empty()
            || self.is_passed_on(at)
            || line.starts_with([' ', '│', '╭', '╰', '~', '^'])
            || CLOSING.iter().any(|start| line.starts_with(start))
            || CLOSING_WORDS.iter().any(|word| line.contains(word))
            || is_exception(line)
            || is_name_of_field())
    }

    /// The exception lines of the last chain of Python tracebacks that does not only pass another one on, the last one
    /// first.
    fn last_traceback(&self) -> Vec<usize> {
        let mut chains: Vec<Vec<usize>> = vec![Vec::new()];
        let mut in_traceback = false;
        for (at, line) in self.plain.iter().enumerate() {
            // Servers log a traceback behind their own prefix, and groups of exceptions are drawn as a tree.
            if line.contains("Traceback (most recent call last)") {
                let chained = at.checked_sub(2).is_some_and(|before| is_chain(&self.plain[before]));
                if !chained && !in_traceback {
                    chains.push(Vec::new());
                }
                in_traceback = true;
            } else if in_traceback && is_exception(line) {
                chains.last_mut().expect("at least one").push(at);
                in_traceback = false;
            }
        }
        let tells = |chain: &Vec<usize>| chain.iter().any(|at| !is_wrapping(&self.plain[*at]));
        let mut exceptions = chains.into_iter().rfind(tells).unwrap_or_default();
        exceptions.retain(|at| !is_wrapping(&self.plain[*at]));
        // A syntax error in the file that was started has no traceback around it.
        if exceptions.is_empty() {
            exceptions.extend(self.plain.iter().rposition(|line| is_syntax_error(line)));
        }
        exceptions.reverse();
        exceptions
    }

    /// The last error with a stack below it that Node, Java, .NET, Deno or Bun did not catch; of a chain the one at its
    /// root, which stands last, and then those above it.
    fn last_thrown(&self) -> Vec<usize> {
        let Some(at) = self.plain.iter().rposition(|line| is_frame(line)) else { return Vec::new() };
        let thrown =
            |line: &String| is_exception(line) || UNCAUGHT.iter().any(|start| line.starts_with(start));
        let mut chain: Vec<usize> = self.plain[..at].iter().rposition(thrown).into_iter().collect();
        while let Some(last) = chain.last()
            && self.plain[*last].starts_with(CHAINED)
            && let Some(above) = self.plain[..*last].iter().rposition(thrown)
        {
            chain.push(above);
        }
        chain
    }

    /// The message of the last panic, or the error that `main` returned.
    fn last_panic(&self) -> Vec<usize> {
        let panicked =
            self.plain.iter().rposition(|line| line.starts_with("thread '") && line.contains("panicked at"));
        let below = |at: usize| (at + 1..self.plain.len()).find(|line| !self.plain[*line].trim().is_empty());
        let message =
            panicked.and_then(|at| if self.plain[at].ends_with(':') { below(at) } else { Some(at) });
        let returned = self.plain.iter().rposition(|line| line.starts_with("Error: "));
        message.into_iter().chain(returned).collect()
    }

    /// The last error of Go, Ruby, PHP or Elixir that nobody rescued: their reports need no stack to be known.
    fn last_raised(&self) -> Option<usize> {
        const STARTS: &[&str] = &["panic: ", "PHP Fatal error: ", "PHP Parse error: ", "** ("];
        let raised =
            |line: &String| STARTS.iter().any(|start| line.starts_with(start)) || is_ruby_error(line);
        self.plain.iter().rposition(raised)
    }
}

fn is_frame(line: &str) -> bool {
    line.starts_with("    at ") || line.starts_with("   at ") || line.starts_with("      at ")
}

/// A line such as ``/srv/app.rb:3:in `require': cannot load such file -- x (LoadError)``.
fn is_ruby_error(line: &str) -> bool {
    let class = line.rsplit_once('(').and_then(|(_, class)| class.strip_suffix(')'));
    class.is_some_and(is_exception) && (line.contains(":in `") || line.contains(":in '"))
}

fn is_chain(line: &str) -> bool {
    line.starts_with("During handling of the above exception")
        || line.starts_with("The above exception was the direct cause")
}

fn is_syntax_error(line: &str) -> bool {
    ["SyntaxError: ", "IndentationError: ", "TabError: "].iter().any(|name| line.starts_with(name))
}
