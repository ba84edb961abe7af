//! A platform that plays one project's life: real HTTP on loopback, answers as the contract has them, no engine behind.

use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::FutureExt;
use hmac::{Hmac, KeyInit, Mac};
use platform_api::{
    Challenge, Deployment, DeploymentAccepted, DeploymentId, LogCursor, LogLine, LogPage, LogSource,
    LogStream, Page, Phase, Problem, Project, ProjectId, Status, Trigger, Verification,
};
use platform_client::{Client, Connect, Endpoint};
use serde::Serialize;
use serde_json::Value;
use sha2::Sha256;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const TOKEN: &str = "token-of-the-tests";

/// The platform.
pub(crate) struct Platform {
    server: MockServer,
    life: Arc<Mutex<Life>>,
}

/// What it knows.
pub(crate) struct Life {
    /// The one deployment.
    pub(crate) deployment: Deployment,
    /// The statuses that it goes through, one with each look at it.
    pub(crate) ahead: Vec<Status>,
    /// Its log.
    pub(crate) lines: Vec<LogLine>,
    /// Whether nothing more will come.
    pub(crate) log_complete: bool,
    /// Whether the next deploy finds nothing changed.
    pub(crate) unchanged: bool,
    /// What was asked, as `METHOD path`.
    pub(crate) asked: Vec<String>,
}

impl Platform {
    pub(crate) async fn start() -> Self {
        let server = MockServer::start().await;
        let life = Arc::new(Mutex::new(Life::new()));
        let told = life.clone();
        let answer = move |request: &Request| told.lock().unwrap().answer(request);
        Mock::given(any()).respond_with(answer).mount(&server).await;
        Self { server, life }
    }

    pub(crate) fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap()
    }

    pub(crate) fn connect(&self) -> Connect {
        let url = format!("{}/", self.server.uri());
        Arc::new(move || {
            let endpoint = Endpoint::new(url.parse().unwrap(), TOKEN.parse().unwrap());
            async move { Client::new(endpoint) }.boxed()
        })
    }
}

impl Life {
    fn new() -> Self {
        let project: ProjectId = "me-app".parse().unwrap();
        let deployment = Deployment {
            id: DeploymentId::from_v7(uuid::Uuid::now_v7()),
            project_id: project,
            commit_hash: "0123456789ab".parse().unwrap(),
            status: Status::Queued,
            url: None,
            logs: Vec::new(),
            direct_url: None,
            preview_url: None,
            live: false,
            superseded_by: None,
            trigger: Trigger::Deploy,
            message: None,
            created_ms: 1_763_700_000_000,
            ended_ms: None,
            phases: Vec::new(),
            seq: 1,
            log_cursor: LogCursor("0".to_owned()),
            plan: None,
            plan_hash: None,
            error: None,
            receipt: None,
            instances: Vec::new(),
        };
        Self {
            deployment,
            ahead: Vec::new(),
            lines: Vec::new(),
            log_complete: false,
            unchanged: false,
            asked: Vec::new(),
        }
    }

    /// Prints a line.
    pub(crate) fn print(&mut self, source: LogSource, text: impl Into<String>) {
        let seq = self.lines.len() as u64 + 1;
        let line = LogLine {
            seq,
            time_ms: 1_763_700_000_000 + seq,
            source,
            stream: LogStream::Stdout,
            text: text.into(),
        };
        self.lines.push(line);
        self.deployment.log_cursor = LogCursor(seq.to_string());
        let newest = self.lines.len().saturating_sub(100);
        self.deployment.logs = self.lines[newest..].iter().map(|line| line.text.clone()).collect();
    }

    /// Lets the deployment be in `status`.
    pub(crate) fn reach(&mut self, status: Status) {
        let deployment = &mut self.deployment;
        deployment.phases.push(Phase { status: deployment.status, ms: 5 });
        deployment.status = status;
        deployment.seq += 1;
        deployment.live = status == Status::Complete;
        if deployment.live {
            deployment.url = Some("http://app.localhost:7311/".to_owned());
            deployment.direct_url = Some("http://127.0.0.1:7400/".to_owned());
        }
    }

    fn answer(&mut self, request: &Request) -> ResponseTemplate {
        let path = request.url.path().to_owned();
        self.asked.push(format!("{} {path}", request.method));
        let id = self.deployment.id;
        let (status, logs) = (format!("/api/status/{id}"), format!("/api/deployments/{id}/logs"));
        match (request.method.as_str(), path.as_str()) {
            ("GET", "/api/challenge") => ok(&challenge(request)),
            ("GET", "/api/auth/verify") => {
                ok(&Verification { valid: true, user_id: "me".to_owned(), email: "me@localhost".to_owned() })
            }
            ("GET", "/api/projects") => ok(&Page { items: vec![self.project()], next_cursor: None }),
            ("GET", "/api/projects/me-app") => ok(&self.project()),
            ("GET", "/api/projects/me-app/deployments") => {
                ok(&Page { items: vec![self.deployment.clone()], next_cursor: Some("more".to_owned()) })
            }
            ("POST", "/api/deploy" | "/api/projects/me-app/rollback") => accepted(&self.accepted()),
            ("DELETE", "/api/projects/me-app") => ok(&serde_json::json!({"projectId": "me-app"})),
            ("GET", path) if path == logs => ok(&self.page(request)),
            ("GET", path) if path == status || path == format!("/api/deployments/{id}") => {
                if !self.ahead.is_empty() {
                    let next = self.ahead.remove(0);
                    self.reach(next);
                }
                ok(&self.deployment)
            }
            _ => refusal(),
        }
    }

    fn project(&self) -> Project {
        Project {
            id: self.deployment.project_id.clone(),
            name: "app".to_owned(),
            created_ms: 1_763_700_000_000,
            head: None,
            live: self.deployment.live.then_some(self.deployment.id),
            live_commit: None,
            url: self.deployment.url.clone(),
            direct_url: None,
            env: std::collections::BTreeMap::new(),
            latest: Some(Box::new(self.deployment.clone())),
        }
    }

    fn accepted(&self) -> DeploymentAccepted {
        DeploymentAccepted {
            deployment_id: self.deployment.id,
            project_id: self.deployment.project_id.clone(),
            commit_hash: self.deployment.commit_hash.clone(),
            status: self.deployment.status,
            websocket_url: String::new(),
            unchanged: self.unchanged,
        }
    }

    /// Cursors are line numbers here.
    fn page(&self, request: &Request) -> LogPage {
        let asked = |name: &str| {
            request.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let number = |name: &str| asked(name).and_then(|text| text.parse::<usize>().ok());
        let source = asked("source");
        let wanted = |line: &&LogLine| match source.as_deref() {
            Some("build") => line.source == LogSource::Build,
            Some("runtime") => line.source == LogSource::Runtime,
            _ => true,
        };
        let after = number("after").unwrap_or(0);
        let unread = self.lines.iter().skip(after);
        let lines: Vec<LogLine> =
            unread.filter(wanted).take(number("limit").unwrap_or(1_000)).cloned().collect();
        let end = lines.last().map_or(self.lines.len(), |line| usize::try_from(line.seq).unwrap());
        LogPage { lines, next_cursor: LogCursor(end.to_string()), complete: self.log_complete, omitted: 0 }
    }
}

fn challenge(request: &Request) -> Challenge {
    let nonce = request.url.query_pairs().find(|(key, _)| key == "nonce").unwrap().1.into_owned();
    let host = request.headers["host"].to_str().unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(TOKEN.as_bytes()).unwrap();
    mac.update(format!("backend-im challenge v1\n{host}\n{nonce}").as_bytes());
    Challenge { answer: hex::encode(mac.finalize().into_bytes()) }
}

fn ok(body: &impl Serialize) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn accepted(body: &impl Serialize) -> ResponseTemplate {
    ResponseTemplate::new(202).set_body_json(body)
}

fn refusal() -> ResponseTemplate {
    let problem = Problem {
        code: platform_api::Code::NOT_FOUND,
        status: 404,
        title: "Not found".to_owned(),
        detail: "there is no such thing here".to_owned(),
        hint: Some("list the projects".to_owned()),
        retryable: false,
        missing: Vec::new(),
        changed: Vec::new(),
    };
    let body: Value = serde_json::to_value(problem).unwrap();
    ResponseTemplate::new(404).set_body_raw(body.to_string(), "application/problem+json")
}
