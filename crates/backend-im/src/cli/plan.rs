//! `backend-im plan`: how a folder would be built and started.

use std::path::PathBuf;

use clap::Args;
use platform_client::{PlanOptions, Preview};

use super::Json;
use super::context::Context;
use super::error::Error;
use super::render::{self, Format};
use super::text::{self, Extent};

/// Show how a folder would be built and started; changes nothing.
///
/// Needs no platform: the plan comes from the files alone, and says which file decided what, what would be uploaded and
/// what stays here.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  backend-im plan
  backend-im deploy --plan \"$(backend-im plan --json | jq -r .plan_hash)\"")]
pub(crate) struct Arguments {
    /// The folder
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The project's name or id
    #[arg(long, short)]
    project: Option<String>,
    /// List every file that would be uploaded or left out, also where they are many
    #[arg(long)]
    files: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Runs the command.
///
/// # Errors
/// [`Error::Client`] when there is no plan for the folder.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<(), Error> {
    let work = context.work_in(&arguments.path)?;
    let project = arguments.project.or_else(|| work.settings.project.clone());
    let preview = work.backend.plan(PlanOptions { path: arguments.path, project }).await?;
    if arguments.json.format() == Format::Text {
        let extent = if arguments.files { Extent::Full } else { Extent::Folded };
        return render::data(&text::plan(context.screen.data_paint, &preview, extent));
    }
    let Preview { report, parcel } = preview;
    let mut document = serde_json::to_value(&report.plan).expect("plans are plain data");
    document["ignored"] = report
        .ignored
        .iter()
        .map(|one| serde_json::json!({"path": one.path, "reason": one.reason}))
        .collect();
    document["upload"] = serde_json::to_value(parcel.files().collect::<Vec<_>>()).expect("plain data");
    render::json(&document)
}
