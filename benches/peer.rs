//! What peers need on this machine.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A folder that outlives the run, for what takes long to fetch or make; it is in `target/` and may be removed at any time.
pub(crate) fn cache(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("peers").join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Runs a step that a peer needs; answers what it printed, or what went wrong.
pub(crate) fn run(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = said.lines().rev().take(3).collect();
    Err(format!("{command:?}: {}; {}", output.status, last.into_iter().rev().collect::<Vec<_>>().join(" / ")))
}

/// A server that ends in order when this is dropped.
pub(crate) struct Server(Child);

impl Server {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("the server starts"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let id = i32::try_from(self.0.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a pid");
        // TERM and not KILL: its workers must end with it.
        if rustix::process::kill_process(id, rustix::process::Signal::TERM).is_ok() {
            drop(self.0.wait());
        }
    }
}
