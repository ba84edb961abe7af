//! What only a platform does with its home: say how it is reached, and that it no longer is.

use std::io;
use std::path::PathBuf;

use platform_api::PlatformFile;

use super::token::Existing;
use super::{Home, HomeError, io_error, read_small};

impl Home {
    /// Says how the platform is reached.
    ///
    /// # Errors
    /// [`HomeError::Io`].
    pub(crate) fn announce(&self, platform: &PlatformFile) -> Result<(), HomeError> {
        let json = serde_json::to_vec(platform).expect("a platform file is plain data");
        self.place("platform.json", &json, Existing::Replace)
    }

    /// How the platform that serves now, or the last one that did, was reached: a new one takes the same ports if it can.
    ///
    /// # Errors
    /// [`HomeError::Io`].
    pub(crate) fn last_platform(&self) -> Result<Option<PlatformFile>, HomeError> {
        match self.platform()? {
            Some(file) => Ok(Some(file)),
            None => Ok(read_small(&self.last_platform_path())?
                .and_then(|(text, _)| serde_json::from_str(&text).ok())),
        }
    }

    /// Says that no platform serves any more.
    ///
    /// # Errors
    /// [`HomeError::Io`].
    pub(crate) fn retire(&self) -> Result<(), HomeError> {
        let path = self.platform_path();
        match std::fs::rename(&path, self.last_platform_path()) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(io_error("set aside", &path, source))
            }
            _ => Ok(()),
        }
    }

    fn last_platform_path(&self) -> PathBuf {
        self.0.join("platform.last.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().join("deep/home"));
        home.create().unwrap();
        (folder, home)
    }

    fn file() -> PlatformFile {
        PlatformFile {
            pid: 7,
            version: "1.0.0".to_owned(),
            api_port: 1,
            gateway_port: 2,
            address: std::net::Ipv4Addr::LOCALHOST.into(),
            certificate: None,
        }
    }

    #[test]
    fn platform_file_comes_back_and_rubbish_counts_as_none() {
        let (_folder, home) = home();
        assert_eq!(home.platform().unwrap(), None);
        let file = file();
        home.announce(&file).unwrap();
        home.announce(&file).unwrap();
        assert_eq!(home.platform().unwrap(), Some(file));
        std::fs::write(home.platform_path(), "{\"pid\":").unwrap();
        assert_eq!(home.platform().unwrap(), None);
    }

    #[test]
    fn platform_that_ended_leaves_its_ports_for_the_next_one() {
        let (_folder, home) = home();
        home.retire().unwrap();
        let file = file();
        home.announce(&file).unwrap();
        home.retire().unwrap();
        assert_eq!((home.platform().unwrap(), home.last_platform().unwrap()), (None, Some(file)));
    }
}
