//! Something that listens where a platform is expected. It writes down every byte that it is sent.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};

use crate::harness::{Home, eventually};

/// The token of homes whose platform is made up.
pub(crate) const TOKEN: &str = "5f1e0c0ffee05f1e0c0ffee05f1e0c0ffee05f1e0c0ffee05f1e0c0ffee05f1e";
/// What ends the peer's thread.
const END: &str = "the test is over";

/// What a request is answered with: a status and a JSON body.
pub(crate) type Answer = (u16, Value);

/// The listener, and the process that passes for the platform's.
pub(crate) struct Peer {
    pub(crate) port: u16,
    heard: Arc<Mutex<String>>,
    thread: Option<JoinHandle<()>>,
    process: Arc<Mutex<Child>>,
    announced: Option<PathBuf>,
}

/// One request, as far as a peer cares.
pub(crate) struct Asked<'a> {
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    host: &'a str,
    process: &'a Mutex<Child>,
}

impl Asked<'_> {
    /// The answer to a challenge by who knows the token.
    pub(crate) fn proof(&self) -> Answer {
        let nonce = self.query.strip_prefix("nonce=").expect("a nonce");
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(TOKEN.as_bytes()).expect("a key");
        mac.update(format!("backend-im challenge v1\n{}\n{nonce}", self.host).as_bytes());
        let answer = hex::encode(mac.finalize().into_bytes());
        (200, json!({"answer": answer}))
    }

    /// Ends the process that passes for the platform's.
    pub(crate) fn end_process(&self) {
        self.process.lock().expect("a process").kill().expect("it can be ended");
    }
}

impl Peer {
    /// Listens on `port`, 0 for any.
    pub(crate) fn listen(port: u16, answer: impl Fn(&Asked<'_>) -> Answer + Send + 'static) -> Self {
        // A connection of another test may use the number for a moment.
        let listener =
            eventually("the port is free", 30, || TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok());
        let port = listener.local_addr().expect("an address").port();
        let heard = Arc::new(Mutex::new(String::new()));
        let process = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().expect("sleep runs");
        let process = Arc::new(Mutex::new(process));
        let (writing, ending) = (Arc::clone(&heard), Arc::clone(&process));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let request = read_request(&mut stream);
                if request == END {
                    return;
                }
                writing.lock().expect("a text").push_str(&request);
                let (status, body) = answer(&asked(&request, &ending));
                drop(stream.write_all(response(status, &body).as_bytes()));
            }
        });
        Self { port, heard, thread: Some(thread), process, announced: None }
    }

    /// Makes `home` believe that its platform is here, and that the process lives.
    pub(crate) fn announce(&mut self, home: &Home) {
        self.announce_as(home, self.pid());
    }

    /// Makes `home` believe that its platform is here, as the process `pid`.
    pub(crate) fn announce_as(&mut self, home: &Home, pid: u32) {
        write_token(home.path());
        let path = home.path().join("platform.json");
        let file = json!({"pid": pid, "version": "0.0.0", "apiPort": self.port, "gatewayPort": 1});
        std::fs::write(&path, file.to_string()).expect("a file");
        self.announced = Some(path);
    }

    /// The process that passes for the platform's.
    pub(crate) fn pid(&self) -> u32 {
        self.process.lock().expect("a process").id()
    }

    /// Everything that it was sent.
    pub(crate) fn heard(&self) -> String {
        self.heard.lock().expect("a text").clone()
    }

    /// Fails the test if somebody gave it the token, or said nothing at all.
    #[track_caller]
    pub(crate) fn heard_no_token(&self, token: &str) {
        let heard = self.heard();
        assert!(heard.contains("GET /api/challenge?nonce="), "it was asked to prove itself: {heard}");
        assert!(!heard.contains(token) && !heard.to_lowercase().contains("authorization"), "{heard}");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) {
            drop(stream.write_all(END.as_bytes()));
        }
        drop(self.thread.take().map(JoinHandle::join));
        let mut process = self.process.lock().expect("a process");
        drop(process.kill());
        drop(process.wait());
        // What a real platform wrote since then stays.
        let Some(path) = &self.announced else { return };
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if text.contains(&format!("\"apiPort\":{},", self.port)) {
            drop(std::fs::remove_file(path));
        }
    }
}

/// A token that is its owner's alone.
fn write_token(home: &Path) {
    let mut options = std::fs::OpenOptions::new();
    let file = options.create(true).truncate(true).write(true).mode(0o600).open(home.join("token"));
    file.and_then(|mut file| file.write_all(TOKEN.as_bytes())).expect("a token");
}

/// The request up to the end of its head, and what of its body came along.
fn read_request(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(length) = stream.read(&mut chunk) {
        bytes.extend_from_slice(&chunk[..length]);
        if length == 0 || bytes.windows(4).any(|end| end == b"\r\n\r\n") {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn asked<'a>(request: &'a str, process: &'a Mutex<Child>) -> Asked<'a> {
    let target = request.split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let is_host = |line: &&str| line.to_ascii_lowercase().starts_with("host:");
    let host = request
        .lines()
        .find(is_host)
        .and_then(|line| line.split_once(':'))
        .map_or("", |(_, host)| host.trim());
    Asked { path, query, host, process }
}

fn response(status: u16, body: &Value) -> String {
    let body = body.to_string();
    format!(
        "HTTP/1.1 {status} Whatever\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
