//! The words that the agent's side and the platform share: ids, statuses, facts, events, problems, limits, requests
//! and answers. Pure data: no I/O, no async, no clocks; both sides fold the same facts with the same [`State::after`].

mod deployment;
mod event;
mod file;
mod generation;
mod ids;
pub mod limits;
mod log;
mod plan;
mod platform;
mod problem;
mod project;
mod secret;
mod state;
mod status;

pub use deployment::{
    Change, DeployRequest, Deployment, DeploymentAccepted, Failure, InstanceView, Phase, Receipt,
    RollbackRequest, Trigger,
};
pub use event::{Event, StatusMessage};
pub use file::{BlobId, FileMode, FilePath, InvalidFilePath, ManifestEntry};
pub use generation::{GenerateAnswer, GenerateRequest, KeepRequest};
pub use ids::{
    CommitHash, DeploymentId, InstanceId, InvalidCommitHash, InvalidId, InvalidProjectId, ProjectId,
    ShortCommit, slug,
};
pub use log::{LogCursor, LogLine, LogPage, LogSource, LogStream};
pub use plan::PlanRequest;
pub use platform::{
    CertificateHash, Challenge, InvalidCertificateHash, PlatformFile, PlatformStatus, StopAnswer, StoppedApp,
    Verification, Version,
};
pub use problem::{Code, Problem};
pub use project::{DeletedProject, FileContent, Page, Project, ProjectFiles};
pub use secret::{
    InvalidSecretName, InvalidSecretValue, Secret, SecretName, SecretRequest, SecretRequestState,
    SecretRequestView, SecretSource, Secrets, check_secret_value,
};
pub use state::{Fact, IllegalTransition, State};
pub use status::Status;
