//! One project's bare repository.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use gix::objs::{Exists, Kind};
use gix::odb::store::init::Slots;
use gix::{ObjectId, ThreadSafeRepository};
use platform_api::{BlobId, CommitHash, FileMode, FilePath, ManifestEntry, ShortCommit};

use super::draft::Draft;
use super::tree::{self, Leaf};
use super::{Object, SourceError, checkout, loose, pack};

/// The branch that holds what was deployed last.
const BRANCH: &str = "refs/heads/main";
/// What git itself writes for a new bare repository.
const CONFIG: &str = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n";
/// How many folders `objects` has in a new repository: `info` and `pack`.
const NEW_FOLDERS: usize = 2;
/// Batches up to this many objects become loose files; larger ones a pack.
const LOOSE_MAX: usize = 8;
/// How many packs an open repository can look into: those that are there, half as many again, and at least these.
const PACKS: Slots = Slots::AsNeededByDiskState { multiplier: 1.5, minimum: 256 };

/// A bare Git repository. Any number of threads may read and write it at once, also through several values.
#[derive(Clone)]
pub(crate) struct Repository {
    path: PathBuf,
    git: ThreadSafeRepository,
}

impl Repository {
    /// Opens the repository at `path`, made first where there is none. Making one that a crash left half-made finishes it.
    pub(crate) fn open_or_init(path: &Path) -> Result<Self, SourceError> {
        if !path.join("HEAD").exists() {
            init(path)?;
        }
        Self::open(path)
    }

    /// Opens the repository at `path`.
    pub(crate) fn open(path: &Path) -> Result<Self, SourceError> {
        let options = gix::open::Options::isolated()
            .open_path_as_is(true)
            .with(gix::sec::Trust::Full)
            .object_store_slots(PACKS);
        let git = ThreadSafeRepository::open_opts(path, options)
            .map_err(SourceError::corrupt(path.display().to_string()))?;
        Ok(Self { path: path.to_owned(), git })
    }

    /// Which of these blobs the repository lacks, each once, in the order given.
    pub(crate) fn missing(&self, ids: &[BlobId]) -> Vec<BlobId> {
        let mut seen = HashSet::new();
        let mut missing: Vec<BlobId> = ids.iter().copied().filter(|id| seen.insert(*id)).collect();
        if self.is_new() {
            return missing;
        }
        let git = self.git.to_thread_local();
        let absent = |id: &BlobId| !git.objects.exists_without_refresh(&ObjectId::from(*id.as_bytes()));
        missing.retain(absent);
        // Looking one up the thorough way makes the handle see packs that were written since it was opened.
        if let Some(first) = missing.first() {
            git.objects.exists(&ObjectId::from(*first.as_bytes()));
            missing.retain(absent);
        }
        missing
    }

    /// Whether no object was ever written: found out at once, while a look for each of thousands takes its time.
    fn is_new(&self) -> bool {
        let objects = self.path.join("objects");
        let is_bare = |folder: &Path, expected: usize| {
            fs::read_dir(folder).is_ok_and(|entries| entries.take(expected + 1).count() == expected)
        };
        is_bare(&objects, NEW_FOLDERS) && is_bare(&objects.join("pack"), 0)
    }

    /// What a commit will consist of, on top of what is here.
    pub(crate) fn draft(&self) -> Draft {
        Draft::on(self.clone())
    }

    /// Stores blobs, durably. All of them or, when one does not have the id it came under, none.
    pub(crate) fn put_blobs(&self, blobs: Vec<(BlobId, Vec<u8>)>) -> Result<(), SourceError> {
        let mut draft = self.draft();
        draft.add_blobs(blobs)?;
        draft.write()
    }

    /// Whether the object is here, as far as the handle knows.
    pub(super) fn has(&self) -> impl Fn([u8; 20]) -> bool + use<> {
        let git = self.git.to_thread_local();
        move |id| git.objects.exists_without_refresh(&ObjectId::from(id))
    }

    /// Stores objects, durably.
    pub(super) fn write(&self, new: &[Object<'_>]) -> Result<(), SourceError> {
        let objects = self.path.join("objects");
        if new.len() <= LOOSE_MAX { loose::write(&objects, new) } else { pack::write(&objects, new) }
    }

    /// Moves `main`, durably.
    pub(crate) fn set_head(&self, commit: &CommitHash) -> Result<(), SourceError> {
        self.tree_id(commit)?;
        loose::replace(&self.path.join(BRANCH), &format!("{commit}\n"))
    }

    /// The commit with this short hash.
    pub(crate) fn resolve(&self, short: &ShortCommit) -> Option<CommitHash> {
        let git = self.git.to_thread_local();
        let prefix = gix::hash::Prefix::from_hex(short.as_str()).ok()?;
        let mut candidates = HashSet::new();
        git.objects.lookup_prefix(prefix, Some(&mut candidates)).ok()?;
        let is_commit =
            |id: &ObjectId| git.find_header(*id).is_ok_and(|header| header.kind() == Kind::Commit);
        let mut commits = candidates.into_iter().filter(is_commit);
        let commit = commits.next()?;
        commits.next().is_none().then(|| commit.to_string().parse().expect("40 hex digits"))
    }

    /// The id of a commit's tree: equal ids, equal files.
    pub(crate) fn tree_of(&self, commit: &CommitHash) -> Result<String, SourceError> {
        Ok(self.tree_id(commit)?.to_string())
    }

    /// The commit that this one came on top of.
    pub(crate) fn parent_of(&self, commit: &CommitHash) -> Result<Option<CommitHash>, SourceError> {
        let git = self.git.to_thread_local();
        let unknown = |_| SourceError::NoSuchCommit { commit: commit.to_string() };
        let object = git.find_commit(object_id(commit)?).map_err(unknown)?;
        let parent = object.parent_ids().next().map(|id| id.to_string().parse());
        parent.transpose().map_err(SourceError::corrupt(format!("commit {commit}")))
    }

    fn tree_id(&self, commit: &CommitHash) -> Result<ObjectId, SourceError> {
        let unknown = || SourceError::NoSuchCommit { commit: commit.to_string() };
        let git = self.git.to_thread_local();
        let object = git.find_commit(object_id(commit)?).map_err(|_| unknown())?;
        Ok(object.tree_id().map_err(SourceError::corrupt(format!("commit {commit}")))?.detach())
    }

    /// A commit's files, sorted by path.
    pub(crate) fn entries(&self, commit: &CommitHash) -> Result<Vec<ManifestEntry>, SourceError> {
        let tree = self.tree_id(commit)?;
        let git = self.git.to_thread_local();
        let sized = |leaf: Leaf| {
            let header = git
                .find_header(ObjectId::from(*leaf.oid.as_bytes()))
                .map_err(SourceError::corrupt(format!("blob {}", leaf.oid)))?;
            Ok(ManifestEntry { path: leaf.path, mode: leaf.mode, size: header.size(), oid: leaf.oid })
        };
        tree::leaves(&git, tree)?.into_iter().map(sized).collect()
    }

    /// The bytes of a blob.
    pub(crate) fn read_blob(&self, id: &BlobId) -> Result<Vec<u8>, SourceError> {
        self.reader()(id)
    }

    /// Reads blobs, many of them cheaply.
    pub(super) fn reader(&self) -> impl Fn(&BlobId) -> Result<Vec<u8>, SourceError> + use<> {
        let git = self.git.to_thread_local();
        move |id| {
            let found = git
                .try_find_object(ObjectId::from(*id.as_bytes()))
                .map_err(SourceError::corrupt(format!("blob {id}")))?;
            match found {
                Some(object) if object.kind == Kind::Blob => Ok(object.detach().data),
                _ => Err(SourceError::NoSuchBlob { blob: *id }),
            }
        }
    }

    /// What `main` points to; none before the first [`Self::set_head`].
    #[cfg(test)]
    pub(crate) fn head(&self) -> Option<CommitHash> {
        let git = self.git.to_thread_local();
        let id = git.find_reference(BRANCH).ok()?.into_fully_peeled_id().ok()?;
        id.to_string().parse().ok()
    }

    /// The length of a blob in bytes, without reading it.
    pub(super) fn size_of(&self, id: &BlobId) -> Option<u64> {
        let git = self.git.to_thread_local();
        git.find_header(ObjectId::from(*id.as_bytes())).ok().map(|header| header.size())
    }

    /// The paths whose mode or content differ between two commits, sorted.
    pub(crate) fn changed_paths(&self, a: &CommitHash, b: &CommitHash) -> Result<Vec<FilePath>, SourceError> {
        let (a, b) = (self.tree_id(a)?, self.tree_id(b)?);
        if a == b {
            return Ok(Vec::new());
        }
        let git = self.git.to_thread_local();
        let mut left: BTreeMap<FilePath, (FileMode, BlobId)> =
            tree::leaves(&git, a)?.into_iter().map(|leaf| (leaf.path, (leaf.mode, leaf.oid))).collect();
        let mut changed: Vec<FilePath> = tree::leaves(&git, b)?
            .into_iter()
            .filter(|leaf| left.remove(&leaf.path) != Some((leaf.mode, leaf.oid)))
            .map(|leaf| leaf.path)
            .collect();
        changed.extend(left.into_keys());
        changed.sort_unstable();
        Ok(changed)
    }

    /// Writes a commit's files below `into`, which is made and must hold none of them yet.
    pub(crate) fn checkout(&self, commit: &CommitHash, into: &Path) -> Result<(), SourceError> {
        checkout::checkout(&self.git, self.tree_id(commit)?, into)
    }
}

/// Makes the folders and files of a bare repository; HEAD comes last, since it says that there is one.
fn init(path: &Path) -> Result<(), SourceError> {
    for folder in ["objects/info", "objects/pack", "refs/heads", "refs/tags"] {
        let folder = path.join(folder);
        fs::create_dir_all(&folder).map_err(SourceError::io("make the folder", &folder))?;
    }
    for folder in ["objects", "refs", ""] {
        loose::sync_folder(&path.join(folder))?;
    }
    loose::replace(&path.join("config"), CONFIG)?;
    loose::replace(&path.join("HEAD"), &format!("ref: {BRANCH}\n"))?;
    path.parent().map_or(Ok(()), loose::sync_folder)
}

pub(super) fn object_id(commit: &CommitHash) -> Result<ObjectId, SourceError> {
    ObjectId::from_hex(commit.as_str().as_bytes())
        .ok()
        .filter(|id| id.kind() == gix::hash::Kind::Sha1)
        .ok_or_else(|| SourceError::NoSuchCommit { commit: commit.to_string() })
}

#[cfg(test)]
mod tests;
