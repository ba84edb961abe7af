//! Reading files: their bytes and blob ids, and proof that they held still meanwhile.

use std::fs;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use platform_api::{BlobId, Code, limits};
use rustix::fs::{AtFlags, Mode, OFlags, fstat, openat, readlinkat, statat};
use rustix::io::Errno;
use sha1::{Digest, Sha1};

use super::stamp::{Stamp, now_ns};
use crate::ClientError;

/// How much of a file is read at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// The root of a workspace: its path, and the open folder below which everything is opened.
pub(crate) struct Root {
    path: PathBuf,
    folder: OwnedFd,
}

/// A file that was read.
pub(crate) struct Reading {
    pub(crate) oid: BlobId,
    pub(crate) stamp: Stamp,
    pub(crate) racy: bool,
}

impl Root {
    /// Opens the folder at `path`, which is absolute and free of links.
    pub(crate) fn open(path: &Path) -> Result<Self, ClientError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match rustix::fs::open(path, flags, Mode::empty()) {
            Ok(folder) => Ok(Self { path: path.to_owned(), folder }),
            Err(Errno::NOENT | Errno::NOTDIR) => Err(no_such_folder(path)),
            Err(error) => Err(unreadable(&path.display().to_string(), error.into())),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the folder at `path` from here, following no link.
    pub(crate) fn open_folder(&self, path: &str) -> io::Result<OwnedFd> {
        let path = if path.is_empty() { "." } else { path };
        Ok(open_beneath(&self.folder, path, OFlags::RDONLY | OFlags::DIRECTORY)?)
    }

    /// The stamp of what is at `path` from here; of a link itself, not of what it leads to.
    pub(crate) fn stamp(&self, path: &str) -> rustix::io::Result<Stamp> {
        let path = if path.is_empty() { "." } else { path };
        Ok(Stamp::of(&statat(&self.folder, path, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    /// Reads the file at `path` into `buffer` piece by piece, hashing as it goes; `keep` sees every piece. Starts again
    /// once when the file changed meanwhile.
    pub(crate) fn read_file(
        &self,
        path: &str,
        buffer: &mut Vec<u8>,
        keep: &mut dyn FnMut(Piece<'_>),
    ) -> Result<Reading, ClientError> {
        for _ in 0..2 {
            let read = self.read_once(path, buffer, keep);
            match read {
                Ok(Some(reading)) => return Ok(reading),
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(changed(path)),
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                    return Err(too_large(path, None));
                }
                Err(error) => return Err(unreadable(path, error)),
            }
        }
        Err(changed(path))
    }

    fn read_once(
        &self,
        path: &str,
        buffer: &mut Vec<u8>,
        keep: &mut dyn FnMut(Piece<'_>),
    ) -> io::Result<Option<Reading>> {
        // Without blocking: what was a file a moment ago may be a pipe by now.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let mut file = fs::File::from(open_beneath(&self.folder, path, flags)?);
        let now_ns = now_ns();
        let before = Stamp::of(&fstat(&file)?);
        if !before.kind().is_file() {
            return Ok(None);
        }
        if before.size > limits::FILE_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        keep(Piece::Start { size: before.size });
        let mut hash = Sha1::new_with_prefix(format!("blob {}\0", before.size));
        let mut read = 0;
        buffer.resize(CHUNK_BYTES.min(usize::try_from(before.size).unwrap_or(CHUNK_BYTES) + 1), 0);
        loop {
            match file.read(buffer) {
                Ok(0) => break,
                Ok(length) => {
                    read += length as u64;
                    hash.update(&buffer[..length]);
                    keep(Piece::Bytes(&buffer[..length]));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if read > before.size {
                return Ok(None);
            }
        }
        let after = Stamp::of(&fstat(&file)?);
        let still = after == before && read == before.size;
        let oid = BlobId::from_bytes(hash.finalize().into());
        Ok(still.then_some(Reading { oid, stamp: after, racy: after.is_racy(now_ns) }))
    }

    /// The bytes of the file at `path`, when they have the blob id `oid`.
    pub(crate) fn bytes_of(&self, path: &str, oid: BlobId) -> Result<Vec<u8>, ClientError> {
        let mut bytes = Vec::new();
        let reading = self.read_file(path, &mut Vec::new(), &mut |piece| piece.collect(&mut bytes))?;
        if reading.oid == oid { Ok(bytes) } else { Err(changed(path)) }
    }

    /// Where the link at `path` points, as it stands; refused when that is outside the workspace.
    pub(crate) fn link_target(&self, path: &str) -> Result<String, ClientError> {
        let target = readlinkat(&self.folder, path, Vec::new()).map_err(|error| {
            if error == Errno::NOENT { changed(path) } else { unreadable(path, error.into()) }
        })?;
        let target = target.into_string().map_err(|target| {
            let bytes = target.into_cstring().into_bytes();
            ClientError::new(
                Code::INVALID_PATH,
                format!("the link `{path}` points to `{}`, which is not UTF-8", bytes.escape_ascii()),
            )
            .hint("rename what it points to, or exclude the link with a .backendimignore file")
        })?;
        if !stays_inside(path, &target) || !self.resolves_inside(path) {
            return Err(escapes(path, &target));
        }
        Ok(target)
    }

    /// Whether what the link finally leads to, if it exists, lies in the workspace. A link may lead over others.
    fn resolves_inside(&self, path: &str) -> bool {
        match self.path.join(path).canonicalize() {
            Ok(end) => end.starts_with(&self.path),
            // It leads nowhere, or in a circle.
            Err(error) => {
                error.kind() == io::ErrorKind::NotFound
                    || error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
            }
        }
    }
}

/// What a reader of a file sees. A new start makes what came before void.
pub(crate) enum Piece<'a> {
    Start { size: u64 },
    Bytes(&'a [u8]),
}

impl Piece<'_> {
    /// Gathers a file's bytes.
    pub(crate) fn collect(self, into: &mut Vec<u8>) {
        match self {
            Piece::Start { size } => {
                into.clear();
                into.reserve(usize::try_from(size).unwrap_or_default());
            }
            Piece::Bytes(bytes) => into.extend_from_slice(bytes),
        }
    }
}

/// The blob id of these bytes.
pub(crate) fn blob_id(bytes: &[u8]) -> BlobId {
    let mut hash = Sha1::new_with_prefix(format!("blob {}\0", bytes.len()));
    hash.update(bytes);
    BlobId::from_bytes(hash.finalize().into())
}

/// Whether `target`, seen from the link at `path`, is relative and never climbs above the root.
pub(crate) fn stays_inside(path: &str, target: &str) -> bool {
    let mut depth = path.matches('/').count();
    for part in Path::new(target).components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    true
}

#[cfg(target_os = "linux")]
fn open_beneath(folder: impl AsFd, path: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    use rustix::fs::{ResolveFlags, openat2};

    let flags = flags | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    match openat2(&folder, path, flags, Mode::empty(), resolve) {
        // Old kernels and some sandboxes do not have the call.
        Err(Errno::NOSYS | Errno::PERM) => openat(folder, path, flags, Mode::empty()),
        other => other,
    }
}

#[cfg(not(target_os = "linux"))]
fn open_beneath(folder: impl AsFd, path: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    openat(folder, path, flags | OFlags::CLOEXEC, Mode::empty())
}

pub(crate) fn no_such_folder(path: &Path) -> ClientError {
    ClientError::new(Code::NO_SUCH_FOLDER, format!("there is no folder `{}`", path.display()))
        .hint("give the path of the project's folder")
}

pub(crate) fn unreadable(path: &str, error: io::Error) -> ClientError {
    ClientError::new(Code::UNREADABLE_FILE, format!("`{}` cannot be read: {error}", path.escape_debug()))
        .hint(format!(
            "make it readable (chmod u+r), or exclude it: add `/{path}` to a .backendimignore file"
        ))
        .because(error)
}

pub(crate) fn too_large(path: &str, bytes: Option<u64>) -> ClientError {
    let size = bytes.map_or("is too large".to_owned(), |bytes| format!("has {}", size_text(bytes)));
    let what = format!("`{path}` {size}; the limit for one file is {}", size_text(limits::FILE_BYTES_MAX));
    ClientError::new(Code::TOO_LARGE, what)
        .hint(format!("exclude it: add `/{path}` to a .backendimignore file"))
}

/// Exact, and as people say it: `68157440 bytes (65.0 MiB)`.
pub(crate) fn size_text(bytes: u64) -> String {
    let tenths = (u128::from(bytes) * 10) >> 20;
    format!("{bytes} bytes ({}.{} MiB)", tenths / 10, tenths % 10)
}

pub(crate) fn changed(path: &str) -> ClientError {
    ClientError::new(Code::FILE_CHANGED, format!("`{path}` changed while it was read"))
        .hint("wait until nothing writes to it, or exclude it with a .backendimignore file; then try again")
        .retryable()
}

fn escapes(path: &str, target: &str) -> ClientError {
    let what = format!("the link `{path}` points to `{}`, outside the folder", target.escape_debug());
    ClientError::new(Code::SYMLINK_ESCAPES, what).hint(format!(
        "put a copy in its place, make it point inside with a relative path, or exclude it: add `/{path}` to a \
         .backendimignore file"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blob_ids_are_gits() {
        assert_eq!(blob_id(b"").to_string(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(blob_id(b"hello\n").to_string(), "ce013625030ba8dba906f756967f9e9ca394464a");
    }

    #[test]
    fn sizes_are_exact_and_readable() {
        assert_eq!(size_text(65 << 20), "68157440 bytes (65.0 MiB)");
        assert_eq!(size_text((1 << 20) * 3 / 2), "1572864 bytes (1.5 MiB)");
        assert_eq!(size_text(0), "0 bytes (0.0 MiB)");
        assert!(size_text(u64::MAX).ends_with("MiB)"));
    }

    #[test]
    fn links_stay_inside_only_when_no_step_leaves() {
        for (path, target) in [("a", "b"), ("a/b", "../c"), ("a/b", "./c/../../d"), ("x", "y/z")] {
            assert!(stays_inside(path, target), "{path} -> {target}");
        }
        for (path, target) in [("a", "../b"), ("a/b", "../../c"), ("a", "/etc/passwd"), ("a", "b/../../a")] {
            assert!(!stays_inside(path, target), "{path} -> {target}");
        }
    }

    #[test]
    fn a_file_that_keeps_changing_is_tried_twice() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log");
        fs::write(&file, "one").unwrap();
        let root = Root::open(&folder.path().canonicalize().unwrap()).unwrap();
        let mut starts = 0;
        let mut grow = |piece: Piece<'_>| {
            if matches!(piece, Piece::Start { .. }) {
                starts += 1;
                fs::write(&file, "x".repeat(10 + starts)).unwrap();
            }
        };
        let error = root.read_file("log", &mut Vec::new(), &mut grow).err().unwrap();
        assert_eq!((error.code, starts), (Code::FILE_CHANGED, 2));
        assert_eq!(root.bytes_of("log", blob_id(&[b'x'; 12])).unwrap(), [b'x'; 12]);
    }
}
