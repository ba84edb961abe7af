//! `backend-im doctor`: checks this machine and says what to do.

use std::net::{Ipv4Addr, TcpListener, ToSocketAddrs as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

#[cfg(feature = "platform")]
use build_plan::toolchain::{Installed, PROGRAMS, Program, Shortfall};
use clap::Args;
use serde::Serialize;

#[cfg(feature = "platform")]
use super::clean;
use super::context::Context;
use super::error::Error;
use super::render::{self, Format};
use super::text::{self, Paint};
use super::{Json, home_of};
use crate::config::{self, PlatformAt, PlatformSettings, Settings};
use crate::home::Home;
use crate::{release, start};

/// Less free disk space than this, in bytes, and deploys fail (256 MiB).
const FREE_BYTES_MIN: u64 = 256 << 20;
/// Less than this, in bytes, and they soon will (2 GiB).
const FREE_BYTES_GOOD: u64 = 2 << 30;

/// Check this machine and say what to do.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) json: Json,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// As it should be.
    Ok,
    /// Something that only some projects need.
    Note,
    /// Something that everything needs.
    Broken,
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Check {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, state: State::Ok, found: found.into(), advice: None }
    }

    fn note(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, state: State::Note, found: found.into(), advice: Some(advice.into()) }
    }

    fn broken(name: &'static str, found: impl Into<String>, advice: Option<String>) -> Self {
        Self { name, state: State::Broken, found: found.into(), advice }
    }
}

/// Runs the command.
///
/// # Errors
/// [`Error::NotReady`] when something that everything needs is broken.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<(), Error> {
    let home = home_of(context)?;
    let checks = vec![
        Check::ok("program", format!("backend-im {}", release::THIS)),
        settings(context),
        folder(&home),
        token(&home),
        secrets(&home),
        disk(&home),
        ports(),
        names(),
        platform(context, &home).await,
    ];
    // A program without the platform builds nothing here.
    #[cfg(feature = "platform")]
    let checks = [checks, programs(context, &home).await].concat();
    let is_ready = checks.iter().all(|check| check.state != State::Broken);
    match arguments.json.format() {
        Format::Json => render::json(&serde_json::json!({"ok": is_ready, "checks": checks}))?,
        Format::Text => render::data(&shown(context.screen.data_paint, &checks))?,
    }
    if is_ready { Ok(()) } else { Err(Error::NotReady) }
}

fn shown(paint: Paint, checks: &[Check]) -> String {
    let shown = |check: &Check| {
        let mark = match check.state {
            State::Ok => paint.good("✓"),
            State::Note => paint.bold("·"),
            State::Broken => paint.bad("✗"),
        };
        let found = format!("{mark} {:<10} {}", check.name, check.found);
        let advice = check.advice.as_ref();
        let advice = advice.map(|advice| format!("{:13}{}", "", paint.dim(&format!("→ {advice}"))));
        [Some(found), advice]
    };
    text::page(&checks.iter().flat_map(shown).flatten().collect::<Vec<_>>())
}

fn settings(context: &Context) -> Check {
    let loaded = Settings::load(&context.flags, &context.env, ".".as_ref());
    let checked = loaded.and_then(|settings| {
        PlatformSettings::load(&context.env)?;
        let file = config::read_file(".".as_ref())?;
        Ok((settings, file))
    });
    match checked {
        Ok((settings, file)) => {
            let at = match settings.platform {
                PlatformAt::Embedded => "the embedded platform".to_owned(),
                PlatformAt::Remote { url, .. } => format!("the platform at {url}"),
            };
            let file = file.map(|(name, _)| format!(", {name} in this folder")).unwrap_or_default();
            Check::ok("settings", format!("{at}{file}"))
        }
        Err(error) => Check::broken("settings", error.to_string(), error.hint()),
    }
}

/// The programs with which projects are built here: which are there, and how the others are had.
#[cfg(feature = "platform")]
async fn programs(context: &Context, home: &Home) -> Vec<Check> {
    let machine = start::this_machine(home, context.env.for_platform());
    let mut looked = Vec::new();
    for program in PROGRAMS {
        looked.push((program, machine.installed(program).await));
    }
    let is_there = |name: &str| looked.iter().any(|(program, found)| program.name == name && found.is_some());
    let check = |(program, found): &(&'static Program, Option<Installed>)| match found {
        Some(installed) => present(program, installed),
        None => absent(program, machine.advice(program.name, is_there)),
    };
    looked.iter().map(check).collect()
}

#[cfg(feature = "platform")]
fn present(program: &'static Program, installed: &Installed) -> Check {
    if let Some(trouble) = &installed.trouble {
        return Check::note(program.name, "does not work", clean::line(trouble));
    }
    let versions: Vec<String> = installed.said.iter().flat_map(|said| program.versions(said)).collect();
    let found = if versions.is_empty() { "there".to_owned() } else { versions.join(", ") };
    Check::ok(program.name, found)
}

#[cfg(feature = "platform")]
fn absent(program: &'static Program, advice: Option<Shortfall>) -> Check {
    let needed_by = program.needed_by;
    match advice {
        Some(missing) => {
            let note = missing.note.map(|note| format!(" ({note})")).unwrap_or_default();
            let advice = format!("for {needed_by}: {}{note}", missing.install);
            Check::note(program.name, "not found", advice)
        }
        None => Check::ok(program.name, format!("not here; fetched for {needed_by}")),
    }
}

/// The home, or the place where it would be made: a check changes nothing.
fn folder(home: &Home) -> Check {
    let shown = home.root().display().to_string();
    let place = existing(home);
    if let Err(error) = tempfile::tempfile_in(place) {
        let advice = "set BACKEND_IM_HOME to a folder that you can write to".to_owned();
        return Check::broken("home", format!("cannot write to {}: {error}", place.display()), Some(advice));
    }
    if place != home.root() {
        return Check::ok("home", format!("{shown}, made by the first start"));
    }
    let mode = std::fs::metadata(place).map_or(0, |found| found.mode() & 0o777);
    let is_private = mode.trailing_zeros() >= 6;
    if is_private {
        return Check::ok("home", shown);
    }
    Check::note("home", format!("{shown} is open to others (mode {mode:o})"), format!("chmod 700 {shown}"))
}

/// The home, or the nearest folder above it that is there.
fn existing(home: &Home) -> &Path {
    home.root().ancestors().find(|place| place.exists()).unwrap_or(home.root())
}

fn token(home: &Home) -> Check {
    match home.token() {
        Ok(Some(_)) => Check::ok("token", "readable by you alone"),
        Ok(None) => Check::ok("token", "none yet; the first start makes one"),
        Err(error) => Check::broken("token", error.to_string(), Some(error.hint())),
    }
}

fn secrets(home: &Home) -> Check {
    let key = home.secrets_key_path();
    match std::fs::metadata(&key).map(|found| found.mode() & 0o777) {
        Ok(mode) if mode.trailing_zeros() >= 6 => Check::ok("secrets", "their key is readable by you alone"),
        Ok(mode) => {
            let advice = format!("chmod 600 {}; set secrets anew that others may have read", key.display());
            Check::broken("secrets", format!("their key can be read by others (mode {mode:o})"), Some(advice))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Check::ok("secrets", "none yet; the first one that is set makes their key")
        }
        Err(error) => Check::broken("secrets", format!("their key cannot be read: {error}"), None),
    }
}

fn disk(home: &Home) -> Check {
    let place = existing(home);
    let Ok(found) = rustix::fs::statvfs(place) else {
        return Check::note("disk", "free space unknown", "check it yourself");
    };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let shown = format!("{} free", text::bytes(free));
    let advice = format!("free some space on the disk of {}", place.display());
    match free {
        0..FREE_BYTES_MIN => Check::broken("disk", shown, Some(advice)),
        FREE_BYTES_MIN..FREE_BYTES_GOOD => Check::note("disk", shown, advice),
        _ => Check::ok("disk", shown),
    }
}

fn ports() -> Check {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, 0)) {
        Ok(_) => Check::ok("ports", "loopback ports can be had"),
        Err(error) => Check::broken(
            "ports",
            format!("cannot listen on 127.0.0.1: {error}"),
            Some("allow this program to listen on loopback".to_owned()),
        ),
    }
}

/// Browsers and curl know that `*.localhost` is this machine; other programs ask the system.
fn names() -> Check {
    let resolved = ("project.localhost", 80).to_socket_addrs();
    if resolved.is_ok_and(|mut found| found.all(|address| address.ip().is_loopback())) {
        return Check::ok("names", "project.localhost leads to this machine");
    }
    let advice =
        "browsers and curl reach the URLs; for other programs use the direct URL, 127.0.0.1 with a port";
    Check::note("names", "the system does not resolve project.localhost", advice)
}

async fn platform(context: &Context, home: &Home) -> Check {
    let Ok(settings) = Settings::load(&context.flags, &context.env, ".".as_ref()) else {
        return Check::note("platform", "not looked at", "correct the settings first");
    };
    let starter = start::Starter::new(&settings, &context.env, render::tell);
    let found = match settings.platform {
        PlatformAt::Remote { .. } => match starter.remote().await {
            Ok(client) => client.version().await.map(|version| Some((version.server, "answers".to_owned()))),
            Err(error) => Err(error),
        },
        PlatformAt::Embedded => starter.find().await.map(|running| {
            running.map(|running| (running.version.server, format!("process {}", running.file.pid)))
        }),
    };
    match found {
        Ok(None) => Check::ok("platform", "does not run; the first command that needs it starts it"),
        Ok(Some((version, what))) => match release::compare(release::THIS, &version) {
            std::cmp::Ordering::Equal => Check::ok("platform", format!("version {version}, {what}")),
            std::cmp::Ordering::Greater => Check::note(
                "platform",
                format!("version {version}, older than this program"),
                "the next command asks it to hand over; apps keep running",
            ),
            std::cmp::Ordering::Less => Check::broken(
                "platform",
                format!("version {version}, newer than this program"),
                Some("upgrade this program".to_owned()),
            ),
        },
        Err(error) => {
            tracing::debug!(home = %home.root().display(), %error, "no platform");
            Check::broken("platform", error.to_string(), error.hint)
        }
    }
}
