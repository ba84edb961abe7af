//! The hidden subcommands that the platform starts: one process per instance, and the server of static files.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use platform_server::Pages;
use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::error::Error;
use super::signals::Signals;

/// Whatever the platform passes to a launcher.
#[derive(Debug, Args)]
pub(crate) struct InstanceArguments {
    /// Arguments of the platform's own
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    arguments: Vec<OsString>,
}

/// What the server of static files is told; its address comes in `HOST` and `PORT`, as for every app.
#[derive(Debug, Args)]
pub(crate) struct StaticArguments {
    /// The folder
    #[arg(long, value_name = "DIR")]
    root: PathBuf,
    /// Answer with index.html where no file is
    #[arg(long)]
    single_page: bool,
}

/// Looks after one instance until it has ended.
pub(crate) fn instance(arguments: InstanceArguments) -> ExitCode {
    platform_server::launch_instance(arguments.arguments)
}

/// Serves a folder of files until it is told to end.
///
/// # Errors
/// [`Error::Config`] without an address, [`Error::Machine`] when the folder or the port cannot be had.
pub(crate) async fn serve_static(context: &Context, arguments: StaticArguments) -> Result<(), Error> {
    let address = context.env.app_address()?;
    let shown = arguments.root.display().to_string();
    let mut signals = Signals::new()?;
    let shutdown = CancellationToken::new();
    let pages = if arguments.single_page { Pages::Single } else { Pages::Files };
    let serving = platform_server::serve_static(arguments.root, pages, address, shutdown.clone());
    let mut serving = std::pin::pin!(serving);
    let ended = tokio::select! {
        ended = &mut serving => ended,
        name = signals.next() => {
            tracing::debug!(signal = name, "ending");
            shutdown.cancel();
            serving.await
        }
    };
    ended.map_err(|error| Error::machine(format!("cannot serve {shown} on {address}"), error))
}
