//! `backend-im mcp`: the server that an agent starts, or that agents call over HTTP. Nothing heavy happens before it
//! listens: settings that cannot be used and a platform that does not start are told by the tools, where the agent can
//! read them.

mod http;
mod install;

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use mcp_server::{AllowedSecrets, Root, ServerConfig};
use platform_api::Code;
use platform_client::{Backend, ClientError, Connect};

use super::context::Context;
use super::error::Error;
use super::{home_of, render};
use crate::config::{ConfigError, Settings};
use crate::home::Home;
use crate::release;
use crate::start::Starter;

/// Serve agents over MCP on stdin and stdout, or over HTTP.
///
/// stdout carries JSON-RPC and nothing else. Paths that an agent names must lie inside the root. The platform is found or
/// started by the first call that needs it. Over HTTP every request needs the token in the home's file `mcp-token`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  claude mcp add backend-im -- backend-im mcp
  backend-im mcp --root ~/src/shop
  backend-im mcp --http 127.0.0.1:7330
  backend-im mcp install cursor")]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    /// Where folders that an agent names must lie [default: `CLAUDE_PROJECT_DIR`, else the current folder]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// The project of calls that name none [default: `BACKEND_IM_PROJECT`, else the folder's]
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Let agents hand this variable to apps as a secret without asking you; may be repeated
    #[arg(long, value_name = "NAME")]
    allow_secret_env: Vec<String>,
    /// Let agents hand this file to apps as a secret without asking you; may be repeated
    #[arg(long, value_name = "PATH")]
    allow_secret_file: Vec<PathBuf>,
    #[command(flatten)]
    http: http::HttpArguments,
    #[command(subcommand)]
    command: Option<install::Command>,
}

/// Runs the command until stdin ends, or over HTTP until a signal.
///
/// # Errors
/// [`Error::Config`] when there is no place for a home, [`Error::Client`] when it cannot listen or a client's file cannot be
/// edited, [`Error::Machine`] when the protocol broke.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<(), Error> {
    if let Some(command) = arguments.command {
        return install::run(context, command);
    }
    let home = home_of(context)?;
    let named = arguments.root.or_else(|| context.env.agent_project_dir());
    let root = match named {
        Some(root) => root,
        None => {
            std::env::current_dir().map_err(|error| Error::machine("there is no current folder", error))?
        }
    };
    let settings = Settings::load(&context.flags, &context.env, &root);
    let set = settings.as_ref().ok().and_then(|settings| settings.project.clone());
    let config = ServerConfig {
        backend: backend(context, settings, &home),
        root: Root::new(root),
        project: arguments.project.or(set),
        secrets: AllowedSecrets { variables: arguments.allow_secret_env, files: arguments.allow_secret_file },
        version: release::THIS.to_owned(),
    };
    if let Some(http) = arguments.http.config(&home)? {
        return http::serve(config, http, &home).await;
    }
    mcp_server::serve_stdio(config).await.map_err(|error| {
        Error::machine("the conversation with the agent broke", std::io::Error::other(error))
    })
}

/// Finds or starts the platform; settings that cannot be used become the error of the call that needed them.
fn backend(context: &Context, settings: Result<Settings, ConfigError>, home: &Home) -> Backend {
    match settings {
        Ok(settings) => {
            let starter = Starter::new(&settings, &context.env, render::tell);
            let look = starter.clone().into_look();
            Backend::new(starter.into_connect(), home.client_state()).looking_with(look)
        }
        Err(error) => Backend::new(refuse(&error), home.client_state()),
    }
}

fn refuse(error: &ConfigError) -> Connect {
    let (message, hint) = (error.to_string(), error.hint());
    Arc::new(move || {
        let mut refused = ClientError::new(Code::INVALID_CONFIG, message.clone());
        refused.hint.clone_from(&hint);
        Box::pin(async { Err(refused) })
    })
}
