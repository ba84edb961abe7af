//! Waiting for a state, with a deadline; and saying loudly what is skipped.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Asks until the answer is there; fails the test after `limit_s` seconds.
pub(crate) fn eventually<T>(what: &str, limit_s: u64, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(limit_s);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {limit_s} s in vain until {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// Whether a program that a test needs is here; when not, says so by name, and the test returns.
pub(crate) fn has_tool(test: &str, tool: &str) -> bool {
    // A program that is there may not know `--version`, and one that answers anything may be an empty shim.
    let question = match tool {
        "openssl" | "go" | "hugo" => "version",
        "unzip" => "-v",
        _ => "--version",
    };
    let found = Command::new(tool).arg(question).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let here = found.is_ok_and(|status| status.success());
    if !here {
        eprintln!("SKIPPED {test}: `{tool}` is not on this machine");
    }
    here
}
