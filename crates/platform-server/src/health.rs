//! The probe: TCP first, then the health path, raced against the instance's own death.
//!
//! The only maker of [`Healthy`]. It takes nobody's word: it connects by itself, checks that the listening socket
//! belongs to the instance and not to whoever else took the port, and reads the answer.

use std::net::SocketAddr;
use std::time::Duration;

use build_plan::Seen;
use bytes::Bytes;
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use platform_api::{Code, Failure, InstanceId};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::engine::{Engine, Exit};

/// How often an instance that does not listen yet is looked for.
const POLL: Duration = Duration::from_millis(25);
/// How often one that listens but is not well is asked again at the longest: each time costs it an answer.
const ASK_AGAIN_MAX: Duration = Duration::from_millis(250);
/// How long one connection or one answer may take; less where the probe itself is over before.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(5);
/// How long an instance may listen elsewhere before that is its answer; frameworks open debug ports first.
const ELSEWHERE_GRACE: Duration = Duration::from_secs(4);
/// What is asked where the project names no health path of its own.
const USUAL_PATHS: [&str; 4] = ["/healthz", "/up", "/health", "/"];

/// Proof that an instance answered its probe. Only [`probe`] makes one, and only a `Healthy` can be routed to.
#[derive(Debug)]
pub(crate) struct Healthy {
    instance: InstanceId,
    address: SocketAddr,
}

impl Healthy {
    /// Which instance.
    pub(crate) fn instance(&self) -> InstanceId {
        self.instance
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    #[cfg(test)]
    pub(crate) fn for_test(instance: InstanceId, address: SocketAddr) -> Self {
        Self { instance, address }
    }
}

/// What is probed, how, and for how long.
#[derive(Debug, Clone)]
pub(crate) struct Probe {
    pub(crate) instance: InstanceId,
    pub(crate) address: SocketAddr,
    /// A path of the project's own must answer 2xx; the usual ones need only answer below 500.
    pub(crate) path: Option<String>,
    pub(crate) limit: Duration,
}

/// Why an instance is not healthy.
#[derive(Debug)]
pub(crate) enum Unhealthy {
    /// Its process ended.
    Exited(Exit),
    /// It is still there and did not do what was asked of it.
    Unwell { failure: Failure, seen: Seen },
    /// It could not be looked at.
    Failed(Failure),
}

/// What the last attempt met.
enum Attempt {
    Answered,
    Refused,
    Foreign,
    Silent,
    Status { path: String, status: u16 },
}

impl Attempt {
    /// This one, unless the one before came further: the end of the probe cuts the last attempt short.
    fn or_further(self, before: Self) -> Self {
        let reached = |attempt: &Self| match attempt {
            Self::Refused | Self::Foreign => 0,
            Self::Silent => 1,
            Self::Status { .. } => 2,
            Self::Answered => 3,
        };
        if reached(&before) > reached(&self) { before } else { self }
    }
}

/// How long to wait for the next attempt: no longer than a moment for an instance that starts, ever longer for one that
/// answers that it is not well.
struct Pace(Duration);

impl Pace {
    fn after(&mut self, attempt: &Attempt) -> Duration {
        match attempt {
            Attempt::Answered | Attempt::Refused | Attempt::Foreign => POLL,
            Attempt::Silent | Attempt::Status { .. } => {
                let wait = self.0;
                self.0 = (wait * 2).min(ASK_AGAIN_MAX);
                wait
            }
        }
    }
}

/// Probes an instance until it is healthy, dead or out of time.
///
/// # Errors
/// [`Unhealthy`] says which of the two it was, and why.
///
/// # Cancel safety
/// Safe to drop; the instance is left as it is.
pub(crate) async fn probe<E: Engine>(engine: &E, probe: &Probe) -> Result<Healthy, Unhealthy> {
    tokio::select! {
        biased;
        exit = engine.exited(probe.instance) => Err(Unhealthy::Exited(exit)),
        outcome = ask_until_answered(engine, probe) => outcome,
    }
}

async fn ask_until_answered<E: Engine>(engine: &E, probe: &Probe) -> Result<Healthy, Unhealthy> {
    let deadline = Instant::now() + probe.limit;
    let mut elsewhere_since = None;
    let mut last = Attempt::Refused;
    let mut pace = Pace(POLL);
    loop {
        let attempt = attempt(engine, probe, deadline).await;
        let now = Instant::now();
        match attempt {
            Attempt::Answered => return Ok(Healthy { instance: probe.instance, address: probe.address }),
            // Seen once it may have been the instance's own, which died before it was asked for its sockets.
            Attempt::Foreign if matches!(last, Attempt::Foreign) => {
                return Err(Unhealthy::Failed(foreign(probe)));
            }
            Attempt::Foreign => {}
            Attempt::Refused => {
                if let Some(unwell) = listens_elsewhere(engine, probe) {
                    let since = *elsewhere_since.get_or_insert(now);
                    if now - since >= ELSEWHERE_GRACE || now >= deadline {
                        return Err(unwell);
                    }
                }
            }
            Attempt::Silent | Attempt::Status { .. } => elsewhere_since = None,
        }
        if now >= deadline {
            return Err(out_of_time(probe, &attempt.or_further(last)));
        }
        let wait = pace.after(&attempt);
        last = attempt;
        sleep_until(deadline.min(now + wait)).await;
    }
}

async fn attempt<E: Engine>(engine: &E, probe: &Probe, deadline: Instant) -> Attempt {
    let limit = || deadline.min(Instant::now() + ATTEMPT_LIMIT);
    let Ok(Ok(_)) = timeout_at(limit(), TcpStream::connect(probe.address)).await else {
        return Attempt::Refused;
    };
    if !listens_there(&engine.listening(probe.instance), probe) {
        return Attempt::Foreign;
    }
    let paths: Vec<&str> = match &probe.path {
        Some(path) => vec![path],
        None => USUAL_PATHS.to_vec(),
    };
    let mut last = Attempt::Silent;
    for path in paths {
        match timeout_at(limit(), ask(probe.address, path)).await {
            Ok(Ok(status)) if is_well(status, probe) => return Attempt::Answered,
            Ok(Ok(status)) => last = Attempt::Status { path: path.to_owned(), status },
            Ok(Err(_)) | Err(_) => return last,
        }
    }
    last
}

fn is_well(status: u16, probe: &Probe) -> bool {
    match probe.path {
        Some(_) => (200..300).contains(&status),
        None => status < 500,
    }
}

async fn ask(address: SocketAddr, path: &str) -> Result<u16, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let request = http::Request::get(path)
        .header(http::header::HOST, address.to_string())
        .header(http::header::USER_AGENT, "backend-im-probe")
        .header(http::header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())?;
    let mut connection = std::pin::pin!(connection);
    let mut response = std::pin::pin!(sender.send_request(request));
    let mut is_open = true;
    loop {
        tokio::select! {
            biased;
            response = &mut response => return Ok(response?.status().as_u16()),
            // An app may close right behind its answer: the answer is then still on its way here.
            closed = &mut connection, if is_open => {
                closed?;
                is_open = false;
            }
        }
    }
}

fn foreign(probe: &Probe) -> Failure {
    let port = probe.address.port();
    Failure::new(
        Code::PORT_TAKEN,
        format!("port {port} was taken by another program before the app could listen on it"),
    )
    .hint("Deploy again: the next start gets another port.")
    .retryable()
}

/// Whether one of these sockets is the one that the instance was told to open.
fn listens_there(listening: &[SocketAddr], probe: &Probe) -> bool {
    let wanted = probe.address;
    let is_wanted = |address: &SocketAddr| {
        address.port() == wanted.port() && (address.ip() == wanted.ip() || address.ip().is_unspecified())
    };
    listening.iter().any(is_wanted)
}

/// The answer for an instance that listens, but not where it was told to.
fn listens_elsewhere<E: Engine>(engine: &E, probe: &Probe) -> Option<Unhealthy> {
    let listening = engine.listening(probe.instance);
    if listens_there(&listening, probe) {
        return None;
    }
    let wanted = probe.address;
    let on_port = |address: &&SocketAddr| address.port() == wanted.port();
    if let Some(address) = listening.iter().find(on_port) {
        let message =
            format!("the app listens on {address}, but it was told to listen on {wanted} ($HOST:$PORT)");
        let failure = Failure::new(Code::WRONG_ADDRESS, message)
            .hint("Bind the address in $HOST (or 0.0.0.0) together with the port in $PORT.");
        return Some(Unhealthy::Unwell { failure, seen: Seen::OtherAddress(address.to_string()) });
    }
    let address = listening.first()?;
    let message =
        format!("the app listens on {address}, but it was told to listen on {wanted} ($HOST:$PORT)");
    let hint = format!(
        "Read the port from the PORT environment variable instead of using {} always.",
        address.port()
    );
    let failure = Failure::new(Code::WRONG_PORT, message).hint(hint);
    Some(Unhealthy::Unwell { failure, seen: Seen::OtherPort(address.to_string()) })
}

fn out_of_time(probe: &Probe, last: &Attempt) -> Unhealthy {
    let seconds = probe.limit.as_secs();
    let address = probe.address;
    let (failure, seen) = match last {
        Attempt::Status { path, status } => (
            Failure::new(
                Code::UNHEALTHY,
                format!("GET {path} on the new version answered {status} for {seconds} s"),
            )
            .hint("Look at the app's own output (logs), mend what makes it answer an error, and deploy again."),
            Seen::Status { path: path.clone(), status: *status },
        ),
        Attempt::Silent => (
            Failure::new(
                Code::NEVER_ANSWERED,
                format!("the app accepts connections on {address}, but answered no HTTP request within {seconds} s"),
            )
            .hint("Something blocks the app at start: look at its output, and do slow work in the background."),
            Seen::Silence,
        ),
        Attempt::Refused | Attempt::Foreign | Attempt::Answered => (
            Failure::new(
                Code::NEVER_LISTENED,
                format!("the app runs, but listened on no port within {seconds} s; it was told {address} ($HOST:$PORT)"),
            )
            .hint("Start an HTTP server on $HOST:$PORT; if the app does slow work first, start listening before it."),
            Seen::Nothing,
        ),
    };
    Unhealthy::Unwell { failure, seen }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_instance_that_answers_is_asked_less_and_less_often() {
        let ill = Attempt::Status { path: "/".to_owned(), status: 503 };
        let mut pace = Pace(POLL);
        let mut waits = |attempt: &Attempt| pace.after(attempt).as_millis();
        assert_eq!([(); 3].map(|()| waits(&Attempt::Refused)), [25; 3]);
        assert_eq!([(); 6].map(|()| waits(&ill)), [25, 50, 100, 200, 250, 250]);
        assert_eq!(waits(&Attempt::Silent), 250);
        assert_eq!(waits(&Attempt::Refused), 25, "it starts again");
    }
}
