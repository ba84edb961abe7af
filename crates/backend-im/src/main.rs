//! `backend-im`: one program from an agent's hands to a live URL. `mcp` is the server that an agent starts, `platform`
//! is the platform, the other subcommands are the same use cases for a person. No logic here: parsing, rendering,
//! signals, exit codes, and finding or starting the embedded platform.

mod cli;
mod config;
mod exit;
mod home;
mod install;
mod release;
mod start;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
