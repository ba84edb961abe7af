//! Which folder is which project: `links.json` in the client's state. Changed under a file lock and replaced whole.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use platform_api::{ProjectId, ShortCommit};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::ClientError;
use crate::error::STATE_UNUSABLE;
use crate::state::{self, Durability};

/// Marks a path that is not UTF-8; the rest is its bytes in hex.
const BYTES: &str = "bytes:";

/// The project of a folder on one platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Link {
    /// The project.
    pub(crate) project_id: ProjectId,
    /// The commit at which the folder and the platform were last equal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_equal: Option<ShortCommit>,
}

/// All links: folder, then platform.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Links(BTreeMap<String, BTreeMap<String, Link>>);

impl Links {
    /// Reads the links of this state.
    pub(crate) fn load(state_dir: &Path) -> Result<Self, ClientError> {
        let path = file(state_dir);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            other => other.map_err(|error| ClientError::state(&path, error))?,
        };
        serde_json::from_slice(&bytes).map_err(|error| {
            let what = format!("`{}` is damaged: {error}", path.display());
            ClientError::new(STATE_UNUSABLE, what)
                .hint(
                    "mend it, or move it away: the folders then count as new, and a deploy has to name its project",
                )
                .because(error)
        })
    }

    /// Changes the links of this state, one process after the other.
    pub(crate) fn change(state_dir: &Path, change: impl FnOnce(&mut Self)) -> Result<(), ClientError> {
        let path = file(state_dir);
        let failed = |error: io::Error| ClientError::state(&path, error);
        state::make_private(state_dir).map_err(failed)?;
        let lock_path = state_dir.join("links.lock");
        let lock = fs::OpenOptions::new().create(true).truncate(false).write(true).open(lock_path);
        let lock = lock.map_err(failed)?;
        flock(&lock, FlockOperation::LockExclusive).map_err(|error| failed(error.into()))?;
        let mut links = Self::load(state_dir)?;
        let before = links.projects();
        change(&mut links);
        // A lost `lastEqual` costs a question, a lost project a name: only the second is worth a wait for the disk.
        let durability = if before == links.projects() { Durability::Cache } else { Durability::Record };
        let json = serde_json::to_vec_pretty(&links).map_err(|error| failed(error.into()))?;
        state::replace(&path, &json, durability).map_err(failed)
    }

    /// The link of the folder at `root` on `platform`.
    pub(crate) fn get(&self, root: &Path, platform: &str) -> Option<&Link> {
        self.0.get(&key(root))?.get(platform)
    }

    /// The link of the folder at `root` on whichever platform.
    pub(crate) fn any(&self, root: &Path) -> Option<&Link> {
        self.0.get(&key(root))?.values().next()
    }

    /// Links the folder at `root`.
    pub(crate) fn set(&mut self, root: &Path, platform: &str, link: Link) {
        self.0.entry(key(root)).or_default().insert(platform.to_owned(), link);
    }

    /// The folders of `project` on `platform`, without the one at `root`.
    pub(crate) fn others<'a>(
        &'a self,
        root: &Path,
        platform: &'a str,
        project: &'a ProjectId,
    ) -> impl Iterator<Item = (PathBuf, &'a Link)> {
        let own = key(root);
        self.0.iter().filter(move |(folder, _)| **folder != own).filter_map(move |(folder, links)| {
            let link = links.get(platform).filter(|link| link.project_id == *project)?;
            Some((path(folder)?, link))
        })
    }

    /// Unlinks the folder at `root` from `platform`.
    pub(crate) fn remove(&mut self, root: &Path, platform: &str) {
        self.retain(|folder, on, _| folder != key(root) || on != platform);
    }

    /// Unlinks every folder from `project` on `platform`.
    pub(crate) fn remove_project(&mut self, platform: &str, project: &ProjectId) {
        self.retain(|_, on, link| on != platform || link.project_id != *project);
    }

    fn retain(&mut self, keep: impl Fn(&str, &str, &Link) -> bool) {
        for (folder, links) in &mut self.0 {
            links.retain(|platform, link| keep(folder, platform, link));
        }
        self.0.retain(|_, links| !links.is_empty());
    }

    fn projects(&self) -> Vec<(String, String, ProjectId)> {
        let each = self.0.iter().flat_map(|(folder, links)| links.iter().map(move |link| (folder, link)));
        each.map(|(folder, (platform, link))| (folder.clone(), platform.clone(), link.project_id.clone()))
            .collect()
    }
}

fn file(state_dir: &Path) -> PathBuf {
    state_dir.join("links.json")
}

fn key(root: &Path) -> String {
    match root.to_str() {
        Some(text) => text.to_owned(),
        None => format!("{BYTES}{}", hex::encode(root.as_os_str().as_bytes())),
    }
}

fn path(key: &str) -> Option<PathBuf> {
    match key.strip_prefix(BYTES) {
        Some(digits) => Some(PathBuf::from(OsString::from_vec(hex::decode(digits).ok()?))),
        None => Some(PathBuf::from(key)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(project: &str) -> Link {
        Link { project_id: project.parse().unwrap(), last_equal: None }
    }

    #[test]
    fn folders_are_linked_per_platform_and_forgotten_with_their_project() {
        let state = tempfile::tempdir().unwrap();
        let odd = PathBuf::from(OsString::from_vec(b"/odd/\xff".to_vec()));
        Links::change(state.path(), |links| {
            links.set(Path::new("/a"), "local", link("me-app"));
            links.set(Path::new("/a"), "https://backend.im", link("user1-app"));
            links.set(&odd, "local", link("me-app"));
        })
        .unwrap();
        let links = Links::load(state.path()).unwrap();
        assert_eq!(links.get(Path::new("/a"), "local"), Some(&link("me-app")));
        assert_eq!(links.get(&odd, "local"), Some(&link("me-app")));
        let project = "me-app".parse().unwrap();
        let others: Vec<_> = links.others(Path::new("/a"), "local", &project).map(|(path, _)| path).collect();
        assert_eq!(others, [odd]);

        Links::change(state.path(), |links| links.remove_project("local", &project)).unwrap();
        let links = Links::load(state.path()).unwrap();
        assert_eq!(links.any(Path::new("/a")), Some(&link("user1-app")));
    }

    #[test]
    fn damaged_links_are_an_error_that_names_the_file_and_are_left_alone() {
        let state = tempfile::tempdir().unwrap();
        fs::write(file(state.path()), "{\"/a\":").unwrap();
        let error = Links::load(state.path()).unwrap_err();
        assert!(error.message.contains("links.json") && error.hint.is_some(), "{error:?}");
        assert!(Links::change(state.path(), |_| ()).is_err());
        assert_eq!(fs::read_to_string(file(state.path())).unwrap(), "{\"/a\":");
    }

    #[test]
    fn many_writers_lose_nothing() {
        let state = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for number in 0..8 {
                let state = state.path();
                scope.spawn(move || {
                    let folder = PathBuf::from(format!("/{number}"));
                    Links::change(state, |links| links.set(&folder, "local", link("me-app"))).unwrap();
                });
            }
        });
        assert_eq!(Links::load(state.path()).unwrap().0.len(), 8);
    }
}
