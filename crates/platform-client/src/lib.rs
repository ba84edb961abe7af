//! TEMP stand-in.
#![allow(missing_docs, clippy::all, clippy::pedantic, dead_code, unused_variables, reason = "temporary stand-in")]
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use build_plan::{Diagnosis, Plan, Runtime, Install, InstallMethod, Evidence, Confidence};
use futures_util::future::BoxFuture;
use futures_util::Stream;
use platform_api::*;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use url::Url;

#[derive(Debug, Clone)]
pub struct ApiToken(SecretString);
impl ApiToken { fn expose(&self) -> &str { self.0.expose_secret() } }
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a token")]
pub struct InvalidApiToken { pub length: usize }
impl std::str::FromStr for ApiToken { type Err = InvalidApiToken; fn from_str(text: &str) -> Result<Self, InvalidApiToken> { let text = text.trim(); if text.is_empty() { return Err(InvalidApiToken { length: 0 }) } Ok(Self(text.to_owned().into())) } }

#[derive(Debug, Clone)]
pub struct Endpoint { pub url: Url, pub token: ApiToken }

#[derive(Debug, Clone)]
pub struct Client { endpoint: Endpoint }

#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ClientError { pub code: Code, pub message: String, pub hint: Option<String>, pub retryable: bool, pub changed: Vec<FilePath> }
impl ClientError {
    pub fn new(code: Code, message: impl Into<String>) -> Self { Self { code, message: message.into(), hint: None, retryable: false, changed: vec![] } }
    #[must_use] pub fn hint(mut self, hint: impl Into<String>) -> Self { self.hint = Some(hint.into()); self }
}
fn no<T>() -> Result<T, ClientError> { Err(ClientError::new(Code::UNREACHABLE, "stand-in")) }

#[derive(Debug, Clone, Copy)]
pub enum StopApps { Stop, Keep }

impl Client {
    pub fn new(endpoint: Endpoint) -> Result<Self, ClientError> { Ok(Self { endpoint }) }
    pub async fn verify_challenge(&self) -> Result<(), ClientError> { no() }
    pub async fn version(&self) -> Result<Version, ClientError> { no() }
    pub async fn platform_status(&self) -> Result<PlatformStatus, ClientError> { no() }
    pub async fn platform_stop(&self, apps: StopApps) -> Result<StopAnswer, ClientError> { no() }
}
pub type Connect = Arc<dyn Fn() -> BoxFuture<'static, Result<Client, ClientError>> + Send + Sync>;

#[derive(Debug, Clone, Serialize)]
pub struct Ignored { pub path: String, pub reason: String }
#[derive(Debug, Clone, Serialize)]
pub struct PlanReport { pub plan: Plan, pub ignored: Vec<Ignored>, pub root: PathBuf, pub project: String }
#[derive(Debug, Clone, Serialize)]
pub struct UploadReport { pub files: u64, pub bytes: u64, pub sent_files: u64, pub sent_bytes: u64 }
#[derive(Debug, Clone)]
pub enum Progress { Reading, Planned, Uploading { sent_bytes: u64, total_bytes: u64 }, Creating }
#[derive(Debug, Clone)]
pub struct PlanOptions { pub path: PathBuf, pub project: Option<String> }
#[derive(Debug, Clone, Copy)]
pub enum Force { No, Yes }
#[derive(Debug, Clone)]
pub struct DeployOptions { pub path: PathBuf, pub project: Option<String>, pub env: BTreeMap<String, String>, pub message: Option<String>, pub plan_hash: Option<String>, pub force: Force }
#[derive(Debug, Clone)]
pub struct Deployed { pub accepted: DeploymentAccepted, pub upload: UploadReport, pub plan: PlanReport }
#[derive(Debug, Clone)]
pub struct FollowFrom { pub seq: u64, pub logs: Option<LogCursor> }
#[derive(Debug, Clone)]
pub enum Target { Deployment(DeploymentId), Project(String) }
#[derive(Debug, Clone)]
pub struct LogQuery { pub source: Option<LogSource>, pub cursor: Option<LogCursor>, pub follow: Duration, pub lines_max: usize }
#[derive(Debug, Clone, Copy)]
pub enum Overwrite { Never, Always }
#[derive(Debug, Clone)]
pub struct GenerateOptions { pub prompt: String, pub project: Option<String>, pub output_dir: PathBuf, pub stack: Option<String>, pub spec: Option<serde_json::Value>, pub overwrite: Overwrite }
#[derive(Debug, Clone)]
pub struct WrittenFile { pub path: FilePath, pub bytes: u64 }
#[derive(Debug, Clone)]
pub struct Generated { pub project: ProjectId, pub output_dir: PathBuf, pub stack: String, pub generator: String, pub files: Vec<WrittenFile>, pub commit_hash: ShortCommit, pub warnings: Vec<String> }
#[derive(Debug, Clone)]
pub struct PullOptions { pub path: PathBuf, pub project: Option<String>, pub commit: Option<ShortCommit> }
#[derive(Debug, Clone)]
pub struct Pulled { pub project: ProjectId, pub commit_hash: ShortCommit, pub path: PathBuf, pub written: Vec<FilePath>, pub deleted: Vec<FilePath>, pub kept: Vec<FilePath>, pub unchanged: u64 }

#[derive(Clone)]
pub struct Backend { connect: Connect }
impl Backend {
    pub fn new(connect: Connect, state_dir: PathBuf) -> Self { Self { connect } }
    pub fn project_of(&self, path: &std::path::Path, project: Option<&str>) -> Result<String, ClientError> { no() }
    pub async fn plan(&self, o: PlanOptions) -> Result<PlanReport, ClientError> { no() }
    pub async fn deploy(&self, o: DeployOptions, progress: &(dyn Fn(Progress) + Send + Sync)) -> Result<Deployed, ClientError> { self.client().await?; no() }
    pub fn follow(&self, id: DeploymentId, from: FollowFrom) -> impl Stream<Item = Result<StatusMessage, ClientError>> + Send + 'static { futures_util::stream::empty() }
    pub async fn status(&self, t: &Target, wait: Duration) -> Result<Deployment, ClientError> { no() }
    pub async fn logs(&self, t: &Target, q: LogQuery) -> Result<LogPage, ClientError> { no() }
    pub async fn projects(&self, cursor: Option<String>) -> Result<Page<Project>, ClientError> { self.client().await?; no() }
    pub async fn project(&self, name: &str) -> Result<Project, ClientError> { no() }
    pub async fn deployments(&self, project: &str, cursor: Option<String>) -> Result<Page<Deployment>, ClientError> { no() }
    pub async fn rollback(&self, project: &str, to: Option<ShortCommit>) -> Result<DeploymentAccepted, ClientError> { no() }
    pub async fn cancel(&self, id: DeploymentId) -> Result<Deployment, ClientError> { no() }
    pub async fn delete(&self, project: &str) -> Result<DeletedProject, ClientError> { no() }
    pub async fn generate(&self, o: GenerateOptions) -> Result<Generated, ClientError> { no() }
    pub async fn pull(&self, o: PullOptions) -> Result<Pulled, ClientError> { no() }
    pub async fn client(&self) -> Result<Client, ClientError> { (self.connect)().await }
}
