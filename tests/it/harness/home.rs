//! A home folder of its own for every test, the program run in it, and the check that it leaves nothing behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::http::Api;
use super::wait::eventually;

/// What the program gets of the test's own environment.
const PASSED_ON: [&str; 12] = [
    "PATH",
    "HOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "PIP_CERT",
    "PIP_FIND_LINKS",
    "PIP_DEFAULT_TIMEOUT",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "HTTPS_PROXY",
];

/// A `BACKEND_IM_HOME` with whatever runs in it. Dropping it stops the platform and fails the test if anything stays.
pub(crate) struct Home {
    dir: TempDir,
    env: BTreeMap<String, String>,
}

/// A finished run of the program.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8 output");
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// The one JSON document on stdout.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Fails the test unless the program succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:#?}");
        self
    }
}

impl Home {
    pub(crate) fn new() -> Self {
        Self::within(&std::env::temp_dir())
    }

    /// A home in a folder of the test's own.
    pub(crate) fn within(folder: &Path) -> Self {
        let passed =
            PASSED_ON.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
        let dir = tempfile::Builder::new().prefix("bim-").tempdir_in(folder).expect("a temp dir");
        Self { dir, env: passed.collect() }
    }

    /// Sets an environment variable for every run.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The program, about to run in this home.
    pub(crate) fn program(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backend-im"));
        command
            .args(args)
            .env_clear()
            .envs(&self.env)
            .env("BACKEND_IM_HOME", self.path())
            .stdin(Stdio::null());
        command
    }

    /// A person's home directory, inside this one.
    pub(crate) fn person(&self) -> PathBuf {
        let person = self.path().join("person");
        std::fs::create_dir_all(&person).expect("a folder");
        person
    }

    /// Makes this home that of another program, for the person in it; the program is on its `PATH`, which stays otherwise.
    pub(crate) fn lend(&self, command: &mut Command) {
        let program = Path::new(env!("CARGO_BIN_EXE_backend-im")).parent().expect("a folder");
        let given = command.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, path)| path);
        let path = given.map(ToOwned::to_owned).or_else(|| std::env::var_os("PATH")).unwrap_or_default();
        let folders = std::iter::once(program.to_owned()).chain(std::env::split_paths(&path));
        let path = std::env::join_paths(folders).expect("folders");
        command
            .envs(&self.env)
            .env("BACKEND_IM_HOME", self.path())
            .env("HOME", self.person())
            .env("PATH", path);
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Done {
        self.run_in(&std::env::temp_dir(), args)
    }

    /// Runs the program to its end in a folder.
    pub(crate) fn run_in(&self, folder: &Path, args: &[&str]) -> Done {
        Done::of(self.program(args).current_dir(folder).output().expect("the program runs"))
    }

    /// Starts the program with pipes on all three streams.
    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        let mut command = self.program(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the program starts")
    }

    /// Deploys a folder and answers the final JSON document; fails the test unless it went live.
    #[track_caller]
    pub(crate) fn deploy(&self, folder: &str) -> Value {
        self.run(&["deploy", folder, "--json"]).ok().json()
    }

    /// Where the running platform is, if one runs.
    pub(crate) fn platform_file(&self) -> Option<Value> {
        let text = std::fs::read_to_string(self.path().join("platform.json")).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// The running platform's process id.
    pub(crate) fn platform_pid(&self) -> i32 {
        let file = self.platform_file().expect("a platform runs");
        i32::try_from(file["pid"].as_i64().expect("a pid")).expect("a pid")
    }

    /// The running platform's API.
    pub(crate) fn api(&self) -> Api {
        let file = self.platform_file().expect("a platform runs");
        let token = std::fs::read_to_string(self.path().join("token")).expect("a token");
        Api { base: format!("http://127.0.0.1:{}", file["apiPort"]), token: token.trim().to_owned() }
    }

    /// Starts the platform if none runs, and answers its API.
    pub(crate) fn started(&self) -> Api {
        self.run(&["projects"]).ok();
        self.api()
    }

    /// `kill -9`, and waits until the platform is gone.
    pub(crate) fn kill_platform(&self) {
        let pid = self.platform_pid();
        let killed = Command::new("kill").args(["-9", &pid.to_string()]).status().expect("kill runs");
        assert!(killed.success());
        eventually("the killed platform is gone", 10, || (!is_alive(pid)).then_some(()));
    }

    /// The processes that belong to this home: the platform, launchers, apps.
    pub(crate) fn processes(&self) -> Vec<(i32, String)> {
        let home = self.path().to_string_lossy().into_owned();
        let entries = std::fs::read_dir("/proc").expect("/proc").flatten();
        let belongs = |proc: &Path| {
            let read = |name: &str| std::fs::read(proc.join(name)).unwrap_or_default();
            let links = ["cwd", "exe"].map(|name| std::fs::read_link(proc.join(name)).unwrap_or_default());
            let texts = [read("cmdline"), read("environ")].concat();
            String::from_utf8_lossy(&texts).contains(&home)
                || links.iter().any(|link| link.starts_with(&home))
        };
        let mut found = Vec::new();
        for entry in entries {
            let Ok(pid) = entry.file_name().to_string_lossy().parse::<i32>() else { continue };
            if pid != i32::try_from(std::process::id()).expect("a pid")
                && is_alive(pid)
                && belongs(&entry.path())
            {
                let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
                found.push((pid, String::from_utf8_lossy(&line).replace('\0', " ")));
            }
        }
        found
    }

    /// The app processes whose command line holds `text`.
    pub(crate) fn processes_with(&self, text: &str) -> Vec<i32> {
        let mine = self.processes().into_iter();
        mine.filter(|(_, line)| line.contains(text) && !line.contains("launch-instance"))
            .map(|(pid, _)| pid)
            .collect()
    }
}

/// Whether the process exists and is no zombie.
pub(crate) fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

impl Drop for Home {
    fn drop(&mut self) {
        let stop = self.run(&["platform", "stop"]);
        if std::thread::panicking() {
            eprintln!("platform.log:\n{}", tail(&self.path().join("platform.log")));
            for (pid, _) in self.processes() {
                drop(Command::new("kill").args(["-9", &pid.to_string()]).status());
            }
            return;
        }
        assert_eq!(stop.code, 0, "{stop:#?}");
        eventually("nothing of this home runs any more", 15, || self.processes().is_empty().then_some(()));
    }
}

fn tail(path: &PathBuf) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}
