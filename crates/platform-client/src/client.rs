//! One method per endpoint of the wire contract, over one connection pool.

use std::sync::Arc;
use std::time::Duration;

use build_plan::toolchain::{Lacking, Need, Needs, Shortfall};
use bytes::Bytes;
use platform_api::{
    BlobId, Code, DeletedProject, DeployRequest, Deployment, DeploymentAccepted, DeploymentId, FilePath,
    GenerateAnswer, GenerateRequest, KeepRequest, LogCursor, LogPage, LogSource, Page, PlatformStatus,
    Project, ProjectFiles, ProjectId, RollbackRequest, SecretName, SecretRequest, SecretRequestView, Secrets,
    ShortCommit, StopAnswer, Verification, Version, limits,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::http::{Call, Http, Upgrade};
use crate::retry::Retry;
use crate::upload::Encoding;
use crate::{ClientError, Endpoint, SecretValue};

/// What a call may take beyond the wait that it asks for.
const GRACE: Duration = Duration::from_secs(15);
/// How long an upload or a generation may take.
const LONG_CALL: Duration = Duration::from_mins(15);
/// How long a platform may look at its programs: each is started once.
const LOOKING_LIMIT: Duration = Duration::from_mins(1);
/// The largest answer that carries files, in bytes.
const FILES_BYTES_MAX: u64 = limits::FILE_BYTES_MAX * 3 / 2 + (4 << 20);

/// A connection to one platform. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    http: Http,
    user: OnceCell<String>,
}

/// What becomes of the apps when the platform stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopApps {
    /// They are ended.
    Stop,
    /// They go on; the next platform adopts them.
    Keep,
}

/// Which lines of a deployment's log.
#[derive(Debug, Clone, Default)]
pub struct LogQuery {
    /// Only these; all where absent.
    pub source: Option<LogSource>,
    /// Only lines after this place.
    pub cursor: Option<LogCursor>,
    /// How long to wait for a line when there is none yet; at most [`limits::LONG_POLL_S_MAX`].
    pub follow: Duration,
    /// How many lines at most; at most [`limits::LOG_LINES_MAX`].
    pub lines_max: usize,
}

/// What the platform says to a deploy.
#[derive(Debug)]
pub(crate) enum DeployAnswer {
    Accepted(DeploymentAccepted),
    MissingBlobs(Vec<BlobId>),
    UnknownBase,
}

/// A fresh name for one logical act, under which it can be repeated.
pub(crate) fn fresh_key() -> String {
    Uuid::now_v7().to_string()
}

impl Client {
    /// Prepares calls to a platform; nothing is sent yet.
    ///
    /// # Errors
    /// [`Code::INSECURE_URL`] for plain HTTP to another machine, [`Code::MALFORMED`] for what is no platform's URL.
    pub fn new(endpoint: Endpoint) -> Result<Self, ClientError> {
        Self::with_retry(endpoint, Retry::default())
    }

    pub(crate) fn with_retry(endpoint: Endpoint, retry: Retry) -> Result<Self, ClientError> {
        let http = Http::new(endpoint, retry)?;
        Ok(Self { shared: Arc::new(Shared { http, user: OnceCell::new() }) })
    }

    /// Whether both are the same connection.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Where it is.
    pub fn endpoint(&self) -> &Endpoint {
        self.shared.http.endpoint()
    }

    /// Makes sure that what listens on a loopback port knows the token, without sending it. Over https TLS does that.
    /// Every call that carries the token does it by itself.
    ///
    /// # Errors
    /// [`Code::IMPOSTOR`] where the answer is wrong or missing, [`Code::UNREACHABLE`] where nobody answers.
    pub async fn verify_challenge(&self) -> Result<(), ClientError> {
        self.shared.http.prove().await
    }

    /// `GET /api/version`, without the token.
    ///
    /// # Errors
    /// What the platform refuses, or [`Code::UNREACHABLE`].
    pub async fn version(&self) -> Result<Version, ClientError> {
        self.call(Call::get("api/version").anonymous()).await
    }

    /// `GET /api/auth/verify`.
    ///
    /// # Errors
    /// [`Code::UNAUTHORIZED`] for a wrong token, or [`Code::UNREACHABLE`].
    pub async fn verify(&self) -> Result<Verification, ClientError> {
        self.call(Call::get("api/auth/verify")).await
    }

    /// The user that the token belongs to, asked for once.
    ///
    /// # Errors
    /// As [`Client::verify`].
    pub async fn user(&self) -> Result<&str, ClientError> {
        let ask = || async { Ok::<_, ClientError>(self.verify().await?.user_id) };
        Ok(self.shared.user.get_or_try_init(ask).await?.as_str())
    }

    /// `POST /api/toolchains`: what the platform lacks of what a plan needs.
    ///
    /// # Errors
    /// What the platform refuses, [`Code::NOT_FOUND`] from one that does not know the call, or [`Code::UNREACHABLE`].
    pub async fn toolchains(&self, needs: &[Need]) -> Result<Vec<Shortfall>, ClientError> {
        let asked = Needs { needs: needs.to_vec() };
        let call = Call::post("api/toolchains").json(&asked)?.timeout(LOOKING_LIMIT);
        Ok(self.call::<Lacking>(call).await?.missing)
    }

    /// `POST /api/deploy`; `act` names the deploy. Its requests differ (a delta, a manifest) and so do their keys; a
    /// request that is made again has the key that it had.
    pub(crate) async fn deploy(
        &self,
        request: &DeployRequest,
        act: &str,
    ) -> Result<DeployAnswer, ClientError> {
        let call = Call::post("api/deploy").json(request)?.timeout(LONG_CALL).key_of_body(act);
        match self.shared.http.outcome(call).await? {
            Ok(body) => Ok(DeployAnswer::Accepted(parse(&body)?)),
            Err(problem) if problem.code == Code::MISSING_BLOBS && !problem.missing.is_empty() => {
                Ok(DeployAnswer::MissingBlobs(problem.missing))
            }
            Err(problem) if problem.code == Code::UNKNOWN_BASE => Ok(DeployAnswer::UnknownBase),
            Err(problem) => Err(problem.into()),
        }
    }

    /// `POST /api/blobs`: one tar stream whose entries are named by their blob ids. Sent once; what
    /// did not arrive the next deploy asks for again.
    pub(crate) async fn put_blobs(
        &self,
        project: &ProjectId,
        encoding: Encoding,
        tar: reqwest::Body,
    ) -> Result<(), ClientError> {
        let call = Call::post("api/blobs").query("projectId", Some(project)).timeout(LONG_CALL);
        self.shared.http.stream(call, encoding.name(), tar).await.map(drop)
    }

    /// `GET /api/status/{id}`.
    ///
    /// # Errors
    /// [`Code::NOT_FOUND`], or [`Code::UNREACHABLE`].
    pub async fn status(&self, id: DeploymentId) -> Result<Deployment, ClientError> {
        self.call(Call::get(format!("api/status/{id}"))).await
    }

    /// `GET /api/deployments/{id}?after=`: answers as soon as anything newer than event `after` is known, at the latest
    /// after `wait`.
    ///
    /// # Errors
    /// [`Code::NOT_FOUND`], or [`Code::UNREACHABLE`].
    pub async fn deployment(
        &self,
        id: DeploymentId,
        after: u64,
        wait: Duration,
    ) -> Result<Deployment, ClientError> {
        let wait_s = wait.as_secs().min(limits::LONG_POLL_S_MAX);
        let call = Call::get(format!("api/deployments/{id}"))
            .query("after", Some(after))
            .query("timeoutS", Some(wait_s))
            .timeout(Duration::from_secs(wait_s) + GRACE);
        self.call(call).await
    }

    /// `GET /api/deployments/{id}?waitFor=verified`.
    ///
    /// # Errors
    /// As [`Client::deployment`].
    pub async fn verified(&self, id: DeploymentId, wait: Duration) -> Result<Deployment, ClientError> {
        let wait_s = wait.as_secs().min(limits::LONG_POLL_S_MAX);
        let call = Call::get(format!("api/deployments/{id}"))
            .query("waitFor", Some("verified"))
            .query("timeoutS", Some(wait_s))
            .timeout(Duration::from_secs(wait_s) + GRACE);
        self.call(call).await
    }

    /// `GET /api/deployments/{id}/logs`.
    ///
    /// # Errors
    /// [`Code::NOT_FOUND`], or [`Code::UNREACHABLE`].
    pub async fn logs(&self, id: DeploymentId, query: &LogQuery) -> Result<LogPage, ClientError> {
        let follow_s = query.follow.as_secs().min(limits::LONG_POLL_S_MAX);
        let source = query.source.map(|source| match source {
            LogSource::Build => "build",
            LogSource::Runtime => "runtime",
        });
        let call = Call::get(format!("api/deployments/{id}/logs"))
            .query("source", source)
            .query("after", query.cursor.as_ref().map(|cursor| &cursor.0))
            .query("limit", Some(query.lines_max.clamp(1, limits::LOG_LINES_MAX)))
            .query("waitS", (follow_s > 0).then_some(follow_s))
            .timeout(Duration::from_secs(follow_s) + GRACE)
            .answer_bytes_max(2 * (limits::LOG_LINES_MAX * limits::LOG_LINE_BYTES_MAX) as u64);
        self.call(call).await
    }

    /// `GET /ws?deploymentId=`, going on after event `after` and after the lines up to `logs`.
    pub(crate) async fn socket(
        &self,
        id: DeploymentId,
        after: u64,
        logs: Option<&LogCursor>,
    ) -> Result<Upgrade, ClientError> {
        let call = Call::get("ws")
            .query("deploymentId", Some(id))
            .query("after", (after > 0).then_some(after))
            .query("logs", logs.map(|cursor| &cursor.0));
        self.shared.http.upgrade(call).await
    }

    /// `GET /api/projects`.
    ///
    /// # Errors
    /// What the platform refuses, or [`Code::UNREACHABLE`].
    pub async fn projects(&self, cursor: Option<&str>) -> Result<Page<Project>, ClientError> {
        self.call(Call::get("api/projects").query("cursor", cursor)).await
    }

    /// `GET /api/projects/{id}`.
    ///
    /// # Errors
    /// [`Code::NOT_FOUND`], or [`Code::UNREACHABLE`].
    pub async fn project(&self, id: &ProjectId) -> Result<Project, ClientError> {
        self.call(Call::get(format!("api/projects/{id}"))).await
    }

    /// The project, or `None` where the platform has none of that id.
    pub(crate) async fn find_project(&self, id: &ProjectId) -> Result<Option<Project>, ClientError> {
        match self.project(id).await {
            Ok(project) => Ok(Some(project)),
            Err(error) if error.code == Code::NOT_FOUND => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `GET /api/projects/{id}/deployments`, newest first.
    ///
    /// # Errors
    /// [`Code::NOT_FOUND`], or [`Code::UNREACHABLE`].
    pub async fn deployments(
        &self,
        id: &ProjectId,
        cursor: Option<&str>,
    ) -> Result<Page<Deployment>, ClientError> {
        self.call(Call::get(format!("api/projects/{id}/deployments")).query("cursor", cursor)).await
    }

    /// `GET /api/projects/{id}/files`: every file of a commit (the newest by default), without contents.
    ///
    /// # Errors
    /// [`Code::NOT_FOUND`], or [`Code::UNREACHABLE`].
    pub async fn files(
        &self,
        id: &ProjectId,
        commit: Option<&ShortCommit>,
    ) -> Result<ProjectFiles, ClientError> {
        self.call(files_call(id, commit)).await
    }

    /// The same with every file's content.
    ///
    /// # Errors
    /// As [`Client::files`].
    pub async fn files_with_content(
        &self,
        id: &ProjectId,
        commit: &ShortCommit,
    ) -> Result<ProjectFiles, ClientError> {
        self.call(files_call(id, Some(commit)).query("content", Some(true)).timeout(LONG_CALL)).await
    }

    /// The same for one file alone, with its content.
    ///
    /// # Errors
    /// As [`Client::files`].
    pub async fn file(
        &self,
        id: &ProjectId,
        commit: &ShortCommit,
        path: &FilePath,
    ) -> Result<ProjectFiles, ClientError> {
        let call = files_call(id, Some(commit)).query("path", Some(path)).query("content", Some(true));
        self.call(call.timeout(LONG_CALL)).await
    }

    /// `POST /api/projects/{id}/rollback`; `key` names the act.
    pub(crate) async fn rollback(
        &self,
        id: &ProjectId,
        request: &RollbackRequest,
        key: &str,
    ) -> Result<DeploymentAccepted, ClientError> {
        self.post(format!("api/projects/{id}/rollback"), request, key).await
    }

    /// `POST /api/deployments/{id}/cancel`; `key` names the act.
    pub(crate) async fn cancel(&self, id: DeploymentId, key: &str) -> Result<Deployment, ClientError> {
        self.call(Call::post(format!("api/deployments/{id}/cancel")).key(key)).await
    }

    /// `DELETE /api/projects/{id}`.
    ///
    /// # Errors
    /// [`Code::NOT_FOUND`], or [`Code::UNREACHABLE`].
    pub async fn delete(&self, id: &ProjectId) -> Result<DeletedProject, ClientError> {
        self.call(Call::delete(format!("api/projects/{id}")).timeout(LONG_CALL)).await
    }

    /// `GET /api/projects/{id}/secrets`.
    ///
    /// # Errors
    /// [`Code::NOT_FOUND`], or [`Code::UNREACHABLE`].
    pub async fn secrets(&self, id: &ProjectId) -> Result<Secrets, ClientError> {
        self.call(Call::get(format!("api/projects/{id}/secrets"))).await
    }

    /// `PUT /api/projects/{id}/secrets/{name}`; `request` is the request that this fulfils.
    ///
    /// # Errors
    /// [`Code::TOO_LARGE`], or [`Code::UNREACHABLE`].
    pub async fn set_secret(
        &self,
        id: &ProjectId,
        name: &SecretName,
        value: &SecretValue,
        request: Option<&str>,
    ) -> Result<Secrets, ClientError> {
        let call = Call::put_secret(format!("api/projects/{id}/secrets/{name}"), value);
        self.call(call.query("request", request)).await
    }

    /// `DELETE /api/projects/{id}/secrets/{name}`.
    ///
    /// # Errors
    /// [`Code::NOT_FOUND`], or [`Code::UNREACHABLE`].
    pub async fn remove_secret(&self, id: &ProjectId, name: &SecretName) -> Result<Secrets, ClientError> {
        self.call(Call::delete(format!("api/projects/{id}/secrets/{name}"))).await
    }

    /// `POST /api/projects/{id}/secrets/requests`: a page for a person. Asked again, the same question is the same page.
    ///
    /// # Errors
    /// [`Code::RATE_LIMITED`], or [`Code::UNREACHABLE`].
    pub async fn ask_for_secret(
        &self,
        id: &ProjectId,
        request: &SecretRequest,
    ) -> Result<SecretRequestView, ClientError> {
        self.post(format!("api/projects/{id}/secrets/requests"), request, &fresh_key()).await
    }

    /// `GET /api/projects/{id}/secrets/requests/{request}`: answers as soon as the person has, at the latest after `wait`.
    ///
    /// # Errors
    /// [`Code::NOT_FOUND`] when the request is long over, or [`Code::UNREACHABLE`].
    pub async fn secret_request(
        &self,
        id: &ProjectId,
        request: &str,
        wait: Duration,
    ) -> Result<SecretRequestView, ClientError> {
        let wait_s = wait.as_secs().min(limits::LONG_POLL_S_MAX);
        let call = Call::get(format!("api/projects/{id}/secrets/requests/{request}"))
            .query("timeoutS", Some(wait_s))
            .timeout(Duration::from_secs(wait_s) + GRACE);
        self.call(call).await
    }

    /// `POST /api/generate`; `key` names the act.
    pub(crate) async fn generate(
        &self,
        request: &GenerateRequest,
        key: &str,
    ) -> Result<GenerateAnswer, ClientError> {
        self.post("api/generate".to_owned(), request, key).await
    }

    /// `POST /api/projects/{id}/keep`; `key` names the act.
    pub(crate) async fn keep(
        &self,
        id: &ProjectId,
        commit: &ShortCommit,
        key: &str,
    ) -> Result<(), ClientError> {
        let request = KeepRequest { commit: commit.clone() };
        self.post::<Project>(format!("api/projects/{id}/keep"), &request, key).await.map(drop)
    }

    /// `GET /api/platform`.
    ///
    /// # Errors
    /// What the platform refuses, or [`Code::UNREACHABLE`].
    pub async fn platform_status(&self) -> Result<PlatformStatus, ClientError> {
        self.call(Call::get("api/platform")).await
    }

    /// `POST /api/platform/stop`: the platform ends after its answer.
    ///
    /// # Errors
    /// What the platform refuses, or [`Code::UNREACHABLE`].
    pub async fn platform_stop(&self, apps: StopApps) -> Result<StopAnswer, ClientError> {
        let apps = match apps {
            StopApps::Stop => "stop",
            StopApps::Keep => "keep",
        };
        let call = Call::post("api/platform/stop").query("apps", Some(apps)).key(&fresh_key());
        self.call(call.timeout(LONG_CALL)).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: String,
        request: &(impl Serialize + Sync),
        key: &str,
    ) -> Result<T, ClientError> {
        self.call(Call::post(path).key(key).json(request)?.timeout(LONG_CALL)).await
    }

    async fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T, ClientError> {
        parse(&self.shared.http.call(call).await?)
    }
}

fn files_call(id: &ProjectId, commit: Option<&ShortCommit>) -> Call {
    Call::get(format!("api/projects/{id}/files")).query("commit", commit).answer_bytes_max(FILES_BYTES_MAX)
}

fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, ClientError> {
    serde_json::from_slice(body).map_err(|error| {
        ClientError::unexpected("the platform's answer is not of the form that the contract gives it")
            .because(error)
    })
}
