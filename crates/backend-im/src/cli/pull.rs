//! `backend-im pull`: a project's files from the platform.

use std::path::PathBuf;

use clap::Args;
use platform_api::ShortCommit;
use platform_client::PullOptions;

use super::context::Context;
use super::error::Error;
use super::render::{self, Format};
use super::{Json, clean, text};

/// Write a project's files from the platform into a folder; never over local changes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  backend-im pull
  backend-im pull shop-copy --project shop --commit 3f2a91c04b7d")]
pub(crate) struct Arguments {
    /// The folder
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The project's name or id [default: the folder's]
    #[arg(long, short)]
    project: Option<String>,
    /// The commit [default: the platform's newest]
    #[arg(long)]
    commit: Option<ShortCommit>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Runs the command.
///
/// # Errors
/// [`Error::Client`] when a file that the person changed is in the way.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<(), Error> {
    let work = context.work_in(&arguments.path)?;
    let project = arguments.project.or_else(|| work.settings.project.clone());
    let options = PullOptions { path: arguments.path, project, commit: arguments.commit };
    let pulled = work.backend.pull(options).await?;
    if arguments.json.format() == Format::Json {
        return render::json(&serde_json::json!({
            "project": pulled.project,
            "commitHash": pulled.commit_hash,
            "written": pulled.written,
            "deleted": pulled.deleted,
            "unchanged": pulled.unchanged,
        }));
    }
    for path in &pulled.written {
        render::tell(&format!("  wrote {}", clean::line(path.as_str())));
    }
    for path in &pulled.deleted {
        render::tell(&format!("  deleted {}", clean::line(path.as_str())));
    }
    let unchanged = text::count(pulled.unchanged, "file", "files");
    render::tell(&format!("{} at {}; {unchanged} unchanged", pulled.project, pulled.commit_hash));
    Ok(())
}
