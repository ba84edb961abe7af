//! An agent at the other end of `backend-im mcp`: JSON-RPC lines over its pipes.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::Home;

/// A running `backend-im mcp` that has been greeted.
pub(crate) struct Mcp {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    next_id: u64,
    /// What came besides answers, in order.
    pub(crate) notifications: Vec<Value>,
    /// Every line that it wrote, as it came.
    pub(crate) transcript: String,
}

impl Mcp {
    /// Starts it in `root` and greets it the old way, with `initialize`.
    pub(crate) fn start(home: &Home, root: &Path) -> Self {
        Self::silent(home, root).greeted()
    }

    /// Starts what a client was told to start, and greets it.
    pub(crate) fn over(command: Command) -> Self {
        Self::spawn(command).greeted()
    }

    fn greeted(mut self) -> Self {
        let client = json!({"name": "test", "version": "1"});
        self.request(
            "initialize",
            &json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}),
        );
        self.line(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        self
    }

    /// Starts it in `root` and says nothing yet.
    pub(crate) fn silent(home: &Home, root: &Path) -> Self {
        Self::with(home, root, &[])
    }

    /// The same with more arguments.
    pub(crate) fn with(home: &Home, root: &Path, arguments: &[&str]) -> Self {
        let mut command = home.program(&[&["mcp"], arguments].concat());
        command.current_dir(root);
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().expect("the program starts");
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, stdin, stdout, next_id: 0, notifications: Vec::new(), transcript: String::new() }
    }

    /// Writes one message.
    pub(crate) fn line(&mut self, message: &Value) {
        self.raw(&message.to_string());
    }

    /// Writes one line as it is.
    pub(crate) fn raw(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("not closed");
        writeln!(stdin, "{line}").and_then(|()| stdin.flush()).expect("the server reads");
    }

    /// Reads the next message; every line must be JSON-RPC.
    pub(crate) fn next(&mut self) -> Value {
        let mut line = String::new();
        assert!(
            self.stdout.read_line(&mut line).expect("a readable pipe") > 0,
            "the server closed its output"
        );
        self.transcript.push_str(&line);
        let message: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(message["jsonrpc"], "2.0", "{line}");
        message
    }

    /// Sends a request and answers its result; what comes before it is kept in `notifications`.
    pub(crate) fn request(&mut self, method: &str, params: &Value) -> Value {
        let answer = self.exchange(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Sends a request and answers the whole response.
    pub(crate) fn exchange(&mut self, method: &str, params: &Value) -> Value {
        self.next_id += 1;
        let id = self.next_id;
        self.line(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        loop {
            let message = self.next();
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
            self.notifications.push(message);
        }
    }

    /// Calls a tool with a progress token and answers its result.
    pub(crate) fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        let token = self.next_id + 1;
        let params = json!({"name": tool, "arguments": arguments, "_meta": {"progressToken": token}});
        self.request("tools/call", &params)
    }

    /// Calls a tool that must succeed and answers its structured content.
    #[track_caller]
    pub(crate) fn ok(&mut self, tool: &str, arguments: &Value) -> Value {
        let result = self.call(tool, arguments);
        assert_ne!(result["isError"], true, "{tool}: {result:#}");
        result["structuredContent"].clone()
    }

    /// Calls a tool that must fail and answers its structured error.
    #[track_caller]
    pub(crate) fn refused(&mut self, tool: &str, arguments: &Value) -> Value {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], true, "{tool}: {result:#}");
        result["structuredContent"].clone()
    }

    /// Closes its input and waits for its end; answers the exit code.
    pub(crate) fn close(mut self) -> i32 {
        drop(self.stdin.take());
        self.child.wait().expect("it ends").code().unwrap_or(-1)
    }
}

impl Drop for Mcp {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // It ends by itself when its input does; this is for tests that panicked.
        if std::thread::panicking() {
            drop(self.child.kill());
        }
        drop(self.child.wait());
    }
}
