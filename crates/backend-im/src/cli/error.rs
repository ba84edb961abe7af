//! The program's one error: what ends a command early, and with which exit code.

use std::io;

use platform_api::Code;
use platform_client::ClientError;

use crate::config::ConfigError;
use crate::exit::Exit;

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The client or the platform says so.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A setting cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The command line makes no sense.
    #[error("{message}")]
    Usage {
        /// What is wrong with it.
        message: String,
        /// What to do.
        hint: String,
    },
    /// Something on this machine failed.
    #[error("{what}: {source}")]
    Machine {
        /// What was tried.
        what: String,
        /// Why not.
        source: io::Error,
    },
    /// The deployment failed or was cancelled; the person was told.
    #[error("the deployment did not go live")]
    Deployment,
    /// `doctor` found something required broken; the person was told.
    #[error("this machine is not ready")]
    NotReady,
    /// Ctrl-C; the person was told.
    #[error("interrupted")]
    Interrupted,
    /// Nobody reads stdout any more, as in `… | head`.
    #[error("stdout was closed")]
    Closed,
}

impl Error {
    /// The command line makes no sense.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: hint.into() }
    }

    /// Something on this machine failed.
    pub(crate) fn machine(what: impl Into<String>, source: io::Error) -> Self {
        Self::Machine { what: what.into(), source }
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Client(error) => Exit::for_code(&error.code),
            Self::Config(_) => Exit::Configuration,
            Self::Usage { .. } => Exit::Usage,
            Self::Machine { .. } | Self::NotReady => Exit::Machine,
            Self::Deployment => Exit::DeploymentFailed,
            Self::Interrupted => Exit::Interrupted,
            Self::Closed => Exit::Ok,
        }
    }

    /// Whether the person was told already.
    pub(crate) fn is_told(&self) -> bool {
        matches!(self, Self::Deployment | Self::NotReady | Self::Interrupted | Self::Closed)
    }

    /// The stable code for machines.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Client(error) => error.code.clone(),
            Self::Config(_) => Code::INVALID_CONFIG,
            Self::Usage { .. } => Code::other("usage"),
            Self::Machine { .. } | Self::NotReady => Code::other("machine"),
            Self::Deployment => Code::other("deployment_failed"),
            Self::Interrupted | Self::Closed => Code::INTERRUPTED,
        }
    }

    /// What to do next.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Client(error) => error.hint.clone(),
            Self::Config(error) => error.hint(),
            Self::Usage { hint, .. } => Some(hint.clone()),
            Self::Machine { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull => Some("free some disk space and try again".to_owned()),
                io::ErrorKind::NotFound => Some("check the name and the PATH".to_owned()),
                io::ErrorKind::PermissionDenied => Some("check the permissions".to_owned()),
                _ => None,
            },
            Self::Deployment | Self::NotReady | Self::Interrupted | Self::Closed => None,
        }
    }
}
