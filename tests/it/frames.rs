//! `backend-im mcp` against a client that sends anything: it stays, stays small, and answers the next valid call.

mod flood;
mod leaving;
mod purity;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use self::flood::Flood;
use crate::harness::{Home, Project};

/// How much larger than after its first call the server may ever have been, in KiB.
const GROWTH_KIB_MAX: u64 = 64 << 10;

/// A server that has been greeted, with its pipes apart so that one thread writes while another reads.
struct Server {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
}

impl Server {
    fn start(mut command: Command, project: &Project) -> Self {
        command.current_dir(project.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program starts");
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().map(BufReader::new);
        let mut server = Self { child, stdin, stdout };
        let client = json!({"name": "test", "version": "1"});
        let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client});
        server.ask(&json!({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": params}));
        server
    }

    fn say(&mut self, message: &Value) {
        writeln!(self.stdin.as_mut().expect("open"), "{message}").expect("the server reads");
    }

    /// Says something and waits for what comes back.
    fn ask(&mut self, message: &Value) -> Value {
        self.say(message);
        let mut line = String::new();
        self.stdout.as_mut().expect("open").read_line(&mut line).expect("an answer");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// A call that reads files and needs no platform.
    fn plan(&mut self) -> Duration {
        let began = Instant::now();
        let params = json!({"name": "plan_deploy", "arguments": {}});
        let answer =
            self.ask(&json!({"jsonrpc": "2.0", "id": "plan", "method": "tools/call", "params": params}));
        assert_eq!(answer["result"]["structuredContent"]["start"], "python3 server.py", "{answer:#}");
        began.elapsed()
    }

    /// A line of `/proc/…/status`, in KiB.
    fn memory_kib(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
        line.trim_matches([':', ' ', '\t']).trim_end_matches(" kB").parse().expect("a number")
    }

    /// Sends the whole flood while reading every answer; answers how many have to come, and how many came.
    fn swallow(&mut self, flood: Flood) -> (u64, u64) {
        let (stdin, stdout) = (self.stdin.as_mut().expect("open"), self.stdout.as_mut().expect("open"));
        std::thread::scope(|scope| {
            let pouring = scope.spawn(move || flood.pour(stdin));
            let (mut line, mut answers) = (Vec::new(), 0);
            loop {
                line.clear();
                assert!(stdout.read_until(b'\n', &mut line).expect("a readable pipe") > 0, "it is gone");
                let message: Value = serde_json::from_slice(&line).expect("nothing but JSON");
                assert_eq!(message["jsonrpc"], "2.0", "{message}");
                if message["id"] == flood::LAST {
                    return (pouring.join().expect("it was written"), answers);
                }
                answers += 1;
            }
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// One million frames to the program that was built, which is a debug build under `cargo test`.
#[test]
fn a_million_bad_frames_neither_end_it_nor_make_it_grow_nor_slow() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let mut server = Server::start(home.program(&["mcp"]), &project);
    server.plan();
    let before_kib = server.memory_kib("VmRSS");
    let began = Instant::now();
    let (expected, answers) = server.swallow(Flood::new(1_000_000));
    let took = began.elapsed();
    let mut next: Vec<Duration> = (0..5).map(|_| server.plan()).collect();
    let grown_kib = server.memory_kib("VmHWM").saturating_sub(before_kib);
    eprintln!("{expected} answers in {took:.1?}, grown by at most {grown_kib} KiB, next calls in {next:.1?}");
    assert_eq!(answers, expected, "every request and every unreadable line has one answer");
    assert!(grown_kib <= GROWTH_KIB_MAX, "it grew by {grown_kib} KiB");
    // The middle one of five, because other tests share the machine.
    next.sort_unstable();
    assert!(next[2] < Duration::from_millis(100), "{next:?}");
    assert!(server.child.try_wait().expect("it is ours").is_none(), "it is still there");
    assert!(home.platform_file().is_none(), "and has started nothing");
}
