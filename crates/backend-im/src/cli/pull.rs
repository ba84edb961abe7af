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

/// Runs the command. stdout carries the folder alone.
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
            "path": pulled.path,
            "written": pulled.written,
            "deleted": pulled.deleted,
            "kept": pulled.kept,
            "unchanged": pulled.unchanged,
        }));
    }
    let groups = [
        ("wrote", &pulled.written),
        ("deleted", &pulled.deleted),
        ("kept, changed here only:", &pulled.kept),
    ];
    for (what, paths) in groups {
        for path in paths {
            render::tell(&format!("  {what} {}", clean::line(path.as_str())));
        }
    }
    let unchanged = text::count(pulled.unchanged, "file", "files");
    let name = pulled.project.name();
    render::tell(&format!("{name} at {}; {unchanged} as they should be", pulled.commit_hash));
    render::data(&pulled.path.display().to_string())
}
