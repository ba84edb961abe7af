//! The home: the one folder under which everything is kept, and the small files in it by which programs find each other.
//!
//! `platform.lock` is held while a platform is being started, `serve.lock` as long as one serves, both by the kernel:
//! they end with the process that holds them, however it ends.

#[cfg(feature = "platform")]
mod serving;
mod token;

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use platform_api::{Code, PlatformFile};
use platform_client::ClientError;

/// The largest small file that is read, in bytes.
const SMALL_FILE_BYTES_MAX: u64 = 64 << 10;
/// From this size on, in bytes, the platform's log starts anew (8 MiB).
const LOG_BYTES_MAX: u64 = 8 << 20;

/// A file of the home that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HomeError {
    /// It cannot be read or written.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Others could read the token.
    #[error("{} can be read by others (mode {mode:o})", .path.display())]
    Exposed {
        /// The token's file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Nothing a platform could have written.
    #[error("{} holds no token", .path.display())]
    Malformed {
        /// The token's file.
        path: PathBuf,
    },
}

impl HomeError {
    fn is_full(&self) -> bool {
        let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
        matches!(self, Self::Io { source, .. } if full.contains(&source.kind()))
    }

    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Io { .. } if self.is_full() => "free some disk space and try again".to_owned(),
            Self::Io { .. } => "set BACKEND_IM_HOME to a folder that you can write to".to_owned(),
            Self::Exposed { path, .. } => format!("chmod 600 {}", path.display()),
            Self::Malformed { path } => {
                format!("stop what uses it, delete {}, and a new one is made", path.display())
            }
        }
    }
}

impl From<HomeError> for ClientError {
    fn from(error: HomeError) -> Self {
        let code = if error.is_full() { Code::DISK_FULL } else { Code::PLATFORM_START_FAILED };
        Self::new(code, error.to_string()).hint(error.hint())
    }
}

/// The home.
#[derive(Debug, Clone)]
pub(crate) struct Home(PathBuf);

impl Home {
    /// The home at `root`, an absolute path that need not exist yet.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self(root)
    }

    /// Where it is.
    pub(crate) fn root(&self) -> &Path {
        &self.0
    }

    /// Where the platform says how it is reached.
    pub(crate) fn platform_path(&self) -> PathBuf {
        self.0.join("platform.json")
    }

    /// Where the embedded platform logs.
    pub(crate) fn log_path(&self) -> PathBuf {
        self.0.join("platform.log")
    }

    /// The key that the platform seals secrets with.
    pub(crate) fn secrets_key_path(&self) -> PathBuf {
        self.0.join("secrets.key")
    }

    /// Where the client keeps what it knows of folders.
    pub(crate) fn client_state(&self) -> PathBuf {
        self.0.join("client")
    }

    /// Makes the folder, for its owner alone.
    ///
    /// # Errors
    /// [`HomeError::Io`].
    pub(crate) fn create(&self) -> Result<(), HomeError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)
            .map_err(|source| io_error("create", &self.0, source))
    }

    /// How the platform said it is reached, if one ever did. What does not parse was written by nobody.
    ///
    /// # Errors
    /// [`HomeError::Io`].
    pub(crate) fn platform(&self) -> Result<Option<PlatformFile>, HomeError> {
        Ok(read_small(&self.platform_path())?.and_then(|(text, _)| serde_json::from_str(&text).ok()))
    }

    /// Takes the lock that a starting platform holds; waits until it is free.
    ///
    /// # Errors
    /// [`HomeError::Io`].
    pub(crate) fn lock_start(&self) -> Result<File, HomeError> {
        let path = self.0.join("platform.lock");
        let file = open_lock(&path)?;
        file.lock().map_err(|source| io_error("lock", &path, source))?;
        Ok(file)
    }

    /// Takes the lock that a serving platform holds; `None` when one serves.
    ///
    /// # Errors
    /// [`HomeError::Io`].
    pub(crate) fn lock_serve(&self) -> Result<Option<File>, HomeError> {
        let path = self.0.join("serve.lock");
        let file = open_lock(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(io_error("lock", &path, source)),
        }
    }

    /// The embedded platform's log, to append to. A long one is set aside first.
    ///
    /// # Errors
    /// [`HomeError::Io`].
    pub(crate) fn open_log(&self) -> Result<File, HomeError> {
        let path = self.log_path();
        if std::fs::metadata(&path).is_ok_and(|found| found.len() > LOG_BYTES_MAX) {
            let aside = self.0.join("platform.log.1");
            std::fs::rename(&path, &aside).map_err(|source| io_error("set aside", &path, source))?;
        }
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .map_err(|source| io_error("open", &path, source))
    }

    /// The last lines of the embedded platform's log from `start` on, a byte offset.
    pub(crate) fn log_tail(&self, start: u64, lines: usize) -> Vec<String> {
        let tail = || -> io::Result<Vec<u8>> {
            let mut file = File::open(self.log_path())?;
            let length = file.metadata()?.len();
            file.seek(io::SeekFrom::Start(start.max(length.saturating_sub(SMALL_FILE_BYTES_MAX))))?;
            let mut bytes = Vec::new();
            file.take(SMALL_FILE_BYTES_MAX).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = tail().unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let all: Vec<&str> = text.lines().collect();
        all[all.len().saturating_sub(lines)..].iter().map(|line| (*line).to_owned()).collect()
    }
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> HomeError {
    HomeError::Io { action, path: path.to_owned(), source }
}

fn open_lock(path: &Path) -> Result<File, HomeError> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(|source| io_error("open", path, source))
}

/// A small file's text and mode, if it is there.
fn read_small(path: &Path) -> Result<Option<(String, u32)>, HomeError> {
    let read = || -> io::Result<(String, u32)> {
        let file = File::open(path)?;
        let mode = file.metadata()?.mode();
        let mut text = String::new();
        file.take(SMALL_FILE_BYTES_MAX).read_to_string(&mut text)?;
        Ok((text, mode))
    };
    match read() {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(io_error("read", path, source)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// A home that was just made.
    pub(super) fn home() -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().join("deep/home"));
        home.create().unwrap();
        (folder, home)
    }

    #[test]
    fn only_one_platform_serves_a_home() {
        let (_folder, home) = home();
        let held = home.lock_serve().unwrap();
        assert!(held.is_some());
        assert!(home.lock_serve().unwrap().is_none());
        drop(held);
        assert!(home.lock_serve().unwrap().is_some());
    }

    #[test]
    fn log_tail_is_what_this_start_wrote() {
        let (_folder, home) = home();
        let mut log = home.open_log().unwrap();
        log.write_all(b"before\n").unwrap();
        let start = log.metadata().unwrap().len();
        log.write_all(b"one\ntwo\nthree\n").unwrap();
        assert_eq!(home.log_tail(start, 2), ["two", "three"]);
        assert_eq!(home.log_tail(start, 9), ["one", "two", "three"]);
    }

    #[test]
    fn home_that_cannot_be_made_says_where_and_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let error = Home::new(folder.path().join("file/home")).create().unwrap_err();
        assert!(error.to_string().contains("file/home"), "{error}");
        let error = ClientError::from(error);
        assert_eq!(error.code, Code::PLATFORM_START_FAILED);
        assert!(error.hint.unwrap().contains("BACKEND_IM_HOME"));
    }

    #[test]
    fn full_disk_has_its_own_code() {
        let source = io::Error::from(io::ErrorKind::StorageFull);
        let error = ClientError::from(io_error("write", Path::new("/home/x"), source));
        assert_eq!(error.code, Code::DISK_FULL);
    }
}
