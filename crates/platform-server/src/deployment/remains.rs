//! What an instance that did not get healthy leaves: its lines and its files, which say why.

use std::path::PathBuf;

use build_plan::{Confidence, FailedStep, Phase, Runtime, Seen};
use platform_api::{Code, Failure, LogSource};

use super::Site;
use crate::engine::Exit;
use crate::health::Unhealthy;
use crate::logs::LogDir;
use crate::project_file;
use crate::store::DeploymentRow;

/// How many of an app's last lines a diagnosis reads.
const DIAGNOSIS_LINES: usize = 200;

/// Where to look for the cause.
pub(super) struct Remains {
    pub(super) runtime: Runtime,
    pub(super) logs: LogDir,
    /// The folder that the app ran in.
    pub(super) root: PathBuf,
}

impl Remains {
    /// Those of a deployment's instance.
    pub(super) fn of<E>(site: &Site<E>, row: &DeploymentRow) -> Self {
        let release = site.place(&row.project, &row.commit).root();
        Self {
            runtime: row.plan.runtime,
            logs: site.logs(&row.project, row.id),
            root: release.join(row.plan.root.as_deref().unwrap_or_default()),
        }
    }

    /// The failure, with what the app's last lines say about the cause, and what would mend it.
    pub(super) fn explain(&self, unhealthy: Unhealthy) -> Failure {
        match unhealthy {
            Unhealthy::Exited(exit) => self.exited_early(&exit),
            Unhealthy::Unwell { failure, seen } => self.diagnosed(Phase::Health, None, Some(seen), failure),
            Unhealthy::Failed(failure) => failure,
        }
    }

    fn exited_early(&self, exit: &Exit) -> Failure {
        let message = format!("the app ended before it was healthy ({})", exit.status);
        let hint =
            "The lines it printed last say why; the app must keep running and serve HTTP on $HOST:$PORT.";
        let failure = Failure::new(Code::EXITED_EARLY, message).hint(hint);
        self.diagnosed(Phase::Start, Some(exit.status.clone()), None, failure)
    }

    fn diagnosed(
        &self,
        phase: Phase,
        exit: Option<String>,
        seen: Option<Seen>,
        mut failure: Failure,
    ) -> Failure {
        let lines = self.logs.tail(DIAGNOSIS_LINES, Some(LogSource::Runtime)).unwrap_or_default();
        let output: Vec<String> = lines.into_iter().map(|line| line.text).collect();
        let step = FailedStep { phase, runtime: Some(self.runtime), exit, seen };
        let diagnosis = build_plan::diagnose(&step, &output, &|path| project_file::read(&self.root, path));
        // A guess is no better than what the check itself says.
        if diagnosis.confidence > Confidence::Low {
            failure.hint = Some(diagnosis.fix.clone());
        }
        failure.diagnosis = serde_json::to_value(diagnosis).ok();
        failure
    }
}
