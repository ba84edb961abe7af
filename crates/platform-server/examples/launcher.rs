//! The launcher as a program of its own, for the engine's tests: what `backend-im launch-instance` is.

use std::process::ExitCode;

fn main() -> ExitCode {
    platform_server::launch_instance(std::env::args_os().skip(2))
}
