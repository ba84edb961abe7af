//! Programs of others from npm, at the versions that `tests/clients/package-lock.json` pins, with a Node.js of their own
//! from the same lock. They are installed once per lock and shared by all tests; no script of a package runs.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::{Done, has_tool};

/// How long a run of npm may take, in seconds.
const NPM_LIMIT_S: u64 = 300;
/// What an installation is made of.
const FILES: [&str; 3] = [".npmrc", "package.json", "package-lock.json"];
/// Where they are installed, or why they are not.
static INSTALLED: LazyLock<Result<PathBuf, String>> = LazyLock::new(installed);

/// A program of `tests/clients`, about to run with its own Node.js and an environment of nothing but `PATH`. Without npm
/// or its registry this says by name what is skipped, and the test returns.
pub(crate) fn npm(test: &str, program: &str) -> Option<Command> {
    if !has_tool(test, "npm") {
        return None;
    }
    let modules = match &*INSTALLED {
        Ok(folder) => folder.join("node_modules"),
        Err(reason) => {
            eprintln!("SKIPPED {test}: {reason}");
            return None;
        }
    };
    let mut command = match program {
        "claude" => Command::new(find(&modules.join("@anthropic-ai"), "claude-code-", "claude")),
        _ => Command::new(modules.join(".bin").join(program)),
    };
    command.env_clear().env("PATH", path_of(&modules)).stdin(Stdio::null());
    Some(command)
}

/// Runs a program to its end; one that has not ended after `limit_s` seconds is killed, and the test fails.
#[track_caller]
pub(crate) fn run_within(limit_s: u64, command: &mut Command) -> Done {
    let said = tempfile::tempdir().expect("a temp dir");
    let file = |name: &str| File::create(said.path().join(name)).expect("a file");
    let text = |name: &str| {
        String::from_utf8_lossy(&std::fs::read(said.path().join(name)).expect("a file")).into_owned()
    };
    // Files instead of pipes: nobody needs to read while it runs.
    let mut child = command
        .stdout(file("out"))
        .stderr(file("err"))
        .spawn()
        .unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let deadline = Instant::now() + Duration::from_secs(limit_s);
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        if Instant::now() > deadline {
            child.kill().and_then(|()| child.wait()).expect("it ends");
            panic!("{command:?} ran longer than {limit_s} s\n{}\n{}", text("out"), text("err"));
        }
        std::thread::park_timeout(Duration::from_millis(20));
    };
    Done { code: status.code().unwrap_or(-1), stdout: text("out"), stderr: text("err") }
}

/// The Node.js of the lock, then whatever the test has.
fn path_of(modules: &Path) -> OsString {
    let node = find(modules, "node-linux-", "bin/node");
    let mut path = node.parent().expect("a folder").to_owned().into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    path
}

/// The one package of this machine's kind that has `file`.
fn find(folder: &Path, prefix: &str, file: &str) -> PathBuf {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    let mut files = ours.map(|entry| entry.path().join(file)).filter(|path| path.is_file());
    files.next().unwrap_or_else(|| panic!("no {prefix}* has {file}"))
}

/// Installs what the lock says, unless that was done before; one test process at a time.
fn installed() -> Result<PathBuf, String> {
    if !cfg!(target_os = "linux") {
        return Err("the pinned Node.js is for Linux".to_owned());
    }
    let pinned = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients");
    let read = |name: &str| std::fs::read(pinned.join(name)).expect("a file");
    let key = hex::encode(Sha256::digest(FILES.map(read).concat()));
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients");
    std::fs::create_dir_all(&all).expect("a folder");
    let folder = all.join(&key[..16]);
    let lock = File::create(all.join("lock")).expect("a file");
    lock.lock().expect("a lock");
    if folder.is_dir() {
        return Ok(folder);
    }
    for entry in std::fs::read_dir(&all).expect("a folder").flatten().filter(|entry| entry.path().is_dir()) {
        std::fs::remove_dir_all(entry.path()).expect("an older installation goes");
    }
    let unfinished = all.join("unfinished");
    std::fs::create_dir(&unfinished).expect("a folder");
    for name in FILES {
        std::fs::copy(pinned.join(name), unfinished.join(name)).expect("a copy");
    }
    npm_ci(&unfinished)?;
    std::fs::rename(unfinished, &folder).expect("the finished installation gets its name");
    Ok(folder)
}

/// Installs into `folder`. One small question comes first, because every package is tried again and again in vain when
/// nobody answers.
fn npm_ci(folder: &Path) -> Result<(), String> {
    let ask = npm_in(folder, &["view", "@modelcontextprotocol/inspector", "name", "--fetch-retries=1"]);
    if ask.code != 0 {
        let why = ask.stderr.lines().find(|line| line.contains(" code ")).unwrap_or("it does not say why");
        return Err(format!("npm does not reach its registry: {why}"));
    }
    let done = npm_in(folder, &["ci"]);
    assert_eq!(done.code, 0, "npm ci: {done:#?}");
    Ok(())
}

fn npm_in(folder: &Path, args: &[&str]) -> Done {
    run_within(NPM_LIMIT_S, Command::new("npm").args(args).current_dir(folder).stdin(Stdio::null()))
}
