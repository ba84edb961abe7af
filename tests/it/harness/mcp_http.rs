//! An agent at the other end of `backend-im mcp --http`, and HTTP as it goes over the wire.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use serde_json::{Value, json};

use super::Home;
use super::wait::eventually;
use super::wire::{Head, Wire, port_of};

/// What every message of a client says it takes and brings.
const KINDS: [(&str, &str); 2] =
    [("Accept", "application/json, text/event-stream"), ("Content-Type", "application/json")];

/// A running `backend-im mcp --http`.
pub(crate) struct McpHttp {
    child: Child,
    said: PathBuf,
    pub(crate) port: u16,
    /// The token that it wants; none with `--no-auth`.
    token: Option<String>,
}

impl McpHttp {
    /// Starts it in `root`, with more arguments.
    pub(crate) fn start(home: &Home, root: &Path, more: &[&str]) -> Self {
        let said = home.path().join("mcp-http.err");
        let mut command = home.program(&["mcp", "--http", "127.0.0.1:0"]);
        command.args(more).current_dir(root).stdout(Stdio::null());
        command.stderr(File::create(&said).expect("a file"));
        let mut child = command.spawn().expect("the program starts");
        let port = eventually("it says where it serves", 30, || {
            assert_eq!(child.try_wait().expect("a child"), None, "{}", read(&said));
            let text = read(&said);
            let url = text.strip_prefix("serving MCP at ")?.split("/mcp").next()?.to_owned();
            text.ends_with('\n').then(|| port_of(&url))
        });
        let token =
            std::fs::read_to_string(home.path().join("mcp-token")).ok().map(|token| token.trim().to_owned());
        Self { child, said, port, token }
    }

    /// What it said on stderr.
    pub(crate) fn said(&self) -> String {
        read(&self.said)
    }

    /// The address of the protocol.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/mcp", self.port)
    }

    /// What every request needs.
    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().expect("it wants a token")
    }

    /// Sends a request as it is, and reads the head of the answer.
    pub(crate) fn raw(&self, line: &str, headers: &[(&str, &str)], body: &str) -> io::Result<Exchange> {
        let mut wire = Wire::connect(self.port)?;
        let mut request = vec![format!("{line} HTTP/1.1")];
        request.extend(headers.iter().map(|(name, value)| format!("{name}: {value}")));
        if !body.is_empty() {
            request.push(format!("Content-Length: {}", body.len()));
        }
        wire.send(format!("{}\r\n\r\n{body}", request.join("\r\n")).as_bytes())?;
        let head = wire.head()?;
        Ok(Exchange { wire, head, text: String::new() })
    }

    /// Sends a request with Host, token and what every client says.
    pub(crate) fn send(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Exchange {
        let host = format!("127.0.0.1:{}", self.port);
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let mut all = vec![("Host", host.as_str())];
        all.extend(bearer.as_deref().map(|bearer| ("Authorization", bearer)));
        all.extend(KINDS);
        all.extend(headers);
        self.raw(line, &all, body).expect("an answer")
    }

    /// A request of 2026-07-28, which needs nothing before it.
    pub(crate) fn modern(&self, method: &str, mut params: Value) -> Exchange {
        let name = params["name"].as_str().map(str::to_owned);
        let client = json!({"name": "test", "version": "1"});
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": client,
            "progressToken": 1,
        });
        let mut headers = vec![("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", method)];
        headers.extend(name.as_deref().map(|name| ("Mcp-Name", name)));
        self.send("POST /mcp", &headers, &message(1, method, &params))
    }

    /// Calls a tool the modern way; it must succeed.
    #[track_caller]
    pub(crate) fn ok(&self, tool: &str, arguments: &Value) -> Value {
        let params = json!({"name": tool, "arguments": arguments});
        structured(&self.modern("tools/call", params).answer(1))
    }

    /// Opens a session the old way.
    pub(crate) fn session(&self) -> Session<'_> {
        let client = json!({"name": "test", "version": "1"});
        let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client});
        let mut opened = self.send("POST /mcp", &[], &message(0, "initialize", &hello));
        let id = opened.head.header("mcp-session-id").expect("a session").to_owned();
        assert_eq!(opened.answer(0)["result"]["protocolVersion"], "2025-11-25");
        let session = Session { server: self, id, next: 0 };
        let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string();
        assert_eq!(session.send("POST /mcp", &[], &initialized).head.status, 202);
        session
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        eventually("it has ended", 30, || self.child.try_wait().expect("a child"))
    }
}

impl Drop for McpHttp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            drop(self.child.kill());
            drop(self.child.wait());
            return;
        }
        // It is ended as a person would end it, unless it has ended already.
        if self.child.try_wait().expect("a child").is_none() {
            self.signal("TERM");
        }
        assert_eq!(self.wait().code(), Some(0), "{}", self.said());
    }
}

/// A session of a client that opened with `initialize`.
pub(crate) struct Session<'a> {
    server: &'a McpHttp,
    pub(crate) id: String,
    next: u64,
}

impl Session<'_> {
    /// Sends a request of this session.
    pub(crate) fn send(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Exchange {
        let mut all = vec![("Mcp-Session-Id", self.id.as_str()), ("MCP-Protocol-Version", "2025-11-25")];
        all.extend(headers);
        self.server.send(line, &all, body)
    }

    /// Begins a request; its id and what comes of it.
    pub(crate) fn begin(&mut self, method: &str, params: &Value) -> (u64, Exchange) {
        self.next += 1;
        (self.next, self.send("POST /mcp", &[], &message(self.next, method, params)))
    }

    /// Makes a request and answers its result.
    pub(crate) fn request(&mut self, method: &str, params: &Value) -> Value {
        let (id, mut exchange) = self.begin(method, params);
        exchange.answer(id)["result"].take()
    }

    /// Calls a tool; it must succeed.
    #[track_caller]
    pub(crate) fn ok(&mut self, tool: &str, arguments: &Value) -> Value {
        let (id, mut exchange) = self.begin("tools/call", &json!({"name": tool, "arguments": arguments}));
        structured(&exchange.answer(id))
    }
}

/// What came of a request so far.
pub(crate) struct Exchange {
    wire: Wire,
    pub(crate) head: Head,
    /// What was read of a stream and is no whole event yet.
    text: String,
}

impl Exchange {
    /// The whole body.
    pub(crate) fn body(&mut self) -> String {
        let body = self.wire.body(&self.head).expect("a body");
        String::from_utf8(body).expect("UTF-8")
    }

    /// The error that the body is.
    pub(crate) fn error(&mut self) -> Value {
        let mut body: Value = serde_json::from_str(&self.body()).expect("JSON");
        assert_eq!(body["jsonrpc"], "2.0");
        body["error"].take()
    }

    /// The next event of a stream as it came; `None` at its end.
    pub(crate) fn event(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                // What begins with a colon keeps the connection alive and says nothing.
                if !event.starts_with(':') {
                    return Some(event);
                }
                continue;
            }
            let piece = self.wire.piece().expect("a stream that ends well")?;
            self.text += &String::from_utf8(piece).expect("UTF-8");
        }
    }

    /// The next message of a stream.
    pub(crate) fn message(&mut self) -> Option<Value> {
        loop {
            let event = self.event()?;
            let data = event.lines().find_map(|line| line.strip_prefix("data:")).unwrap_or_default();
            if !data.trim().is_empty() {
                return Some(serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {event}")));
            }
        }
    }

    /// The response to request `id`, past all that comes before it.
    #[track_caller]
    pub(crate) fn answer(&mut self, id: u64) -> Value {
        assert_eq!(self.head.status, 200);
        loop {
            let message = self.message().expect("an answer before the stream ends");
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
        }
    }
}

/// A request as it goes over the wire.
pub(crate) fn message(id: u64, method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string()
}

#[track_caller]
fn structured(answer: &Value) -> Value {
    let result = &answer["result"];
    assert!(result.is_object() && result["isError"] != true, "{answer:#}");
    result["structuredContent"].clone()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
