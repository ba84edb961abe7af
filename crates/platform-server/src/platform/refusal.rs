//! Why the platform will not do it: typed by its code, worded for whoever asked.

use platform_api::{BlobId, Code, FilePath, ProjectId};

use crate::generation::GenerationError;
use crate::secrets::SecretError;
use crate::source::SourceError;
use crate::store::StoreError;

/// A request that the platform refuses. `http/problem.rs` alone knows which HTTP status that is.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{detail}")]
pub(crate) struct Refusal {
    /// Stable code.
    pub(crate) code: Code,
    /// What happened.
    pub(crate) detail: String,
    /// What to do next.
    pub(crate) hint: Option<String>,
    /// Whether the same request may succeed later.
    pub(crate) retryable: bool,
    /// For `missing_blobs`: what the platform lacks.
    pub(crate) missing: Vec<BlobId>,
    /// For what is worth repeating: after how many seconds.
    pub(crate) retry_after_s: u64,
    /// For `diverged`: what changed on the platform.
    pub(crate) changed: Vec<FilePath>,
}

impl Refusal {
    /// A refusal that repeating does not mend.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            hint: None,
            retryable: false,
            missing: Vec::new(),
            retry_after_s: 1,
            changed: Vec::new(),
        }
    }

    /// With what to do next.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Worth repeating.
    #[must_use]
    pub(crate) fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// Not worth repeating earlier than this.
    #[must_use]
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = seconds;
        self
    }

    /// The request is not of the form the contract gives it.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(Code::MALFORMED, detail)
    }

    /// There is no such thing.
    pub(crate) fn not_found(what: &str, name: &dyn std::fmt::Display) -> Self {
        Self::new(Code::NOT_FOUND, format!("there is no {what} `{name}`"))
    }

    /// The platform is going down.
    pub(crate) fn draining() -> Self {
        Self::new(Code::DRAINING, "the platform is stopping").hint("Repeat the call in a moment.").retryable()
    }

    /// A bug or a broken machine; the details are in the log, not in the answer.
    pub(crate) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "the platform failed");
        Self::new(Code::INTERNAL, format!("the platform failed: {error}"))
            .hint("Look at platform.log in the platform's home folder; `backend-im doctor` checks the usual causes.")
            .retryable()
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::DiskFull => disk_full(),
            StoreError::Closed => Self::draining(),
            error => Self::internal(&error),
        }
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => disk_full(),
            _ => Self::internal(&error),
        }
    }
}

impl From<build_plan::PlanError> for Refusal {
    fn from(error: build_plan::PlanError) -> Self {
        let refusal = Self::new(Code::other(error.code()), error.to_string());
        Self { hint: error.hint(), ..refusal }
    }
}

impl From<GenerationError> for Refusal {
    fn from(error: GenerationError) -> Self {
        Self::new(error.code(), error.to_string()).hint(error.hint())
    }
}

impl Refusal {
    /// What became of a secret of `project`.
    pub(crate) fn of_secret(error: SecretError, project: &ProjectId) -> Self {
        match error {
            SecretError::Store(error) => error.into(),
            error if error.code() == Code::INTERNAL => Self::internal(&error),
            error => Self::new(error.code(), error.to_string()).hint(error.hint(project)),
        }
    }
}

fn disk_full() -> Refusal {
    Refusal::new(Code::DISK_FULL, "the platform's disk is full")
        .hint("Free some space on the disk of the platform's home folder (`backend-im doctor` shows it), then repeat.")
        .retryable()
}

impl From<SourceError> for Refusal {
    fn from(error: SourceError) -> Self {
        let code = error.code();
        if code == Code::INTERNAL {
            return Self::internal(&error);
        }
        if code == Code::DISK_FULL {
            return disk_full();
        }
        let refusal = Self::new(code, error.to_string());
        Self { hint: error.hint().map(str::to_owned), ..refusal }
    }
}
