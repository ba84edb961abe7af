//! Room for the platform's last words: with the disk full, how a deployment ended can still be written down.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// How much is set aside: the ends of many deployments at once.
const RESERVE_BYTES: usize = 1 << 20;

/// A file that holds nothing and takes up room.
pub(super) struct Reserve(PathBuf);

impl Reserve {
    /// The reserve of the database at `path`.
    pub(super) fn of(path: &Path) -> Self {
        Self(path.with_extension("reserve"))
    }

    /// Sets the room aside, unless that was done before.
    pub(super) fn keep(&self) -> io::Result<()> {
        if std::fs::metadata(&self.0).is_ok_and(|found| found.len() == RESERVE_BYTES as u64) {
            return Ok(());
        }
        let kept = File::create(&self.0).and_then(|mut file| {
            file.write_all(&vec![0; RESERVE_BYTES])?;
            file.sync_data()
        });
        if kept.is_err() {
            self.give_up();
        }
        kept
    }

    /// Gives the room back. Whether there was any.
    pub(super) fn give_up(&self) -> bool {
        std::fs::remove_file(&self.0).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_kept_once_given_up_once_and_kept_again() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::of(&folder.path().join("platform.sqlite"));
        assert!(!reserve.give_up(), "nothing is kept yet");
        for _ in 0..2 {
            reserve.keep().unwrap();
            reserve.keep().unwrap();
            let kept = std::fs::metadata(folder.path().join("platform.reserve")).unwrap();
            assert_eq!(kept.len(), RESERVE_BYTES as u64);
            assert!(reserve.give_up());
            assert!(!reserve.give_up());
        }
        std::fs::write(folder.path().join("platform.reserve"), "cut short").unwrap();
        reserve.keep().unwrap();
        assert!(reserve.give_up());
    }
}
