//! A served platform in a temporary home, and a client that hides nothing.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::time::Duration;

use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use platform_api::{DeploymentId, LogSource, LogStream, Problem};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::deployment::{Limits, Site, Starts};
use crate::engine::{BuildEnv, ProcessEngine};
use crate::event_log::EventLog;
use crate::gateway::{Gateway, GatewayConfig};
use crate::http::problem::PROBLEM_JSON;
use crate::http::{ApiToken, Bound, Tls};
use crate::logs::{LogDir, LogWatches};
use crate::platform::{Identity, Platform};
use crate::secrets::{Requests, Secrets};
use crate::store::Store;

pub(super) const TOKEN: &str = "a-token-for-tests-0123456789";
/// How long a test waits for what must happen.
pub(super) const DEADLINE: Duration = Duration::from_secs(20);

/// A platform that serves until it is dropped. Its engine can build static sites and start nothing: every deployment
/// ends as failed, which is all that these tests need.
pub(super) struct Served {
    pub(super) port: u16,
    pub(super) shutdown: CancellationToken,
    pub(super) server: JoinSet<usize>,
    home: TempDir,
}

impl Served {
    pub(super) async fn start() -> Self {
        Self::start_with(None).await
    }

    pub(super) async fn start_with(tls: Option<&Tls>) -> Self {
        let home = TempDir::new().unwrap();
        let shutdown = CancellationToken::new();
        let tasks = TaskTracker::new();
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let gateway = GatewayConfig { address: loopback, certificate: None };
        let engine = ProcessEngine::open(home.path(), "/bin/false".into(), BuildEnv::from_vars(Vec::new()))
            .await
            .unwrap();
        let seconds = Duration::from_secs;
        let store = Store::open(&home.path().join("platform.db")).unwrap();
        let site = Site {
            home: home.path().to_owned(),
            secrets: Secrets::new(home.path(), store.clone()),
            secret_requests: Requests::default(),
            store,
            engine,
            gateway: Gateway::bind(gateway, &tasks, shutdown.clone()).await.unwrap(),
            events: EventLog::default(),
            log_watches: LogWatches::start(&tasks, shutdown.clone()).unwrap(),
            limits: Limits {
                probe: seconds(2),
                settle: seconds(1),
                drain: seconds(2),
                stop_grace: seconds(1),
                releases: 5,
            },
            starts: Starts::new(2),
            background: tasks,
            restarts: Mutex::new(HashMap::new()),
        };
        let identity = Identity { user: "ada".to_owned(), email: "ada@localhost".to_owned() };
        let platform = Platform::start(site.into(), identity, shutdown.clone()).await.unwrap();
        let certificate = tls.map(|tls| tls.open().unwrap());
        let bound = Bound::bind(loopback, certificate.as_ref()).await.unwrap();
        let port = bound.port();
        let mut server = JoinSet::new();
        let token: ApiToken = TOKEN.parse().unwrap();
        server.spawn(bound.serve(platform, token, shutdown.clone()));
        Self { port, shutdown, server, home }
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path), Bytes::new()).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path), body.to_string().into()).await
    }

    pub(super) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path), Bytes::new()).await
    }

    /// A request with our Host and our token.
    pub(super) fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, format!("localhost:{}", self.port))
            .header(AUTHORIZATION, format!("Bearer {TOKEN}"))
    }

    pub(super) async fn send(&self, request: axum::http::request::Builder, body: Bytes) -> Answer {
        let request = request.body(Full::new(body)).unwrap();
        tokio::time::timeout(DEADLINE, call(self.port, request)).await.expect("an answer in time")
    }

    /// Deploys a site; its deployment's id.
    pub(super) async fn deploy(&self, project: &str, page: &str) -> DeploymentId {
        let body = serde_json::json!({"projectId": project, "files": {"index.html": page}});
        let answer = self.post("/api/deploy", &body).await.expect(StatusCode::ACCEPTED).json();
        answer["deploymentId"].as_str().unwrap().parse().unwrap()
    }

    /// Adds lines to a deployment's log: their times, and the times as their texts.
    pub(super) fn write(&self, id: DeploymentId, times_ms: &[u64]) {
        let log = LogDir::new(self.home.path().join("logs").join(id.to_string()));
        let mut writer = log.writer(LogSource::Build).unwrap();
        for time_ms in times_ms {
            writer.push(LogStream::Stdout, *time_ms, time_ms.to_string().as_bytes()).unwrap();
        }
        writer.flush().unwrap();
    }

    /// The deployment once it has ended.
    pub(super) async fn ended(&self, id: DeploymentId) -> Value {
        let path = format!("/api/deployments/{id}?waitFor=terminal&timeoutS=15");
        self.get(&path).await.expect(StatusCode::OK).json()
    }
}

async fn call(port: u16, request: Request<Full<Bytes>>) -> Answer {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let exchange = async {
        let response = sender.send_request(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    };
    let mut connection = std::pin::pin!(connection);
    let mut exchange = std::pin::pin!(exchange);
    tokio::select! {
        answer = &mut exchange => answer,
        _ = &mut connection => exchange.await,
    }
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    #[track_caller]
    pub(super) fn expect(self, status: StatusCode) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    #[track_caller]
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The code of a refusal, after looking whether it has everything that one must have.
    #[track_caller]
    pub(super) fn refusal(&self) -> (u16, String) {
        assert_eq!(self.headers["content-type"], PROBLEM_JSON, "{}", String::from_utf8_lossy(&self.body));
        let problem: Problem = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem.status, self.status.as_u16());
        assert!(!problem.title.is_empty() && !problem.detail.is_empty());
        (problem.status, problem.code.as_str().to_owned())
    }
}
