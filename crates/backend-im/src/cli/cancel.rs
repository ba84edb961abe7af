//! `backend-im cancel`: stop a deployment that is under way.

use std::time::Duration;

use clap::Args;
use platform_api::{Code, Status};
use platform_client::{ClientError, Target};

use super::context::Context;
use super::error::Error;
use super::render::{self, Format};
use super::{Json, text};

/// Stop a deployment that is under way; the version that was live keeps serving.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The deployment's id, or a project whose newest one is meant [default: the folder's]
    #[arg(value_name = "ID|PROJECT")]
    target: Option<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Runs the command.
///
/// # Errors
/// [`Error::Client`] when there is no such deployment or it has ended.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<(), Error> {
    let work = context.work_here()?;
    let id = match work.target(arguments.target)? {
        Target::Deployment(id) => id,
        project @ Target::Project(_) => work.backend.status(&project, Duration::ZERO).await?.id,
    };
    let deployment = work.backend.cancel(id).await?;
    if matches!(deployment.status, Status::Complete | Status::Failed) {
        let message = format!("deployment {id} had ended before: {}", deployment.status);
        let hint = "nothing is left to cancel; `backend-im rollback` brings the version before back";
        return Err(ClientError::new(Code::ALREADY_ENDED, message).hint(hint).into());
    }
    match arguments.json.format() {
        Format::Json => render::json(&deployment),
        Format::Text => {
            render::data(&format!("{id} {}\n", text::state(context.screen.data_paint, deployment.status)))
        }
    }
}
