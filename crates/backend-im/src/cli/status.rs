//! `backend-im status`: where a deployment is.

use std::time::Duration;

use clap::Args;
use platform_api::Status;
use platform_client::Target;

use super::board::Board;
use super::context::Context;
use super::error::Error;
use super::render::{self, Format};
use super::watch::{self, Output};
use super::{Json, clean, text};

/// How many of the newest lines are shown.
const LINES: usize = 10;

/// Show a deployment, or a project's newest one.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  backend-im status
  backend-im status shop
  backend-im status --watch 0190b5a4-6e1f-7c3a-9b1d-2f6c8e4a7d10")]
pub(crate) struct Arguments {
    /// A deployment's id or a project [default: the folder's]
    #[arg(value_name = "ID|PROJECT")]
    target: Option<String>,
    /// Wait until it is live or has failed, and end with its exit code
    #[arg(long, short)]
    watch: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Runs the command.
///
/// # Errors
/// [`Error::Client`] when there is no such thing; with `--watch`, [`Error::Deployment`] when it did not go live.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<(), Error> {
    let work = context.work_here()?;
    let target = work.target(arguments.target)?;
    let format = arguments.json.format();
    let mut deployment = work.backend.status(&target, Duration::ZERO).await?;
    if matches!(target, Target::Project(_)) {
        // A project's newest deployment comes without its lines.
        let newest = Target::Deployment(deployment.id);
        deployment = work.backend.status(&newest, Duration::ZERO).await?;
    }
    if arguments.watch {
        let board = Board::new(context.screen);
        let deployment = watch::to_the_end(&work.backend, deployment.id, &board, Output::Newest).await?;
        board.clear();
        let document = serde_json::to_value(&deployment).expect("answers are plain data");
        return watch::end(context.screen, format, &deployment, &document);
    }
    if format == Format::Json {
        return render::json(&deployment);
    }
    let paint = context.screen.data_paint;
    let shown = text::deployment(paint, &deployment, render::now_ms());
    let detail = if let (Status::Failed, Some(failure)) = (deployment.status, &deployment.error) {
        text::failure(paint, &deployment, failure)
    } else {
        let lines = clean::lines(&deployment.logs);
        let last = lines[lines.len().saturating_sub(LINES)..].iter();
        text::page(&last.map(|line| text::quoted(paint, line)).collect::<Vec<_>>())
    };
    let gap = if detail.is_empty() { "" } else { "\n" };
    render::data(&format!("{shown}{gap}{detail}"))
}
