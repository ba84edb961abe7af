//! From a manifest to Git trees and back.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use gix::ObjectId;
use gix::bstr::{BStr, ByteSlice};
use gix::objs::tree::EntryKind;
use gix::objs::{Kind, Tree, WriteTo};
use gix::validate::path::component;
use platform_api::{BlobId, FileMode, FilePath, ManifestEntry};

use super::{Object, SourceError};

/// The id of a tree: of all paths, modes and contents of a project together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TreeId(pub(super) ObjectId);

impl fmt::Display for TreeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a name in a folder stands for.
enum Node {
    File(EntryKind, ObjectId),
    Folder(Folder),
}

type Folder = BTreeMap<Box<str>, Node>;

/// The trees of a manifest, root last.
pub(super) fn build(entries: &[ManifestEntry]) -> Result<Vec<Object<'static>>, SourceError> {
    let mut root = Folder::new();
    for entry in entries {
        insert(&mut root, entry)?;
    }
    let mut trees = Vec::new();
    encode(root, &mut trees);
    Ok(trees)
}

fn insert(root: &mut Folder, entry: &ManifestEntry) -> Result<(), SourceError> {
    let path = entry.path.as_str();
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let mut folder = root;
    let mut end = 0;
    for part in folders.split('/').filter(|part| !part.is_empty()) {
        check_name(part, None, &entry.path)?;
        end += part.len() + 1;
        let node = folder.entry(part.into()).or_insert_with(|| Node::Folder(Folder::new()));
        let Node::Folder(inner) = node else {
            return Err(SourceError::FileAndFolder {
                file: path[..end - 1].to_owned(),
                inside: entry.path.clone(),
            });
        };
        folder = inner;
    }
    let kind = kind(entry.mode);
    check_name(name, (kind == EntryKind::Link).then_some(component::Mode::Symlink), &entry.path)?;
    match folder.entry(name.into()) {
        Entry::Vacant(vacant) => {
            vacant.insert(Node::File(kind, ObjectId::from(*entry.oid.as_bytes())));
            Ok(())
        }
        Entry::Occupied(there) => Err(match there.get() {
            Node::File(..) => SourceError::Duplicate { path: entry.path.clone() },
            Node::Folder(inner) => {
                SourceError::FileAndFolder { file: path.to_owned(), inside: below(path, inner) }
            }
        }),
    }
}

/// Some file inside a folder, to name in an error.
fn below(path: &str, folder: &Folder) -> FilePath {
    let mut text = path.to_owned();
    let mut folder = folder;
    while let Some((name, node)) = folder.first_key_value() {
        text = format!("{text}/{name}");
        match node {
            Node::Folder(inner) => folder = inner,
            Node::File(..) => break,
        }
    }
    text.parse().expect("was parsed before")
}

/// Refuses what other systems, and `git fsck` for them, take for `.git`.
fn check_name(name: &str, mode: Option<component::Mode>, path: &FilePath) -> Result<(), SourceError> {
    let options = component::Options { protect_windows: false, protect_hfs: true, protect_ntfs: true };
    gix::validate::path::component(BStr::new(name), mode, options)
        .map(|_| ())
        .map_err(|_| SourceError::Reserved { path: path.clone() })
}

/// Appends the trees below and then the folder's own; its id.
fn encode(folder: Folder, trees: &mut Vec<Object<'static>>) -> ObjectId {
    let mut entries: Vec<_> = folder
        .into_iter()
        .map(|(name, node)| {
            let (kind, oid) = match node {
                Node::File(kind, oid) => (kind, oid),
                Node::Folder(inner) => (EntryKind::Tree, encode(inner, trees)),
            };
            gix::objs::tree::Entry { mode: kind.into(), filename: name.as_bytes().into(), oid }
        })
        .collect();
    entries.sort();
    let mut bytes = Vec::new();
    Tree { entries }.write_to(&mut bytes).expect("a vector takes every byte, and names were checked");
    let object = Object::new(Kind::Tree, bytes);
    let id = ObjectId::from(object.id);
    trees.push(object);
    id
}

const fn kind(mode: FileMode) -> EntryKind {
    match mode {
        FileMode::File => EntryKind::Blob,
        FileMode::Executable => EntryKind::BlobExecutable,
        FileMode::Link => EntryKind::Link,
    }
}

/// A file of a tree, before anybody has asked how large it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) path: FilePath,
    pub(super) mode: FileMode,
    pub(super) oid: BlobId,
}

/// Every file below a tree, sorted by path.
pub(super) fn leaves(repo: &gix::Repository, root: ObjectId) -> Result<Vec<Leaf>, SourceError> {
    let mut leaves = Vec::new();
    let mut open = vec![(String::new(), root)];
    while let Some((prefix, id)) = open.pop() {
        let tree = repo.find_object(id).map_err(corrupt(id))?;
        for entry in gix::objs::TreeRefIter::from_bytes(&tree.data, gix::hash::Kind::Sha1) {
            let entry = entry.map_err(corrupt(id))?;
            let path = format!("{prefix}{}", entry.filename.to_str().map_err(corrupt(id))?);
            let mode = match entry.mode.kind() {
                EntryKind::Tree => {
                    open.push((path + "/", entry.oid.to_owned()));
                    continue;
                }
                EntryKind::Blob => FileMode::File,
                EntryKind::BlobExecutable => FileMode::Executable,
                EntryKind::Link => FileMode::Link,
                EntryKind::Commit => {
                    return Err(SourceError::Unsupported { path, kind: "a submodule" });
                }
            };
            let oid = <[u8; 20]>::try_from(entry.oid.as_bytes()).map_err(corrupt(id))?;
            leaves.push(Leaf { path: path.parse()?, mode, oid: BlobId::from_bytes(oid) });
        }
    }
    leaves.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(leaves)
}

fn corrupt<E: Into<Box<dyn std::error::Error + Send + Sync>>>(id: ObjectId) -> impl FnOnce(E) -> SourceError {
    SourceError::corrupt(format!("tree {id}"))
}
