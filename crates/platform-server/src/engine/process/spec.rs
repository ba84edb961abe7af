//! What the platform and a launcher say to each other: one line of JSON in through the launcher's stdin, reports out
//! through its stdout. An app's environment travels this way, with the secrets in it, and never lies on disk or in an
//! argument list.

use std::collections::BTreeMap;
use std::path::PathBuf;

use platform_api::LogSource;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::engine::Exit;
use crate::secrets::Injected;

/// The hidden subcommand that makes our own program a launcher.
pub(super) const SUBCOMMAND: &str = "launch-instance";

/// The variable that marks every process of an instance, so that even one whose launcher was killed is found again.
pub(super) const MARKER: &str = "BACKEND_IM_INSTANCE";

/// What a launcher runs. It holds secrets, so nothing prints it.
#[derive(Serialize, Deserialize)]
pub(super) struct LauncherSpec {
    /// The instance, or the build step.
    pub(super) id: Uuid,
    pub(super) role: Role,
    pub(super) argv: Vec<String>,
    pub(super) dir: PathBuf,
    /// The whole environment.
    pub(super) env: BTreeMap<String, String>,
    /// Names and values of the secrets that are taken out of what the program prints.
    pub(super) hidden: Vec<(String, String)>,
    /// The deployment's log folder.
    pub(super) logs: PathBuf,
    /// Lines of the platform that come first.
    pub(super) notes: Vec<String>,
    /// How long the processes may take to end when they are asked to, in milliseconds.
    pub(super) grace_ms: u64,
}

/// Secrets as variables, on their way into a [`LauncherSpec`].
pub(super) fn exposed(secrets: &Injected) -> impl Iterator<Item = (String, String)> {
    secrets.variables.iter().map(|(name, value)| (name.clone(), value.expose().to_owned()))
}

/// Secrets for the launcher's redactor, on their way into a [`LauncherSpec`].
pub(super) fn hidden(secrets: &Injected) -> Vec<(String, String)> {
    secrets.values.iter().map(|(name, value)| (name.to_string(), value.expose().to_owned())).collect()
}

/// Whose life a launcher shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    /// A build step ends with the platform: when its stdin ends, so does it.
    Step,
    /// An instance outlives the platform; its folder says who it is and how it ended.
    Instance {
        /// `{home}/instances/{id}`.
        folder: PathBuf,
    },
}

impl Role {
    pub(super) fn log_source(&self) -> LogSource {
        match self {
            Self::Step => LogSource::Build,
            Self::Instance { .. } => LogSource::Runtime,
        }
    }
}

/// What a launcher reports, one JSON line each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Report {
    /// The program runs. The last report of an instance.
    Started,
    /// The program could not be started.
    Refused(String),
    /// A build step and everything it started is gone.
    Ended(Exit),
}
