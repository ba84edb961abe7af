//! From one version to the next without anybody noticing, and what else passes the gateway.

use std::io;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, Message};

use crate::harness::{Home, Project, Wire, eventually, get, host_of, is_alive, port_of, send, to};

/// How often the version changes under load.
const REDEPLOYS: u32 = 20;
/// How long a replaced app that ignores TERM may live on, in seconds: the grace, and time for a busy machine.
const STUBBORN_LIMIT_S: u64 = 25;

fn app(version: &str) -> Project {
    let files = [
        ("app.py", include_str!("switch/app.py")),
        ("Procfile", "web: python3 app.py\n"),
        ("version", version),
    ];
    Project::of("app", &files)
}

fn text<'a>(view: &'a Value, field: &str) -> &'a str {
    view[field].as_str().unwrap_or_else(|| panic!("no {field}: {view:#}"))
}

/// A file in the app's data folder, by which the app and its test say what happened.
fn sign(home: &Home, live: &Value, name: &str) -> PathBuf {
    home.path().join("projects").join(text(live, "projectId")).join("data").join(name)
}

fn show(sign: &Path) {
    std::fs::write(sign, "").expect("a file");
}

fn seen(sign: &Path) {
    eventually(&format!("{} is there", sign.display()), 20, || sign.exists().then_some(()));
}

/// Where clients of the load ask.
struct Load<'a> {
    port: u16,
    host: &'a str,
    ends: &'a AtomicBool,
}

/// What one client of the load saw.
#[derive(Debug, Default)]
struct Seen {
    requests: u64,
    failures: Vec<String>,
    versions: Vec<u32>,
}

impl Load<'_> {
    /// Asks one request after the other on one connection.
    fn run(&self, request: fn(&mut Wire, &str, u64) -> io::Result<Option<u32>>) -> Seen {
        let mut seen = Seen::default();
        let mut wire = None;
        while !self.ends.load(Ordering::Relaxed) {
            let answer = match &mut wire {
                Some(wire) => request(wire, self.host, seen.requests),
                None => Wire::connect(self.port)
                    .and_then(|connected| request(wire.insert(connected), self.host, seen.requests)),
            };
            seen.requests += 1;
            match answer {
                Ok(version) => seen.versions.extend(version),
                Err(error) => {
                    seen.failures.push(error.to_string());
                    wire = None;
                }
            }
            // Steady, not as fast as it goes: this measures loss, not speed.
            std::thread::park_timeout(Duration::from_millis(2));
        }
        seen
    }
}

fn asks(wire: &mut Wire, host: &str, _: u64) -> io::Result<Option<u32>> {
    match wire.exchange("GET /", host, "")? {
        (200, version) => version.parse().map(Some).map_err(io::Error::other),
        other => Err(io::Error::other(format!("{other:?}"))),
    }
}

fn sends(wire: &mut Wire, host: &str, number: u64) -> io::Result<Option<u32>> {
    let body = format!("{number}-").repeat(100);
    match wire.exchange("POST /", host, &body)? {
        (200, echo) if echo == body => Ok(None),
        other => Err(io::Error::other(format!("{other:?}"))),
    }
}

#[test]
fn twenty_redeploys_under_steady_load_lose_no_request() {
    let (home, project) = (Home::new(), app("0"));
    let live = home.deploy(&project.arg());
    let ends = AtomicBool::new(false);
    let [direct, shared] = ["directUrl", "url"].map(|field| {
        let url = text(&live, field);
        Load { port: port_of(url), host: host_of(url), ends: &ends }
    });
    let (receipts, clients) = std::thread::scope(|scope| {
        let mut clients = Vec::new();
        for load in [&direct, &shared] {
            clients.extend([asks, asks, sends].map(|request| scope.spawn(move || load.run(request))));
        }
        // Also when a deploy fails, or the scope would wait for ever.
        let receipts = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            (1..=REDEPLOYS).map(|n| redeploy(&home, &project, n)).collect::<Vec<_>>()
        }));
        ends.store(true, Ordering::Relaxed);
        let clients: Vec<Seen> = clients.into_iter().map(|client| client.join().expect("a client")).collect();
        (receipts.expect("every deploy goes live"), clients)
    });

    for client in &clients {
        assert!(client.failures.is_empty(), "of {} requests failed: {:#?}", client.requests, client.failures);
        assert!(client.versions.is_sorted(), "nobody is sent back to an old version: {:?}", client.versions);
        assert!(client.requests > u64::from(REDEPLOYS), "the load was steady: {}", client.requests);
    }
    for receipt in &receipts {
        assert_eq!(receipt["failed"], 0, "{receipts:#?}");
    }
    let requests: u64 = receipts.iter().filter_map(|receipt| receipt["requests"].as_u64()).sum();
    assert!(requests > 0, "the receipts saw the load: {receipts:#?}");
}

fn redeploy(home: &Home, project: &Project, version: u32) -> Value {
    project.write("version", &version.to_string());
    home.deploy(&project.arg())["receipt"].clone()
}

#[test]
fn a_request_in_flight_ends_on_the_version_that_took_it() {
    let (home, project) = (Home::new(), app("old"));
    let live = home.deploy(&project.arg());
    let direct = text(&live, "directUrl").to_owned();
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| get(&format!("{direct}/slow")).text);
        seen(&sign(&home, &live, "slow-began"));
        project.write("version", "new");
        let deploy = scope.spawn(|| home.deploy(&project.arg()));
        eventually("new requests go to the new version", 30, || (get(&direct).text == "new").then_some(()));
        assert!(!slow.is_finished(), "the old request goes on");
        show(&sign(&home, &live, "slow-may-end"));
        assert_eq!(slow.join().expect("an answer"), "old");
        let receipt = deploy.join().expect("it goes live")["receipt"].clone();
        // The slow one, and at most the one that asked which version serves.
        assert!(matches!(receipt["inFlight"].as_u64(), Some(1 | 2)), "{receipt:#}");
        assert_eq!(receipt["failed"], 0, "{receipt:#}");
        assert!(receipt["requests"].as_u64() >= Some(1), "{receipt:#}");
    });
}

/// A stream of the app's that has begun and goes on when the test says so.
fn stream(live: &Value) -> Wire {
    let direct = text(live, "directUrl");
    let mut down = Wire::connect(port_of(direct)).expect("a connection");
    down.send(format!("GET /stream HTTP/1.1\r\nHost: {}\r\n\r\n", host_of(direct)).as_bytes()).expect("sent");
    assert_eq!(down.head().expect("an answer").status, 200);
    assert_eq!(
        down.piece().expect("a piece").as_deref(),
        Some(&b"first"[..]),
        "before the answer is complete"
    );
    down
}

#[test]
fn a_deploy_waits_for_no_stream_and_the_old_version_goes_on_with_it() {
    let (home, project) = (Home::new(), app("old"));
    let live = home.deploy(&project.arg());
    let mut open = stream(&live);
    project.write("version", "new");
    let receipt = home.deploy(&project.arg())["receipt"].clone();
    assert_eq!((&receipt["open"], &receipt["failed"]), (&json!(1), &json!(0)), "{receipt:#}");
    assert_eq!(get(text(&live, "directUrl")).text, "new");
    assert_eq!(home.processes_with("app.py").len(), 2, "the old version runs beside the new one");
    show(&sign(&home, &live, "stream-may-go-on"));
    assert_eq!(open.piece().expect("a piece").as_deref(), Some(&b"second"[..]));
    assert_eq!(open.piece().expect("the end"), None);
    eventually("the old version has gone", 15, || (home.processes_with("app.py").len() == 1).then_some(()));
}

#[test]
fn deleting_a_project_cuts_the_streams_of_versions_that_are_on_their_way_out() {
    let (home, project) = (Home::new(), app("old"));
    let _open = stream(&home.deploy(&project.arg()));
    project.write("version", "new");
    let live = home.deploy(&project.arg());
    assert_eq!(home.processes_with("app.py").len(), 2);
    let id = text(&live, "projectId");
    assert_eq!(home.api().delete(&format!("/api/projects/{id}")).status, 200);
    assert!(home.processes_with("app.py").is_empty(), "nothing of it runs when that is answered");
}

#[test]
fn an_old_version_that_ignores_term_is_killed_and_nobody_waits_for_it() {
    let (home, project) = (Home::new(), app("stubborn"));
    let live = home.deploy(&project.arg());
    let old = home.processes_with("app.py");
    assert_eq!(old.len(), 1, "{old:?}");
    project.write("version", "new");
    let before = Instant::now();
    home.deploy(&project.arg());
    assert!(before.elapsed() < Duration::from_secs(8), "the deploy does not wait for the grace");
    assert!(is_alive(old[0]), "it was asked, and has its grace");
    assert_eq!(get(text(&live, "directUrl")).text, "new");
    eventually("the old version is gone", STUBBORN_LIMIT_S, || (!is_alive(old[0])).then_some(()));
    assert_eq!(home.processes_with("app.py").len(), 1);
}

#[test]
fn bodies_stream_in_both_directions() {
    let (home, project) = (Home::new(), app("one"));
    let live = home.deploy(&project.arg());
    let direct = text(&live, "directUrl");
    let (port, host) = (port_of(direct), host_of(direct));

    let mut down = stream(&live);
    show(&sign(&home, &live, "stream-may-go-on"));
    assert_eq!(down.piece().expect("a piece").as_deref(), Some(&b"second"[..]));
    assert_eq!(down.piece().expect("the end"), None);

    let mut up = Wire::connect(port).expect("a connection");
    let head = format!("POST / HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n");
    up.send(format!("{head}5\r\nfirst\r\n").as_bytes()).expect("sent");
    seen(&sign(&home, &live, "piece-came"));
    up.send(b"6\r\nsecond\r\n0\r\n\r\n").expect("sent");
    let head = up.head().expect("an answer");
    assert_eq!(up.body(&head).expect("a body"), b"firstsecond");

    let large = "0123456789abcdef".repeat(1 << 20);
    let echo = send(to("POST", direct).body(large.clone())).expect("an answer");
    assert!(echo.status == 200 && echo.text == large, "16 MiB go there and come back");
}

#[test]
fn a_websocket_passes_and_ends_with_its_version() {
    let (home, project) = (Home::new(), app("old"));
    let live = home.deploy(&project.arg());
    let mut sockets = ["directUrl", "url"].map(|field| websocket(text(&live, field)));
    for socket in &mut sockets {
        assert_eq!(said_to(socket, "hello"), "old: hello");
        let long = "long ".repeat(2_000);
        assert_eq!(said_to(socket, &long), format!("old: {long}"));
    }
    project.write("version", "new");
    let receipt = home.deploy(&project.arg())["receipt"].clone();
    assert_eq!(receipt["failed"], 0, "a WebSocket is no request in flight: {receipt:#}");
    for socket in &mut sockets {
        assert!(socket.read().is_err(), "the old version's connections end with it");
    }
    assert_eq!(said_to(&mut websocket(text(&live, "url")), "hello"), "new: hello");
}

type Socket = tungstenite::WebSocket<TcpStream>;

fn websocket(url: &str) -> Socket {
    let stream = TcpStream::connect(("127.0.0.1", port_of(url))).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
    let (socket, answer) =
        tungstenite::client(format!("ws://{}/ws", host_of(url)), stream).expect("an upgrade");
    assert_eq!(answer.status(), 101);
    socket
}

fn said_to(socket: &mut Socket, words: &str) -> String {
    socket.send(Message::text(words)).expect("sent");
    socket.read().expect("an answer").into_text().expect("text").to_string()
}

/// Asks the port of `url` as a client that means `host`.
fn ask(url: &str, host: &str) -> (u16, String) {
    Wire::connect(port_of(url)).and_then(|mut wire| wire.exchange("GET /", host, "")).expect("an answer")
}

#[test]
fn each_address_answers_under_its_own_names_only() {
    let (home, project) = (Home::new(), app("one"));
    let first = home.deploy(&project.arg());
    project.write("version", "two");
    let second = home.deploy(&project.arg());
    let (url, direct) = (text(&second, "url"), text(&second, "directUrl"));
    let is = |body: &str| (200, body.to_owned());
    assert_eq!(ask(url, host_of(url)), is("two"));
    assert_eq!(ask(url, &host_of(url).to_uppercase()), is("two"));
    assert_eq!(ask(direct, host_of(direct)), is("two"));
    assert_eq!(ask(direct, &format!("localhost:{}", port_of(direct))), is("two"));
    assert_eq!(ask(url, host_of(text(&second, "previewUrl"))), is("two"));

    assert_eq!(
        ask(url, host_of(text(&first, "previewUrl"))),
        is("one"),
        "a kept release answers under its own name"
    );

    let port = port_of(url);
    for foreign in ["evil.example", "127.0.0.1", "app.localhost.evil.example", "a.b.c.localhost"] {
        let (status, page) = ask(url, &format!("{foreign}:{port}"));
        assert_eq!(status, 421, "{foreign}: {page}");
    }
    assert_eq!(ask(direct, &format!("evil.example:{}", port_of(direct))).0, 421);
    assert_eq!(ask(direct, host_of(url)).0, 421, "a project's own port has its own names");
    let (status, page) = ask(url, &format!("nobody-nothing.localhost:{port}"));
    assert!(status == 503 && page.contains("nobody-nothing") && page.contains("hint: "), "{status} {page}");

    home.run(&["rollback", "app"]).ok();
    assert_eq!(ask(url, host_of(url)), is("one"));
    assert_eq!(ask(url, host_of(text(&first, "previewUrl"))), is("one"));
    assert_eq!(ask(url, host_of(text(&second, "previewUrl"))), is("two"), "a rollback takes no release away");
    let never = host_of(text(&second, "previewUrl")).replace(text(&second, "commitHash"), "0123456789ab");
    let (status, page) = ask(url, &never);
    assert!(status == 410 && page.contains("0123456789ab") && page.contains("hint: "), "{status} {page}");
    home.run(&["delete", "app", "--confirm", "app"]).ok();
    assert_eq!(ask(url, host_of(url)).0, 503);
    Wire::connect(port_of(direct)).expect_err("a deleted project's own port is closed");
}

#[test]
fn an_app_learns_from_the_gateway_alone_where_a_request_came_from() {
    let (home, project) = (Home::new(), app("one"));
    let live = home.deploy(&project.arg());
    let direct = text(&live, "directUrl");
    let lies = to("GET", &format!("{direct}/headers"))
        .header("X-Forwarded-For", "8.8.8.8")
        .header("X-Forwarded-Proto", "https")
        .header("X-Real-IP", "8.8.8.8")
        .header("X-Mine", "stays");
    let headers = send(lies).expect("an answer").json();
    assert_eq!(headers["host"], host_of(direct), "{headers:#}");
    assert_eq!(headers["x-forwarded-host"], host_of(direct));
    assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
    assert_eq!(headers["x-forwarded-proto"], "http");
    assert_eq!(headers["x-mine"], "stays");
    assert!(headers["x-real-ip"].is_null(), "{headers:#}");

    let broken = send(to("GET", &format!("{direct}/hang-up"))).expect("an answer");
    assert_eq!(broken.status, 502, "{broken:?}");
    assert!(broken.text.contains("backend-im logs"), "{broken:?}");
    assert_eq!(get(direct).text, "one", "one broken answer takes nothing else along");
}
