//! The client's own folder: who may read it, how files in it are replaced, and what a workspace is called there.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

/// Whether a file has to survive a power cut that follows at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// It can be made again: whole or not at all is enough.
    Cache,
    /// It cannot.
    Record,
}

/// Makes a folder, and what leads to it, for the user alone.
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Puts `bytes` at `path`: whoever reads sees the old file or the new one, never a part. Readable by the user alone.
pub(crate) fn replace(path: &Path, bytes: &[u8], durability: Durability) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = match NamedTempFile::new_in(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_private(folder)?;
            NamedTempFile::new_in(folder)?
        }
        other => other?,
    };
    file.write_all(bytes)?;
    if durability == Durability::Record {
        file.as_file().sync_all()?;
    }
    file.persist(path).map_err(|error| error.error)?;
    if durability == Durability::Record {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Where the client keeps what it knows of the workspace at `root`, an absolute path; `kind` tells its files apart.
pub(crate) fn workspace_file(state_dir: &Path, root: &Path, kind: &str) -> PathBuf {
    let digest = Sha256::digest(root.as_os_str().as_bytes());
    state_dir.join("index").join(format!("{}.{kind}", hex::encode(&digest[..16])))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn files_are_replaced_whole_and_are_for_the_user_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("client/index/x");
        for (text, durability) in [("one", Durability::Cache), ("two", Durability::Record)] {
            replace(&path, text.as_bytes(), durability).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(home.path().join("client")).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file stays");
    }
}
