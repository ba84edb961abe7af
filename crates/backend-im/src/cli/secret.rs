//! `backend-im secret`: what an app must know and nobody else. A value comes from a hidden prompt, from stdin, from a
//! variable or from a file; never from the command line, which every program of the machine can read.

use std::io;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use platform_api::{Code, SecretName, Secrets};
use platform_client::{ClientError, SecretValue};

use super::context::{Context, Work};
use super::error::Error;
use super::render::{self, Format};
use super::{Json, hidden, text};

/// Set, list and remove an app's secrets.
///
/// An app finds each in the environment variable of its name. Nothing runs with a new value before the next deploy, and
/// nothing ever shows one again.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  backend-im secret set STRIPE_KEY                  asks without showing what is typed
  pass show stripe | backend-im secret set STRIPE_KEY
  backend-im secret set TLS_KEY --from-file key.pem --project shop
  backend-im secret list

In backend-im.yml, `env` can refer to secrets: `DATABASE_URL: postgres://app:${SECRET:DB_PASSWORD}@db/app`.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Set a secret; asks for its value, or reads it from stdin
    Set(SetArguments),
    /// List names and times, never values
    List {
        #[command(flatten)]
        project: OfProject,
        #[command(flatten)]
        json: Json,
    },
    /// Remove a secret; what runs keeps it until the next deploy
    Remove {
        /// Its name
        name: SecretName,
        #[command(flatten)]
        project: OfProject,
        #[command(flatten)]
        json: Json,
    },
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("source"))]
struct SetArguments {
    /// Its name: upper-case letters, digits and underscores
    name: SecretName,
    /// Take the value from this variable of your environment
    #[arg(long, value_name = "VARIABLE", group = "source")]
    from_env: Option<String>,
    /// Take the value from this file; one line end at its end is left out
    #[arg(long, value_name = "FILE", group = "source")]
    from_file: Option<PathBuf>,
    #[command(flatten)]
    project: OfProject,
    #[command(flatten)]
    json: Json,
}

/// Whose secrets.
#[derive(Debug, Args)]
struct OfProject {
    /// The project's name or id [default: `BACKEND_IM_PROJECT`, the configuration file's name, the folder's]
    #[arg(long, short)]
    project: Option<String>,
}

impl Arguments {
    /// Whether data is for programs.
    pub(crate) const fn format(&self) -> Format {
        match &self.command {
            Command::Set(SetArguments { json, .. })
            | Command::List { json, .. }
            | Command::Remove { json, .. } => json.format(),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// [`Error::Usage`] without a value, [`Error::Client`] when the platform refuses.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<(), Error> {
    let format = arguments.format();
    let work = context.work_here()?;
    match arguments.command {
        Command::Set(arguments) => set(context, &work, arguments).await,
        Command::List { project, .. } => {
            let secrets = work.backend.secrets(&work.project(project.project)?).await?;
            list(context, format, &secrets)
        }
        Command::Remove { name, project, .. } => {
            let secrets = work.backend.remove_secret(&work.project(project.project)?, &name).await?;
            changed(format, &secrets, &format!("removed {name} from {}", secrets.project_id.name()))
        }
    }
}

async fn set(context: &Context, work: &Work, arguments: SetArguments) -> Result<(), Error> {
    let format = arguments.json.format();
    let (name, project) = (arguments.name, work.project(arguments.project.project)?);
    let value = match (arguments.from_env, arguments.from_file) {
        (Some(variable), _) => of_variable(context, &variable)?,
        (None, Some(path)) => SecretValue::read_file(&path)?,
        (None, None) if context.screen.is_interactive => {
            hidden::ask(&format!("Value of {name} for {project} (not shown):")).await?
        }
        (None, None) => {
            let hint = "pipe the value into the command, or run it on a terminal to be asked";
            SecretValue::read(io::stdin().lock(), "stdin").map_err(|error| error.hint(hint))?
        }
    };
    let secrets = work.backend.set_secret(&project, &name, &value, None).await?;
    changed(format, &secrets, &format!("set {name} for {}", secrets.project_id.name()))
}

fn of_variable(context: &Context, variable: &str) -> Result<SecretValue, Error> {
    let missing = || {
        ClientError::new(Code::NOT_FOUND, format!("the variable {variable} is not set, or no text"))
            .hint("export it, then run the command again")
    };
    let value = context.env.secret(variable).ok_or_else(missing)?;
    Ok(SecretValue::new(value)?)
}

fn changed(format: Format, secrets: &Secrets, what: &str) -> Result<(), Error> {
    if format == Format::Json {
        return render::json(secrets);
    }
    render::tell(&format!("{what}; the next deploy applies it"));
    Ok(())
}

fn list(context: &Context, format: Format, secrets: &Secrets) -> Result<(), Error> {
    if format == Format::Json {
        return render::json(secrets);
    }
    if secrets.secrets.is_empty() {
        render::tell("no secrets yet: `backend-im secret set NAME` sets one");
        return Ok(());
    }
    let rows: Vec<_> = secrets
        .secrets
        .iter()
        .map(|secret| {
            let state = if secret.applied { "live" } else { "with the next deploy" };
            vec![
                secret.name.to_string(),
                secret.version.to_string(),
                text::ago(secret.set_ms, render::now_ms()),
                state.to_owned(),
            ]
        })
        .collect();
    render::data(&text::table(context.screen.data_paint, &["NAME", "VERSION", "SET", "APPLIED"], &rows))
}
