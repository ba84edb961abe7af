//! Against a platform that is made up but listens on a real port, and real programs in place of the real one: the
//! starter runs `PROGRAM platform serve --embedded` in the home, so with `/bin/sh` a script called `platform` there.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::sync::Mutex;

use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::*;

const TOKEN: &str = "the-token-of-this-home";

/// A platform that answers what finding one asks.
struct Fake {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
    /// Serves as long as the platform lives.
    _serving: JoinSet<()>,
}

/// What a fake platform is.
#[derive(Clone)]
struct Kind {
    token: &'static str,
    version: &'static str,
    /// The process that ends when it is asked to stop.
    process: Option<Pid>,
}

impl Kind {
    const GENUINE: Self = Self { token: TOKEN, version: release::THIS, process: None };
}

impl Fake {
    async fn start(kind: Kind) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut serving = JoinSet::new();
        serving.spawn(kind.serve(listener, Arc::clone(&seen)));
        Self { port, seen, _serving: serving }
    }

    fn file(&self, pid: u32) -> PlatformFile {
        file(pid, self.port)
    }

    /// Requests that came, and every token that came with one.
    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

impl Kind {
    async fn serve(self, listener: TcpListener, seen: Arc<Mutex<Vec<String>>>) {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (kind, seen) = (self.clone(), Arc::clone(&seen));
            let answer = service_fn(move |request| {
                let answer = kind.answer(&request, &seen);
                async move { Ok::<_, Infallible>(answer) }
            });
            let connection =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
            connections.spawn(async move { connection.await.is_ok() });
        }
    }

    fn answer(&self, request: &Request<Incoming>, seen: &Mutex<Vec<String>>) -> Response<Full<Bytes>> {
        let path = request.uri().path();
        let query = request.uri().query().unwrap_or_default();
        let token = request.headers().get("authorization").map_or("", |token| token.to_str().unwrap());
        let asked = if path.ends_with("/stop") { query } else { "" };
        seen.lock().unwrap().push(format!("{} {path}?{asked} {token}", request.method()));
        let body = match path {
            "/api/challenge" => {
                let nonce = query.strip_prefix("nonce=").unwrap();
                let host = request.headers()["host"].to_str().unwrap();
                let mut mac = Hmac::<sha2::Sha256>::new_from_slice(self.token.as_bytes()).unwrap();
                mac.update(format!("backend-im challenge v1\n{host}\n{nonce}").as_bytes());
                serde_json::json!({"answer": hex::encode(mac.finalize().into_bytes())})
            }
            "/api/version" => {
                serde_json::json!({"contract": "1.0", "server": self.version, "engine": "process"})
            }
            "/api/platform/stop" => {
                let process = self.process.expect("only a platform with a process is stopped");
                rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
                serde_json::json!({"stopped": []})
            }
            _ => unreachable!("{path}"),
        };
        let response = Response::builder().header("content-type", "application/json");
        response.body(Full::new(Bytes::from(body.to_string()))).unwrap()
    }
}

/// A home with a token, and a starter for it whose program is a script.
struct Bench {
    folder: tempfile::TempDir,
    starter: Starter,
}

static NOTICES: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().to_owned());
        let mut token = std::fs::OpenOptions::new();
        let file = token.create(true).write(true).mode(0o600).open(home.token_path()).unwrap();
        std::io::Write::write_all(&mut &file, TOKEN.as_bytes()).unwrap();
        let settings =
            Settings { home: folder.path().to_owned(), platform: PlatformAt::Embedded, project: None };
        let env = Environment::of(&[("PATH", "/usr/bin:/bin"), ("BACKEND_IM_TOKEN", "canary")]);
        let mut starter = Starter::new(&settings, &env, |text| NOTICES.lock().unwrap().push(text.to_owned()));
        starter.program = Some("/bin/sh".into());
        Self { folder, starter }
    }

    fn script(&self, text: &str) {
        std::fs::write(self.folder.path().join("platform"), text).unwrap();
    }

    fn announce(&self, file: &PlatformFile) {
        std::fs::write(self.starter.home.platform_path(), serde_json::to_vec(file).unwrap()).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }
}

/// How a platform of no version says that it is reached.
fn file(pid: u32, api_port: u16) -> PlatformFile {
    let address = Ipv4Addr::LOCALHOST.into();
    PlatformFile { pid, version: "x".to_owned(), api_port, gateway_port: 1, address, certificate: None }
}

/// The id of a process that has ended.
async fn ended() -> u32 {
    let mut child = command("true", Vec::new()).spawn().unwrap();
    let pid = child.id().unwrap();
    child.wait().await.unwrap();
    pid
}

#[tokio::test]
async fn platform_that_runs_is_found_and_nothing_is_started() {
    let (bench, fake) = (Bench::new(), Fake::start(Kind::GENUINE).await);
    assert!(bench.starter.find().await.unwrap().is_none(), "no platform.json");
    bench.announce(&fake.file(std::process::id()));
    let running = bench.starter.find().await.unwrap().unwrap();
    assert_eq!((running.order(), running.file.api_port), (Ordering::Equal, fake.port));
    bench.starter.connect().await.unwrap();
    assert!(fake.seen().iter().all(|line| !line.contains("Bearer")), "{:?}", fake.seen());
}

#[tokio::test]
async fn file_that_a_dead_platform_left_is_stale_even_when_its_port_is_someone_elses() {
    let (bench, squatter) = (Bench::new(), Fake::start(Kind { token: "another", ..Kind::GENUINE }).await);
    bench.announce(&squatter.file(ended().await));
    assert!(bench.starter.find().await.unwrap().is_none());
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap().port();
    let pid = std::process::id();
    bench.announce(&file(pid, nobody));
    assert!(bench.starter.find().await.unwrap().is_none());
}

#[tokio::test]
async fn living_platform_that_nobody_can_reach_is_an_error_and_one_that_ends_is_followed_by_the_next() {
    let (mut bench, next) = (Bench::new(), Fake::start(Kind::GENUINE).await);
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap().port();
    let held = bench.starter.home.lock_serve().unwrap();
    let mut platform = command("sleep", Vec::new()).arg("600").kill_on_drop(true).spawn().unwrap();
    bench.announce(&file(platform.id().unwrap(), nobody));
    let limit = std::mem::take(&mut bench.starter.ending_limit);
    let error = bench.starter.find().await.unwrap_err();
    assert_eq!(error.code, Code::UNREACHABLE, "{error}");
    assert!(error.message.contains(&nobody.to_string()), "{error}");
    assert!(error.hint.unwrap().contains(&format!("`kill {}`", platform.id().unwrap())));

    bench.starter.ending_limit = limit;
    let line = serde_json::to_string(&next.file(1)).unwrap();
    bench.script(&format!("echo '{line}'\n"));
    let (connected, ended) = tokio::join!(bench.starter.connect(), platform.kill());
    ended.unwrap();
    assert_eq!(connected.unwrap().version().await.unwrap().server, release::THIS);
    drop(held);
}

#[tokio::test]
async fn impostor_in_place_of_a_living_platform_is_an_error_and_gets_no_token() {
    let (bench, squatter) = (Bench::new(), Fake::start(Kind { token: "another", ..Kind::GENUINE }).await);
    bench.announce(&squatter.file(std::process::id()));
    let held = bench.starter.home.lock_serve().unwrap();
    let error = bench.starter.connect().await.unwrap_err();
    assert_eq!(error.code, Code::IMPOSTOR, "{error}");
    drop(held);
    assert!(
        bench.starter.find().await.unwrap().is_none(),
        "a process that holds no lock only has the same number"
    );
    assert!(error.hint.unwrap().contains("platform.json"));
    assert!(squatter.seen().iter().all(|line| !line.contains(TOKEN)), "{:?}", squatter.seen());
}

#[tokio::test]
async fn newer_platform_is_left_alone() {
    let (bench, fake) = (Bench::new(), Fake::start(Kind { version: "99.0.0", ..Kind::GENUINE }).await);
    bench.announce(&fake.file(std::process::id()));
    let error = bench.starter.connect().await.unwrap_err();
    assert_eq!(error.code, Code::PLATFORM_NEWER);
    assert!(error.hint.unwrap().contains("99.0.0"));
    assert!(!fake.seen().iter().any(|line| line.contains("stop")), "{:?}", fake.seen());
}

#[tokio::test]
async fn older_platform_hands_over_and_keeps_its_apps() {
    let bench = Bench::new();
    let mut old = command("sleep", Vec::new()).arg("600").kill_on_drop(true).spawn().unwrap();
    let pid = old.id().unwrap();
    let kind = Kind { version: "0.0.1", process: Pid::from_raw(pid.cast_signed()), ..Kind::GENUINE };
    let (fake, next) = (Fake::start(kind).await, Fake::start(Kind::GENUINE).await);
    bench.announce(&fake.file(pid));
    let line = serde_json::to_string(&next.file(1)).unwrap();
    bench.script(&format!("echo '{line}'\n"));
    let client = bench.starter.connect().await.unwrap();
    assert_eq!(client.version().await.unwrap().server, release::THIS);
    assert!(old.wait().await.unwrap().code().is_none(), "ended by the signal");
    let asked = format!("POST /api/platform/stop?apps=keep Bearer {TOKEN}");
    assert!(fake.seen().contains(&asked), "{:?}", fake.seen());
    assert!(
        NOTICES
            .lock()
            .unwrap()
            .iter()
            .any(|text| text.contains("version 0.0.1") && text.contains("hands over"))
    );
}

#[tokio::test]
async fn platform_is_started_with_an_allow_listed_environment_in_its_home() {
    let (bench, fake) = (Bench::new(), Fake::start(Kind::GENUINE).await);
    let line = serde_json::to_string(&fake.file(1)).unwrap();
    bench.script(&format!("env > env.txt\npwd > pwd.txt\necho \"$@\" > args.txt\necho '{line}'\n"));
    bench.starter.connect().await.unwrap();
    assert_eq!(bench.read("args.txt"), "serve --embedded\n");
    assert_eq!(PathBuf::from(bench.read("pwd.txt").trim()), bench.folder.path().canonicalize().unwrap());
    let env = bench.read("env.txt");
    assert!(env.contains(&format!("BACKEND_IM_HOME={}", bench.folder.path().display())), "{env}");
    assert!(!env.contains("canary"), "{env}");
    let mode = std::fs::metadata(bench.starter.home.log_path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn two_starts_at_once_get_one_platform() {
    let (bench, fake) = (Bench::new(), Fake::start(Kind::GENUINE).await);
    let line = serde_json::to_string(&fake.file(std::process::id())).unwrap();
    bench.script(&format!("echo started >> starts.txt\necho '{line}' > platform.json\necho '{line}'\n"));
    let (one, two) = tokio::join!(bench.starter.connect(), bench.starter.connect());
    one.unwrap();
    two.unwrap();
    assert_eq!(bench.read("starts.txt"), "started\n");
}

#[tokio::test]
async fn problem_that_the_platform_tells_is_the_error() {
    let bench = Bench::new();
    bench.script(
        "echo 'it was full' >&2\n\
         echo '{\"code\":\"disk_full\",\"status\":503,\"title\":\"t\",\"detail\":\"no space left\",\"retryable\":false}'\nexit 1\n",
    );
    let error = bench.starter.connect().await.unwrap_err();
    assert_eq!((error.code.as_str(), error.message.as_str()), ("disk_full", "no space left"));
    assert!(error.hint.unwrap().contains("it was full"));
}

#[tokio::test]
async fn platform_that_dies_silently_shows_the_end_of_its_own_log() {
    let bench = Bench::new();
    std::fs::write(bench.starter.home.log_path(), "yesterday\n").unwrap();
    bench.script("echo 'thread main panicked' >&2\nexit 3\n");
    let error = bench.starter.connect().await.unwrap_err();
    assert_eq!(error.code, Code::PLATFORM_START_FAILED);
    assert!(error.message.contains("exit status: 3"), "{error}");
    let hint = error.hint.unwrap();
    assert!(hint.contains("thread main panicked") && !hint.contains("yesterday"), "{hint}");
}

#[tokio::test]
async fn program_that_is_not_there_is_an_error() {
    let mut bench = Bench::new();
    bench.starter.program = Some("/no/such/program".into());
    let error = bench.starter.connect().await.unwrap_err();
    assert_eq!(error.code, Code::PLATFORM_START_FAILED);
    bench.starter.program = None;
    let error = bench.starter.connect().await.unwrap_err();
    assert!(error.hint.unwrap().contains("BACKEND_IM_URL"), "a client without the platform");
}

#[tokio::test]
async fn process_that_has_ended_is_not_waited_for() {
    let file = file(ended().await, 1);
    assert!(wait_for_exit(&file, Duration::from_mins(1)).await);
    let file = PlatformFile { pid: std::process::id(), ..file };
    assert!(!wait_for_exit(&file, Duration::from_millis(20)).await);
}

#[tokio::test]
async fn editors_get_the_folder_or_the_file_they_can_open() {
    let folder = tempfile::tempdir().unwrap();
    let env = Environment::of(&[("PATH", "/usr/bin:/bin"), ("BACKEND_IM_TOKEN", "canary")]);
    let file = folder.path().join("README.md");
    std::fs::write(folder.path().join("editor"), "printf '%s\\n' \"$@\" > said.txt; env >> said.txt\n")
        .unwrap();
    let status = open_editor("/bin/sh editor --wait", folder.path(), &file, &env).await.unwrap();
    assert!(status.success());
    let said = std::fs::read_to_string(folder.path().join("said.txt")).unwrap();
    assert!(said.starts_with(&format!("--wait\n{}\n", folder.path().display())), "{said}");
    assert!(!said.contains("canary"));
}
