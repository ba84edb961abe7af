//! What a commit will consist of. Until the commit is made nothing of it is on disk, yet it is found as if it were; then
//! all of it is written at once: waiting for the disk object by object takes longer than everything else in a small deploy.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::thread;

use gix::bstr::{BString, ByteSlice};
use gix::objs::{Commit, Kind, WriteTo};
use platform_api::{BlobId, CommitHash, FileMode, ManifestEntry};

use super::link::stays_inside;
use super::repository::object_id;
use super::tree::{self, TreeId};
use super::{Object, Repository, SourceError, hash};

/// Hashing fewer bytes than this is not worth a thread.
const PARALLEL_BYTES: usize = 1 << 20;

/// A commit to be made.
pub(crate) struct NewCommit<'a> {
    /// Its files.
    pub(crate) tree: TreeId,
    /// The commit before it, if any.
    pub(crate) parent: Option<&'a CommitHash>,
    /// Why it was made.
    pub(crate) message: &'a str,
    /// The user who made it.
    pub(crate) author: &'a str,
    /// When, in seconds since the Unix epoch.
    pub(crate) time_s: i64,
}

/// Objects that are not in their repository yet.
pub(crate) struct Draft {
    repository: Repository,
    new: Vec<Object<'static>>,
    /// Where each of them is in `new`.
    places: HashMap<[u8; 20], usize>,
}

impl Draft {
    /// An empty one.
    pub(super) fn on(repository: Repository) -> Self {
        Self { repository, new: Vec::new(), places: HashMap::new() }
    }

    /// Adds blobs. All of them or, when one does not have the id it came under, none.
    pub(crate) fn add_blobs(&mut self, blobs: Vec<(BlobId, Vec<u8>)>) -> Result<(), SourceError> {
        verify(&blobs)?;
        let ids: Vec<BlobId> = blobs.iter().map(|(id, _)| *id).collect();
        let missing: HashSet<BlobId> = self.missing(&ids).into_iter().collect();
        for (id, bytes) in blobs.into_iter().filter(|(id, _)| missing.contains(id)) {
            self.add(Object { id: *id.as_bytes(), kind: Kind::Blob, bytes: bytes.into() });
        }
        Ok(())
    }

    /// Adds the trees of a manifest; the root's id. Its blobs must be here or in the repository already.
    pub(crate) fn add_trees(&mut self, entries: &[ManifestEntry]) -> Result<TreeId, SourceError> {
        for link in entries.iter().filter(|entry| entry.mode == FileMode::Link) {
            self.check_link(link)?;
        }
        let trees = tree::build(entries)?;
        let root = TreeId(trees.last().expect("a root at least").id.into());
        let is_there = self.repository.has();
        for tree in trees {
            if !is_there(tree.id) {
                self.add(tree);
            }
        }
        Ok(root)
    }

    /// Which of these blobs neither this nor the repository has, each once, in the order given.
    pub(crate) fn missing(&self, ids: &[BlobId]) -> Vec<BlobId> {
        let absent: Vec<BlobId> = ids.iter().copied().filter(|id| self.get(id).is_none()).collect();
        self.repository.missing(&absent)
    }

    /// Reads blobs, many of them cheaply; nothing for one that neither this nor the repository has.
    pub(crate) fn reader(&self) -> impl Fn(&BlobId) -> Option<Vec<u8>> {
        let read = self.repository.reader();
        move |id| match self.get(id) {
            Some(object) => Some(object.bytes.to_vec()),
            None => read(id).ok(),
        }
    }

    /// The length of a blob in bytes, without reading it.
    pub(crate) fn size_of(&self, id: &BlobId) -> Option<u64> {
        self.get(id).map(|object| object.bytes.len() as u64).or_else(|| self.repository.size_of(id))
    }

    /// Writes everything and the commit, durably. No branch moves.
    pub(crate) fn commit(mut self, new: &NewCommit<'_>) -> Result<CommitHash, SourceError> {
        let name = author(new.author);
        let signature = gix::actor::Signature {
            email: format!("{name}@localhost").into(),
            name,
            time: gix::date::Time::new(new.time_s, 0),
        };
        let commit = Commit {
            tree: new.tree.0,
            parents: new.parent.map(object_id).transpose()?.into_iter().collect(),
            author: signature.clone(),
            committer: signature,
            encoding: None,
            message: message(new.message),
            extra_headers: Vec::new(),
        };
        let mut bytes = Vec::new();
        commit.write_to(&mut bytes).map_err(SourceError::corrupt("the new commit"))?;
        let object = Object::new(Kind::Commit, bytes);
        let hash = hex::encode(object.id).parse().expect("40 hex digits");
        self.add(object);
        self.write()?;
        Ok(hash)
    }

    /// Writes everything, durably.
    pub(super) fn write(self) -> Result<(), SourceError> {
        self.repository.write(&self.new)
    }

    fn add(&mut self, object: Object<'static>) {
        if let Entry::Vacant(vacant) = self.places.entry(object.id) {
            vacant.insert(self.new.len());
            self.new.push(object);
        }
    }

    fn get(&self, id: &BlobId) -> Option<&Object<'static>> {
        self.places.get(id.as_bytes()).map(|place| &self.new[*place])
    }

    fn check_link(&self, link: &ManifestEntry) -> Result<(), SourceError> {
        let target = match self.get(&link.oid) {
            Some(object) => object.bytes.to_vec(),
            None => self.repository.read_blob(&link.oid)?,
        };
        if stays_inside(&link.path, &target) {
            return Ok(());
        }
        let target = String::from_utf8_lossy(&target).into_owned();
        Err(SourceError::LinkEscapes { path: link.path.clone(), target })
    }
}

/// Hashes all blobs, on all cores where that pays.
pub(super) fn verify(blobs: &[(BlobId, Vec<u8>)]) -> Result<(), SourceError> {
    let bytes: usize = blobs.iter().map(|(_, bytes)| bytes.len()).sum();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    if bytes < PARALLEL_BYTES || threads == 1 {
        return verify_some(blobs);
    }
    thread::scope(|scope| {
        let workers: Vec<_> = blobs
            .chunks(blobs.len().div_ceil(threads * 4))
            .map(|some| scope.spawn(move || verify_some(some)))
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("hashing does not panic"))
    })
}

fn verify_some(blobs: &[(BlobId, Vec<u8>)]) -> Result<(), SourceError> {
    for (expected, bytes) in blobs {
        let actual = BlobId::from_bytes(hash(Kind::Blob, bytes));
        if actual != *expected {
            return Err(SourceError::Mismatch { expected: *expected, actual });
        }
    }
    Ok(())
}

/// A name that fits a Git header.
fn author(user: &str) -> BString {
    let name: String = user.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).collect();
    let name = name.trim();
    if name.is_empty() { "unknown".into() } else { name.into() }
}

/// A message as Git wants it: no zero bytes, one line end at the end.
fn message(text: &str) -> BString {
    let text = text.replace('\0', "");
    let text = text.trim_end();
    let text = if text.trim().is_empty() { "Deploy" } else { text };
    format!("{text}\n").as_bytes().as_bstr().to_owned()
}
