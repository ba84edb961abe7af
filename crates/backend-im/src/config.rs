//! Settings: from flags, then `BACKEND_IM_*`, then the folder's configuration file, then defaults. The only file of the
//! program that reads the environment; everything else gets values.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::Read as _;
#[cfg(feature = "platform")]
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use platform_client::ApiToken;
use url::{Host, Url};

const PREFIX: &str = "BACKEND_IM_";
const HOME: &str = "BACKEND_IM_HOME";
const URL: &str = "BACKEND_IM_URL";
const TOKEN: &str = "BACKEND_IM_TOKEN";
const PROJECT: &str = "BACKEND_IM_PROJECT";
const LOG: &str = "BACKEND_IM_LOG";
const API_PORT: &str = "BACKEND_IM_API_PORT";
const GATEWAY_PORT: &str = "BACKEND_IM_GATEWAY_PORT";
const KEEP_RELEASES: &str = "BACKEND_IM_KEEP_RELEASES";
const HEALTH_LIMIT_S: &str = "BACKEND_IM_HEALTH_LIMIT_S";

/// Every variable of the program.
const KNOWN: &[&str] =
    &[HOME, URL, TOKEN, PROJECT, LOG, API_PORT, GATEWAY_PORT, KEEP_RELEASES, HEALTH_LIMIT_S];
/// Variables that belong to the project's own tests, and the one from which MCP clients take the token of a server.
const RESERVED: &[&str] =
    &["BACKEND_IM_CONTRACT_URL", "BACKEND_IM_CONTRACT_TOKEN", crate::install::TOKEN_VARIABLE];

/// The paragraph on variables that `--help` ends with.
pub(crate) const HELP: &str = "\
Environment:
  BACKEND_IM_HOME           where everything is kept                  [~/.backend-im]
  BACKEND_IM_URL            a platform to use instead of the embedded one
  BACKEND_IM_TOKEN          the token for that platform
  BACKEND_IM_PROJECT        the project, where none is given
  BACKEND_IM_LOG            what is logged to stderr, such as debug   [warn]
  BACKEND_IM_API_PORT       port of the embedded platform's API       [any]
  BACKEND_IM_GATEWAY_PORT   port of its gateway                       [any, then the same again]
  BACKEND_IM_KEEP_RELEASES  releases kept for rollbacks               [5]
  BACKEND_IM_HEALTH_LIMIT_S seconds in which an app must answer       [60]";

/// How many releases of a project are kept unless somebody says otherwise.
const KEEP_RELEASES_DEFAULT: usize = 5;
/// How long a new instance may take until it answers, in seconds, unless somebody says otherwise.
const HEALTH_LIMIT_S_DEFAULT: u64 = 60;
/// The largest configuration file, in bytes.
const FILE_BYTES_MAX: u64 = 256 << 10;

/// What programs that people see need: where to show themselves and in which language.
const FOR_PEOPLE: &[&str] = &[
    "COLORTERM",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "SHELL",
    "TERM",
    "TERM_PROGRAM",
    "VSCODE_IPC_HOOK_CLI",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_*",
];
/// What every program needs.
const FOR_ALL: &[&str] = &["HOME", "LANG", "LC_*", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER"];
/// What builds need: the person's package managers, certificates and proxies. Tokens are not among them.
const FOR_BUILDS: &[&str] = &[
    "ALL_PROXY",
    "CARGO_HOME",
    "CARGO_NET_*",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NODE_EXTRA_CA_CERTS",
    "NO_PROXY",
    "NPM_CONFIG_*",
    "PIP_*",
    "REQUESTS_CA_BUNDLE",
    "RUSTUP_*",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "UV_*",
];
/// What the platform itself reads.
const FOR_PLATFORM: &[&str] = &[LOG, API_PORT, GATEWAY_PORT, KEEP_RELEASES, HEALTH_LIMIT_S];

/// The environment, read once. Tests make one from pairs.
#[derive(Clone, Default)]
pub(crate) struct Environment(BTreeMap<String, OsString>);

/// Names only: values may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Environment {
    /// The environment of this process. Variables whose names are no UTF-8 are nobody's.
    pub(crate) fn read() -> Self {
        Self(
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect(),
        )
    }

    #[cfg(test)]
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect())
    }

    /// A variable that is set and not empty.
    fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(name).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    fn text(&self, name: &'static str) -> Result<Option<&str>, ConfigError> {
        self.get(name)
            .map(|value| value.to_str().ok_or(ConfigError::Variable { name, wanted: "UTF-8" }))
            .transpose()
    }

    fn parsed<T: FromStr>(&self, name: &'static str, wanted: &'static str) -> Result<Option<T>, ConfigError> {
        let parse = |text: &str| text.parse().map_err(|_| ConfigError::Variable { name, wanted });
        self.text(name)?.map(parse).transpose()
    }

    /// Whether colours are wanted where a terminal shows them.
    pub(crate) fn wants_colour(&self) -> bool {
        self.get("NO_COLOR").is_none() && self.get("TERM").is_none_or(|term| term != "dumb")
    }

    /// Whether there is a desktop on which a browser could open.
    pub(crate) fn has_desktop(&self) -> bool {
        cfg!(target_os = "macos")
            || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| self.get(name).is_some())
    }

    /// A variable that a person names to be taken for a secret.
    pub(crate) fn secret(&self, name: &str) -> Option<String> {
        self.get(name)?.to_str().map(str::to_owned)
    }

    /// The folder that the agent's host calls the project.
    pub(crate) fn agent_project_dir(&self) -> Option<PathBuf> {
        self.get("CLAUDE_PROJECT_DIR").map(PathBuf::from)
    }

    /// A folder that a variable of another program names.
    pub(crate) fn folder(&self, name: &'static str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from).filter(|folder| folder.is_absolute())
    }

    /// The file that a shell starts for `program`.
    pub(crate) fn on_path(&self, program: &str) -> Option<PathBuf> {
        let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
        std::env::split_paths(self.get("PATH")?).map(|folder| folder.join(&file)).find(|file| file.is_file())
    }

    /// The person's home directory.
    pub(crate) fn user_home(&self) -> Option<PathBuf> {
        self.get("HOME").map(PathBuf::from)
    }

    /// Where an app is to listen: `HOST` and `PORT`.
    ///
    /// # Errors
    /// [`ConfigError`] when either is missing or cannot be.
    #[cfg(feature = "platform")]
    pub(crate) fn app_address(&self) -> Result<SocketAddr, ConfigError> {
        let missing = |name, wanted| ConfigError::Variable { name, wanted };
        let host: Option<IpAddr> = self.parsed("HOST", "an address")?;
        let port = self.parsed("PORT", "a port")?;
        let host = host.ok_or_else(|| missing("HOST", "set"))?;
        Ok(SocketAddr::new(host, port.ok_or_else(|| missing("PORT", "set"))?))
    }

    /// For the platform that this program starts: what builds need, and no token.
    pub(crate) fn for_platform(&self) -> Vec<(String, OsString)> {
        self.only(&[FOR_ALL, FOR_BUILDS, FOR_PLATFORM])
    }

    /// For an editor or a browser.
    pub(crate) fn for_people(&self) -> Vec<(String, OsString)> {
        self.only(&[FOR_ALL, FOR_PEOPLE])
    }

    /// Variables whose name, in any case, is on one of the lists.
    fn only(&self, lists: &[&[&str]]) -> Vec<(String, OsString)> {
        let is_on = |name: &str, entry: &str| match entry.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == entry,
        };
        let allowed = |name: &str| {
            let upper = name.to_ascii_uppercase();
            lists.iter().copied().flatten().any(|entry| is_on(&upper, entry))
        };
        self.0.iter().filter(|(name, _)| allowed(name)).map(|(n, v)| (n.clone(), v.clone())).collect()
    }
}

/// What flags say about settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags {
    /// `--home`.
    pub(crate) home: Option<PathBuf>,
    /// `--url`.
    pub(crate) url: Option<String>,
    /// `--log`.
    pub(crate) log: Option<String>,
}

/// Which platform is meant.
#[derive(Debug, Clone)]
pub(crate) enum PlatformAt {
    /// The one of this machine, started when it is needed.
    Embedded,
    /// One that somebody else runs.
    Remote {
        /// Where.
        url: Url,
        /// The token for it; none means that of the home, which only a loopback address may get.
        token: Option<ApiToken>,
    },
}

/// What a run of the program goes by.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Where everything is kept; absolute.
    pub(crate) home: PathBuf,
    /// Which platform.
    pub(crate) platform: PlatformAt,
    /// The project, where the command names none.
    pub(crate) project: Option<String>,
}

/// How the embedded platform is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlatformSettings {
    /// The API's port, if one was asked for.
    pub(crate) api_port: Option<u16>,
    /// The gateway's port, if one was asked for.
    pub(crate) gateway_port: Option<u16>,
    /// How many releases of a project are kept.
    pub(crate) keep_releases: usize,
    /// How long a new instance may take until it answers.
    pub(crate) health_limit: Duration,
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// A variable that looks like ours but is not.
    #[error("there is no setting {name}")]
    UnknownVariable {
        /// Its name.
        name: String,
    },
    /// A variable with a value that cannot be.
    #[error("{name} is not {wanted}")]
    Variable {
        /// Which.
        name: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
    /// Nowhere to keep anything.
    #[error("there is no home directory to keep the platform in")]
    NoHome,
    /// Not the address of a platform.
    #[error("`{text}` is not the address of a platform")]
    InvalidUrl {
        /// The address, without what might be a password.
        text: String,
    },
    /// No token for a platform elsewhere.
    #[error("there is no token for {url}")]
    NoToken {
        /// Which platform.
        url: Url,
    },
    /// A project's file would choose who gets the token.
    #[error("{file} wants the platform at {url}, and nobody on this machine has agreed to that")]
    UrlFromFile {
        /// The file.
        file: String,
        /// What it says.
        url: Url,
    },
    /// Two configuration files.
    #[error("both {first} and {second} are in {}", .folder.display())]
    TwoFiles {
        /// One.
        first: &'static str,
        /// The other.
        second: &'static str,
        /// Where.
        folder: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read {}", .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is wrong.
    #[error("{0}")]
    File(build_plan::config::ConfigError),
}

impl ConfigError {
    /// What to do next.
    pub(crate) fn hint(&self) -> Option<String> {
        Some(match self {
            Self::UnknownVariable { name } => {
                format!("did you mean {}? Otherwise unset {name}", nearest(name))
            }
            Self::Variable { name, .. } => format!("correct {name} or unset it"),
            Self::NoHome => format!("set {HOME} to a folder that you can write to"),
            Self::InvalidUrl { .. } => {
                "write it like https://platform.example.com, without user and password".to_owned()
            }
            Self::NoToken { .. } => format!("set {TOKEN} to the token that the platform's operator gave you"),
            Self::UrlFromFile { url, .. } => {
                format!("if you trust it with your token and this project's files, set {URL}={url}")
            }
            Self::TwoFiles { first, second, .. } => format!("keep {first} and delete {second}"),
            Self::Unreadable { .. } => "check that it is a file that you may read".to_owned(),
            Self::File(error) => return error.hint.clone(),
        })
    }
}

/// The known variable that `name` is most likely meant to be.
fn nearest(name: &str) -> &'static str {
    let distance = |known: &&&str| strsim::damerau_levenshtein(known, name);
    KNOWN.iter().min_by_key(distance).expect("the list is not empty")
}

/// Refuses `BACKEND_IM_*` variables that nobody knows: a typo must not be a silent default.
fn check_names(env: &Environment) -> Result<(), ConfigError> {
    let unknown = |name: &&String| {
        name.starts_with(PREFIX) && !KNOWN.contains(&name.as_str()) && !RESERVED.contains(&name.as_str())
    };
    match env.0.keys().find(unknown) {
        Some(name) => Err(ConfigError::UnknownVariable { name: name.clone() }),
        None => Ok(()),
    }
}

/// Where everything is kept.
pub(crate) fn home(flags: &Flags, env: &Environment) -> Result<PathBuf, ConfigError> {
    let named = flags.home.clone().or_else(|| env.get(HOME).map(PathBuf::from));
    let home = match named {
        Some(home) => home,
        None => env.user_home().ok_or(ConfigError::NoHome)?.join(".backend-im"),
    };
    std::path::absolute(home).map_err(|_| ConfigError::NoHome)
}

/// What is logged, in the words of `tracing`'s filters.
pub(crate) fn log_filter(flags: &Flags, env: &Environment) -> Option<String> {
    flags.log.clone().or_else(|| env.get(LOG)?.to_str().map(str::to_owned))
}

impl Settings {
    /// Settings for work in `folder`.
    ///
    /// # Errors
    /// [`ConfigError`] for the first setting that cannot be used.
    pub(crate) fn load(flags: &Flags, env: &Environment, folder: &Path) -> Result<Self, ConfigError> {
        check_names(env)?;
        let chosen = flags.url.as_deref().map_or_else(|| env.text(URL), |url| Ok(Some(url)))?;
        let platform = match chosen {
            Some(url) => remote(parse_url(url)?, env)?,
            None => platform_of_file(folder, env)?,
        };
        let project = env.text(PROJECT)?.map(str::to_owned);
        Ok(Self { home: home(flags, env)?, platform, project })
    }
}

impl PlatformSettings {
    /// What the environment says about the embedded platform.
    ///
    /// # Errors
    /// [`ConfigError`] for the first variable that cannot be used.
    pub(crate) fn load(env: &Environment) -> Result<Self, ConfigError> {
        check_names(env)?;
        let keep_releases = within(env, KEEP_RELEASES, 1..=100, "a number from 1 to 100")?;
        let health_limit_s = within(env, HEALTH_LIMIT_S, 1..=3_600, "a number of seconds from 1 to 3600")?;
        Ok(Self {
            api_port: env.parsed(API_PORT, "a port")?,
            gateway_port: env.parsed(GATEWAY_PORT, "a port")?,
            keep_releases: keep_releases.unwrap_or(KEEP_RELEASES_DEFAULT),
            health_limit: Duration::from_secs(health_limit_s.unwrap_or(HEALTH_LIMIT_S_DEFAULT)),
        })
    }
}

/// A number within limits, if it is set.
fn within<T: FromStr + PartialOrd>(
    env: &Environment,
    name: &'static str,
    limits: RangeInclusive<T>,
    wanted: &'static str,
) -> Result<Option<T>, ConfigError> {
    match env.parsed(name, wanted)? {
        Some(number) if !limits.contains(&number) => Err(ConfigError::Variable { name, wanted }),
        number => Ok(number),
    }
}

/// Whether an address never leaves this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// An address of a platform, without user and password.
///
/// # Errors
/// [`ConfigError::InvalidUrl`] when it is none.
pub(crate) fn parse_url(text: &str) -> Result<Url, ConfigError> {
    let fit = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
    };
    let shown = || text.rsplit('@').next().unwrap_or_default().to_owned();
    Url::parse(text).ok().filter(fit).ok_or_else(|| ConfigError::InvalidUrl { text: shown() })
}

fn remote(url: Url, env: &Environment) -> Result<PlatformAt, ConfigError> {
    let token = env.parsed(TOKEN, "a token")?;
    if token.is_none() && !is_loopback(&url) {
        return Err(ConfigError::NoToken { url });
    }
    Ok(PlatformAt::Remote { url, token })
}

/// The platform that the folder's file names. A file that came with somebody's repository may not decide who gets the
/// token: an address elsewhere counts only when the person says it too. A loopback address must pass the challenge.
fn platform_of_file(folder: &Path, env: &Environment) -> Result<PlatformAt, ConfigError> {
    let Some((file, settings)) = read_file(folder)? else { return Ok(PlatformAt::Embedded) };
    let Some(url) = settings.url else { return Ok(PlatformAt::Embedded) };
    let url = parse_url(&url)?;
    if !is_loopback(&url) {
        return Err(ConfigError::UrlFromFile { file: file.to_owned(), url });
    }
    remote(url, env)
}

/// The configuration file of a folder, if it has one.
///
/// # Errors
/// [`ConfigError`] when there are two, or it cannot be read or parsed.
pub(crate) fn read_file(
    folder: &Path,
) -> Result<Option<(&'static str, build_plan::config::Settings)>, ConfigError> {
    let mut present = build_plan::config::FILE_NAMES.iter().filter(|name| folder.join(name).is_file());
    let Some(&first) = present.next() else { return Ok(None) };
    if let Some(&second) = present.next() {
        return Err(ConfigError::TwoFiles { first, second, folder: folder.to_owned() });
    }
    let path = folder.join(first);
    let mut text = String::new();
    std::fs::File::open(&path)
        .and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut text))
        .map_err(|source| ConfigError::Unreadable { path, source })?;
    build_plan::config::parse(first, &text).map(|settings| Some((first, settings))).map_err(ConfigError::File)
}

#[cfg(test)]
mod tests;
