//! `backend-im mcp --http`: for agents that do not start the server themselves.

use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;

use clap::Args;
use mcp_server::{Access, HttpConfig, HttpError, HttpToken, Legacy, ServerConfig};
use platform_client::ClientError;
use tokio_util::sync::CancellationToken;

use crate::cli::error::Error;
use crate::cli::render;
use crate::cli::signals::Signals;
use crate::home::Home;

/// An address to listen on; a port or a name alone is told what it lacks.
fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "write the address and the port, as in 127.0.0.1:7330")
}

/// How the server is reached over HTTP.
#[derive(Debug, Args)]
#[command(next_help_heading = "Over HTTP")]
pub(super) struct HttpArguments {
    /// Serve over HTTP at this loopback address, such as 127.0.0.1:7330; port 0 takes any that is free
    #[arg(long = "http", value_name = "ADDRESS", value_parser = address)]
    address: Option<SocketAddr>,
    /// The name of a proxy that ends TLS in front of it (repeatable)
    #[arg(long, value_name = "HOST", requires = "address")]
    allow_host: Vec<String>,
    /// Ask for no token: every program on this machine may call
    #[arg(long, requires = "address", conflicts_with = "allow_host")]
    no_auth: bool,
    /// Give clients that open with `initialize` no session
    #[arg(long, requires = "address")]
    no_sessions: bool,
}

impl HttpArguments {
    /// What they come to; nothing if the server is not for HTTP. Makes the token if there is none.
    ///
    /// # Errors
    /// [`Error::Client`] when the home or the token cannot be used.
    pub(super) fn config(self, home: &Home) -> Result<Option<HttpConfig>, Error> {
        let Some(address) = self.address else { return Ok(None) };
        let access = if self.no_auth {
            Access::Anyone
        } else {
            home.create().map_err(ClientError::from)?;
            Access::Token(HttpToken::new(&home.mcp_token_or_new().map_err(ClientError::from)?))
        };
        let legacy = if self.no_sessions { Legacy::Stateless } else { Legacy::Sessions };
        Ok(Some(HttpConfig { address, hosts: self.allow_host, access, legacy }))
    }
}

/// Serves until a signal; answers under way finish, and a second signal ends it at once.
///
/// # Errors
/// [`Error::Client`] when it cannot listen, [`Error::Interrupted`] at the second signal.
pub(super) async fn serve(config: ServerConfig, http: HttpConfig, home: &Home) -> Result<(), Error> {
    let mut signals = Signals::new()?;
    let closing = CancellationToken::new();
    let token = match http.access {
        Access::Token(_) => Some(home.mcp_token_path()),
        Access::Anyone => None,
    };
    let ready = |address| render::tell(&welcome(address, token.as_deref()));
    let mut serving = pin!(mcp_server::serve_http(config, http, ready, closing.clone()));
    let served = tokio::select! {
        served = &mut serving => served,
        name = signals.next() => {
            tracing::info!(signal = name, "stopping; deployments go on");
            closing.cancel();
            tokio::select! {
                served = &mut serving => served,
                _ = signals.next() => return Err(Error::Interrupted),
            }
        }
    };
    let abandoned = served.map_err(|error| refused(&error))?;
    if abandoned > 0 {
        tracing::warn!(abandoned, "calls did not end in time");
    }
    Ok(())
}

/// How it is reached, for the person who started it. The token itself stays in its file.
fn welcome(address: SocketAddr, token: Option<&Path>) -> String {
    let url = format!("http://{address}/mcp");
    let older = format!("clients that only know HTTP+SSE: http://{address}/sse");
    match token {
        Some(token) => format!(
            "serving MCP at {url} ({older})\n\
             every request needs `Authorization: Bearer` and the token in {token}, as in:\n  \
             claude mcp add --transport http backend-im {url} --header \"Authorization: Bearer $(cat '{token}')\"",
            token = token.display()
        ),
        None => format!(
            "serving MCP at {url} ({older})\n\
             WARNING: --no-auth: every program on this machine can deploy and delete with your rights"
        ),
    }
}

fn refused(error: &HttpError) -> Error {
    let source = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    ClientError::new(error.code(), format!("{error}{source}")).hint(error.hint()).into()
}
