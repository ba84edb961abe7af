//! Calls over HTTP: the only file that knows status codes. Proves loopback platforms before a token goes out, repeats
//! what may be repeated, bounds every wait and every answer, and turns whatever comes back into bytes or a problem.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode, header};
use platform_api::{CertificateHash, Challenge, Code, Problem};
use reqwest::{Body, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio_tungstenite::tungstenite::handshake;
use url::Url;

use crate::pin::Pinned;
use crate::retry::{self, Retry};
use crate::{ClientError, Endpoint, SecretValue, challenge};

/// How long a connection may take to come up.
const CONNECT_S_MAX: u64 = 10;
/// How long an ordinary call may take.
const CALL_S_MAX: u64 = 30;
/// The largest ordinary answer, in bytes (16 MiB).
const ANSWER_BYTES_MAX: u64 = 16 << 20;
/// How long a proof holds while nothing is called: afterwards somebody else may have taken the port.
const PROOF_S_MAX: u64 = 5;

/// One call: what to send and how patiently.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    json: Option<Bytes>,
    secret: Option<SecretValue>,
    key: Option<String>,
    anonymous: bool,
    timeout: Duration,
    answer_bytes_max: u64,
}

impl Call {
    fn new(method: Method, path: String) -> Self {
        Self {
            method,
            path,
            query: Vec::new(),
            json: None,
            secret: None,
            key: None,
            anonymous: false,
            timeout: Duration::from_secs(CALL_S_MAX),
            answer_bytes_max: ANSWER_BYTES_MAX,
        }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path.into())
    }

    pub(crate) fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path.into())
    }

    /// A call whose body is a secret and nothing else.
    pub(crate) fn put_secret(path: impl Into<String>, value: &SecretValue) -> Self {
        Self { secret: Some(value.clone()), ..Self::new(Method::PUT, path.into()) }
    }

    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path.into())
    }

    /// Adds `name=value`, where there is a value.
    pub(crate) fn query(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name, value.to_string())));
        self
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Result<Self, ClientError> {
        let body = serde_json::to_vec(body).map_err(|error| {
            ClientError::new(Code::INTERNAL, "the request has no JSON form").because(error)
        })?;
        self.json = Some(body.into());
        Ok(self)
    }

    /// Names the act behind the call, so that the platform recognises it when it comes twice.
    pub(crate) fn key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// The same, where one act may take several different calls: the body tells them apart.
    pub(crate) fn key_of_body(mut self, act: &str) -> Self {
        let digest = Sha256::digest(self.json.as_deref().unwrap_or_default());
        self.key = Some(format!("{act}-{}", hex::encode(&digest[..8])));
        self
    }

    /// Without the token.
    pub(crate) fn anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    pub(crate) fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    pub(crate) fn answer_bytes_max(mut self, bytes: u64) -> Self {
        self.answer_bytes_max = bytes;
        self
    }

    /// Whether making the call twice is the same as making it once.
    fn is_repeatable(&self) -> bool {
        self.method != Method::POST || self.key.is_some()
    }
}

/// What the platform said.
pub(crate) type Outcome = Result<Bytes, Problem>;

/// What came of one attempt.
enum Attempt {
    Answered(Bytes),
    Refused { problem: Problem, retry_after: Option<Duration> },
    Broken { error: ClientError, nobody_there: bool },
}

/// A connection that became a WebSocket, or the answer of somebody who does not know how.
pub(crate) enum Upgrade {
    Socket(Box<reqwest::Upgraded>),
    NotUnderstood,
}

/// One HTTP client for one platform.
#[derive(Debug)]
pub(crate) struct Http {
    client: reqwest::Client,
    endpoint: Endpoint,
    retry: Retry,
    /// When the platform last showed that it knows the token.
    proven: Mutex<Option<Instant>>,
}

impl Http {
    pub(crate) fn new(endpoint: Endpoint, retry: Retry) -> Result<Self, ClientError> {
        endpoint.check()?;
        let builder = reqwest::Client::builder()
            .user_agent(concat!("backend-im/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(CONNECT_S_MAX));
        let client = connecting(builder, &endpoint)
            .build()
            .map_err(|error| ClientError::new(Code::INTERNAL, "no HTTP client").because(error))?;
        Ok(Self { client, endpoint, retry, proven: Mutex::new(None) })
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Makes a call and takes every problem for an error.
    pub(crate) async fn call(&self, call: Call) -> Result<Bytes, ClientError> {
        Ok(self.outcome(call).await??)
    }

    /// Makes a call; a problem that the platform stated is an outcome, not an error.
    pub(crate) async fn outcome(&self, call: Call) -> Result<Outcome, ClientError> {
        if !call.anonymous {
            self.prove().await?;
        }
        self.repeat(&call).await
    }

    /// Sends a body that exists only once, and therefore is never sent again.
    pub(crate) async fn stream(&self, call: Call, encoding: &str, body: Body) -> Result<Bytes, ClientError> {
        self.prove().await?;
        let request = self
            .request(&call)?
            .header(header::CONTENT_TYPE, "application/x-tar")
            .header(header::CONTENT_ENCODING, encoding)
            .body(body);
        match self.attempt(request, call.answer_bytes_max).await {
            Attempt::Answered(bytes) => Ok(bytes),
            Attempt::Refused { problem, .. } => Err(problem.into()),
            Attempt::Broken { error, .. } => Err(error),
        }
    }

    /// Asks to go on as a WebSocket.
    pub(crate) async fn upgrade(&self, call: Call) -> Result<Upgrade, ClientError> {
        self.prove().await?;
        let key = handshake::client::generate_key();
        let request = self
            .request(&call)?
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, &key);
        let response = match tokio::time::timeout(call.timeout, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(self.unreachable(error)),
            Err(_) => return Ok(Upgrade::NotUnderstood),
        };
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return accept(response, &key).await;
        }
        match self.read(response, call.answer_bytes_max).await {
            Attempt::Refused { problem, .. } if is_final_for_upgrades(&problem) => Err(problem.into()),
            _ => Ok(Upgrade::NotUnderstood),
        }
    }

    /// Makes sure that what listens on a loopback port knows the token. TLS does the same elsewhere.
    pub(crate) async fn prove(&self) -> Result<(), ClientError> {
        let fresh = |proven: Instant| proven.elapsed() < Duration::from_secs(PROOF_S_MAX);
        if !self.endpoint.is_here() || self.proven().is_some_and(fresh) {
            return Ok(());
        }
        let nonce = challenge::nonce()?;
        let call = Call::get("api/challenge").query("nonce", Some(&nonce)).anonymous();
        let answered = self.repeat(&call).await?;
        let right = answered.is_ok_and(|body| {
            let challenge: Option<Challenge> = serde_json::from_slice(&body).ok();
            challenge.is_some_and(|it| {
                challenge::is_answer(&self.endpoint.token, self.endpoint.authority(), &nonce, &it.answer)
            })
        });
        if !right {
            return Err(self.impostor());
        }
        self.set_proven(Some(Instant::now()));
        Ok(())
    }

    async fn repeat(&self, call: &Call) -> Result<Outcome, ClientError> {
        let mut attempt = 1;
        loop {
            let mut request = self.request(call)?;
            if let Some(json) = &call.json {
                request = request.header(header::CONTENT_TYPE, "application/json").body(json.clone());
            }
            if let Some(secret) = &call.secret {
                let body = secret.expose().to_owned();
                request = request.header(header::CONTENT_TYPE, "text/plain; charset=utf-8").body(body);
            }
            let (outcome, asked, again) = match self.attempt(request, call.answer_bytes_max).await {
                Attempt::Answered(bytes) => return Ok(Ok(bytes)),
                Attempt::Refused { problem, retry_after } => {
                    let again = is_worth_repeating(&problem);
                    (Ok(Err(patient(problem, retry_after, self.retry))), retry_after, again)
                }
                Attempt::Broken { error, nobody_there } => {
                    let again = error.retryable && !(nobody_there && self.endpoint.is_here());
                    (Err(error), None, again)
                }
            };
            let wait = self.retry.wait(attempt, asked).filter(|_| again && call.is_repeatable());
            let Some(wait) = wait else { return outcome };
            tracing::debug!(path = call.path, attempt, wait_ms = wait.as_millis(), "calling again");
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    fn request(&self, call: &Call) -> Result<reqwest::RequestBuilder, ClientError> {
        let url = self.url(&call.path)?;
        let mut request = self
            .client
            .request(call.method.clone(), url)
            .timeout(call.timeout)
            .header(header::ACCEPT, "application/json");
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        if let Some(key) = &call.key {
            request = request.header("Idempotency-Key", key);
        }
        if !call.anonymous {
            request = request.bearer_auth(self.endpoint.token.expose());
        }
        Ok(request)
    }

    fn url(&self, path: &str) -> Result<Url, ClientError> {
        let mut base = self.endpoint.url.clone();
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        base.join(path).map_err(|error| {
            ClientError::new(Code::MALFORMED, format!("`{path}` is no path of a platform")).because(error)
        })
    }

    async fn attempt(&self, request: reqwest::RequestBuilder, answer_bytes_max: u64) -> Attempt {
        match request.send().await {
            Ok(response) => self.read(response, answer_bytes_max).await,
            Err(error) => {
                let nobody_there = error.is_connect();
                Attempt::Broken { error: self.unreachable(error), nobody_there }
            }
        }
    }

    async fn read(&self, response: Response, bytes_max: u64) -> Attempt {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = match bounded(response, bytes_max).await {
            Ok(Some(body)) => body,
            Ok(None) => return Attempt::Broken { error: too_long(bytes_max), nobody_there: false },
            Err(error) => return Attempt::Broken { error: self.unreachable(error), nobody_there: false },
        };
        if self.proven().is_some() {
            self.set_proven(Some(Instant::now()));
        }
        if status.is_success() {
            return Attempt::Answered(body);
        }
        let retry_after = headers
            .get(header::RETRY_AFTER)
            .and_then(|value| retry::retry_after(value.to_str().ok()?, SystemTime::now()));
        Attempt::Refused { problem: problem(status, &headers, &body), retry_after }
    }

    fn proven(&self) -> Option<Instant> {
        *self.proven.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_proven(&self, at: Option<Instant>) {
        *self.proven.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    /// After a broken connection whoever answers next has to prove itself again.
    fn unreachable(&self, error: reqwest::Error) -> ClientError {
        self.set_proven(None);
        if self.endpoint.certificate.is_some() && is_about_certificate(&error) {
            return self.other_certificate().because(error.without_url());
        }
        let mut cause: &dyn std::error::Error = &error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        let what = if error.is_timeout() { "did not answer in time".to_owned() } else { cause.to_string() };
        let hint = if self.endpoint.is_here() {
            "`backend-im platform status` says whether it runs; `backend-im doctor` looks for the cause"
        } else {
            "check the network and the platform's URL"
        };
        ClientError::new(
            Code::UNREACHABLE,
            format!("the platform at {} cannot be reached: {what}", self.endpoint.authority()),
        )
        .hint(hint)
        .retryable()
        .because(error.without_url())
    }

    fn other_certificate(&self) -> ClientError {
        ClientError::new(
            Code::IMPOSTOR,
            format!(
                "what answers on {} shows another certificate than this home's platform has, so the token was not sent",
                self.endpoint.authority()
            ),
        )
        .hint("see what listens on that port; `backend-im platform status` says where the platform should be")
    }

    fn impostor(&self) -> ClientError {
        ClientError::new(
            Code::IMPOSTOR,
            format!(
                "what answers on {} does not know this home's token, so the token was not sent",
                self.endpoint.authority()
            ),
        )
        .hint("see what listens on that port; `backend-im platform status` says where the platform should be")
    }
}

/// How connections to the endpoint come up: what stays on this machine never goes through a proxy.
fn connecting(builder: reqwest::ClientBuilder, endpoint: &Endpoint) -> reqwest::ClientBuilder {
    let names_itself = endpoint.certificate.is_none() && endpoint.url.scheme() == "https";
    match (endpoint.is_here(), names_itself) {
        (true, false) => on_this_machine(builder, endpoint.certificate.clone()),
        (true, true) => elsewhere(builder).no_proxy(),
        (false, _) => elsewhere(builder),
    }
}

/// Has no use for the system's certificates, which take long to load: there is no TLS, or one known certificate.
fn on_this_machine(
    builder: reqwest::ClientBuilder,
    certificate: Option<CertificateHash>,
) -> reqwest::ClientBuilder {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("the provider knows today's protocol versions");
    let tls = match certificate {
        Some(certificate) => tls
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Pinned::new(certificate, provider)))
            .with_no_client_auth(),
        None => tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth(),
    };
    builder.tls_backend_preconfigured(tls).no_proxy()
}

/// Elsewhere the system's proxies and certificates hold.
fn elsewhere(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    // Whoever installed one before us has decided for the whole process.
    drop(rustls::crypto::ring::default_provider().install_default());
    builder.tls_backend_rustls()
}

/// Whether a connection did not come up because of the certificate that the other end showed.
fn is_about_certificate(error: &reqwest::Error) -> bool {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if matches!(cause.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        // The source of an I/O error is that of what it holds, not what it holds.
        let held = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = held.map_or_else(|| cause.source(), |held| Some(held));
    }
    false
}

async fn bounded(mut response: Response, bytes_max: u64) -> Result<Option<Bytes>, reqwest::Error> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        if (body.len() + chunk.len()) as u64 > bytes_max {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body.freeze()))
}

fn too_long(bytes_max: u64) -> ClientError {
    ClientError::unexpected(format!("the platform's answer is longer than {bytes_max} bytes"))
}

async fn accept(response: Response, key: &str) -> Result<Upgrade, ClientError> {
    let expected = handshake::derive_accept_key(key.as_bytes());
    let accepted = response.headers().get(header::SEC_WEBSOCKET_ACCEPT);
    if accepted.is_none_or(|value| value.as_bytes() != expected.as_bytes()) {
        return Ok(Upgrade::NotUnderstood);
    }
    Ok(response.upgrade().await.map_or(Upgrade::NotUnderstood, |socket| Upgrade::Socket(Box::new(socket))))
}

/// Refusals of an upgrade that polling would meet as well. Everything else may be a proxy that eats upgrades.
fn is_final_for_upgrades(problem: &Problem) -> bool {
    problem.code == Code::UNAUTHORIZED || problem.code == Code::FORBIDDEN
}

/// Problems that a repeated call may not meet.
fn is_worth_repeating(problem: &Problem) -> bool {
    problem.retryable || matches!(problem.status, 408 | 425 | 429 | 502..=504)
}

/// Says how long to wait where that is longer than we would.
fn patient(mut problem: Problem, retry_after: Option<Duration>, retry: Retry) -> Problem {
    if let Some(wait) = retry_after.filter(|wait| *wait > retry.asked_max) {
        let when = format!("try again in {} seconds", wait.as_secs());
        problem.hint = Some(problem.hint.map_or(when.clone(), |hint| format!("{hint}; {when}")));
    }
    problem
}

/// The problem in an answer, or the nearest one to an answer that states none.
fn problem(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Problem {
    if let Ok(problem) = serde_json::from_slice::<Problem>(body) {
        return Problem { status: status.as_u16(), ..problem };
    }
    let title = status.canonical_reason().unwrap_or("unknown status").to_owned();
    let (code, hint) = match status.as_u16() {
        401 => (Code::UNAUTHORIZED, "check the token"),
        403 => (Code::FORBIDDEN, "check the URL and the token"),
        404 => (Code::NOT_FOUND, "check the platform's URL"),
        405 => (Code::METHOD_NOT_ALLOWED, "check the platform's URL and version"),
        413 => (Code::TOO_LARGE, "exclude what the app does not need with a .backendimignore file"),
        429 => (Code::RATE_LIMITED, "wait a little"),
        502..=504 => (Code::UNREACHABLE, "the platform behind this address is away; try again"),
        _ => (Code::other("unexpected_answer"), "check that the URL is a backend-im platform's"),
    };
    let location = headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    let detail = match location {
        Some(location) if status.is_redirection() => {
            format!("the platform's address only redirects, to {}", location.escape_debug())
        }
        _ => format!("the platform answered {} {title}", status.as_u16()),
    };
    let retryable = matches!(status.as_u16(), 408 | 425 | 429 | 502..=504);
    Problem {
        code,
        status: status.as_u16(),
        title,
        detail,
        hint: Some(hint.to_owned()),
        retryable,
        missing: Vec::new(),
        changed: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
