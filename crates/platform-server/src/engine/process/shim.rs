//! The platform's end of a launcher: starting one, hearing its reports, waiting for its end.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use secrecy::zeroize::Zeroizing;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout};

use super::spec::{LauncherSpec, Report, SUBCOMMAND};
use super::tree::Process;

/// A running launcher. Whether it is our child or was adopted makes no difference: it is followed through its pidfd,
/// and a child is reaped by the runtime.
#[derive(Debug)]
pub(super) struct Launcher {
    pub(super) pid: i32,
    handle: AsyncFd<OwnedFd>,
}

impl Launcher {
    /// Takes over `process`; `None` when it has ended.
    pub(super) fn adopt(process: Process) -> io::Result<Option<Self>> {
        let Some(handle) = process.open()? else { return Ok(None) };
        Ok(Some(Self { pid: process.pid, handle: follow(handle)? }))
    }

    /// Resolves when it has ended.
    pub(super) async fn ended(&self) {
        // An error can only mean that the runtime is going away, and everything that waits with it.
        if self.handle.readable().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether it still runs.
    pub(super) fn is_running(&self) -> bool {
        let now = rustix::event::Timespec::default();
        super::tree::wait_for_end(self.handle.get_ref(), now).is_ok_and(|ended| !ended)
    }

    /// Signals it; that it has ended is no error.
    pub(super) fn signal(&self, signal: Signal) {
        pidfd_send_signal(self.handle.get_ref(), signal).ok();
    }
}

/// The pipes of a launcher that we started.
#[derive(Debug)]
pub(super) struct Line {
    /// A step lives as long as this stays open.
    lifeline: Option<ChildStdin>,
    reports: Lines<BufReader<ChildStdout>>,
}

/// Starts `program` as a launcher. It does nothing before [`Line::send`].
pub(super) fn start(program: &Path, id: &str) -> io::Result<(Launcher, Line)> {
    #[expect(clippy::disallowed_methods, reason = "the process engine is what starts programs")]
    let mut child = tokio::process::Command::new(program)
        .args([SUBCOMMAND, id])
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // Not inherited: an instance must not hold the platform's own stderr open.
        .stderr(Stdio::null())
        .spawn()?;
    let lifeline = child.stdin.take();
    let reports = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).expect("nobody has reaped it yet");
    let handle = pidfd_open(Pid::from_raw(pid).expect("a process id"), PidfdFlags::NONBLOCK)?;
    Ok((Launcher { pid, handle: follow(handle)? }, Line { lifeline, reports }))
}

#[expect(
    deprecated,
    reason = "its successor is unsafe, which this workspace forbids; an OwnedFd keeps its descriptor, so this is sound"
)]
fn follow(handle: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(handle)
}

impl Line {
    pub(super) async fn send(&mut self, spec: &LauncherSpec) -> io::Result<()> {
        let mut line = Zeroizing::new(serde_json::to_vec(spec)?);
        line.push(b'\n');
        match &mut self.lifeline {
            Some(lifeline) => lifeline.write_all(&line).await,
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Ends a step.
    pub(super) fn close(&mut self) {
        self.lifeline = None;
    }

    /// The next report; `None` when the launcher has nothing more to say.
    pub(super) async fn next(&mut self) -> io::Result<Option<Report>> {
        let Some(line) = self.reports.next_line().await? else { return Ok(None) };
        Ok(Some(serde_json::from_str(&line)?))
    }
}
