//! The one error that leaves this crate: typed by its stable code, with what happened and what to do next.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;

use platform_api::{Code, FilePath, Problem};

type Source = Box<dyn Error + Send + Sync>;

/// Why something the person asked for did not happen.
#[derive(Debug)]
pub struct ClientError {
    /// Stable code.
    pub code: Code,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// The paths that this is about: changed on the platform (`diverged`), or about to be overwritten.
    pub changed: Vec<FilePath>,
    source: Option<Source>,
}

impl ClientError {
    /// An error that repeating does not mend, with neither hint nor source yet.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
            retryable: false,
            changed: Vec::new(),
            source: None,
        }
    }

    /// With what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With what caused it.
    #[must_use]
    pub fn because(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// With the paths that it is about.
    #[must_use]
    pub fn changed(mut self, paths: Vec<FilePath>) -> Self {
        self.changed = paths;
        self
    }

    /// Marks it as worth repeating.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// The platform answered with something that the contract does not know.
    pub(crate) fn unexpected(message: impl Into<String>) -> Self {
        Self::new(Code::other("unexpected_answer"), message)
            .hint("check that the URL is a backend-im platform's, and that both sides have the same version")
    }

    /// The client's own files could not be read or written.
    pub(crate) fn state(path: &Path, error: io::Error) -> Self {
        let code = if error.kind() == io::ErrorKind::StorageFull { Code::DISK_FULL } else { STATE_UNUSABLE };
        Self::new(code, format!("`{}` could not be used: {error}", path.display()))
            .hint("check the permissions of that folder and the free space on its disk")
            .because(error)
    }

    /// A task on another thread did not come back: a bug, or a runtime that is shutting down.
    pub(crate) fn lost(error: tokio::task::JoinError) -> Self {
        Self::new(Code::INTERNAL, "a worker of this program ended early").because(error)
    }
}

/// The client's own state cannot be read or written.
pub(crate) const STATE_UNUSABLE: Code = Code::INTERNAL;

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for ClientError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

impl From<Problem> for ClientError {
    fn from(problem: Problem) -> Self {
        Self {
            code: problem.code,
            message: problem.detail,
            hint: problem.hint,
            retryable: problem.retryable,
            changed: problem.changed,
            source: None,
        }
    }
}
