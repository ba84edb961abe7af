//! `backend-im completions`: for a shell.

use clap::Args;
use clap_complete::Shell;

use super::error::Error;
use super::render;

/// Print completions for a shell.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  backend-im completions bash > ~/.local/share/bash-completion/completions/backend-im
  backend-im completions zsh > \"${fpath[1]}/_backend-im\"
  backend-im completions fish > ~/.config/fish/completions/backend-im.fish")]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

/// Runs the command.
///
/// # Errors
/// When stdout cannot be written.
pub(crate) fn run(arguments: &Arguments, program: &mut clap::Command) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, program, "backend-im", &mut script);
    render::raw(&script)
}
