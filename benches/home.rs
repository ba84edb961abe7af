//! The program in a home folder of its own; what runs in it ends with it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::http::Connection;

/// A `BACKEND_IM_HOME`. Dropping it stops the platform and its apps.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::Builder::new().prefix("bim-bench-").tempdir().expect("a temp dir"))
    }

    /// A home with a platform running in it.
    pub(crate) fn started() -> Self {
        let home = Self::new();
        home.run(&["projects"]);
        home
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The program, about to run here.
    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("BACKEND_IM_") {
                command.env_remove(name);
            }
        }
        command.args(arguments).env("BACKEND_IM_HOME", self.path()).stdin(Stdio::null());
        command
    }

    /// Runs the program to its end, which must be a good one, and answers what it printed.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = self.program(arguments).output().expect("the program runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?} {}: {said}", output.status);
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Brings a folder live and answers the document that the program prints.
    pub(crate) fn deploy(&self, folder: &Path) -> Value {
        let folder = folder.to_str().expect("UTF-8");
        serde_json::from_str(&self.run(&["deploy", folder, "--json"])).expect("JSON")
    }

    /// A connection to the running platform's API.
    pub(crate) fn api(&self) -> Connection {
        let token = std::fs::read_to_string(self.path().join("token")).expect("a platform runs");
        Connection::open(&format!("127.0.0.1:{}", self.platform()["apiPort"])).with_token(token.trim())
    }

    /// Waits until the platform has nothing more to do: removing an old version goes on after the new one is live.
    pub(crate) fn wait_for_rest(&self) {
        const QUIET: Duration = Duration::from_millis(250);
        let stat = format!("/proc/{}/stat", self.platform()["pid"]);
        // The times in user and in kernel mode, the 14th and 15th of the numbers there.
        let worked = || {
            let stat = std::fs::read_to_string(&stat).expect("a platform runs");
            stat.split(' ').skip(13).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum::<u64>()
        };
        let mut before = worked();
        loop {
            std::thread::sleep(QUIET);
            let now = worked();
            if now == before {
                return;
            }
            before = now;
        }
    }

    fn platform(&self) -> Value {
        let text = std::fs::read_to_string(self.path().join("platform.json")).expect("a platform runs");
        serde_json::from_str(&text).expect("JSON")
    }
}

/// Waits until a deployment has ended, which must be a good end.
pub(crate) fn wait_for_end(api: &mut Connection, deployment: &str) {
    let path = format!("/api/deployments/{deployment}?waitFor=terminal&timeoutS=30");
    loop {
        let (status, body) = api.get(&path).expect("an answer");
        assert_eq!(status, 200);
        let view: Value = serde_json::from_slice(&body).expect("JSON");
        match view["status"].as_str() {
            Some("complete") => return,
            Some("failed" | "cancelled") => panic!("{view:#}"),
            _ => {}
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let stopped = self.program(&["platform", "stop"]).output().expect("the program runs");
        if !stopped.status.success() {
            eprintln!("the platform did not stop: {}", String::from_utf8_lossy(&stopped.stderr));
        }
    }
}

/// The program that is measured.
pub(crate) fn program() -> PathBuf {
    let other = std::env::var_os("BACKEND_IM_BENCH_PROGRAM").map(PathBuf::from);
    other.unwrap_or_else(|| env!("CARGO_BIN_EXE_backend-im").into())
}
