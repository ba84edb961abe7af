//! The small process between the platform and a program it runs, one per instance and per build step, like
//! containerd's shim. It owns the program's output, its end and its orphans, and outlives the platform, so that a
//! platform that crashes or is upgraded loses neither app nor line.
//!
//! ```text
//! platform ── spec, lifeline ──► launcher ── own session ──► program ──► its children
//!    ▲  ◄──── reports ──────────── │  ◄── stdout, stderr ──────┘  orphans come to the launcher
//!    └── pidfd, exit.json ─────────┴──► log segments
//! ```
//! `SIGTERM` asks everything below to end and kills it after the grace; a second one, or `SIGQUIT`, kills at once. A
//! step does the same when its lifeline ends. The launcher ends when nothing is left below it.

use std::ffi::OsString;
use std::io::{self, BufRead as _, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use platform_api::LogStream;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process_group, wait};
use secrecy::zeroize::Zeroizing;
use tokio::net::unix::pipe;
use tokio::signal::unix::{Signal as SignalStream, SignalKind, signal};
use tokio::time::{Instant, sleep_until};

use super::instance::Folder;
use super::isolation::{close_inherited, isolate};
use super::output::Output;
use super::spec::{LauncherSpec, MARKER, Report, Role};
use super::tree::descendants;
use crate::engine::Exit;
use crate::logs::{LogDir, SegmentWriter};
use crate::secrets::{Redactor, SecretValue};

/// The longest spec, in bytes: an environment at its limits fits.
const SPEC_BYTES_MAX: u64 = 64 << 20;
/// How often what is being killed is looked at again, for whoever forked in that moment.
const KILL_AGAIN: Duration = Duration::from_millis(25);
/// How long output is waited for when every process that could write it is gone.
const DRAIN_LIMIT: Duration = Duration::from_secs(1);

/// Runs one program as its launcher. The platform starts this as the hidden subcommand `launch-instance ID`; `args` are
/// what follows the subcommand. Everything else comes through stdin.
#[must_use]
pub fn launch_instance(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let named = args.into_iter().next().and_then(|id| id.into_string().ok());
    // First of all: from here on every descriptor beyond the standard ones is our own.
    let Ok(spec) = close_inherited().and_then(|()| read_spec()) else { return ExitCode::FAILURE };
    if named != Some(spec.id.to_string()) {
        return ExitCode::FAILURE;
    }
    match launch(&spec) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // When the platform is gone too, there is nobody to tell.
            report(&Report::Refused(error.to_string())).ok();
            ExitCode::FAILURE
        }
    }
}

/// A platform that died before it had sent everything wants nothing launched.
fn read_spec() -> io::Result<LauncherSpec> {
    let mut line = Zeroizing::new(String::new());
    io::stdin().lock().take(SPEC_BYTES_MAX).read_line(&mut line)?;
    if !line.ends_with('\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_str(&line)?)
}

fn report(report: &Report) -> io::Result<()> {
    let mut line = serde_json::to_vec(report)?;
    line.push(b'\n');
    io::stdout().write_all(&line)?;
    io::stdout().flush()
}

fn launch(spec: &LauncherSpec) -> io::Result<()> {
    isolate(&spec.role)?;
    std::env::set_current_dir("/")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut supervisor = Supervisor::start(spec)?;
        report(&Report::Started)?;
        if matches!(spec.role, Role::Instance { .. }) {
            let null = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null")?;
            rustix::stdio::dup2_stdin(&null)?;
            rustix::stdio::dup2_stdout(&null)?;
        }
        let exit = supervisor.run().await;
        drop(supervisor);
        match &spec.role {
            Role::Step => report(&Report::Ended(exit)),
            Role::Instance { folder } => Folder::at(folder.clone()).write_exit(&exit),
        }
    })
}

/// How far the end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    /// Everything was asked to end.
    Asked {
        until: Instant,
    },
    /// Everything is being killed.
    Killing {
        again: Instant,
    },
}

/// What a supervisor waits for.
enum Happened {
    Output,
    ChildEnded,
    StopAsked,
    KillAsked,
    TimeUp,
}

/// The program and all that came of it.
struct Supervisor {
    main: Pid,
    exit: Option<WaitStatus>,
    phase: Phase,
    grace: Duration,
    signals: Signals,
    lifeline: Option<pipe::Receiver>,
    stdout: Output,
    stderr: Output,
    log: Log,
}

impl Supervisor {
    fn start(spec: &LauncherSpec) -> io::Result<Self> {
        let signals = Signals::listen()?;
        let mut log = Log::open(spec)?;
        let lifeline = match &spec.role {
            Role::Step => Some(pipe::Receiver::from_owned_fd(io::stdin().as_fd().try_clone_to_owned()?)?),
            Role::Instance { folder } => {
                Folder::at(folder.clone()).write_launcher()?;
                None
            }
        };
        let (main, stdout, stderr) = spawn(spec).inspect_err(|error| {
            log.say(&format!("could not start `{}`: {error}", spec.argv.join(" ")));
        })?;
        let redactor = Arc::new(redactor(spec));
        Ok(Self {
            main,
            exit: None,
            phase: Phase::Running,
            grace: Duration::from_millis(spec.grace_ms),
            signals,
            lifeline,
            stdout: Output::new(LogStream::Stdout, stdout, redactor.clone())?,
            stderr: Output::new(LogStream::Stderr, stderr, redactor)?,
            log,
        })
    }

    /// Follows the program to its end and sees to it that nothing outlives it.
    async fn run(&mut self) -> Exit {
        loop {
            match self.next().await {
                Happened::Output => self.take_output(),
                Happened::ChildEnded => {
                    if self.reap() == Left::Nobody {
                        break;
                    }
                    if self.exit.is_some() && self.phase == Phase::Running {
                        self.kill();
                    }
                }
                Happened::StopAsked if self.phase == Phase::Running => self.ask(),
                Happened::TimeUp if matches!(self.phase, Phase::Asked { .. }) => {
                    self.log.say("it did not end in time after being asked to: killing it");
                    self.kill();
                }
                Happened::StopAsked | Happened::KillAsked | Happened::TimeUp => self.kill(),
            }
        }
        self.drain().await;
        let exit = self.exit.map_or_else(Exit::gone, Exit::from);
        self.log.end(self.phase, &exit);
        exit
    }

    async fn next(&mut self) -> Happened {
        let deadline = match self.phase {
            Phase::Running => None,
            Phase::Asked { until } => Some(until),
            Phase::Killing { again } => Some(again),
        };
        tokio::select! {
            () = self.stdout.readable() => Happened::Output,
            () = self.stderr.readable() => Happened::Output,
            _ = self.signals.child.recv() => Happened::ChildEnded,
            _ = self.signals.terminate.recv() => Happened::StopAsked,
            _ = self.signals.quit.recv() => Happened::KillAsked,
            () = lifeline_ended(self.lifeline.as_ref()), if self.phase == Phase::Running => Happened::StopAsked,
            () = reached(deadline) => Happened::TimeUp,
        }
    }

    fn take_output(&mut self) {
        let Self { stdout, stderr, log, .. } = self;
        let time_ms = now_ms();
        stdout.take(|stream, text| log.line(stream, time_ms, text));
        stderr.take(|stream, text| log.line(stream, time_ms, text));
        log.flush();
    }

    /// What the pipes still hold when every process is gone.
    async fn drain(&mut self) {
        let limit = Instant::now() + DRAIN_LIMIT;
        while self.stdout.is_open() || self.stderr.is_open() {
            tokio::select! {
                () = self.stdout.readable() => self.take_output(),
                () = self.stderr.readable() => self.take_output(),
                () = sleep_until(limit) => break,
            }
        }
        let Self { stdout, stderr, log, .. } = self;
        let time_ms = now_ms();
        stdout.close(|stream, text| log.line(stream, time_ms, text));
        stderr.close(|stream, text| log.line(stream, time_ms, text));
    }

    /// Takes the end of every child that has ended, the program's own and its orphans'.
    fn reap(&mut self) -> Left {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.main => self.exit = Some(status),
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => return Left::Somebody,
                Err(_) => return Left::Nobody,
            }
        }
    }

    fn ask(&mut self) {
        self.phase = Phase::Asked { until: Instant::now() + self.grace };
        self.signal_all(Signal::TERM);
    }

    fn kill(&mut self) {
        self.phase = Phase::Killing { again: Instant::now() + KILL_AGAIN };
        self.signal_all(Signal::KILL);
    }

    fn signal_all(&self, signal: Signal) {
        // As long as the program is not reaped, nobody else can have its group's id.
        let group = if self.exit.is_none() {
            kill_process_group(self.main, signal).ok();
            rustix::process::getpgid(Some(self.main)).ok()
        } else {
            None
        };
        for process in descendants(rustix::process::getpid().as_raw_nonzero().get()) {
            let its_group =
                Pid::from_raw(process.pid).and_then(|pid| rustix::process::getpgid(Some(pid)).ok());
            // Once is enough: some programs take a second TERM for impatience.
            if group.is_none() || its_group != group {
                process.signal(signal).ok();
            }
        }
    }
}

/// Whether any process is left below the launcher.
#[derive(PartialEq, Eq)]
enum Left {
    Somebody,
    Nobody,
}

struct Signals {
    child: SignalStream,
    terminate: SignalStream,
    quit: SignalStream,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            child: signal(SignalKind::child())?,
            terminate: signal(SignalKind::terminate())?,
            quit: signal(SignalKind::quit())?,
        })
    }
}

/// What keeps the program's secrets out of its log.
fn redactor(spec: &LauncherSpec) -> Redactor {
    let value = |value: &String| SecretValue::new(value.clone()).ok();
    let secrets: Vec<_> = spec.hidden.iter().filter_map(|(name, text)| Some((name, value(text)?))).collect();
    Redactor::new(secrets.iter().map(|(name, value)| (name.as_str(), value)))
}

/// Nothing is ever sent over a lifeline: readable means that the platform is gone, or wants the step gone.
async fn lifeline_ended(lifeline: Option<&pipe::Receiver>) {
    match lifeline {
        Some(pipe) => pipe.readable().await.unwrap_or_default(),
        None => std::future::pending().await,
    }
}

async fn reached(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn spawn(spec: &LauncherSpec) -> io::Result<(Pid, OwnedFd, OwnedFd)> {
    let (program, arguments) =
        spec.argv.split_first().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    #[expect(clippy::disallowed_methods, reason = "the launcher is what starts programs")]
    let mut child = std::process::Command::new(program)
        .args(arguments)
        .current_dir(&spec.dir)
        .env_clear()
        .envs(&spec.env)
        .env(MARKER, spec.id.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let stdout = child.stdout.take().expect("stdout is piped");
    let stderr = child.stderr.take().expect("stderr is piped");
    // The end of every child is taken in one place, `reap`, so nobody waits for this one.
    Ok((Pid::from_child(&child), stdout.into(), stderr.into()))
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The instance's part of the deployment's log. A disk that is full takes lines, never the app.
struct Log {
    writer: SegmentWriter,
    role: Role,
    lost: bool,
}

impl Log {
    fn open(spec: &LauncherSpec) -> io::Result<Self> {
        let writer = LogDir::new(spec.logs.clone()).writer(spec.role.log_source())?;
        let mut log = Self { writer, role: spec.role.clone(), lost: false };
        for note in &spec.notes {
            log.line(LogStream::Platform, now_ms(), note.as_bytes());
        }
        log.flush();
        Ok(log)
    }

    fn line(&mut self, stream: LogStream, time_ms: u64, text: &[u8]) {
        self.lost |= self.writer.push(stream, time_ms, text).is_err();
    }

    fn say(&mut self, text: &str) {
        self.line(LogStream::Platform, now_ms(), text.as_bytes());
        self.flush();
    }

    fn flush(&mut self) {
        match self.writer.flush() {
            Ok(()) if self.lost => {
                self.lost = false;
                self.say("some lines before this one are lost: the log could not be written");
            }
            Ok(()) => {}
            Err(_) => self.lost = true,
        }
    }

    fn end(&mut self, phase: Phase, exit: &Exit) {
        let Exit { status, success } = exit;
        let was_stopped = matches!(phase, Phase::Asked { .. });
        match &self.role {
            Role::Step if *success => self.flush(),
            Role::Step => self.say(&format!("ended with {status}")),
            Role::Instance { .. } if was_stopped => self.say(&format!("stopped ({status})")),
            Role::Instance { .. } => self.say(&format!("the process ended: {status}")),
        }
    }
}
