//! What a deploy of a folder would do, from the local files alone.

use std::path::{Path, PathBuf};

use build_plan::{ListedFile, Listing, Plan, PlanError, config};
use platform_api::{Code, FileMode, ProjectId};

use serde::Serialize;

use crate::backend::blocking;
use crate::identity::{self, Named};
use crate::links::Links;
use crate::workspace::{self, Ignored, Snapshot};
use crate::{Backend, ClientError, Parcel};

/// How much of a file detection may read, in bytes: configuration and source, not data.
const DETECTION_BYTES_MAX: u64 = 4 << 20;

/// What to plan.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// The project's folder.
    pub path: PathBuf,
    /// The project, where it is not the folder's own.
    pub project: Option<String>,
}

/// A build plan and what it was made from.
#[derive(Debug, Clone, Serialize)]
pub struct PlanReport {
    /// The plan.
    pub plan: Plan,
    /// What stays here, and why: one entry for a whole folder.
    pub ignored: Vec<Ignored>,
    /// The folder, absolute and free of links.
    pub root: PathBuf,
    /// The project's name as far as it can be told without asking the platform.
    pub project: String,
}

/// All that can be said of a deploy before it happens.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The plan and what stays here.
    pub report: PlanReport,
    /// What would travel.
    pub parcel: Parcel,
}

/// A folder, read and planned.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) snapshot: Snapshot,
    pub(crate) report: PlanReport,
    pub(crate) named: Named,
    pub(crate) links: Links,
}

impl Backend {
    /// Plans a deploy of a folder: from the local files alone, connecting to nothing.
    ///
    /// # Errors
    /// What is wrong with the folder ([`Code::NO_SUCH_FOLDER`], [`Code::EMPTY_FOLDER`], [`Code::UNREADABLE_FILE`],
    /// [`Code::SYMLINK_ESCAPES`], [`Code::TOO_LARGE`], [`Code::INVALID_PATH`], [`Code::FILE_CHANGED`]) or with what is in
    /// it ([`Code::INVALID_CONFIG`], [`Code::UNRECOGNISED_PROJECT`], [`Code::AMBIGUOUS_PROJECT`]).
    pub async fn plan(&self, options: PlanOptions) -> Result<Preview, ClientError> {
        let Planned { snapshot, report, .. } = self.planned(options.path, options.project).await?;
        Ok(Preview { report, parcel: Parcel::new(snapshot.files) })
    }

    /// The name of the project that the folder at `path` is, as far as it can be told without asking the platform.
    ///
    /// # Errors
    /// [`Code::NO_SUCH_FOLDER`], [`Code::INVALID_CONFIG`], or [`Code::INVALID_PROJECT`] where nothing gives a name.
    pub fn project_of(&self, path: &Path, project: Option<&str>) -> Result<String, ClientError> {
        if let Some(project) = project {
            return Ok(project.to_owned());
        }
        let root = workspace::locate(path)?;
        if let Some(name) = configured_name_in(&root)? {
            return Ok(name);
        }
        match Links::load(self.state_dir())?.any(&root) {
            Some(link) => Ok(link.project_id.name().to_owned()),
            None => identity::folder_slug(&root, ProjectId::MAX_BYTES),
        }
    }

    pub(crate) async fn planned(
        &self,
        path: PathBuf,
        project: Option<String>,
    ) -> Result<Planned, ClientError> {
        let state_dir = self.state_dir().to_owned();
        blocking(move || plan_folder(&path, project, &state_dir)).await
    }
}

pub(crate) fn plan_folder(
    path: &Path,
    project: Option<String>,
    state_dir: &Path,
) -> Result<Planned, ClientError> {
    let snapshot = Snapshot::take(path, state_dir)?;
    let listing = listing(&snapshot);
    let read = |path: &str| read(&snapshot.root, &listing, path);
    let plan = build_plan::plan(&listing, &read).map_err(|error| refused(error, &snapshot))?;
    let links = Links::load(state_dir)?;
    let named = match (project, configured_name(&listing, &read)) {
        (Some(text), _) => Named::Explicitly(text),
        (None, Some(name)) => Named::ByConfiguration(name),
        (None, None) => Named::ByFolder,
    };
    let report = PlanReport {
        plan,
        ignored: snapshot.ignored.clone(),
        root: snapshot.root.clone(),
        project: name(&named, &links, &snapshot.root),
    };
    Ok(Planned { snapshot, report, named, links })
}

pub(crate) fn listing(snapshot: &Snapshot) -> Listing {
    let files = snapshot.files.iter().map(|file| ListedFile {
        path: file.path.as_str().to_owned(),
        size: file.size,
        mode: match file.mode {
            FileMode::File => "100644",
            FileMode::Executable => "100755",
            FileMode::Link => "120000",
        },
        oid: hex::encode(file.oid.as_bytes()),
    });
    Listing::new(files.collect())
}

/// A file's bytes for detection. Links are not followed: the platform, which plans from blobs, does not either.
fn read(root: &Path, listing: &Listing, path: &str) -> Option<Vec<u8>> {
    let listed =
        listing.get(path).filter(|file| file.size <= DETECTION_BYTES_MAX && file.mode != "120000")?;
    std::fs::read(root.join(&listed.path)).ok()
}

fn configured_name(listing: &Listing, read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Option<String> {
    let file = config::FILE_NAMES.iter().find(|name| listing.get(name).is_some())?;
    let text = String::from_utf8(read(file)?).ok()?;
    config::parse(file, &text).ok()?.name
}

/// The name in the settings file of a folder that is not read otherwise.
fn configured_name_in(root: &Path) -> Result<Option<String>, ClientError> {
    let found = config::FILE_NAMES.iter().find_map(|name| Some((name, std::fs::read(root.join(name)).ok()?)));
    let Some((file, bytes)) = found else { return Ok(None) };
    let settings = config::parse(file, &String::from_utf8_lossy(&bytes)).map_err(|error| {
        ClientError::new(Code::INVALID_CONFIG, error.to_string()).hint(format!("mend `{file}`"))
    })?;
    Ok(settings.name)
}

fn name(named: &Named, links: &Links, root: &Path) -> String {
    match named {
        Named::Explicitly(name) | Named::ByConfiguration(name) => name.clone(),
        Named::ByFolder => match links.any(root) {
            Some(link) => link.project_id.name().to_owned(),
            None => identity::folder_slug(root, ProjectId::MAX_BYTES).unwrap_or_default(),
        },
    }
}

/// A folder that looks empty because everything in it is left out says so.
fn refused(error: PlanError, snapshot: &Snapshot) -> ClientError {
    let code = Code::other(error.code());
    let left_out = snapshot.ignored.first().filter(|_| snapshot.files.is_empty());
    let hint = match left_out {
        Some(first) => Some(format!(
            "{} entries are left out, such as `{}`: {}",
            snapshot.ignored.len(),
            first.path,
            first.reason
        )),
        None => error.hint(),
    };
    let mut refused = ClientError::new(code, error.to_string()).because(error);
    refused.hint = hint;
    refused
}
