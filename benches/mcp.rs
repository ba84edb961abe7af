//! `backend-im mcp` against a server of the Node MCP SDK with one `echo` tool: how long an agent waits for the list of
//! tools, and what a call costs by itself. The call is `get_status` without arguments: it goes through the same parsing,
//! validation and structured answer as any, and reaches no platform. `echo` has schemas for both ways, as all of ours
//! have, and answers its argument.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use crate::home::Home;
use crate::peer;
use crate::report::{Goal, Report, Row};
use crate::statistics::{Sample, take_turns};

const SDK: &str = "1.32.2";
const ROUNDS: usize = 15;
const CALLS: usize = 300;
const LIST_BYTES_MAX: f64 = 16_000.0;

const NODE_SERVER: &str = r#"import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";

const server = new McpServer({ name: "echo", version: "1.0.0" });
const text = z.string();
server.registerTool("echo", { description: "Echo", inputSchema: { text }, outputSchema: { text } },
  async ({ text }) => ({ content: [{ type: "text", text }], structuredContent: { text } }));
await server.connect(new StdioServerTransport());
"#;

/// What one conversation took.
struct Took {
    list_ms: f64,
    list_bytes: usize,
    call_us: f64,
}

pub(crate) fn measure(report: &mut Report) {
    let home = Home::started();
    let ours = || converse(home.program(&["mcp"]).current_dir(home.path()), "get_status", &json!({}));
    let has_node = report.has_tools("the Node MCP SDK", &[("node", "--version"), ("npm", "--version")]);
    let server = has_node.then(node_server).transpose().unwrap_or_else(|why| {
        report.skip("the Node MCP SDK", &why);
        None
    });
    let node = |server: &Path| converse(Command::new("node").arg(server), "echo", &json!({"text": "hello"}));
    let (ours, peer) = match &server {
        Some(server) => take_turns(ROUNDS, |_| ours(), |_| node(server)),
        None => ((0..ROUNDS).map(|_| ours()).collect(), Vec::new()),
    };
    let name = format!("Node MCP SDK {SDK}");
    let against = |of: fn(&Took) -> f64| {
        let sample = |took: &[Took]| Sample::new(took.iter().map(of).collect());
        (sample(&ours), (!peer.is_empty()).then(|| (name.clone(), sample(&peer))))
    };
    let (list, node_list) = against(|took| took.list_ms);
    report.row(Row {
        what: "`mcp`: spawn to the answer of `tools/list`".to_owned(),
        unit: "ms",
        ours: list,
        peer: node_list,
        goal: Goal::RatioMax(0.1),
    });
    let (call, node_call) = against(|took| took.call_us);
    report.row(Row {
        what: "`mcp`: a call's own overhead (p50 of 300)".to_owned(),
        unit: "µs",
        ours: call,
        peer: node_call,
        goal: Goal::RatioMax(0.25),
    });
    report.row(Row {
        what: "`mcp`: size of the `tools/list` answer".to_owned(),
        unit: "bytes",
        ours: Sample::single(f64::from(u32::try_from(ours[0].list_bytes).expect("small"))),
        peer: None,
        goal: Goal::Max(LIST_BYTES_MAX),
    });
    let through = converse(home.program(&["mcp"]).current_dir(home.path()), "list_projects", &json!({}));
    report.row(Row {
        what: "`mcp`: `list_projects` through to the platform (p50 of 300)".to_owned(),
        unit: "µs",
        ours: Sample::single(through.call_us),
        peer: None,
        goal: Goal::Told,
    });
}

/// Installs the SDK unless it is there; answers the server's file.
fn node_server() -> Result<PathBuf, String> {
    let folder = peer::cache(&format!("node-sdk-{SDK}"));
    let server = folder.join("server.mjs");
    if !folder.join("node_modules/@modelcontextprotocol/sdk/package.json").exists() {
        let package = format!("@modelcontextprotocol/sdk@{SDK}");
        std::fs::write(folder.join("package.json"), "{\"private\": true}\n").expect("a file");
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", &package]).current_dir(&folder);
        peer::run(&mut npm)?;
    }
    std::fs::write(&server, NODE_SERVER).expect("a file");
    Ok(server)
}

/// Starts a server, lists its tools, calls one of them again and again.
fn converse(command: &mut Command, tool: &str, arguments: &Value) -> Took {
    let start = Instant::now();
    let mut agent = Agent::start(command);
    let list_bytes = agent.ask("tools/list", &json!({})).len();
    let list_ms = start.elapsed().as_secs_f64() * 1e3;
    let call = json!({"name": tool, "arguments": arguments});
    let calls = (0..CALLS).map(|_| {
        let start = Instant::now();
        agent.ask("tools/call", &call);
        start.elapsed().as_secs_f64() * 1e6
    });
    let call_us = Sample::new(calls.collect()).median();
    Took { list_ms, list_bytes, call_us }
}

/// An agent at the other end of a server's pipes.
pub(crate) struct Agent {
    child: Child,
    output: BufReader<ChildStdout>,
    next_id: u64,
}

impl Agent {
    /// Starts the server and greets it.
    pub(crate) fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the server starts");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut agent = Self { child, output, next_id: 0 };
        let client = json!({"name": "bench", "version": "1"});
        let greeting = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client});
        agent.ask("initialize", &greeting);
        agent.say(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        agent
    }

    fn say(&mut self, message: &Value) {
        let line = format!("{message}\n");
        let input = self.child.stdin.as_mut().expect("a pipe");
        input.write_all(line.as_bytes()).expect("the server reads");
    }

    /// Calls a tool and answers what it answered.
    pub(crate) fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        let line = self.ask("tools/call", &json!({"name": tool, "arguments": arguments}));
        let answer: Value = serde_json::from_str(&line).expect("JSON");
        assert_ne!(answer["result"]["isError"], true, "{answer:#}");
        answer["result"]["structuredContent"].clone()
    }

    /// Sends a request and waits for its result, as the line that it came in.
    fn ask(&mut self, method: &str, params: &Value) -> String {
        self.next_id += 1;
        self.say(&json!({"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params}));
        let mut line = String::new();
        // What the server tells on its own account has no result.
        while !line.contains("\"result\":") {
            line.clear();
            let read = self.output.read_line(&mut line).expect("a server that speaks");
            assert!(read > 0 && !line.contains("\"error\":{\"code\""), "{method}: {line}");
        }
        line
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}
