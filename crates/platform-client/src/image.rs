//! The plan of a folder as a Dockerfile, from the local files alone.

use std::path::{Path, PathBuf};

use build_plan::Image;

use crate::backend::blocking;
use crate::plan::{self, PlanOptions};
use crate::{Backend, ClientError};

/// A Dockerfile and what it is for.
#[derive(Debug, Clone)]
pub struct ImageReport {
    /// The files' texts.
    pub image: Image,
    /// The folder that they belong in, absolute and free of links.
    pub root: PathBuf,
}

impl Backend {
    /// Makes a Dockerfile of the plan for a folder: from the local files alone, connecting to nothing and writing nothing.
    ///
    /// # Errors
    /// As [`Backend::plan`].
    pub async fn image(&self, options: PlanOptions) -> Result<ImageReport, ClientError> {
        let state_dir = self.state_dir().to_owned();
        blocking(move || image_of(&options.path, options.project, &state_dir)).await
    }
}

fn image_of(path: &Path, project: Option<String>, state_dir: &Path) -> Result<ImageReport, ClientError> {
    let planned = plan::plan_folder(path, project, state_dir)?;
    let root = &planned.snapshot.root;
    let listing = plan::listing(&planned.snapshot);
    let read = |path: &str| plan::read(root, &listing, path);
    let image = build_plan::image(&planned.report.plan, &listing, &read, &planned.snapshot.withheld);
    Ok(ImageReport { image, root: root.clone() })
}
