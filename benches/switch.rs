//! 100 redeploys while clients with open connections go on asking: how many requests fail? Any answer but a 200 of one of
//! the versions, and any connection that breaks under a request, is a failure.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::home::Home;
use crate::http::Connection;
use crate::project::Project;
use crate::report::{Goal, Report, Row};
use crate::statistics::{Sample, time_ms};

const REDEPLOYS: usize = 100;
const CLIENTS: usize = 4;
/// How often each client asks.
const EVERY: Duration = Duration::from_millis(10);

/// Nothing to install: what is measured is the switch.
const SERVER: &str = r#"import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b"version NUMBER"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass

ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"#;

/// What a client met.
#[derive(Default)]
struct Met {
    requests: u32,
    failures: Vec<String>,
}

pub(crate) fn measure(report: &mut Report) {
    let (home, project) = (Home::started(), Project::empty("switched"));
    project.write("Procfile", "web: python3 server.py\n");
    let redeploy = |number: usize| {
        project.write("server.py", &SERVER.replace("NUMBER", &number.to_string()));
        home.deploy(&project.path())
    };
    let address = redeploy(0)["directUrl"].as_str().expect("an address").to_owned();
    let done = AtomicBool::new(false);
    let (took, met) = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(|| ask_until(&address, &done))).collect();
        let took: Vec<f64> = (1..=REDEPLOYS).map(|number| time_ms(|| drop(redeploy(number)))).collect();
        done.store(true, Ordering::Relaxed);
        (took, clients.into_iter().map(|client| client.join().expect("it ends")).collect::<Vec<Met>>())
    });
    let requests: u32 = met.iter().map(|met| met.requests).sum();
    let failures: Vec<&String> = met.iter().flat_map(|met| &met.failures).collect();
    for failure in failures.iter().take(10) {
        report.note(&format!("a failed request: {failure}"));
    }
    report.row(Row {
        what: format!("{REDEPLOYS} redeploys under load ({requests} requests): failed requests"),
        unit: "",
        ours: Sample::single(f64::from(u32::try_from(failures.len()).expect("few"))),
        peer: None,
        goal: Goal::Max(0.0),
    });
    report.row(Row {
        what: "one of them, start to end".to_owned(),
        unit: "ms",
        ours: Sample::new(took),
        peer: None,
        goal: Goal::Told,
    });
}

/// Asks steadily over one connection.
fn ask_until(address: &str, done: &AtomicBool) -> Met {
    let (mut connection, mut met) = (Connection::to(address), Met::default());
    let mut next = Instant::now();
    while !done.load(Ordering::Relaxed) {
        met.requests += 1;
        match connection.get("/") {
            Ok((200, body)) if body.starts_with(b"version ") => {}
            Ok((status, body)) => {
                met.failures
                    .push(format!("{status} {}", String::from_utf8_lossy(&body[..body.len().min(80)])));
            }
            Err(error) => met.failures.push(error.to_string()),
        }
        next = (next + EVERY).max(Instant::now());
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    met
}
