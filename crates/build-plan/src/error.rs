//! Why there is no plan.

use std::fmt::Write as _;

use crate::config::ConfigError;

/// One of several answers that fit equally well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What it would be, such as `node with express`.
    pub what: String,
    /// Which file speaks for it.
    pub source: String,
    /// The line of the settings file that chooses it.
    pub setting: String,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Nothing to deploy is in the folder.
    #[error("there is no file to deploy")]
    Empty,
    /// Nothing that this version knows how to run.
    #[error("{reason}")]
    Unrecognised {
        /// What was found instead.
        reason: String,
        /// What to do.
        hint: String,
    },
    /// Several answers fit equally well, best first.
    #[error("the project could be started in {} ways", candidates.len())]
    Ambiguous {
        /// The answers.
        candidates: Vec<Candidate>,
    },
    /// The settings file does not parse, or says something that cannot be.
    #[error("{file}{}: {message}", at(*line))]
    InvalidConfig {
        /// The settings file.
        file: String,
        /// The line, counted from one.
        line: Option<u64>,
        /// What is wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A manifest of the project, such as package.json, does not parse.
    #[error("{file}{}: {message}", at(*line))]
    InvalidManifest {
        /// The manifest.
        file: String,
        /// The line, counted from one.
        line: Option<u64>,
        /// What is wrong.
        message: String,
    },
    /// A file that decides the plan cannot be read.
    #[error("`{file}` cannot be read: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
}

fn at(line: Option<u64>) -> String {
    line.map_or_else(String::new, |line| format!(":{line}"))
}

/// How many candidates a hint lists.
const CANDIDATES_SHOWN_MAX: usize = 8;

impl PlanError {
    /// The stable code, one of those that the wire contract names.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty_folder",
            Self::Unrecognised { .. } => "unrecognised_project",
            Self::Ambiguous { .. } => "ambiguous_project",
            Self::InvalidConfig { .. } | Self::InvalidManifest { .. } => "invalid_config",
            Self::Unreadable { .. } => "unreadable_file",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Empty => Some(
                "write the project's files first, or check that .gitignore, .dockerignore and .backendimignore \
                 do not exclude all of them"
                    .to_owned(),
            ),
            Self::Unrecognised { hint, .. } => Some(hint.clone()),
            Self::Ambiguous { candidates } => Some(choices(candidates)),
            Self::InvalidConfig { hint, .. } => hint.clone(),
            Self::InvalidManifest { file, .. } => Some(format!("mend {file} and repeat")),
            Self::Unreadable { file, .. } => {
                Some(format!("check `{file}`; it decides how the project is built"))
            }
        }
    }
}

fn choices(candidates: &[Candidate]) -> String {
    let mut text = "say which one in backend-im.yml:".to_owned();
    for Candidate { what, source, setting } in candidates.iter().take(CANDIDATES_SHOWN_MAX) {
        write!(text, "\n  {setting}    # {what} ({source})").expect("writing to a String");
    }
    text
}

impl From<ConfigError> for PlanError {
    fn from(error: ConfigError) -> Self {
        let ConfigError { file, line, message, hint } = error;
        Self::InvalidConfig { file, line, message, hint }
    }
}
