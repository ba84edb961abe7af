//! `backend-im delete`: a project with everything it has.

use clap::Args;

use super::Json;
use super::context::Context;
use super::error::Error;
use super::render::{self, Format};

/// Delete a project with its data and its history.
///
/// Ends the app and deletes releases, commits, logs and data. Files in your folder stay. There is no way back.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The project
    project: String,
    /// The project's name once more, instead of the question
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Runs the command.
///
/// # Errors
/// [`Error::Usage`] when nobody confirmed, [`Error::Client`] when there is no such project.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<(), Error> {
    let work = context.work_here()?;
    let project = work.backend.project(&arguments.project).await?;
    let confirmed = match arguments.confirm {
        Some(name) => name,
        None if context.screen.is_interactive => render::ask(&format!(
            "This deletes {} with its data and its history. Type its name to go on:",
            project.name
        ))?,
        None => String::new(),
    };
    if confirmed != project.name && confirmed != project.id.as_str() {
        return Err(Error::usage(
            format!("nobody confirmed that {} is to be deleted", project.name),
            format!("backend-im delete {0} --confirm {0}", project.name),
        ));
    }
    let deleted = work.backend.delete(project.id.as_str()).await?;
    match arguments.json.format() {
        Format::Json => render::json(&deleted),
        Format::Text => {
            render::tell(&format!("deleted {} with its data and its history", project.name));
            Ok(())
        }
    }
}
