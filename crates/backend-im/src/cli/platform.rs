//! `backend-im platform`: the platform of this machine, seen from outside. Nothing here starts it but `serve`.

use std::time::Duration;

use clap::{Args, Subcommand};
use platform_api::{PlatformStatus, ProjectId, StopAnswer, StoppedApp};
use platform_client::StopApps;

use super::context::{Context, block_on};
use super::error::Error;
use super::render::{self, Format, Screen};
use super::{Json, text};
use crate::config::{PlatformAt, Settings};
use crate::home::Home;
use crate::start::{self, Running, Starter};

/// How long a platform may take to end its apps.
const STOP_LIMIT: Duration = Duration::from_mins(1);

/// The platform of this machine: what runs, and how to stop it.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(feature = "platform")]
    Serve(super::serve::Arguments),
    /// Show whether it runs, and what; starts nothing
    Status {
        #[command(flatten)]
        json: Json,
    },
    /// End it and its apps, and say which
    Stop {
        /// Leave the apps running; the next platform takes them over
        #[arg(long)]
        keep_apps: bool,
        #[command(flatten)]
        json: Json,
    },
}

impl Arguments {
    /// Whether data is for programs.
    pub(crate) const fn format(&self) -> Format {
        match &self.command {
            #[cfg(feature = "platform")]
            Command::Serve(_) => Format::Text,
            Command::Status { json } | Command::Stop { json, .. } => json.format(),
        }
    }

    /// Whether this is the platform itself.
    pub(crate) const fn is_serve(&self) -> bool {
        match &self.command {
            #[cfg(feature = "platform")]
            Command::Serve(_) => true,
            _ => false,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// [`Error::Client`] when something is in the platform's place; that none runs is no error.
pub(crate) fn run(context: &Context, arguments: &Arguments) -> Result<(), Error> {
    match &arguments.command {
        #[cfg(feature = "platform")]
        Command::Serve(arguments) => super::serve::run(context, arguments),
        Command::Status { json } => block_on(status(context, json.format())),
        Command::Stop { keep_apps, json } => {
            let apps = if *keep_apps { StopApps::Keep } else { StopApps::Stop };
            block_on(stop(context, apps, json.format()))
        }
    }
}

async fn status(context: &Context, format: Format) -> Result<(), Error> {
    let settings = Settings::load(&context.flags, &context.env, ".".as_ref())?;
    let home = Home::new(settings.home.clone());
    let starter = Starter::new(&settings, &context.env, render::tell);
    let (status, running) = match settings.platform {
        PlatformAt::Remote { .. } => (Some(starter.remote().await?.platform_status().await?), None),
        PlatformAt::Embedded => match starter.find().await? {
            Some(running) => (Some(running.client.platform_status().await?), Some(running)),
            None => (None, None),
        },
    };
    if format == Format::Json {
        return render::json(&document(&home, status.as_ref(), running.as_ref()));
    }
    match status {
        Some(status) => render::data(&shown(context.screen, &home, &status, running.as_ref())),
        None => render::data("no platform runs; the first command that needs it starts it\n"),
    }
}

fn document(home: &Home, status: Option<&PlatformStatus>, running: Option<&Running>) -> serde_json::Value {
    let mut document = match status {
        Some(status) => serde_json::to_value(status).expect("answers are plain data"),
        None => serde_json::json!({}),
    };
    document["running"] = status.is_some().into();
    if let Some(running) = running {
        document["apiPort"] = running.file.api_port.into();
        document["gatewayPort"] = running.file.gateway_port.into();
    }
    document["home"] = home.root().display().to_string().into();
    document
}

fn shown(screen: Screen, home: &Home, status: &PlatformStatus, running: Option<&Running>) -> String {
    let paint = screen.data_paint;
    let since = text::duration(render::now_ms().saturating_sub(status.started_ms));
    let mut lines = vec![format!("{} for {since}", paint.good("✓ running"))];
    let mut row = |label: &str, value: &str| lines.push(text::row(paint, label, value));
    row("version", &status.version);
    row("process", &status.pid.to_string());
    row("engine", &status.engine);
    if let Some(running) = running {
        row("api", running.file.api_url().trim_end_matches('/'));
    }
    row("gateway", &status.gateway);
    let live: Vec<&str> = status.live.iter().map(ProjectId::name).collect();
    row("live", &if live.is_empty() { "nothing".to_owned() } else { live.join(", ") });
    row("under way", &text::count(status.deployments_under_way as u64, "deployment", "deployments"));
    if running.is_some() {
        row("home", &home.root().display().to_string());
        row("log", &home.log_path().display().to_string());
    }
    text::page(&lines)
}

async fn stop(context: &Context, apps: StopApps, format: Format) -> Result<(), Error> {
    let settings = Settings::load(&context.flags, &context.env, ".".as_ref())?;
    if matches!(settings.platform, PlatformAt::Remote { .. }) {
        return Err(Error::usage(
            "the settings name a platform that somebody else runs",
            "`platform stop` ends the one of this machine: unset BACKEND_IM_URL",
        ));
    }
    let starter = Starter::new(&settings, &context.env, render::tell);
    let Some(running) = starter.find().await? else {
        return match format {
            Format::Json => render::json(&serde_json::json!({"wasRunning": false, "stopped": []})),
            Format::Text => render::data("no platform runs\n"),
        };
    };
    let answer = running.client.platform_stop(apps).await?;
    let has_ended = start::wait_for_exit(&running.file, STOP_LIMIT).await;
    match format {
        Format::Json => {
            render::json(&serde_json::json!({
                "wasRunning": true,
                "hasEnded": has_ended,
                "stopped": answer.stopped,
            }))?;
        }
        Format::Text => render::data(&stopped(&answer, apps))?,
    }
    if has_ended {
        return Ok(());
    }
    let message = format!("process {} has not ended within {} s", running.file.pid, STOP_LIMIT.as_secs());
    Err(Error::machine("the platform was asked to stop", std::io::Error::other(message)))
}

fn stopped(answer: &StopAnswer, apps: StopApps) -> String {
    let line = |app: &StoppedApp| format!("stopped {}  {}", app.project_id.name(), app.url);
    let mut lines: Vec<String> = answer.stopped.iter().map(line).collect();
    lines.push(
        match apps {
            StopApps::Keep => "the platform stopped; apps run on, and the next platform takes them over",
            StopApps::Stop if answer.stopped.is_empty() => "the platform stopped; no app was running",
            StopApps::Stop => "the platform stopped; its next start brings these apps back",
        }
        .to_owned(),
    );
    text::page(&lines)
}
