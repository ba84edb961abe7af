//! `backend-im platform serve`: runs the platform until it is told to stop. A signal ends the platform alone; its apps
//! run on and the next platform adopts them. `platform stop` ends the apps too.

use std::fs::OpenOptions;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use platform_api::{Code, PlatformFile, Problem};
use platform_client::ClientError;
use platform_server::{PlatformConfig, Ready, Stopped, Tls};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::error::Error;
use super::signals::Signals;
use super::{home_of, render};
use crate::config::PlatformSettings;
use crate::home::Home;
use crate::{release, start};

/// How many deploys a minute a platform takes that others can reach, unless its operator says otherwise.
const SHARED_DEPLOYS_PER_MINUTE: NonZeroUsize = NonZeroUsize::new(10).expect("ten is not zero");

/// Run the platform in the foreground, with its log on stderr.
///
/// Ctrl-C and SIGTERM end the platform alone: apps run on, and the next platform takes them over.
/// `backend-im platform stop` ends the apps too.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  backend-im platform serve
  backend-im platform serve --gateway-port 8080
  backend-im platform serve --listen 0.0.0.0 --tls-cert cert.pem --tls-key key.pem")]
pub(crate) struct Arguments {
    /// The API's port [default: any that is free]
    #[arg(long, value_name = "PORT")]
    api_port: Option<u16>,
    /// The gateway's port, part of every app's URL [default: the one it had before, else any]
    #[arg(long, value_name = "PORT")]
    gateway_port: Option<u16>,
    /// The address to listen on; others than loopback need --tls-cert and --tls-key
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    listen: IpAddr,
    /// The certificate, with its chain, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// How many releases of a project are kept for rollbacks [default: 5]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=100))]
    keep_releases: Option<u16>,
    /// How many deploys a minute it takes [default: 10 when it listens for other machines, else any number]
    #[arg(long, value_name = "COUNT")]
    deploys_per_minute: Option<NonZeroUsize>,
    /// Started by a command that needs it: detach, and say on stdout how it is reached
    #[arg(long, hide = true)]
    embedded: bool,
}

/// Who started the platform, and so who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Foreground,
    Embedded,
}

/// Runs the command.
///
/// # Errors
/// What kept the platform from coming up; an embedded one says it on stdout too, as a problem.
pub(crate) fn run(context: &Context, arguments: &Arguments) -> Result<(), Error> {
    let mode = if arguments.embedded { Mode::Embedded } else { Mode::Foreground };
    let outcome = serve(context, arguments, mode);
    if let (Mode::Embedded, Err(error)) = (mode, &outcome) {
        render::json_line(&problem(error))?;
    }
    outcome
}

fn serve(context: &Context, arguments: &Arguments, mode: Mode) -> Result<(), Error> {
    if mode == Mode::Embedded
        && let Err(error) = rustix::process::setsid()
    {
        tracing::debug!(%error, "no session of its own");
    }
    let home = home_of(context)?;
    home.create().map_err(ClientError::from)?;
    // A start by hand and a start by a command do not meet: whoever starts holds this lock until the platform is up.
    let starting = match mode {
        Mode::Foreground => Some(home.lock_start().map_err(ClientError::from)?),
        Mode::Embedded => None,
    };
    let serving = home.lock_serve().map_err(ClientError::from)?.ok_or_else(|| already(&home))?;
    let config = config(context, &home, arguments)?;
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::machine("cannot start", error))?;
    let outcome = runtime.block_on(Box::pin(until_stopped(config, &home, mode, move || drop(starting))));
    runtime.shutdown_background();
    home.retire().map_err(ClientError::from)?;
    drop(serving);
    outcome
}

fn already(home: &Home) -> ClientError {
    let who =
        home.platform().ok().flatten().map(|file| format!(" (process {})", file.pid)).unwrap_or_default();
    let message = format!("a platform{who} serves {} already", home.root().display());
    ClientError::new(Code::PLATFORM_START_FAILED, message)
        .hint("`backend-im platform status` shows it, `backend-im platform stop` ends it")
}

fn config(context: &Context, home: &Home, arguments: &Arguments) -> Result<PlatformConfig, Error> {
    let settings = PlatformSettings::load(&context.env)?;
    let tls = arguments.tls_cert.clone().zip(arguments.tls_key.clone()).map(|(cert, key)| Tls { cert, key });
    if !arguments.listen.is_loopback() && tls.is_none() {
        return Err(Error::usage(
            format!(
                "{} can be reached from other machines, and tokens never travel in the clear",
                arguments.listen
            ),
            "add --tls-cert and --tls-key, or listen on 127.0.0.1 behind a proxy that ends TLS",
        ));
    }
    let before = home.last_platform().map_err(ClientError::from)?;
    let again = |before: Option<u16>, whose: &str| {
        before.filter(|&port| is_free(arguments.listen, port, whose)).unwrap_or_default()
    };
    let api = arguments.api_port.or(settings.api_port);
    let api = api.unwrap_or_else(|| again(before.as_ref().map(|file| file.api_port), "API"));
    let gateway = arguments.gateway_port.or(settings.gateway_port);
    let gateway = gateway.unwrap_or_else(|| again(before.as_ref().map(|file| file.gateway_port), "gateway"));
    Ok(PlatformConfig {
        home: home.root().to_owned(),
        api: SocketAddr::new(arguments.listen, api),
        gateway: SocketAddr::new(arguments.listen, gateway),
        tls,
        program: start::own_program()
            .map_err(|error| Error::machine("cannot find this program's file", error))?,
        token: home.token_or_new().map_err(ClientError::from)?,
        keep_releases: arguments.keep_releases.map_or(settings.keep_releases, usize::from),
        deploys_per_minute: arguments
            .deploys_per_minute
            .or_else(|| (!arguments.listen.is_loopback()).then_some(SHARED_DEPLOYS_PER_MINUTE)),
        health_limit: settings.health_limit,
        env: context.env.for_platform().into_iter().collect(),
    })
}

/// Whether a port that the platform had before can be had again, so that addresses stay what they were. Warns when not.
fn is_free(address: IpAddr, port: u16, whose: &str) -> bool {
    let bound = TcpListener::bind((address, port));
    if let Err(error) = &bound {
        tracing::warn!(port, %error, "the {whose}'s port {port} was taken meanwhile; it gets another one");
    }
    bound.is_ok()
}

/// Serves until `platform stop`, or a signal; a second signal ends it at once.
async fn until_stopped(
    config: PlatformConfig,
    home: &Home,
    mode: Mode,
    is_up: impl FnOnce(),
) -> Result<(), Error> {
    let mut signals = Signals::new()?;
    let shutdown = CancellationToken::new();
    let (announcing, mut announced) = oneshot::channel();
    let listening = config.api.ip();
    let ready = |ready: Ready| {
        let outcome = announce(home, mode, &reached(listening, ready));
        is_up();
        if let Err(error) = outcome {
            shutdown.cancel();
            announcing.send(error).expect("the receiver lives as long as the platform");
        }
    };
    let serving = platform_server::serve(config, ready, shutdown.clone());
    let mut serving = std::pin::pin!(serving);
    let stopped = tokio::select! {
        stopped = &mut serving => stopped,
        name = signals.next() => {
            tracing::info!(signal = name, "stopping; apps run on and the next platform takes them over");
            shutdown.cancel();
            tokio::select! {
                stopped = &mut serving => stopped,
                name = signals.next() => {
                    tracing::warn!(signal = name, "second signal: ending at once");
                    return Err(Error::Interrupted);
                }
            }
        }
    };
    let stopped = stopped.map_err(|error| {
        let mut refused = ClientError::new(error.code(), error.to_string());
        refused.hint = error.hint();
        refused
    })?;
    if let Ok(error) = announced.try_recv() {
        return Err(error);
    }
    told(&stopped);
    Ok(())
}

/// How the programs of this home reach a platform that listens on `listening`: every address means loopback as well.
fn reached(listening: IpAddr, ready: Ready) -> PlatformFile {
    let address = match listening {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        one => one,
    };
    PlatformFile {
        pid: std::process::id(),
        version: release::THIS.to_owned(),
        api_port: ready.api_port,
        gateway_port: ready.gateway_port,
        address,
        certificate: ready.certificate,
    }
}

/// Says how the platform is reached: in the home, and to whoever started it.
fn announce(home: &Home, mode: Mode, file: &PlatformFile) -> Result<(), Error> {
    home.announce(file).map_err(ClientError::from)?;
    tracing::info!(
        api.port = file.api_port,
        gateway.port = file.gateway_port,
        "serving {}: API on port {}, gateway on port {}",
        home.root().display(),
        file.api_port,
        file.gateway_port
    );
    if mode == Mode::Embedded {
        render::json_line(file)?;
        release_stdout().map_err(|error| Error::machine("cannot let go of stdout", error))?;
    }
    Ok(())
}

/// Nobody reads after the first line: whoever started the platform must not wait for it.
fn release_stdout() -> std::io::Result<()> {
    let null = OpenOptions::new().write(true).open("/dev/null")?;
    Ok(rustix::stdio::dup2_stdout(&null)?)
}

fn told(stopped: &Stopped) {
    for project in &stopped.apps_kept {
        tracing::info!(project.id = %project, "`{project}` runs on");
    }
    if stopped.abandoned > 0 {
        tracing::warn!(tasks = stopped.abandoned, "tasks did not end in time");
    }
}

/// An error for the command that started the platform.
fn problem(error: &Error) -> Problem {
    Problem {
        code: error.code(),
        status: 503,
        title: "the platform did not come up".to_owned(),
        detail: error.to_string(),
        hint: error.hint(),
        retryable: false,
        missing: Vec::new(),
        changed: Vec::new(),
    }
}
