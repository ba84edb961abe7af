//! Secrets reach the app that they are for, and nothing else: no log, no status, no database, no command line, no build.

mod commands;
mod leaks;
mod lives;
mod tool;

use std::io::Write as _;

use serde_json::Value;

use crate::harness::{Done, Home, Project, get};

/// Prints what it knows in every way it can, answers its environment as JSON, and says on request what it is told.
const LEAKY_SERVER: &str = r#"import base64, json, os, sys, urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/exit":
            os._exit(3)
        if self.path.startswith("/say/"):
            print("saying", self.path[5:], flush=True)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(dict(os.environ)).encode())

    def log_message(self, format, *args):
        pass

secret = os.environ.get("DB_PASSWORD", "")
print("plain", secret, flush=True)
for shift in range(3):
    text = ("x" * shift + secret + "after").encode()
    print("base64", base64.b64encode(text).decode(), base64.urlsafe_b64encode(text).decode(), flush=True)
print("url", urllib.parse.quote(secret), urllib.parse.quote_plus(secret), flush=True)
print("json", json.dumps({"password": secret}), flush=True)
for character in secret:
    sys.stderr.write(character)
    sys.stderr.flush()
print("long", "x" * 65530 + secret + "y" * 70000, flush=True)
print("environment:", json.dumps(dict(os.environ)), flush=True)
if os.environ.get("BREAK"):
    raise RuntimeError("could not connect with " + secret)
HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"#;

/// Part of every value that must not get anywhere, with characters that encodings change.
const CANARY: &str = "canary+7f3e91/ä b&c";

fn leaky(config: &str) -> Project {
    Project::of("vault", &[("server.py", LEAKY_SERVER), ("backend-im.yml", config)])
}

/// Runs the program with something on stdin.
fn with_stdin(home: &Home, args: &[&str], stdin: &str) -> Done {
    let mut child = home.spawn(args);
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(stdin.as_bytes()).expect("the program reads");
    drop(pipe);
    Done::of(child.wait_with_output().expect("it ends"))
}

#[track_caller]
fn set(home: &Home, name: &str, value: &str) {
    let done = with_stdin(home, &["secret", "set", name, "--project", "vault"], value).ok();
    assert!(done.stderr.contains("next deploy"), "{done:#?}");
    assert_eq!(done.stdout, "");
}

fn environment(live: &Value) -> Value {
    get(text(live, "directUrl")).json()
}

#[track_caller]
fn text<'a>(view: &'a Value, field: &str) -> &'a str {
    view[field].as_str().unwrap_or_else(|| panic!("no {field}: {view:#}"))
}
