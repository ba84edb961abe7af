//! A commit with a patch on top: planned in memory, then checked out as a folder. Nothing of it reaches the repository.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use build_plan::{PatchError, Plan};
use platform_api::{CommitHash, FileMode, FilePath, ManifestEntry};

use crate::platform::{Refusal, plan_entries};
use crate::source::{Repository, blob_id};

/// What is to be tried.
#[derive(Debug)]
pub(super) struct Patched {
    repository: PathBuf,
    commit: CommitHash,
    /// The files that the patch changes or makes.
    texts: BTreeMap<FilePath, String>,
    /// How the project is built and run with them.
    pub(super) plan: Plan,
}

/// Why there is nothing to try.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    /// The patch does not fit the commit.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// With the patch it is no project that can be planned.
    #[error("with the patch there is no plan: {0}")]
    Plan(Refusal),
    /// The commit cannot be read.
    #[error("{0}")]
    Unread(Refusal),
}

impl Patched {
    /// Puts a patch on a commit. `root` is the folder that the patch's paths start from. Blocks.
    pub(super) fn new(
        repository: PathBuf,
        commit: CommitHash,
        root: &str,
        diff: &str,
    ) -> Result<Self, Unfit> {
        let unread = |error| Unfit::Unread(Refusal::from(error));
        let git = Repository::open(&repository).map_err(unread)?;
        let mut entries = git.entries(&commit).map_err(unread)?;
        let path_of = |inner: &str| match root {
            "" => inner.to_owned(),
            root => format!("{root}/{inner}"),
        };
        let read = |inner: &str| {
            let path = path_of(inner);
            let entry = entries.iter().find(|entry| entry.path.as_str() == path)?;
            (entry.mode != FileMode::Link).then(|| git.read_blob(&entry.oid).ok())?
        };
        let mut texts = BTreeMap::new();
        for (inner, text) in build_plan::patched(diff, &read)? {
            let outside = || PatchError::Outside { path: inner.clone() };
            let path: FilePath = path_of(&inner).parse().map_err(|_| outside())?;
            if is_in_the_way(&entries, &path) {
                return Err(outside().into());
            }
            texts.insert(path, text);
        }
        put(&mut entries, &texts);
        let by_id: BTreeMap<_, _> = texts.values().map(|text| (blob_id(text.as_bytes()), text)).collect();
        let plan = plan_entries(&entries, &|id| match by_id.get(id) {
            Some(text) => Some(text.as_bytes().to_vec()),
            None => git.read_blob(id).ok(),
        })
        .map_err(Unfit::Plan)?;
        Ok(Self { repository, commit, texts, plan })
    }

    /// Writes the files below `into`, which is made. Blocks.
    pub(super) fn check_out(&self, into: &Path) -> Result<(), Refusal> {
        std::fs::create_dir_all(into)?;
        Repository::open(&self.repository)?.checkout(&self.commit, into)?;
        for (path, text) in &self.texts {
            let file = into.join(path.as_str());
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(file, text)?;
        }
        Ok(())
    }
}

/// Whether a link of the commit stands where a file is to be written, or above it: what is written through one may land
/// anywhere.
fn is_in_the_way(entries: &[ManifestEntry], path: &FilePath) -> bool {
    let is_above = |link: &str| path.as_str().strip_prefix(link).is_some_and(|rest| rest.starts_with('/'));
    let links = entries.iter().filter(|entry| entry.mode == FileMode::Link);
    links.map(|link| link.path.as_str()).any(|link| link == path.as_str() || is_above(link))
}

/// The entries with these files.
fn put(entries: &mut Vec<ManifestEntry>, texts: &BTreeMap<FilePath, String>) {
    for (path, text) in texts {
        let (size, oid) = (text.len() as u64, blob_id(text.as_bytes()));
        match entries.binary_search_by(|entry| entry.path.cmp(path)) {
            Ok(at) => (entries[at].size, entries[at].oid) = (size, oid),
            Err(at) => {
                let path = path.clone();
                entries.insert(at, ManifestEntry { path, mode: FileMode::File, size, oid });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::NewCommit;

    const SERVER: (&str, FileMode, &str) = ("app/server.py", FileMode::File, "import yaml\n");
    const SETTINGS: (&str, FileMode, &str) =
        ("backend-im.yml", FileMode::File, "root: app\nstart: python server.py\n");
    const REQUIREMENTS: (&str, FileMode, &str) = ("app/requirements.txt", FileMode::Executable, "flask\n");
    const DIFF: &str = "--- a/requirements.txt\n+++ b/requirements.txt\n@@ -1,1 +1,2 @@\n flask\n+pyyaml\n";

    fn commit(home: &Path, files: &[(&str, FileMode, &str)]) -> (PathBuf, CommitHash) {
        let dir = home.join("repository.git");
        let mut draft = Repository::open_or_init(&dir).unwrap().draft();
        draft
            .add_blobs(
                files.iter().map(|(.., text)| (blob_id(text.as_bytes()), text.as_bytes().into())).collect(),
            )
            .unwrap();
        let entry = |(path, mode, text): &(&str, FileMode, &str)| ManifestEntry {
            path: path.parse().unwrap(),
            mode: *mode,
            size: text.len() as u64,
            oid: blob_id(text.as_bytes()),
        };
        let tree = draft.add_trees(&files.iter().map(entry).collect::<Vec<_>>()).unwrap();
        let new = NewCommit { tree, parent: None, message: "m", author: "ada", time_s: 1_700_000_000 };
        let commit = draft.commit(&new).unwrap();
        (dir, commit)
    }

    fn patched(files: &[(&str, FileMode, &str)], diff: &str) -> (tempfile::TempDir, Result<Patched, Unfit>) {
        let home = tempfile::tempdir().unwrap();
        let (dir, commit) = commit(home.path(), files);
        let patched = Patched::new(dir, commit, "app", diff);
        (home, patched)
    }

    #[test]
    fn a_patch_is_planned_and_checked_out_where_the_app_is() {
        let (home, patched) = patched(&[REQUIREMENTS, SERVER, SETTINGS], DIFF);
        let patched = patched.unwrap();
        assert_eq!(patched.plan.root.as_deref(), Some("app"));
        let into = home.path().join("trial");
        patched.check_out(&into).unwrap();
        let file = into.join("app/requirements.txt");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "flask\npyyaml\n");
        assert_eq!(std::fs::read_to_string(into.join("app/server.py")).unwrap(), SERVER.2);
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
        assert_ne!(mode & 0o100, 0, "it is still executable");
        let before = Repository::open(&home.path().join("repository.git")).unwrap();
        assert!(before.head().is_none(), "no branch was moved");
    }

    #[test]
    fn a_new_file_becomes_part_of_the_plan() {
        let diff = "--- /dev/null\n+++ b/Procfile\n@@ -0,0 +1,1 @@\n+web: python other.py\n";
        let settings = ("backend-im.yml", FileMode::File, "root: app\n");
        let (home, patched) = patched(&[REQUIREMENTS, SERVER, settings], diff);
        let patched = patched.unwrap();
        assert_eq!(patched.plan.start.as_deref(), Some("python other.py"));
        patched.check_out(&home.path().join("trial")).unwrap();
        assert!(home.path().join("trial/app/Procfile").is_file());
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let made = "--- /dev/null\n+++ b/x/new\n@@ -0,0 +1,1 @@\n+a\n";
        let link = ("app/requirements.txt", FileMode::Link, "server.py");
        let folder = ("app/x", FileMode::Link, "..");
        let (_home, changed) = patched(&[link, SERVER, SETTINGS], DIFF);
        assert!(matches!(changed, Err(Unfit::Patch(PatchError::Missing { .. }))), "{changed:?}");
        let (_home, below) = patched(&[SERVER, folder, SETTINGS], made);
        assert!(matches!(below, Err(Unfit::Patch(PatchError::Outside { .. }))), "{below:?}");
        let (_home, replaced) = patched(&[SERVER, folder, SETTINGS], &made.replace("x/new", "x"));
        assert!(matches!(replaced, Err(Unfit::Patch(PatchError::Outside { .. }))), "{replaced:?}");
    }

    #[test]
    fn a_patch_for_other_lines_does_not_fit() {
        let other = ("app/requirements.txt", FileMode::File, "django\n");
        let (_home, unfit) = patched(&[other, SERVER, SETTINGS], DIFF);
        assert_eq!(unfit.unwrap_err().to_string(), "the patch does not fit `requirements.txt`");
    }
}
