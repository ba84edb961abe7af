//! `backend-im init --dockerfile`: the plan as a Dockerfile, for whoever runs containers.

use std::io;
use std::path::{Path, PathBuf};

use platform_client::{ImageReport, PlanOptions};

use super::{create, exists};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::render;

/// The names under which the folder may have one already.
const NAMES: [&str; 2] = ["Dockerfile", "Containerfile"];
const IGNORE_FILE: &str = ".dockerignore";

/// Writes both files. stdout carries the paths of what was written, one a line.
///
/// # Errors
/// [`Code::WOULD_OVERWRITE`](platform_api::Code::WOULD_OVERWRITE) when the folder has a Dockerfile, and whatever keeps the
/// folder from having a plan.
pub(super) async fn run(context: &Context, folder: PathBuf, project: Option<String>) -> Result<(), Error> {
    if let Some(existing) = NAMES.iter().find(|name| folder.join(name).symlink_metadata().is_ok()) {
        return Err(exists(&folder.join(existing)));
    }
    let work = context.work_in(&folder)?;
    let report = work.backend.image(PlanOptions { path: folder.clone(), project }).await?;
    write(&folder, &report)
}

fn write(folder: &Path, report: &ImageReport) -> Result<(), Error> {
    let path = folder.join(NAMES[0]);
    created(&path, &report.image.dockerfile)?;
    render::data(&path.display().to_string())?;
    let path = folder.join(IGNORE_FILE);
    if path.symlink_metadata().is_ok() {
        render::tell(&format!(
            "{} stays as it is: see that it leaves out .env files, keys and installed dependencies",
            path.display()
        ));
    } else {
        created(&path, &report.image.dockerignore)?;
        render::data(&path.display().to_string())?;
    }
    for warning in &report.image.warnings {
        render::tell(&format!("warning: {warning}"));
    }
    Ok(())
}

fn created(path: &Path, content: &str) -> Result<(), Error> {
    create(path, content).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => Error::machine(format!("cannot write {}", path.display()), error),
    })
}
