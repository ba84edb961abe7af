//! Putting files into a folder of the person's: never through a link, never over what was not expected there.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use platform_api::{BlobId, Code, FileMode, FilePath, limits};
use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, RenameFlags, mkdirat, openat, readlinkat, renameat, renameat_with,
    statat, symlinkat, unlinkat,
};
use rustix::io::Errno;

use crate::ClientError;
use crate::workspace::{blob_id, stays_inside};

/// A folder to put files into.
pub(crate) struct Landing {
    path: PathBuf,
    folder: OwnedFd,
}

/// What is at a path now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Nothing,
    /// A file or link with this content.
    Blob(BlobId),
    /// Something that is never written over: a folder, a device, a file in a folder's place.
    Obstacle,
}

/// A file to put somewhere.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) path: FilePath,
    pub(crate) mode: FileMode,
    pub(crate) bytes: Vec<u8>,
}

impl Landing {
    /// Opens the folder at `path`, making it where there is none.
    pub(crate) fn open(path: &Path) -> Result<Self, ClientError> {
        let failed = |error: io::Error| {
            ClientError::new(
                cause(&error),
                format!("the folder `{}` cannot be used: {error}", path.display()),
            )
            .hint("choose a folder that can be written to")
            .because(error)
        };
        fs::create_dir_all(path).map_err(failed)?;
        let path = path.canonicalize().map_err(failed)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(&path, flags, Mode::empty()).map_err(|error| failed(error.into()))?;
        Ok(Self { path, folder })
    }

    /// Where it is, absolute and free of links.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is at `path` now.
    pub(crate) fn found(&self, path: &FilePath) -> Result<Found, ClientError> {
        match self.parent(path, Make::Nothing)? {
            Parent::Open(parent) => look(parent.as_fd(), name(path)).map_err(|error| failed(path, error)),
            Parent::Missing => Ok(Found::Nothing),
            Parent::Blocked => Ok(Found::Obstacle),
        }
    }

    /// Puts a file where `expected` was found before.
    pub(crate) fn put(&self, arrival: &Arrival, expected: Found) -> Result<(), ClientError> {
        let path = &arrival.path;
        let Parent::Open(parent) = self.parent(path, Make::Folders)? else { return Err(taken(path)) };
        let temporary = format!(".backend-im-{}", uuid::Uuid::now_v7().simple());
        make(parent.as_fd(), &temporary, arrival)?;
        let placed = place(parent.as_fd(), &temporary, name(path), expected);
        if !matches!(placed, Ok(true)) {
            // Either way the file that was there is what matters; ours goes.
            unlinkat(&parent, temporary.as_str(), AtFlags::empty()).ok();
        }
        match placed {
            Ok(true) => Ok(()),
            Ok(false) => Err(taken(path)),
            Err(error) => Err(failed(path, error)),
        }
    }

    /// Removes the file at `path` when it still has this content.
    pub(crate) fn remove(&self, path: &FilePath, expected: BlobId) -> Result<(), ClientError> {
        let Parent::Open(parent) = self.parent(path, Make::Nothing)? else { return Ok(()) };
        match look(parent.as_fd(), name(path)).map_err(|error| failed(path, error))? {
            Found::Blob(oid) if oid == expected => {
                unlinkat(&parent, name(path), AtFlags::empty()).map_err(|error| failed(path, error.into()))
            }
            Found::Nothing => Ok(()),
            Found::Blob(_) | Found::Obstacle => Err(taken(path)),
        }
    }

    /// The open folder that `path` lies in. A link on the way is an error: it may lead anywhere.
    fn parent(&self, path: &FilePath, make: Make) -> Result<Parent, ClientError> {
        let mut at = self.folder.try_clone().map_err(|error| failed(path, error))?;
        let Some((folders, _)) = path.as_str().rsplit_once('/') else { return Ok(Parent::Open(at)) };
        for part in folders.split('/') {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            if make == Make::Folders {
                match mkdirat(&at, part, Mode::from_raw_mode(0o777)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(failed(path, error.into())),
                }
            }
            at = match openat(&at, part, flags, Mode::empty()) {
                Ok(next) => next,
                Err(Errno::NOENT) => return Ok(Parent::Missing),
                Err(Errno::NOTDIR | Errno::LOOP) if is_link(&at, part) => return Err(leads_away(path, part)),
                Err(Errno::NOTDIR) => return Ok(Parent::Blocked),
                Err(error) => return Err(failed(path, error.into())),
            };
        }
        Ok(Parent::Open(at))
    }
}

/// Whether folders on the way are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Make {
    Nothing,
    Folders,
}

enum Parent {
    Open(OwnedFd),
    Missing,
    Blocked,
}

fn look(parent: BorrowedFd<'_>, name: &str) -> io::Result<Found> {
    let stat = match statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => stat,
        Err(Errno::NOENT) => return Ok(Found::Nothing),
        Err(error) => return Err(error.into()),
    };
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Symlink => Ok(Found::Blob(blob_id(readlinkat(parent, name, Vec::new())?.to_bytes()))),
        FileType::RegularFile => {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let file = File::from(openat(parent, name, flags, Mode::empty())?);
            let mut bytes = Vec::new();
            file.take(limits::FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
            Ok(Found::Blob(blob_id(&bytes)))
        }
        _ => Ok(Found::Obstacle),
    }
}

/// Makes the file under a name that nobody else uses.
fn make(parent: BorrowedFd<'_>, temporary: &str, arrival: &Arrival) -> Result<(), ClientError> {
    let path = &arrival.path;
    if arrival.mode == FileMode::Link {
        let target = std::str::from_utf8(&arrival.bytes).ok();
        let Some(target) = target.filter(|target| stays_inside(path.as_str(), target)) else {
            let what = format!("the link `{path}` would point outside the folder");
            return Err(ClientError::new(Code::SYMLINK_ESCAPES, what));
        };
        return symlinkat(target, parent, temporary).map_err(|error| failed(path, error.into()));
    }
    let mode = if arrival.mode == FileMode::Executable { 0o777 } else { 0o666 };
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(parent, temporary, flags, Mode::from_raw_mode(mode));
    let written = file.map_err(io::Error::from).and_then(|file| File::from(file).write_all(&arrival.bytes));
    written.map_err(|error| {
        // A full disk leaves no half file behind.
        unlinkat(parent, temporary, AtFlags::empty()).ok();
        failed(path, error)
    })
}

/// Moves the file to its name, if what was expected is still there. `false` if not.
fn place(parent: BorrowedFd<'_>, temporary: &str, name: &str, expected: Found) -> io::Result<bool> {
    if expected == Found::Nothing {
        return match renameat_with(parent, temporary, parent, name, RenameFlags::NOREPLACE) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            // File systems without the flag: look, then move.
            Err(Errno::INVAL | Errno::NOSYS) if look(parent, name)? == Found::Nothing => {
                renameat(parent, temporary, parent, name)?;
                Ok(true)
            }
            Err(error) => Err(error.into()),
        };
    }
    if expected == Found::Obstacle || look(parent, name)? != expected {
        return Ok(false);
    }
    renameat(parent, temporary, parent, name)?;
    Ok(true)
}

fn is_link(parent: impl AsFd, name: &str) -> bool {
    statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
}

fn name(path: &FilePath) -> &str {
    path.as_str().rsplit('/').next().unwrap_or(path.as_str())
}

fn cause(error: &io::Error) -> Code {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::DISK_FULL,
        io::ErrorKind::NotFound => Code::NO_SUCH_FOLDER,
        _ => Code::UNREADABLE_FILE,
    }
}

fn failed(path: &FilePath, error: io::Error) -> ClientError {
    ClientError::new(cause(&error), format!("`{path}` cannot be read or written: {error}"))
        .hint("check the permissions of the folder and the free space on its disk")
        .because(error)
}

fn leads_away(path: &FilePath, part: &str) -> ClientError {
    let what = format!("`{path}` lies behind the link `{part}`, which may lead out of the folder");
    ClientError::new(Code::SYMLINK_ESCAPES, what)
        .hint("replace the link by a folder, or choose another folder to write to")
}

fn taken(path: &FilePath) -> ClientError {
    would_overwrite(vec![path.clone()])
}

/// Refuses to write over files that the person changed.
pub(crate) fn would_overwrite(paths: Vec<FilePath>) -> ClientError {
    let named: Vec<_> = paths.iter().take(10).map(|path| format!("`{path}`")).collect();
    let more = if paths.len() > named.len() {
        format!(" and {} more", paths.len() - named.len())
    } else {
        String::new()
    };
    let what =
        format!("these local files were changed here and would be written over: {}{more}", named.join(", "));
    ClientError::new(Code::WOULD_OVERWRITE, what)
        .hint("nothing was written: keep a copy of them and move them away, choose another folder, or allow overwriting")
        .changed(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(path: &str, text: &str) -> Arrival {
        Arrival { path: path.parse().unwrap(), mode: FileMode::File, bytes: text.as_bytes().to_vec() }
    }

    #[test]
    fn files_land_only_where_what_was_expected_is() {
        let folder = tempfile::tempdir().unwrap();
        let landing = Landing::open(&folder.path().join("new/app")).unwrap();
        let file = arrival("src/a.txt", "one");
        assert_eq!(landing.found(&file.path).unwrap(), Found::Nothing);
        landing.put(&file, Found::Nothing).unwrap();
        assert_eq!(landing.found(&file.path).unwrap(), Found::Blob(blob_id(b"one")));

        let second = arrival("src/a.txt", "two");
        assert_eq!(landing.put(&second, Found::Nothing).unwrap_err().code, Code::WOULD_OVERWRITE);
        assert_eq!(landing.put(&second, Found::Blob(blob_id(b"x"))).unwrap_err().code, Code::WOULD_OVERWRITE);
        landing.put(&second, Found::Blob(blob_id(b"one"))).unwrap();
        assert_eq!(fs::read_to_string(landing.path().join("src/a.txt")).unwrap(), "two");
        assert_eq!(fs::read_dir(landing.path().join("src")).unwrap().count(), 1, "no temporary file stays");

        assert_eq!(landing.found(&"src".parse().unwrap()).unwrap(), Found::Obstacle);
        assert_eq!(landing.found(&"src/a.txt/b".parse().unwrap()).unwrap(), Found::Obstacle);
        assert!(landing.remove(&second.path, blob_id(b"one")).is_err());
        landing.remove(&second.path, blob_id(b"two")).unwrap();
        assert_eq!(landing.found(&second.path).unwrap(), Found::Nothing);
    }

    #[test]
    fn nothing_lands_behind_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let landing = Landing::open(folder.path()).unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("out")).unwrap();
        let error = landing.put(&arrival("out/a.txt", "x"), Found::Nothing).unwrap_err();
        assert_eq!(error.code, Code::SYMLINK_ESCAPES);
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);

        let secret = outside.path().join("secret");
        fs::write(&secret, "old").unwrap();
        std::os::unix::fs::symlink(&secret, folder.path().join("b.txt")).unwrap();
        let found = landing.found(&"b.txt".parse().unwrap()).unwrap();
        landing.put(&arrival("b.txt", "new"), found).unwrap();
        assert_eq!(fs::read_to_string(secret).unwrap(), "old", "the link was replaced, not followed");

        let mut link = arrival("c", "../../etc/passwd");
        link.mode = FileMode::Link;
        assert_eq!(landing.put(&link, Found::Nothing).unwrap_err().code, Code::SYMLINK_ESCAPES);
    }
}
