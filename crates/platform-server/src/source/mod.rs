//! The source of truth: one bare Git repository per project, and the archives that sources arrive in.
//!
//! Everything here is synchronous; callers use `spawn_blocking`. Nothing here knows HTTP, deployments or projects, and
//! nothing needs a `git` program, yet the real one reads every repository: `git log`, `git clone` and
//! `git fsck --strict` work on it.
//!
//! An object is on disk (file and folder synced) before the call that wrote it returns, so a commit hash that anybody
//! has heard of survives a power cut. Only [`Repository::set_head`] changes what `main` points to.

pub(crate) mod archive;
mod checkout;
mod draft;
mod error;
mod link;
mod loose;
mod pack;
mod repository;
mod stream;
mod tree;

pub(crate) use archive::ArchiveFile;
pub(crate) use draft::{Draft, NewCommit};
pub(crate) use error::SourceError;
pub(crate) use repository::Repository;
pub(crate) use tree::TreeId;

use gix::objs::Kind;
use platform_api::BlobId;
use sha1::{Digest, Sha1};

/// The Git id of a file with these bytes.
pub(crate) fn blob_id(bytes: &[u8]) -> BlobId {
    BlobId::from_bytes(hash(Kind::Blob, bytes))
}

/// The SHA-1 of an object: its kind, its length and its bytes.
fn hash(kind: Kind, bytes: &[u8]) -> [u8; 20] {
    let mut digest = Sha1::new();
    digest.update(gix::objs::encode::loose_header(kind, bytes.len() as u64));
    digest.update(bytes);
    digest.finalize().into()
}

/// An object on its way to disk.
struct Object<'a> {
    /// Its id.
    id: [u8; 20],
    /// Blob, tree or commit.
    kind: Kind,
    /// Its bytes, without a header.
    bytes: std::borrow::Cow<'a, [u8]>,
}

impl<'a> Object<'a> {
    /// The object with its id computed.
    fn new(kind: Kind, bytes: impl Into<std::borrow::Cow<'a, [u8]>>) -> Self {
        let bytes = bytes.into();
        Self { id: hash(kind, &bytes), kind, bytes }
    }
}
