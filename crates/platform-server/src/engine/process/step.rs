//! Running one step of a build: under a launcher, into the build log, within a time limit, cancellable.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use build_plan::{Confidence, FailedStep, Phase, diagnose};
use platform_api::{Code, Failure, LogSource};
use rustix::process::Signal;
use tokio::time::timeout;
use uuid::Uuid;

use super::prepare::Build;
use super::shim::{self, Launcher, Line};
use super::spec::{self, LauncherSpec, Report, Role};
use super::{KILL_LIMIT, blocking, disk_full, tree};
use crate::engine::Exit;
use crate::project_file;
use crate::secrets::{Injected, plain};

/// How long a cancelled step may take to end by itself.
const STEP_GRACE: Duration = Duration::from_secs(2);
/// How many of a failed step's last lines are looked at for its cause.
const DIAGNOSED_LINES_MAX: usize = 400;

/// One command of a build.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) phase: Phase,
    /// How it is shown to people.
    pub(super) shown: String,
    pub(super) argv: Vec<String>,
    pub(super) dir: PathBuf,
    /// In addition to the build's environment.
    pub(super) env: BTreeMap<String, String>,
    pub(super) secrets: Injected,
    pub(super) whose: Whose,
}

/// For whom a step works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// For the project: with its variables and its programs.
    Project,
    /// For all projects: what it makes is shared, so no project may have a say in how it is made.
    Platform,
}

/// How a step came to its end.
enum Outcome {
    Ended(Exit),
    Refused(String),
    Cancelled,
    TimedOut,
}

impl Build<'_> {
    /// Runs a step that must succeed.
    pub(super) async fn run(&mut self, step: Step) -> Result<(), Failure> {
        let before = self.last_seq();
        match self.perform(&step).await? {
            Outcome::Ended(exit) if exit.success => Ok(()),
            Outcome::Ended(exit) => Err(self.failure(&step, &exit, before)),
            Outcome::Refused(message) => Err(Failure::new(
                code(step.phase),
                format!("`{}` could not be started: {message}", step.shown),
            )),
            Outcome::Cancelled => Err(cancelled()),
            Outcome::TimedOut => Err(self.timed_out(&step)),
        }
    }

    /// Runs a step that may fail, and says whether it succeeded.
    pub(super) async fn attempt(&mut self, step: Step) -> Result<bool, Failure> {
        match self.perform(&step).await? {
            Outcome::Ended(exit) => Ok(exit.success),
            Outcome::Refused(_) | Outcome::TimedOut => Ok(false),
            Outcome::Cancelled => Err(cancelled()),
        }
    }

    async fn perform(&mut self, step: &Step) -> Result<Outcome, Failure> {
        if self.cancel.is_cancelled() {
            return Err(cancelled());
        }
        let id = Uuid::now_v7();
        self.note(format!("$ {}", step.shown));
        let spec = LauncherSpec {
            id,
            role: Role::Step,
            argv: step.argv.clone(),
            dir: step.dir.clone(),
            env: self.step_env(step),
            hidden: spec::hidden(&step.secrets),
            logs: self.job.logs.path().to_owned(),
            notes: self.take_notes(),
            grace_ms: u64::try_from(STEP_GRACE.as_millis()).expect("seconds fit"),
        };
        let program = &self.engine.program;
        let (launcher, mut line) = shim::start(program, &id.to_string()).map_err(|error| internal(&error))?;
        let limited = timeout(self.engine.step_limit, follow(&mut line, &spec));
        let outcome = tokio::select! {
            followed = limited => followed.unwrap_or(Ok(Outcome::TimedOut)),
            () = self.cancel.cancelled() => Ok(Outcome::Cancelled),
        };
        let is_over = matches!(outcome, Ok(Outcome::Ended(_) | Outcome::Refused(_)));
        end(&launcher, line, (!is_over).then_some(id)).await.map_err(|error| internal(&error))?;
        outcome.map_err(|error| internal(&error))
    }

    fn step_env(&self, step: &Step) -> BTreeMap<String, String> {
        let mut env = match step.whose {
            Whose::Project => self.engine.env.for_build(&self.path_prefix),
            Whose::Platform => self.engine.env.for_build(&[]),
        };
        if step.whose == Whose::Project {
            env.extend(self.env.clone());
            env.extend(plain(&self.job.plan.env));
            env.extend(spec::exposed(&step.secrets));
        }
        env.extend(step.env.clone());
        env
    }

    fn last_seq(&self) -> u64 {
        let last = self.job.logs.tail(1, None).unwrap_or_default();
        last.first().map_or(0, |line| line.seq)
    }

    fn failure(&self, step: &Step, exit: &Exit, before: u64) -> Failure {
        let lines = self.job.logs.tail(DIAGNOSED_LINES_MAX, Some(LogSource::Build)).unwrap_or_default();
        let output: Vec<String> =
            lines.into_iter().filter(|line| line.seq > before).map(|line| line.text).collect();
        if output.iter().any(|line| line.contains("No space left on device") || line.contains("ENOSPC")) {
            return disk_full();
        }
        let runtime = Some(self.job.plan.runtime);
        let failed = FailedStep { phase: step.phase, runtime, exit: Some(exit.status.clone()), seen: None };
        let root = &self.job.source;
        let diagnosis = diagnose(&failed, &output, &|path| project_file::read(root, path));
        let failure = Failure::new(code(step.phase), format!("`{}` failed with {}", step.shown, exit.status));
        let mut failure = match diagnosis.confidence {
            Confidence::Low => failure.hint("the last lines of the build log say why"),
            _ => failure.hint(diagnosis.fix.clone()),
        };
        failure.diagnosis = serde_json::to_value(diagnosis).ok();
        failure
    }

    fn timed_out(&mut self, step: &Step) -> Failure {
        let limit_s = self.engine.step_limit.as_secs();
        self.note(format!("stopped after {limit_s} s: a step may not take longer"));
        Failure::new(Code::TIMED_OUT, format!("`{}` took longer than {limit_s} s", step.shown))
            .hint("find out what it waits for: the last lines of the build log say how far it came")
    }
}

async fn follow(line: &mut Line, spec: &LauncherSpec) -> io::Result<Outcome> {
    line.send(spec).await?;
    last_report(line).await
}

async fn last_report(line: &mut Line) -> io::Result<Outcome> {
    loop {
        match line.next().await? {
            Some(Report::Started) => {}
            Some(Report::Refused(message)) => return Ok(Outcome::Refused(message)),
            Some(Report::Ended(exit)) => return Ok(Outcome::Ended(exit)),
            None => return Err(io::Error::other("the step's launcher was killed")),
        }
    }
}

/// Waits until nothing of a step is left. One that is `unfinished` is ended first, by the launcher, or, where that does
/// not answer, by its mark.
async fn end(launcher: &Launcher, mut line: Line, unfinished: Option<Uuid>) -> io::Result<()> {
    line.close();
    if let Some(id) = unfinished
        && !matches!(timeout(STEP_GRACE + KILL_LIMIT, last_report(&mut line)).await, Ok(Ok(_)))
    {
        launcher.signal(Signal::KILL);
        blocking(move || tree::kill_marked(&BTreeSet::from([id.to_string()]))).await?;
    }
    launcher.ended().await;
    Ok(())
}

fn code(phase: Phase) -> Code {
    match phase {
        Phase::Install => Code::INSTALL_FAILED,
        Phase::Build => Code::BUILD_FAILED,
        Phase::Test => Code::TEST_FAILED,
        Phase::Release => Code::RELEASE_FAILED,
        Phase::Start | Phase::Health => Code::START_FAILED,
    }
}

pub(super) fn cancelled() -> Failure {
    Failure::new(Code::other("cancelled"), "the deployment was cancelled")
}

/// A failure of the machine, not of the project.
pub(super) fn internal(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => disk_full(),
        _ => Failure::new(Code::INTERNAL, format!("the build could not go on: {error}")).retryable(),
    }
}
