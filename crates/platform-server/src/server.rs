//! The platform as one thing: opened, brought back to what it was, served, ended in order.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use platform_api::{CertificateHash, Code, ProjectId};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::deployment::{AppsAtEnd, Limits, SharedSite, Site, Starts};
use crate::engine::{BuildEnv, Engine, ProcessEngine, Release};
use crate::event_log::EventLog;
use crate::gateway::{Gateway, GatewayConfig};
use crate::http::{ApiToken, Bound, Certificate, InvalidToken, ListenError, Tls};
use crate::logs::LogWatches;
use crate::platform::{Identity, Platform, Refusal};
use crate::secrets::{Requests, Secrets};
use crate::store::{Store, StoreError};

/// How many instances build or start at once, for each core: more only makes all of them slower.
const STARTS_PER_CORE: usize = 1;
/// How long background work may go on once the platform ends.
const END_LIMIT: Duration = Duration::from_secs(20);

/// How a platform is run.
#[derive(Debug)]
pub struct PlatformConfig {
    /// Where everything lives.
    pub home: PathBuf,
    /// Where the API listens; port 0 takes any.
    pub api: SocketAddr,
    /// Where the gateway listens; port 0 takes any.
    pub gateway: SocketAddr,
    /// The certificate of the API and the gateway; without one it listens on loopback only.
    pub tls: Option<Tls>,
    /// This program's own file, for launchers.
    pub program: PathBuf,
    /// What callers must show.
    pub token: SecretString,
    /// How many releases of a project are kept, the live one included.
    pub keep_releases: usize,
    /// How many deploys a minute it takes from its callers; none means any number.
    pub deploys_per_minute: Option<NonZeroUsize>,
    /// How long a new instance may take until it answers its probe.
    pub health_limit: Duration,
    /// The environment that children get parts of.
    pub env: BTreeMap<String, OsString>,
}

/// The ports that a platform got, and how it is recognised there.
#[derive(Debug, Clone)]
pub struct Ready {
    /// The API's.
    pub api_port: u16,
    /// The gateway's.
    pub gateway_port: u16,
    /// The certificate, where there is one.
    pub certificate: Option<CertificateHash>,
}

/// How a platform ended.
#[derive(Debug)]
pub struct Stopped {
    /// Apps that run on, for the next platform to adopt.
    pub apps_kept: Vec<ProjectId>,
    /// Tasks that did not end in time.
    pub abandoned: usize,
}

/// Why a platform did not come up.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A port or certificate cannot be had.
    #[error(transparent)]
    Listen(#[from] Listen),
    /// The home folder cannot be used.
    #[error("could not open the platform's home `{}`: {source}", .home.display())]
    Home {
        /// Which.
        home: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The database cannot be used.
    #[error("{detail}")]
    Refused {
        /// Stable code.
        code: Code,
        /// What happened.
        detail: String,
        /// What to do.
        hint: Option<String>,
    },
}

/// Why the API or the gateway cannot be offered.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub struct Listen {
    code: Code,
    detail: String,
    hint: String,
}

impl ServeError {
    /// The stable code for it.
    pub fn code(&self) -> Code {
        match self {
            Self::Listen(listen) => listen.code.clone(),
            Self::Home { source, .. } if source.kind() == io::ErrorKind::StorageFull => Code::DISK_FULL,
            Self::Home { .. } => Code::PLATFORM_START_FAILED,
            Self::Refused { code, .. } if *code == Code::INTERNAL => Code::PLATFORM_START_FAILED,
            Self::Refused { code, .. } => code.clone(),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Listen(listen) => Some(listen.hint.clone()),
            Self::Home { .. } => {
                Some("Make the folder writable, or set BACKEND_IM_HOME to another one.".to_owned())
            }
            Self::Refused { hint, .. } => hint.clone(),
        }
    }
}

impl From<ListenError> for ServeError {
    fn from(error: ListenError) -> Self {
        let source =
            std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        let (code, hint) = (error.code(), error.hint().to_owned());
        Self::Listen(Listen { code, detail: format!("{error}{source}"), hint })
    }
}

impl From<Refusal> for ServeError {
    fn from(Refusal { code, detail, hint, .. }: Refusal) -> Self {
        Self::Refused { code, detail, hint }
    }
}

impl From<StoreError> for ServeError {
    fn from(error: StoreError) -> Self {
        Refusal::from(error).into()
    }
}

/// Runs the platform until `shutdown` or until a caller stops it. `ready` is told the ports once both answer.
///
/// # Errors
/// [`ServeError`] when it cannot come up.
pub async fn serve(
    config: PlatformConfig,
    ready: impl FnOnce(Ready),
    shutdown: CancellationToken,
) -> Result<Stopped, ServeError> {
    let certificate = config.tls.as_ref().map(Tls::open).transpose()?;
    let bound = Bound::bind(config.api, certificate.as_ref()).await?.limited(config.deploys_per_minute);
    let token: ApiToken = config.token.expose_secret().parse().map_err(|error| bad_token(&error))?;
    let background = TaskTracker::new();
    let gateway_end = CancellationToken::new();
    let (site, identity) = open(&config, certificate.clone(), &background, &gateway_end).await?;
    let gateway_port = site.gateway.port();
    let platform = Platform::start(site.clone(), identity, shutdown.clone()).await?;

    let certificate = certificate.map(|certificate| certificate.hash);
    ready(Ready { api_port: bound.port(), gateway_port, certificate });
    let mut abandoned = bound.serve(platform.clone(), token, shutdown).await;

    platform.end(AppsAtEnd::Keep).await;
    let mut apps_kept: Vec<ProjectId> =
        site.engine.running().await.into_iter().map(|app| app.project).collect();
    apps_kept.sort();
    apps_kept.dedup();
    gateway_end.cancel();
    background.close();
    if timeout(END_LIMIT, background.wait()).await.is_err() {
        abandoned += background.len();
    }
    Ok(Stopped { apps_kept, abandoned })
}

fn bad_token(error: &InvalidToken) -> ServeError {
    let hint =
        "Remove the file `token` in the platform's home folder; the next command makes a new one.".to_owned();
    ServeError::Refused { code: Code::PLATFORM_START_FAILED, detail: error.to_string(), hint: Some(hint) }
}

async fn open(
    config: &PlatformConfig,
    certificate: Option<Certificate>,
    background: &TaskTracker,
    gateway_end: &CancellationToken,
) -> Result<(SharedSite<ProcessEngine>, Identity), ServeError> {
    let home_failed = |source| ServeError::Home { home: config.home.clone(), source };
    std::fs::create_dir_all(&config.home).map_err(home_failed)?;
    let store = Store::open(&config.home.join("platform.sqlite"))?;
    let identity = identity(&store, &config.env).await?;
    let build_env = BuildEnv::from_vars(config.env.iter().map(|(name, value)| (name.into(), value.clone())));
    let engine =
        ProcessEngine::open(&config.home, config.program.clone(), build_env).await.map_err(home_failed)?;
    sweep_layers(&engine, &config.home).await.map_err(home_failed)?;
    let log_watches = LogWatches::start(background, gateway_end.clone()).map_err(home_failed)?;
    let address = config.gateway;
    let gateway = Gateway::bind(GatewayConfig { address, certificate }, background, gateway_end.clone())
        .await
        .map_err(|source| ListenError::Bind { address, source })?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let limits = Limits {
        probe: config.health_limit,
        settle: Duration::from_secs(2),
        drain: Duration::from_secs(30),
        stop_grace: Duration::from_secs(10),
        releases: config.keep_releases.max(1),
    };
    let site = Site {
        home: config.home.clone(),
        secrets: Secrets::new(&config.home, store.clone()),
        secret_requests: Requests::default(),
        store,
        engine,
        gateway,
        events: EventLog::default(),
        log_watches,
        limits,
        starts: Starts::new((cores * STARTS_PER_CORE).max(2)),
        background: background.clone(),
        restarts: Mutex::new(HashMap::new()),
    };
    Ok((Arc::new(site), identity))
}

/// Removes dependency layers that no release on the disk stands on. Only safe before anything builds.
async fn sweep_layers(engine: &ProcessEngine, home: &Path) -> io::Result<()> {
    let projects = home.join("projects");
    let releases =
        |project: PathBuf| std::fs::read_dir(project.join("releases")).into_iter().flatten().flatten();
    let kept = std::fs::read_dir(projects)
        .into_iter()
        .flatten()
        .flatten()
        .flat_map(|project| releases(project.path()))
        .filter_map(|release| Release::read(&release.path().join("release.json")))
        .flat_map(|release| release.layers)
        .collect();
    engine.retain_layers(&kept).await
}

/// Whose platform this is: the operating system's user, kept from the first start on because project ids begin with it.
async fn identity(store: &Store, env: &BTreeMap<String, OsString>) -> Result<Identity, StoreError> {
    const USER_CHARS_MAX: usize = 16;
    let user = if let Some(user) = store.setting("user")? {
        user
    } else {
        let named =
            ["USER", "LOGNAME"].into_iter().find_map(|name| env.get(name)?.to_str().map(str::to_owned));
        let name = named.or_else(user_of_process).unwrap_or_default().to_lowercase();
        let user: String = name.chars().filter(char::is_ascii_alphanumeric).take(USER_CHARS_MAX).collect();
        let user = if user.is_empty() { "user".to_owned() } else { user };
        store.keep_setting("user", user.clone()).await?;
        user
    };
    let email = format!("{user}@localhost");
    Ok(Identity { user, email })
}

/// The name of the user that this process runs as, from the system's list of users.
fn user_of_process() -> Option<String> {
    let id = rustix::process::getuid().as_raw().to_string();
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let mut fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    fields.find(|fields| fields.get(2) == Some(&id.as_str())).map(|fields| fields[0].to_owned())
}
