//! The engine with real launchers and real programs. Every test ends with the check that nothing it started is left.

mod building;
mod launching;
mod surviving;

use std::ffi::OsString;
use std::time::{Duration, Instant, SystemTime};

use build_plan::{Install, InstallMethod, Plan, Runtime};
use platform_api::{DeploymentId, LogLine, LogSource, LogStream, ProjectId};
use uuid::Uuid;

use super::*;
use crate::engine::StartCommand;
use crate::logs::{LogDir, LogWatches, ReadQuery};
use crate::secrets::Injected;

/// How long anything may take here before it counts as stuck.
const DEADLINE: Duration = Duration::from_mins(2);

/// The launcher as a program: the crate's example. A full `cargo test` builds it; when it is missing or older than its
/// source, because only the library's tests were asked for, it is built here.
fn launcher_program() -> PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let built = PROGRAM.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let profile_dir = test.ancestors().nth(2).unwrap();
        let program = profile_dir.join("examples/launcher");
        let newest = newest_change(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
        if !std::fs::metadata(&program).and_then(|meta| meta.modified()).is_ok_and(|built| built > newest) {
            build_example(profile_dir);
        }
        program
    });
    built.clone()
}

fn newest_change(folder: &Path) -> SystemTime {
    let mut newest = SystemTime::UNIX_EPOCH;
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let meta = entry.metadata().unwrap();
        let changed = if meta.is_dir() { newest_change(&entry.path()) } else { meta.modified().unwrap() };
        newest = newest.max(changed);
    }
    newest
}

#[expect(clippy::disallowed_methods, reason = "tests build the launcher")]
fn build_example(profile_dir: &Path) {
    let profile = match profile_dir.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        other => other,
    };
    let status = std::process::Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--offline",
            "--example",
            "launcher",
            "--profile",
            profile,
            "--target-dir",
        ])
        .arg(profile_dir.parent().unwrap())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(status.unwrap().success(), "the launcher builds");
}

/// A platform's home with an engine in it.
struct Home {
    dir: tempfile::TempDir,
    engine: ProcessEngine,
    started: std::sync::Mutex<BTreeSet<String>>,
}

/// A variable of the platform's that no child may see.
const CANARY: &str = "CANARY_TOKEN";

fn environment() -> BuildEnv {
    let own = std::env::vars_os();
    BuildEnv::from_vars(own.chain([(OsString::from(CANARY), OsString::from("tweet"))]))
}

impl Home {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let engine = ProcessEngine::open(dir.path(), launcher_program(), environment()).await.unwrap();
        Self { dir, engine, started: std::sync::Mutex::default() }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// An instance of `start`, with its own release root.
    fn spec(&self, start: &str) -> LaunchSpec {
        let id = Uuid::now_v7();
        let instance = InstanceId::from_v7(id);
        self.started.lock().unwrap().insert(instance.to_string());
        let root = self.path().join("releases").join(id.to_string());
        std::fs::create_dir_all(&root).unwrap();
        LaunchSpec {
            instance,
            deployment: DeploymentId::from_v7(id),
            project: project(),
            release: release(root, start),
            env: BTreeMap::new(),
            secrets: Injected::default(),
            data_dir: self.path().join("data"),
            logs: LogDir::new(self.path().join("logs").join(id.to_string())),
            started_ms: 7,
        }
    }

    fn job(&self, plan: Plan) -> BuildJob {
        let id = Uuid::now_v7();
        let source = self.path().join("releases").join(id.to_string());
        std::fs::create_dir_all(&source).unwrap();
        BuildJob {
            deployment: DeploymentId::from_v7(id),
            project: project(),
            plan,
            source,
            secrets: Injected::default(),
            logs: LogDir::new(self.path().join("logs").join(id.to_string())),
            project_dir: self.path().join("projects/user-app"),
            data_dir: self.path().join("data"),
            env: BTreeMap::new(),
        }
    }

    /// Nothing of any instance is left: no process, no folder.
    fn assert_nothing_is_left(&self) {
        let left = tree::marked(&self.started.lock().unwrap());
        assert!(left.is_empty(), "still running: {left:?}");
        assert_eq!(std::fs::read_dir(self.path().join("instances")).unwrap().count(), 0);
    }
}

impl Drop for Home {
    /// A test that failed leaves nothing running either.
    fn drop(&mut self) {
        tree::kill_marked(&self.started.lock().unwrap()).ok();
    }
}

fn project() -> ProjectId {
    ProjectId::new("user", "app").unwrap()
}

fn release(root: PathBuf, start: &str) -> Release {
    Release {
        root,
        start: StartCommand::Shell(start.to_owned()),
        path_prefix: Vec::new(),
        env: BTreeMap::new(),
        static_root: None,
        layers: Vec::new(),
    }
}

fn plan(runtime: Runtime) -> Plan {
    let plan = serde_json::json!({
        "runtime": runtime, "start": "true", "port": 8000, "env": {}, "evidence": [], "files": 1, "bytes": 1,
        "plan_hash": "0", "warnings": [],
    });
    serde_json::from_value(plan).unwrap()
}

fn install(method: InstallMethod, command: &str, inputs: &[&str]) -> Install {
    let inputs = inputs.iter().map(|&input| input.to_owned()).collect();
    Install { method, command: command.to_owned(), inputs, extra: Vec::new(), options: Vec::new() }
}

fn texts(logs: &LogDir, stream: LogStream) -> Vec<String> {
    let lines = logs.tail(10_000, None).unwrap();
    lines.into_iter().filter(|line| line.stream == stream).map(|line| line.text).collect()
}

/// Waits until the program has printed a line with `text`.
async fn wait_for_line(logs: &LogDir, text: &str) {
    wait_for(logs, |line| line.stream != LogStream::Platform && line.text.contains(text)).await;
}

/// Waits until the platform has noted a line with `text`; it notes commands, so what they are to print is there early.
async fn wait_for_note(logs: &LogDir, text: &str) {
    wait_for(logs, |line| line.stream == LogStream::Platform && line.text.contains(text)).await;
}

async fn wait_for(logs: &LogDir, is_wanted: impl Fn(&LogLine) -> bool) {
    let tasks = tokio_util::task::TaskTracker::new();
    let shutdown = CancellationToken::new();
    let mut watch = LogWatches::start(&tasks, shutdown.clone()).unwrap().watch(logs).unwrap();
    let seen = timeout(DEADLINE, async {
        while !logs.tail(10_000, None).unwrap().iter().any(&is_wanted) {
            watch.changed().await;
        }
    });
    assert!(seen.await.is_ok(), "not in {:#?}", logs.tail(50, None));
    shutdown.cancel();
}

/// Waits until `holds`, looking again every few milliseconds: for states of other processes that nothing announces.
async fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Asks the app for `/` and returns what it answers.
async fn get(address: SocketAddr) -> io::Result<String> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
