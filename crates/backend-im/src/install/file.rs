//! A client's file on disk: read whole, replaced at once, with what was there before kept beside it.

use std::fs::{self, File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use tempfile::Builder;

/// The largest file that is edited, in bytes; Claude Code's grows with every project.
const BYTES_MAX: u64 = 64 << 20;
/// How many files of earlier edits may lie beside it.
const BACKUPS_MAX: usize = 100;

/// Why a client's file was not read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// The system refuses.
    #[error("cannot {what} {}", .path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// No text that a client could have written.
    #[error("{} is no text of at most {} MiB", .0.display(), BYTES_MAX >> 20)]
    NoText(PathBuf),
    /// Somebody wrote it in the meantime.
    #[error("{} was changed by another program", .0.display())]
    Changed(PathBuf),
    /// Too many earlier edits were kept.
    #[error("{} copies of {} lie beside it", BACKUPS_MAX, .0.display())]
    ManyBackups(PathBuf),
}

/// A file as it was when it was read.
#[derive(Debug)]
pub(crate) struct ClientFile {
    /// The file itself, behind any link.
    path: PathBuf,
    /// Its content; nothing if there is none yet.
    before: Option<(String, Permissions)>,
}

impl ClientFile {
    /// Reads the file at `path`, which need not be there. A link is followed, so that a file kept elsewhere stays one.
    ///
    /// # Errors
    /// [`FileError`] when it is there and cannot be read as text.
    pub(crate) fn read(path: &Path) -> Result<Self, FileError> {
        let is_link = path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
        let path = match path.canonicalize() {
            Ok(path) => path,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !is_link => {
                return Ok(Self { path: path.to_owned(), before: None });
            }
            Err(source) => return Err(failed("find", path)(source)),
        };
        let before = content(&path)?;
        Ok(Self { path, before: Some(before) })
    }

    /// The text; empty if there is no file yet.
    pub(crate) fn text(&self) -> &str {
        self.before.as_ref().map_or("", |(text, _)| text)
    }

    /// Puts `text` in its place, all at once, and answers where the text before is kept. A new file gets the mode
    /// `new_mode`, an existing one keeps its own.
    ///
    /// # Errors
    /// [`FileError::Changed`] when it is no longer what was read; nothing is written then.
    pub(crate) fn replace(&self, text: &str, new_mode: u32) -> Result<Option<PathBuf>, FileError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(failed("create", folder))?;
        let write = |text: &str| -> io::Result<tempfile::NamedTempFile> {
            let mut file =
                Builder::new().prefix(".backend-im-").permissions(mode(new_mode)).tempfile_in(folder)?;
            file.write_all(text.as_bytes())?;
            if let Some((_, permissions)) = &self.before {
                file.as_file().set_permissions(permissions.clone())?;
            }
            file.as_file().sync_all()?;
            Ok(file)
        };
        let new = write(text).map_err(failed("write beside", &self.path))?;
        if self.is_changed() {
            return Err(FileError::Changed(self.path.clone()));
        }
        let backup = match &self.before {
            None => None,
            Some((before, _)) => {
                let copy = write(before).map_err(failed("write beside", &self.path))?;
                Some(keep(copy, &self.path)?)
            }
        };
        let put = match self.before {
            Some(_) => new.persist(&self.path),
            None => new.persist_noclobber(&self.path),
        };
        put.map_err(|error| failed("write", &self.path)(error.error))?;
        Ok(backup)
    }

    fn is_changed(&self) -> bool {
        match &self.before {
            Some((before, _)) => !content(&self.path).is_ok_and(|(now, _)| now == *before),
            None => self.path.symlink_metadata().is_ok(),
        }
    }
}

fn content(path: &Path) -> Result<(String, Permissions), FileError> {
    let file = File::open(path).map_err(failed("read", path))?;
    let metadata = file.metadata().map_err(failed("read", path))?;
    let mut bytes = Vec::new();
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed("read", path))?;
    let is_small = bytes.len() as u64 <= BYTES_MAX;
    let text = String::from_utf8(bytes).ok().filter(|_| is_small);
    text.map(|text| (text, metadata.permissions())).ok_or_else(|| FileError::NoText(path.to_owned()))
}

/// Gives the copy the first name beside `path` that is free.
fn keep(mut copy: tempfile::NamedTempFile, path: &Path) -> Result<PathBuf, FileError> {
    for number in 1..=BACKUPS_MAX {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".backup-{number}"));
        match copy.persist_noclobber(&name) {
            Ok(_) => return Ok(name.into()),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => copy = error.file,
            Err(error) => return Err(failed("write beside", path)(error.error)),
        }
    }
    Err(FileError::ManyBackups(path.to_owned()))
}

fn mode(mode: u32) -> Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(mode)
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileError {
    let path = path.to_owned();
    move |source| FileError::Io { what, path, source }
}
