//! The command line: one file per subcommand, each the same use case that an agent's tool is, through the same client.

mod board;
mod cancel;
mod clean;
mod completions;
mod context;
mod delete;
mod deploy;
mod doctor;
mod error;
mod generate;
mod hidden;
mod init;
#[cfg(feature = "platform")]
mod launch;
mod logs;
mod mcp;
mod open;
mod plan;
mod platform;
mod projects;
mod pull;
mod render;
mod rollback;
mod secret;
#[cfg(feature = "platform")]
mod serve;
mod signals;
mod status;
mod text;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::config::{self, Environment, Flags};
use crate::exit;
use crate::home::Home;
use context::{Context, block_on};
use error::Error;
use render::{Format, Screen};

/// From an AI agent's hands to a live URL.
///
/// Brings a folder to life as an app on this machine: plans how to build and start it, keeps every version as a commit,
/// switches to a new one only when it is healthy, and prints where it answers. Nothing needs to be set up: the first
/// command that needs the platform starts it.
#[derive(Debug, Parser)]
#[command(name = "backend-im", version, disable_help_subcommand = true, after_long_help = after_help())]
#[command(after_help = "`backend-im --help` also lists the settings and the exit codes.")]
struct Cli {
    #[command(flatten)]
    everywhere: Everywhere,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Flags that every subcommand knows.
#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
struct Everywhere {
    /// Where everything is kept [default: `BACKEND_IM_HOME`, else ~/.backend-im]
    #[arg(long, global = true, value_name = "DIR")]
    home: Option<PathBuf>,
    /// A platform to use instead of the embedded one [default: `BACKEND_IM_URL`]
    #[arg(long, global = true, value_name = "URL")]
    url: Option<String>,
    /// What is logged to stderr, such as `debug` [default: `BACKEND_IM_LOG`, else warn]
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Generate(generate::Arguments),
    Plan(plan::Arguments),
    Deploy(deploy::Arguments),
    Status(status::Arguments),
    Logs(logs::Arguments),
    Projects(projects::Arguments),
    Rollback(rollback::Arguments),
    Cancel(cancel::Arguments),
    Pull(pull::Arguments),
    Open(open::Arguments),
    Delete(delete::Arguments),
    Secret(secret::Arguments),
    Init(init::Arguments),
    Mcp(mcp::Arguments),
    Platform(platform::Arguments),
    Doctor(doctor::Arguments),
    Completions(completions::Arguments),
    /// Run one instance of an app (the platform starts this)
    #[cfg(feature = "platform")]
    #[command(hide = true)]
    LaunchInstance(launch::InstanceArguments),
    /// Serve a folder of files (the platform starts this)
    #[cfg(feature = "platform")]
    #[command(hide = true)]
    ServeStatic(launch::StaticArguments),
}

/// Data for programs.
#[derive(Debug, Clone, Copy, Args)]
struct Json {
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Json {
    const fn format(self) -> Format {
        if self.json { Format::Json } else { Format::Text }
    }
}

fn after_help() -> String {
    format!(
        "\
Examples:
  url=$(backend-im deploy)                 deploy this folder and keep its URL
  backend-im deploy api --message \"Add search\"
  backend-im logs -f shop                  follow an app
  backend-im rollback shop                 bring the version before back
  claude mcp add backend-im -- backend-im mcp

{}

The folder's backend-im.yml (also backend.yml, backendim.yaml) comes after flags and variables:
`backend-im init` writes one that explains itself.

{}",
        config::HELP,
        exit::HELP
    )
}

/// Parses the command line and does what it says.
pub(crate) fn run() -> ExitCode {
    let env = Environment::read();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return render::usage(&error),
    };
    let Everywhere { home, url, log } = cli.everywhere;
    let screen = Screen::new(&env);
    let context = Context::new(env, Flags { home, url, log }, screen);
    match cli.command {
        Some(command) => dispatch(command, &context),
        None => render::end(render::data(&Cli::command().render_help().to_string()), Format::Text, screen),
    }
}

fn dispatch(command: Command, context: &Context) -> ExitCode {
    // A launcher logs nowhere: its streams are its instance's.
    #[cfg(feature = "platform")]
    let command = match command {
        Command::LaunchInstance(arguments) => return launch::instance(arguments),
        other => other,
    };
    let format = command.format();
    let outcome = context.start_logging(command.log_default()).and_then(|()| command.run(context));
    render::end(outcome, format, context.screen)
}

impl Command {
    /// Whether its data is for programs.
    const fn format(&self) -> Format {
        match self {
            Self::Generate(arguments) => arguments.json.format(),
            Self::Plan(arguments) => arguments.json.format(),
            Self::Deploy(arguments) => arguments.json.format(),
            Self::Status(arguments) => arguments.json.format(),
            Self::Logs(arguments) => arguments.json.format(),
            Self::Projects(arguments) => arguments.json.format(),
            Self::Rollback(arguments) => arguments.json.format(),
            Self::Cancel(arguments) => arguments.json.format(),
            Self::Pull(arguments) => arguments.json.format(),
            Self::Delete(arguments) => arguments.json.format(),
            Self::Secret(arguments) => arguments.format(),
            Self::Doctor(arguments) => arguments.json.format(),
            Self::Platform(arguments) => arguments.format(),
            _ => Format::Text,
        }
    }

    /// What is logged where nobody says otherwise: a platform tells what it does, a command only what is wrong.
    const fn log_default(&self) -> &'static str {
        match self {
            Self::Platform(arguments) if arguments.is_serve() => "info",
            _ => "warn",
        }
    }

    fn run(self, context: &Context) -> Result<(), Error> {
        match self {
            Self::Generate(arguments) => block_on(generate::run(context, arguments)),
            Self::Plan(arguments) => block_on(plan::run(context, arguments)),
            Self::Deploy(arguments) => block_on(deploy::run(context, arguments)),
            Self::Status(arguments) => block_on(status::run(context, arguments)),
            Self::Logs(arguments) => block_on(logs::run(context, arguments)),
            Self::Projects(arguments) => block_on(projects::run(context, arguments)),
            Self::Rollback(arguments) => block_on(rollback::run(context, arguments)),
            Self::Cancel(arguments) => block_on(cancel::run(context, arguments)),
            Self::Pull(arguments) => block_on(pull::run(context, arguments)),
            Self::Open(arguments) => block_on(open::run(context, arguments)),
            Self::Delete(arguments) => block_on(delete::run(context, arguments)),
            Self::Secret(arguments) => block_on(secret::run(context, arguments)),
            Self::Init(arguments) => block_on(init::run(context, arguments)),
            Self::Mcp(arguments) => block_on(mcp::run(context, arguments)),
            Self::Platform(arguments) => platform::run(context, &arguments),
            Self::Doctor(arguments) => block_on(doctor::run(context, arguments)),
            Self::Completions(arguments) => completions::run(&arguments, &mut Cli::command()),
            #[cfg(feature = "platform")]
            Self::ServeStatic(arguments) => block_on(launch::serve_static(context, arguments)),
            #[cfg(feature = "platform")]
            Self::LaunchInstance(_) => unreachable!("a launcher was started before logging was"),
        }
    }
}

/// The home of a context, for commands that need nothing else of the settings.
fn home_of(context: &Context) -> Result<Home, Error> {
    Ok(Home::new(config::home(&context.flags, &context.env)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verify_cli() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_tells_settings_and_exit_codes() {
        let help = Cli::command().render_long_help().to_string();
        assert!(help.contains(config::HELP) && help.contains(exit::HELP));
        assert!(!help.contains("launch-instance"));
    }

    #[test]
    fn every_subcommand_explains_each_of_its_arguments() {
        for command in Cli::command().get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
                assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
            }
        }
    }
}
