//! Asking for something that nobody who looks over a shoulder should see.

use std::io;

use platform_api::Code;
use platform_client::{ClientError, SecretValue};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::error::Error;
use super::render;

/// What a terminal hands on as one line at most, in bytes; it drops the rest without a word.
const LINE_BYTES_MAX: usize = 4095;

/// Asks on the terminal and reads one line that is not shown.
///
/// # Errors
/// [`Error::Interrupted`] with Ctrl-C, [`Error::Client`] for what is no value.
pub(crate) async fn ask(question: &str) -> Result<SecretValue, Error> {
    let quiet =
        Quiet::new().map_err(|error| Error::machine("the terminal cannot hide what is typed", error))?;
    render::tell(question);
    let reading = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|_| line)
    });
    let line = tokio::select! {
        line = reading => line.map_err(io::Error::other).and_then(|line| line),
        _ = tokio::signal::ctrl_c() => return Err(Error::Interrupted),
    };
    drop(quiet);
    let line = line.map_err(|error| Error::machine("cannot read the value", error))?;
    if line.len() >= LINE_BYTES_MAX || !line.ends_with('\n') {
        return Err(ClientError::new(Code::MALFORMED, "a terminal does not hand on all of so long a line")
            .hint("pipe the value into the command, or use --from-file")
            .into());
    }
    Ok(SecretValue::read(line.as_bytes(), "the terminal")?)
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Quiet(Termios);

impl Quiet {
    fn new() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        // The line's end is shown, so that what follows stands on a line of its own.
        quiet.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(io::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    /// What was pasted beyond the first line must not reach the shell: it is dropped.
    fn drop(&mut self) {
        tcsetattr(io::stdin(), OptionalActions::Flush, &self.0).ok();
    }
}
