//! The hidden subcommands that the platform starts: one process per instance, and the server of static files.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Args;

/// Whatever the platform passes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Arguments of the platform's own
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    arguments: Vec<OsString>,
}

/// Looks after one instance until it has ended.
pub(crate) fn instance(arguments: Arguments) -> ExitCode {
    platform_server::launch_instance(arguments.arguments)
}

/// Serves a folder of files.
pub(crate) fn serve_static(arguments: Arguments) -> ExitCode {
    platform_server::serve_static(arguments.arguments)
}
