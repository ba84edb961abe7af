//! Finds the platform, or starts the embedded one. Beyond the engines this is the only file that starts programs: the
//! platform, an editor, a browser; always with an environment from an allow-list.
//!
//! ```text
//! platform.json ─► challenge ─► version ─┬─ equal ──────────────────────────► connected
//!       │ absent, or nobody there        ├─ older: asked to hand over ─┐
//!       │                                └─ newer: "upgrade"           │
//!       └────────► platform.lock ─► look again ─► spawn ◄──────────────┘
//!                                                   └─► one line on its stdout: reached so, or a problem
//! ```

use std::cmp::Ordering;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use platform_api::{Code, PlatformFile, Problem, Version};
use platform_client::{ApiToken, Client, ClientError, Connect, Endpoint, Look, Need, Shortfall, StopApps};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use url::Url;

use crate::config::{self, Environment, PlatformAt, Settings};
use crate::home::Home;
use crate::release;

/// How long a platform may take to come up; it looks after apps that still run first.
const START_LIMIT: Duration = Duration::from_mins(1);
/// How long somebody else's start is waited for.
const LOCK_LIMIT: Duration = Duration::from_secs(90);
/// How long an older platform may take to hand over.
const HANDOVER_LIMIT: Duration = Duration::from_secs(30);
/// How long a platform that takes no calls any more may take to end.
const ENDING_LIMIT: Duration = Duration::from_secs(15);
/// How long whatever listens on the platform's port may take to prove itself.
const CHALLENGE_LIMIT: Duration = Duration::from_secs(5);
/// How long a platform elsewhere may take to say what it lacks, when that is only shown.
const LOOK_LIMIT: Duration = Duration::from_secs(5);
/// How long a platform that says nothing more may take to end.
const SILENT_LIMIT: Duration = Duration::from_secs(5);
/// The longest answer of a program that is being started, in bytes.
const ANSWER_BYTES_MAX: u64 = 64 << 10;
/// How many lines of the platform's log an error shows.
const LOG_LINES: usize = 8;

/// Tells the person something that is no error, on stderr.
pub(crate) type Notice = fn(&str);

/// What it takes to find or start a platform.
#[derive(Debug, Clone)]
pub(crate) struct Starter {
    home: Home,
    platform: PlatformAt,
    /// The program that is the platform: this one, unless it was built without.
    program: Option<PathBuf>,
    environment: Vec<(String, OsString)>,
    notice: Notice,
    ending_limit: Duration,
}

/// A platform that has proved that it belongs to this home.
#[derive(Debug)]
pub(crate) struct Running {
    /// A client for it.
    pub(crate) client: Client,
    /// How it is reached.
    pub(crate) file: PlatformFile,
    /// What it is.
    pub(crate) version: Version,
}

impl Starter {
    /// For these settings.
    pub(crate) fn new(settings: &Settings, env: &Environment, notice: Notice) -> Self {
        Self {
            home: Home::new(settings.home.clone()),
            platform: settings.platform.clone(),
            program: cfg!(feature = "platform")
                .then(|| own_program().unwrap_or_else(|_| PathBuf::from("backend-im"))),
            environment: env.for_platform(),
            notice,
            ending_limit: ENDING_LIMIT,
        }
    }

    /// The function by which the client gets to the platform, on first use and again after it was lost.
    pub(crate) fn into_connect(self) -> Connect {
        let starter = Arc::new(self);
        Arc::new(move || {
            let starter = Arc::clone(&starter);
            Box::pin(async move { starter.connect().await })
        })
    }

    /// The function by which a plan learns what the machine that would build lacks. Starts no platform: of the embedded
    /// one the machine is this one, and one elsewhere says it itself, where it can be reached.
    pub(crate) fn into_look(self) -> Look {
        let starter = Arc::new(self);
        Arc::new(move |needs| {
            let starter = Arc::clone(&starter);
            Box::pin(async move {
                match &starter.platform {
                    PlatformAt::Embedded => starter.look_here(&needs).await,
                    PlatformAt::Remote { .. } => starter.ask_there(&needs).await,
                }
            })
        })
    }

    async fn ask_there(&self, needs: &[Need]) -> Option<Vec<Shortfall>> {
        let asked = async { self.remote().await?.toolchains(needs).await };
        timeout(LOOK_LIMIT, asked).await.ok()?.ok()
    }

    #[cfg(feature = "platform")]
    async fn look_here(&self, needs: &[Need]) -> Option<Vec<Shortfall>> {
        Some(this_machine(&self.home, self.environment.clone()).lacks(needs).await)
    }

    /// A program without the platform builds nothing here.
    #[cfg(not(feature = "platform"))]
    #[expect(clippy::unused_async, reason = "the one with the platform waits")]
    async fn look_here(&self, _: &[Need]) -> Option<Vec<Shortfall>> {
        None
    }

    /// A client for the platform that is meant; the embedded one is started if it does not run.
    ///
    /// # Errors
    /// [`ClientError`] with the code of what is in the way.
    pub(crate) async fn connect(&self) -> Result<Client, ClientError> {
        match &self.platform {
            PlatformAt::Remote { .. } => self.remote().await,
            PlatformAt::Embedded => match self.find().await? {
                Some(running) if running.order() == Ordering::Equal => Ok(running.client),
                _ => self.start().await,
            },
        }
    }

    /// A client for the platform somebody else runs. Starts nothing.
    ///
    /// # Errors
    /// [`ClientError`] when it cannot be reached or, on a loopback address, does not know the token.
    pub(crate) async fn remote(&self) -> Result<Client, ClientError> {
        let PlatformAt::Remote { url, token } = &self.platform else {
            return Err(ClientError::new(Code::UNREACHABLE, "no platform elsewhere is configured"));
        };
        let token = match token {
            Some(token) => token.clone(),
            None => self.home.token()?.ok_or_else(|| no_token(url))?,
        };
        let client = Client::new(Endpoint::new(url.clone(), token))?;
        if config::is_loopback(url) {
            prove(&client).await.map_err(|error| stranger(&self.platform, error))?;
        }
        Ok(client)
    }

    /// The platform of this home, if it runs: the embedded one, or one that was started by hand. Starts nothing.
    ///
    /// # Errors
    /// [`Code::IMPOSTOR`] when something else answers in place of a platform that lives, [`Code::UNREACHABLE`] when nobody
    /// does, and what keeps the home from being read.
    pub(crate) async fn find(&self) -> Result<Option<Running>, ClientError> {
        let Some(file) = self.home.platform()? else { return Ok(None) };
        let Some(token) = self.home.token()? else { return Ok(None) };
        let client = Client::new(endpoint(&file, token))?;
        let error = match recognise(&client).await {
            Ok(version) => return Ok(Some(Running { client, file, version })),
            Err(error) => error,
        };
        // A file that an ended platform left behind; whoever has its port now is none of our business. One that is
        // ending takes no calls any more, and nobody can follow it before it has ended.
        let is_ending = error.code == Code::UNREACHABLE;
        if !self.serves(&file)? || is_ending && wait_for_exit(&file, self.ending_limit).await {
            tracing::debug!(%error, pid = file.pid, "platform.json is stale");
            return Ok(None);
        }
        Err(if is_ending || error.code == Code::IMPOSTOR {
            in_the_way(&self.home, &file, &error)
        } else {
            error
        })
    }

    /// Whether the platform that wrote `file` still serves: its process runs (a process nobody has waited for does not),
    /// and is no later one of the same number, for then nobody would hold the lock.
    fn serves(&self, file: &PlatformFile) -> Result<bool, ClientError> {
        let has_ended = pid_of(file).is_none_or(|pid| ends_within(pid, Duration::ZERO));
        Ok(!has_ended && self.home.lock_serve()?.is_none())
    }

    async fn start(&self) -> Result<Client, ClientError> {
        self.home.create()?;
        let lock = self.lock_start().await?;
        // Whoever held the lock may have started it meanwhile.
        let client = match self.find().await? {
            Some(running) => match running.order() {
                Ordering::Equal => Ok(running.client),
                Ordering::Less => Err(newer(&running)),
                Ordering::Greater => {
                    self.hand_over(&running).await?;
                    self.spawn().await
                }
            },
            None => self.spawn().await,
        };
        drop(lock);
        client
    }

    /// Takes the starter's lock on a thread of its own: the kernel wakes it, nothing polls.
    async fn lock_start(&self) -> Result<File, ClientError> {
        let home = self.home.clone();
        let locking = tokio::task::spawn_blocking(move || home.lock_start());
        match timeout(LOCK_LIMIT, locking).await {
            Ok(locked) => Ok(locked.expect("taking a lock does not panic")?),
            Err(_) => Err(failed(format!(
                "another program has been starting the platform for more than {} s",
                LOCK_LIMIT.as_secs()
            ))
            .hint(format!("see who holds {}", self.home.root().join("platform.lock").display()))),
        }
    }

    /// Asks an older platform to end and leave its apps running for the next one.
    async fn hand_over(&self, running: &Running) -> Result<(), ClientError> {
        (self.notice)(&format!(
            "the platform is version {}, this program is {}: it hands over, apps keep running",
            running.version.server,
            release::THIS
        ));
        match running.client.platform_stop(StopApps::Keep).await {
            // It may be gone before its answer is.
            Err(error) if error.code != Code::UNREACHABLE => return Err(error),
            _ => {}
        }
        if wait_for_exit(&running.file, HANDOVER_LIMIT).await {
            return Ok(());
        }
        Err(failed(format!(
            "the older platform (process {}) has not ended within {} s",
            running.file.pid,
            HANDOVER_LIMIT.as_secs()
        ))
        .hint("try again, or end that process: apps outlive it"))
    }

    async fn spawn(&self) -> Result<Client, ClientError> {
        let Some(program) = &self.program else {
            return Err(failed("this program was built without the platform")
                .hint("set BACKEND_IM_URL to a platform, or install the program with its default features"));
        };
        let log = self.home.open_log()?;
        let log_start = log.metadata().map(|found| found.len()).unwrap_or_default();
        let mut child = self.spawn_platform(program, log)?;
        let stdout = child.stdout.take().expect("stdout is a pipe");
        let mut line = String::new();
        let mut reader = BufReader::new(stdout.take(ANSWER_BYTES_MAX));
        match timeout(START_LIMIT, reader.read_line(&mut line)).await {
            Ok(Ok(_)) => match Answer::parse(&line) {
                Some(Answer::Reached(file)) => self.started(&file),
                Some(Answer::Problem(problem)) => Err(self.refused(&problem, log_start)),
                None => Err(self.ended(&mut child, log_start).await),
            },
            Ok(Err(error)) => Err(failed(format!("cannot hear from the platform: {error}"))),
            Err(_) => {
                let ended = child.kill().await;
                tracing::debug!(?ended, "the platform was too slow");
                let message = format!("the platform did not come up within {} s", START_LIMIT.as_secs());
                Err(failed(message).hint(self.log_hint(log_start)))
            }
        }
    }

    fn spawn_platform(&self, program: &Path, log: File) -> Result<Child, ClientError> {
        let cannot = |error: io::Error| {
            failed(format!("cannot start the platform: {error}"))
                .hint("`backend-im doctor` says what is missing on this machine")
        };
        command(program, self.environment.clone())
            .args(["platform", "serve", "--embedded"])
            .env("BACKEND_IM_HOME", self.home.root())
            .current_dir(self.home.root())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(cannot)
    }

    fn started(&self, file: &PlatformFile) -> Result<Client, ClientError> {
        (self.notice)(&format!(
            "started the platform (process {}); it runs until `backend-im platform stop`",
            file.pid
        ));
        let token = self.home.token()?.ok_or_else(|| failed("the platform came up without a token"))?;
        Client::new(endpoint(file, token))
    }

    /// The platform said itself why it does not come up.
    fn refused(&self, problem: &Problem, log_start: u64) -> ClientError {
        let hint = problem.hint.clone().unwrap_or_else(|| self.log_hint(log_start));
        ClientError::new(problem.code.clone(), problem.detail.clone()).hint(hint)
    }

    /// The platform ended without a word.
    async fn ended(&self, child: &mut Child, log_start: u64) -> ClientError {
        let how = match timeout(SILENT_LIMIT, child.wait()).await {
            Ok(Ok(status)) => status.to_string(),
            _ => "still running".to_owned(),
        };
        failed(format!("the platform did not come up ({how})")).hint(self.log_hint(log_start))
    }

    fn log_hint(&self, log_start: u64) -> String {
        let path = self.home.log_path();
        let tail = self.home.log_tail(log_start, LOG_LINES);
        if tail.is_empty() {
            return format!("its log is {}", path.display());
        }
        format!("the end of its log, {}:\n  {}", path.display(), tail.join("\n  "))
    }
}

impl Running {
    /// How this program's version compares with the platform's.
    pub(crate) fn order(&self) -> Ordering {
        release::compare(release::THIS, &self.version.server)
    }
}

/// What a platform says on its stdout when it is started.
enum Answer {
    Reached(PlatformFile),
    Problem(Problem),
}

impl Answer {
    fn parse(line: &str) -> Option<Self> {
        let reached = serde_json::from_str(line).map(Self::Reached);
        reached.or_else(|_| serde_json::from_str(line).map(Self::Problem)).ok()
    }
}

/// Waits until the process of `file` has ended, as long as `limit`; whether it has.
pub(crate) async fn wait_for_exit(file: &PlatformFile, limit: Duration) -> bool {
    let Some(pid) = pid_of(file) else { return true };
    let waiting = tokio::task::spawn_blocking(move || ends_within(pid, limit));
    waiting.await.expect("waiting for a process does not panic")
}

/// Blocks until the process has ended, as long as `limit`; whether it has.
fn ends_within(pid: Pid, limit: Duration) -> bool {
    let Ok(process) = rustix::process::pidfd_open(pid, PidfdFlags::empty()) else { return true };
    let limit = Timespec::try_from(limit).expect("a limit of minutes is a time");
    let mut ended = [PollFd::new(&process, PollFlags::IN)];
    rustix::event::poll(&mut ended, Some(&limit)).is_ok_and(|ready| ready > 0)
}

/// This program's file. When it was replaced while it ran, the new one under the same name is meant.
///
/// # Errors
/// When the system does not say where it is.
pub(crate) fn own_program() -> io::Result<PathBuf> {
    let path = std::env::current_exe()?;
    let replaced = path.to_str().and_then(|text| text.strip_suffix(" (deleted)")).map(PathBuf::from);
    Ok(replaced.filter(|_| !path.exists()).unwrap_or(path))
}

/// Opens `folder` (or `file` in it, for editors that open no folders) and waits until the editor has ended.
///
/// # Errors
/// When the editor cannot be started.
pub(crate) async fn open_editor(
    editor: &str,
    folder: &Path,
    file: &Path,
    env: &Environment,
) -> io::Result<std::process::ExitStatus> {
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("code");
    let opens_no_folders =
        Path::new(program).file_stem().is_some_and(|name| name == "nano" || name == "pico");
    command(program, env.for_people())
        .args(words)
        .arg(if opens_no_folders { file } else { folder })
        .current_dir(folder)
        .status()
        .await
}

/// Opens `url` in the person's browser.
///
/// # Errors
/// When there is no program that opens addresses, or it fails.
pub(crate) async fn open_browser(url: &Url, env: &Environment) -> io::Result<()> {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let status = command(opener, env.for_people())
        .arg(url.as_str())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("{opener}: {status}"))) }
}

/// This machine as a platform of this home would see it; what programs said is kept beside what is known of folders.
#[cfg(feature = "platform")]
pub(crate) fn this_machine(
    home: &Home,
    environment: Vec<(String, OsString)>,
) -> platform_server::ThisMachine {
    let vars = environment.into_iter().map(|(name, value)| (name.into(), value));
    platform_server::ThisMachine::new(vars, home.client_state().join("programs.json"))
}

#[expect(clippy::disallowed_methods, reason = "start.rs starts programs, with an allow-listed environment")]
fn command(program: impl AsRef<std::ffi::OsStr>, environment: Vec<(String, OsString)>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(environment);
    command
}

async fn prove(client: &Client) -> Result<(), ClientError> {
    timeout(CHALLENGE_LIMIT, client.verify_challenge()).await.unwrap_or_else(|_| {
        let message = format!("no answer to the challenge within {} s", CHALLENGE_LIMIT.as_secs());
        Err(ClientError::new(Code::IMPOSTOR, message))
    })
}

/// What answers, once it has proved that it is the platform of this home.
async fn recognise(client: &Client) -> Result<Version, ClientError> {
    prove(client).await?;
    client.version().await
}

/// Where the platform that wrote the file is, and the certificate that it has.
fn endpoint(file: &PlatformFile, token: ApiToken) -> Endpoint {
    let url = Url::parse(&file.api_url()).expect("an address and a port make a URL");
    Endpoint::new(url, token).pinned(file.certificate.clone())
}

fn pid_of(file: &PlatformFile) -> Option<Pid> {
    i32::try_from(file.pid).ok().and_then(Pid::from_raw)
}

fn failed(message: impl Into<String>) -> ClientError {
    ClientError::new(Code::PLATFORM_START_FAILED, message)
}

fn no_token(url: &Url) -> ClientError {
    ClientError::new(Code::UNAUTHORIZED, format!("there is no token for {url}"))
        .hint("set BACKEND_IM_TOKEN, or BACKEND_IM_HOME to the home of the platform there")
}

fn newer(running: &Running) -> ClientError {
    let message = format!(
        "the platform is version {}, newer than this program ({})",
        running.version.server,
        release::THIS
    );
    ClientError::new(Code::PLATFORM_NEWER, message)
        .hint(format!("upgrade this program to {} or newer", running.version.server))
}

/// The platform lives, but what answers where it said it is is not it, or nobody does.
fn in_the_way(home: &Home, file: &PlatformFile, error: &ClientError) -> ClientError {
    let (at, home_at) = (file.api_url(), home.root().display());
    let (pid, path) = (file.pid, home.platform_path());
    if error.code == Code::UNREACHABLE {
        let message = format!("the platform of {home_at} runs (process {pid}), but {}", error.message);
        return ClientError::new(Code::UNREACHABLE, message).hint(format!(
            "see what keeps this program from {at}; `kill {pid}` ends the platform and the next command starts it again \
             (apps run on)"
        ));
    }
    let message = format!("what answers on {at} is not the platform of {home_at}: {}", error.message);
    ClientError::new(Code::IMPOSTOR, message).hint(format!(
        "the token was not sent; if it was replaced or the platform hangs, `kill {pid}` ends the platform and the next \
         command starts it again (apps run on); if not, see what listens on that port and delete {}",
        path.display()
    ))
}

/// What does not know the token that the settings give for it.
fn stranger(platform: &PlatformAt, error: ClientError) -> ClientError {
    match platform {
        PlatformAt::Remote { token: Some(_), .. } if error.code == Code::IMPOSTOR => {
            error.hint("check BACKEND_IM_TOKEN: it is not the token of what listens at BACKEND_IM_URL")
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests;
