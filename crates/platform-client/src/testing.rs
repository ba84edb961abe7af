//! Real servers on port 0 for tests: a platform that keeps its word, to be given faults one by one.

use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as AxumPath, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use build_plan::toolchain::{Lacking, Needs};
use platform_api::{
    BlobId, Challenge, Code, DeployRequest, DeploymentAccepted, DeploymentId, FileContent, FilePath,
    GenerateAnswer, ManifestEntry, Problem, ProjectFiles, ProjectId, ShortCommit, Status,
};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::retry::Retry;
use crate::workspace::blob_id;
use crate::{ApiToken, Backend, Client, Endpoint, challenge};

/// A server that ends with the test.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Server {
    /// Serves what is given, and nothing else.
    pub(crate) async fn bare(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, _tasks: tasks }
    }

    /// Serves what is given, and answers challenges.
    pub(crate) async fn start(router: Router) -> Self {
        Self::bare(router.route("/api/challenge", get(answer_challenge))).await
    }

    pub(crate) fn client(&self) -> Client {
        Client::with_retry(self.endpoint(), QUICK).unwrap()
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::new(format!("http://{}/", self.address).parse().unwrap(), token())
    }

    pub(crate) fn backend(&self, state_dir: &Path) -> Backend {
        let client = self.client();
        let connect = move || {
            let client = client.clone();
            Box::pin(async move { Ok(client) }) as futures_util::future::BoxFuture<'static, _>
        };
        Backend::new(Arc::new(connect), state_dir.to_owned())
    }
}

/// Retries as ever, only sooner.
pub(crate) const QUICK: Retry = Retry {
    attempts_max: 4,
    backoff: Duration::from_millis(2),
    backoff_max: Duration::from_millis(10),
    asked_max: Duration::from_secs(5),
};

pub(crate) fn token() -> ApiToken {
    "canary-token".parse().unwrap()
}

async fn answer_challenge(headers: HeaderMap, Query(query): Query<HashMap<String, String>>) -> Response {
    assert!(headers.get(header::AUTHORIZATION).is_none(), "the token came before the proof");
    let host = headers[header::HOST].to_str().unwrap();
    let answer = challenge::answer(&token(), host, &query["nonce"]);
    axum::Json(Challenge { answer }).into_response()
}

/// A problem as the platform states it.
pub(crate) fn problem(status: u16, code: Code) -> Problem {
    Problem {
        code,
        status,
        title: "a problem".to_owned(),
        detail: "something is the matter".to_owned(),
        hint: None,
        retryable: false,
        missing: Vec::new(),
        changed: Vec::new(),
    }
}

pub(crate) fn respond(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap();
    (status, [(header::CONTENT_TYPE, "application/problem+json")], serde_json::to_string(problem).unwrap())
        .into_response()
}

/// What a fake platform knows.
#[derive(Default)]
pub(crate) struct Store {
    pub(crate) blobs: HashMap<(ProjectId, BlobId), Vec<u8>>,
    pub(crate) commits: BTreeMap<ShortCommit, (ProjectId, Vec<ManifestEntry>)>,
    /// The head of every project.
    pub(crate) heads: HashMap<ProjectId, ShortCommit>,
    /// Every deploy request with its length and idempotency key.
    pub(crate) deploys: Vec<(DeployRequest, usize, String)>,
    /// How long every stream of blobs was.
    pub(crate) uploads: Vec<usize>,
    /// What was asked for before uploads, and what is answered.
    pub(crate) asked: Vec<Needs>,
    pub(crate) lacking: Lacking,
    /// What the next generation answers.
    pub(crate) generated: BTreeMap<FilePath, String>,
}

/// A platform in memory that commits what it is sent, and runs nothing.
#[derive(Clone, Default)]
pub(crate) struct Platform(Arc<Mutex<Store>>);

impl Platform {
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap()
    }

    pub(crate) async fn start(&self) -> Server {
        Server::start(
            Router::new()
                .route(
                    "/api/auth/verify",
                    get(|| async { axum::Json(json!({"valid":true,"userId":"me","email":""})) }),
                )
                .route("/api/projects/{id}", get(project))
                .route("/api/projects/{id}/files", get(files))
                .route("/api/deploy", post(deploy))
                .route("/api/blobs", post(blobs))
                .route("/api/generate", post(generate))
                .route("/api/toolchains", post(toolchains))
                .route("/api/projects/{id}/keep", post(keep))
                .layer(axum::extract::DefaultBodyLimit::disable())
                .with_state(self.clone()),
        )
        .await
    }

    /// The texts of a project's newest commit.
    pub(crate) fn texts(&self, project: &str) -> BTreeMap<String, String> {
        let store = self.store();
        let project: ProjectId = project.parse().unwrap();
        let (_, files) = &store.commits[&store.heads[&project]];
        let text = |file: &ManifestEntry| {
            String::from_utf8_lossy(&store.blobs[&(project.clone(), file.oid)]).into_owned()
        };
        files.iter().map(|file| (file.path.to_string(), text(file))).collect()
    }

    /// Commits these files, as somebody elsewhere would.
    pub(crate) fn commit(&self, project: &str, files: &[(&str, &str)]) -> ShortCommit {
        let project: ProjectId = project.parse().unwrap();
        let mut entries = Vec::new();
        for (path, text) in files {
            let oid = blob_id(text.as_bytes());
            self.store().blobs.insert((project.clone(), oid), text.as_bytes().to_vec());
            let mode = platform_api::FileMode::File;
            entries.push(ManifestEntry { path: path.parse().unwrap(), mode, size: text.len() as u64, oid });
        }
        self.store().commit(&project, entries)
    }
}

impl Store {
    fn commit(&mut self, project: &ProjectId, mut files: Vec<ManifestEntry>) -> ShortCommit {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let commit: ShortCommit = format!("{:012x}", self.commits.len() + 1).parse().unwrap();
        self.commits.insert(commit.clone(), (project.clone(), files));
        self.heads.insert(project.clone(), commit.clone());
        commit
    }

    /// The files that a request stands for, or what is wrong with it.
    fn resolve(
        &mut self,
        project: &ProjectId,
        request: &DeployRequest,
    ) -> Result<Vec<ManifestEntry>, Box<Problem>> {
        let files = match (&request.manifest, &request.base) {
            (Some(manifest), None) => manifest.clone(),
            (None, Some(base)) => {
                let known = self.commits.get(base).filter(|(owner, _)| owner == project);
                let Some((_, files)) = known else { return Err(Box::new(problem(422, Code::UNKNOWN_BASE))) };
                let mut files: BTreeMap<_, _> =
                    files.iter().map(|it| (it.path.clone(), it.clone())).collect();
                for change in request.changes.iter().flatten() {
                    let mut size = 0;
                    if let Some(content) = &change.content {
                        let bytes = STANDARD.decode(content).unwrap();
                        assert_eq!(blob_id(&bytes), change.oid);
                        size = bytes.len() as u64;
                        self.blobs.insert((project.clone(), change.oid), bytes);
                    }
                    let entry =
                        ManifestEntry { path: change.path.clone(), mode: change.mode, size, oid: change.oid };
                    files.insert(change.path.clone(), entry);
                }
                request.deleted.iter().flatten().for_each(|path| drop(files.remove(path)));
                files.into_values().collect()
            }
            _ => panic!("neither a manifest nor a delta: {request:?}"),
        };
        let lacks = |file: &ManifestEntry| !self.blobs.contains_key(&(project.clone(), file.oid));
        let missing: Vec<_> = files.iter().filter(|file| lacks(file)).map(|file| file.oid).collect();
        if missing.is_empty() {
            Ok(files)
        } else {
            Err(Box::new(Problem { missing, ..problem(422, Code::MISSING_BLOBS) }))
        }
    }
}

async fn project(State(platform): State<Platform>, AxumPath(id): AxumPath<String>) -> Response {
    let id: ProjectId = id.parse().unwrap();
    let head = platform.store().heads.get(&id).cloned();
    match head {
        Some(head) => {
            axum::Json(json!({"id": id, "name": id.name(), "createdMs": 1, "head": head})).into_response()
        }
        None => respond(&problem(404, Code::NOT_FOUND)),
    }
}

async fn files(
    State(platform): State<Platform>,
    AxumPath(id): AxumPath<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let id: ProjectId = id.parse().unwrap();
    let store = platform.store();
    let commit = query.get("commit").map_or_else(|| store.heads[&id].clone(), |it| it.parse().unwrap());
    let with_content = query.contains_key("content");
    let files = store.commits[&commit].1.iter().map(|file| FileContent {
        path: file.path.clone(),
        mode: file.mode,
        size: file.size,
        oid: file.oid,
        content: with_content.then(|| STANDARD.encode(&store.blobs[&(id.clone(), file.oid)])),
    });
    let files = files.collect();
    axum::Json(ProjectFiles { project_id: id, commit_hash: commit, files }).into_response()
}

async fn deploy(State(platform): State<Platform>, headers: HeaderMap, body: Bytes) -> Response {
    let request: DeployRequest = serde_json::from_slice(&body).unwrap();
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    let project = request.project_id.clone().unwrap();
    let mut store = platform.store();
    store.deploys.push((request.clone(), body.len(), key));
    match store.resolve(&project, &request) {
        Ok(files) => {
            let commit_hash = store.commit(&project, files);
            let accepted = DeploymentAccepted {
                deployment_id: DeploymentId::from_v7(Uuid::now_v7()),
                project_id: project,
                commit_hash,
                status: Status::Queued,
                websocket_url: String::new(),
                unchanged: false,
            };
            (StatusCode::ACCEPTED, axum::Json(accepted)).into_response()
        }
        Err(problem) => respond(&problem),
    }
}

async fn blobs(
    State(platform): State<Platform>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    assert_eq!(headers[header::CONTENT_ENCODING], "identity", "compressing is for the way to other machines");
    let project: ProjectId = query["projectId"].parse().unwrap();
    platform.store().uploads.push(body.len());
    let mut archive = tar::Archive::new(&body[..]);
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let oid: BlobId = entry.path().unwrap().to_str().unwrap().parse().unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        assert_eq!(blob_id(&bytes), oid, "a blob under another's name");
        platform.store().blobs.insert((project.clone(), oid), bytes);
    }
    StatusCode::NO_CONTENT.into_response()
}

async fn toolchains(State(platform): State<Platform>, axum::Json(needs): axum::Json<Needs>) -> Response {
    let mut store = platform.store();
    store.asked.push(needs);
    axum::Json(store.lacking.clone()).into_response()
}

async fn generate(State(platform): State<Platform>, body: Bytes) -> Response {
    let request: platform_api::GenerateRequest = serde_json::from_slice(&body).unwrap();
    let files = platform.store().generated.clone();
    let texts: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let project_id = request.project_id.unwrap_or_else(|| "me-users".parse().unwrap());
    let before = platform.store().heads.get(&project_id).cloned();
    let commit_hash = platform.commit(project_id.as_str(), &texts);
    if request.held {
        let heads = &mut platform.store().heads;
        match before {
            Some(before) => heads.insert(project_id.clone(), before),
            None => heads.remove(&project_id),
        };
    }
    let answer = GenerateAnswer {
        files,
        project_id,
        commit_hash,
        stack: "fastapi".to_owned(),
        generator: "fake".to_owned(),
        warnings: Vec::new(),
    };
    axum::Json(answer).into_response()
}

async fn keep(
    State(platform): State<Platform>,
    AxumPath(id): AxumPath<ProjectId>,
    axum::Json(request): axum::Json<platform_api::KeepRequest>,
) -> Response {
    platform.store().heads.insert(id.clone(), request.commit);
    project(State(platform), AxumPath(id.to_string())).await
}

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(folder.path(), path, text);
    }
    folder
}

/// Puts a text into a file, with the folders that lead to it.
pub(crate) fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Waits for something that must happen.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("within 20 seconds")
}
