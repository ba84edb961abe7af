//! The only file that writes to stdout: data goes there, everything else to stderr. Errors are told here and nowhere else.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::clean;
use super::error::Error;
use super::text::{self, Paint};
use crate::config::Environment;
use crate::exit::Exit;

/// Where the program's words go and how they may look there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    /// Colours for stderr.
    pub(crate) paint: Paint,
    /// Colours for stdout.
    pub(crate) data_paint: Paint,
    /// Whether a person watches stderr.
    pub(crate) is_terminal: bool,
    /// Whether a person can answer.
    pub(crate) is_interactive: bool,
}

/// Whether a command's data is for people or for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

impl Screen {
    /// The screen of this process.
    pub(crate) fn new(env: &Environment) -> Self {
        let paint = |is_terminal: bool| {
            if is_terminal && env.wants_colour() { Paint::COLOUR } else { Paint::PLAIN }
        };
        let is_terminal = io::stderr().is_terminal();
        Self {
            paint: paint(is_terminal),
            data_paint: paint(io::stdout().is_terminal()),
            is_terminal,
            is_interactive: is_terminal && io::stdin().is_terminal(),
        }
    }
}

/// Writes data to stdout, with a line end where it has none.
///
/// # Errors
/// [`Error::Closed`] when nobody reads any more, [`Error::Machine`] when it cannot be written.
pub(crate) fn data(text: &str) -> Result<(), Error> {
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    raw(format!("{text}{end}").as_bytes())
}

/// Writes bytes to stdout as they are.
///
/// # Errors
/// As [`data`].
pub(crate) fn raw(bytes: &[u8]) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Error::Closed,
        _ => Error::machine("cannot write to stdout", error),
    })
}

/// Writes one JSON document to stdout.
///
/// # Errors
/// As [`data`].
pub(crate) fn json(value: &impl Serialize) -> Result<(), Error> {
    data(&serde_json::to_string_pretty(value).expect("answers are plain data"))
}

/// Writes one line of JSON lines to stdout.
///
/// # Errors
/// As [`data`].
pub(crate) fn json_line(value: &impl Serialize) -> Result<(), Error> {
    data(&serde_json::to_string(value).expect("answers are plain data"))
}

/// Tells the person something on stderr. Nobody is left to tell when that fails.
pub(crate) fn tell(text: &str) {
    let mut stderr = io::stderr().lock();
    let _nobody_listens = stderr.write_all(format!("{text}\n").as_bytes());
}

/// Asks the person on stderr and reads one line of an answer.
///
/// # Errors
/// [`Error::Machine`] when stdin cannot be read.
pub(crate) fn ask(question: &str) -> Result<String, Error> {
    let mut stderr = io::stderr().lock();
    let _nobody_listens = stderr.write_all(format!("{question} ").as_bytes());
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(|error| Error::machine("cannot read the answer", error))?;
    Ok(answer.trim().to_owned())
}

/// Tells how a command ended; the exit code.
pub(crate) fn end(outcome: Result<(), Error>, format: Format, screen: Screen) -> ExitCode {
    let Err(error) = outcome else { return Exit::Ok.into() };
    if !error.is_told() {
        tell(&error_text(&error, screen.paint));
        if format == Format::Json && json(&error_document(&error)).is_err() {
            tracing::debug!("nobody reads stdout");
        }
    }
    error.exit().into()
}

/// Tells what clap found: help and version are data, everything else is an error of usage.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let paint = |is_terminal: bool| {
        let text = error.render();
        if is_terminal { text.ansi().to_string() } else { text.to_string() }
    };
    if error.use_stderr() {
        tell(paint(io::stderr().is_terminal()).trim_end());
        return Exit::Usage.into();
    }
    match data(&paint(io::stdout().is_terminal())) {
        Ok(()) => Exit::Ok.into(),
        Err(error) => error.exit().into(),
    }
}

fn error_text(error: &Error, paint: Paint) -> String {
    let message = clean::line(&error.to_string());
    let mut lines = vec![format!("{} {message} ({})", paint.bad("error:"), error.code())];
    if let Error::Client(error) = error {
        lines.extend(error.changed.iter().map(|path| format!("  {}", clean::line(path.as_str()))));
    }
    if let Some(hint) = error.hint() {
        lines.extend([String::new(), text::hint(paint, &hint)]);
    }
    lines.join("\n")
}

/// An error for programs.
fn error_document(error: &Error) -> serde_json::Value {
    let (retryable, changed) = match error {
        Error::Client(error) => (error.retryable, error.changed.as_slice()),
        _ => (false, [].as_slice()),
    };
    let mut document = serde_json::json!({
        "error": {
            "code": error.code(),
            "message": error.to_string(),
            "hint": error.hint(),
            "retryable": retryable,
        }
    });
    if !changed.is_empty() {
        document["error"]["changed"] = serde_json::json!(changed);
    }
    document
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use platform_api::Code;
    use platform_client::ClientError;

    use super::*;

    #[test]
    fn an_error_says_what_happened_and_what_to_do() {
        let mut client = ClientError::new(Code::DIVERGED, "both sides changed").hint("pull first");
        client.changed = vec!["main.py".parse().unwrap()];
        let error = Error::from(client);
        insta::assert_snapshot!(error_text(&error, Paint::PLAIN), @r"
        error: both sides changed (diverged)
          main.py

        hint: pull first
        ");
        insta::assert_json_snapshot!(error_document(&error), @r#"
        {
          "error": {
            "code": "diverged",
            "message": "both sides changed",
            "hint": "pull first",
            "retryable": false,
            "changed": [
              "main.py"
            ]
          }
        }
        "#);
    }

    #[test]
    fn an_error_cannot_drive_the_terminal() {
        let error =
            Error::from(ClientError::new(Code::INTERNAL, "bad \u{1b}[2Jnews").hint("\u{1b}]0;x\u{7}ok"));
        assert!(!error_text(&error, Paint::PLAIN).contains('\u{1b}'));
    }
}
