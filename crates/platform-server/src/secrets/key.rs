//! The platform's key: an age identity in a file that only its owner may read, made when the first secret is set.

use std::fs::{OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use age::x25519::Identity;
use secrecy::ExposeSecret as _;

/// The file within the platform's home.
const FILE: &str = "secrets.key";
/// More than the file ever holds, in bytes.
const FILE_BYTES_MAX: u64 = 4096;

/// The key, read on first use.
pub(super) struct Key {
    path: PathBuf,
    identity: Mutex<Option<Identity>>,
}

impl Key {
    /// The key of the platform at `home`. Touches no disk.
    pub(super) fn of(home: &Path) -> Self {
        Self { path: home.join(FILE), identity: Mutex::default() }
    }

    /// The key, if there is one.
    pub(super) fn existing(&self) -> io::Result<Option<Identity>> {
        let mut known = self.identity.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none() {
            *known = read(&self.path)?;
        }
        Ok(known.clone())
    }

    /// The key, made now if there is none.
    pub(super) fn made(&self) -> io::Result<Identity> {
        if let Some(identity) = self.existing()? {
            return Ok(identity);
        }
        make(&self.path)?;
        // Read back, whoever has made it: what seals is then certainly what lies on the disk.
        self.existing()?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn read(path: &Path) -> io::Result<Option<Identity>> {
    let mut text = String::new();
    match OpenOptions::new().read(true).open(path) {
        Ok(file) => file.take(FILE_BYTES_MAX).read_to_string(&mut text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let key = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    let identity = key.and_then(|key| key.parse().ok());
    let identity =
        identity.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it holds no age identity"))?;
    Ok(Some(identity))
}

/// Writes a new key, unless somebody else has just done so: readers see the whole file or none.
fn make(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().permissions(Permissions::from_mode(0o600)).tempfile_in(folder)?;
    let identity = Identity::generate();
    writeln!(file, "# Seals the secrets of this platform. Whoever has it and the database has them all.")?;
    writeln!(file, "# public key: {}", identity.to_public())?;
    writeln!(file, "{}", identity.to_string().expose_secret())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
        _ => std::fs::File::open(folder)?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        assert!(Key::of(home.path()).existing().unwrap().is_none());
        let first = Key::of(home.path()).made().unwrap().to_public();
        let again = Key::of(home.path()).made().unwrap().to_public();
        assert_eq!(first.to_string(), again.to_string());
        let mode = std::fs::metadata(home.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1, "nothing half made stays");
        std::fs::write(home.path().join(FILE), "nonsense").unwrap();
        assert!(Key::of(home.path()).made().is_err(), "and never replaced");
    }
}
