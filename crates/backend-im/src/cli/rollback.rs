//! `backend-im rollback`: bring an earlier version back.

use clap::Args;
use platform_api::ShortCommit;

use super::Json;
use super::board::Board;
use super::context::Context;
use super::deploy::Watching;
use super::error::Error;
use super::render::{self, Format};
use super::watch;

/// Bring an earlier version back; builds nothing.
///
/// A rollback is a new deployment of an old commit: it is probed like any other, and the project's data stays.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  backend-im rollback shop
  backend-im rollback shop --to 3f2a91c04b7d")]
pub(crate) struct Arguments {
    /// The project [default: the folder's]
    project: Option<String>,
    /// The commit to go back to [default: the healthy version before the live one]
    #[arg(long, value_name = "COMMIT")]
    to: Option<ShortCommit>,
    #[command(flatten)]
    watching: Watching,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Runs the command.
///
/// # Errors
/// [`Error::Deployment`] when it did not go live, [`Error::Client`] when it was refused.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<(), Error> {
    let work = context.work_here()?;
    let project = work.project(arguments.project)?;
    let format = arguments.json.format();
    let accepted = work.backend.rollback(&project, arguments.to).await?;
    let id = accepted.deployment_id;
    if !arguments.watching.waits() {
        return match format {
            Format::Json => render::json(&accepted),
            Format::Text => render::data(&id.to_string()),
        };
    }
    let board = Board::new(context.screen);
    board.line(&format!("{}  back to {}", accepted.project_id.name(), accepted.commit_hash));
    let deployment = watch::to_the_end(&work.backend, id, &board, arguments.watching.output()).await?;
    board.clear();
    let document = serde_json::to_value(&deployment).expect("answers are plain data");
    watch::end(context.screen, format, &deployment, &document)
}
