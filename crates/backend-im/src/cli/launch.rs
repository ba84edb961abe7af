//! The hidden subcommands that the platform starts: one process per instance, and the server of static files.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::error::Error;

/// Whatever the platform passes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Arguments of the platform's own
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    arguments: Vec<OsString>,
}

/// What is served.
#[derive(Debug, Args)]
pub(crate) struct SiteArguments {
    /// The folder
    #[arg(long)]
    root: PathBuf,
}

/// Looks after one instance until it has ended.
pub(crate) fn instance(arguments: Arguments) -> ExitCode {
    platform_server::launch_instance(arguments.arguments)
}

/// Serves a folder of files on the address that every app is given, until it is told to end.
///
/// # Errors
/// When the folder or the address cannot be had.
pub(crate) fn serve_static(context: &Context, arguments: SiteArguments) -> Result<(), Error> {
    let failed = |error| Error::machine("cannot serve the site", error);
    let address = context.env.app_address().ok_or_else(|| {
        Error::usage("HOST and PORT say where to listen, and one of them is missing", "set both")
    })?;
    let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let shutdown = CancellationToken::new();
        let mut serving =
            std::pin::pin!(platform_server::serve_static(arguments.root, address, shutdown.clone()));
        tokio::select! {
            served = &mut serving => return served.map_err(failed),
            _ = terminate.recv() => shutdown.cancel(),
        }
        serving.await.map_err(failed)
    })
}
