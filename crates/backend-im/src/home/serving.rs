//! What only a platform does with its home: make the token, say how it is reached, and that it no longer is.

use std::fs::{File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use platform_api::PlatformFile;
use platform_client::ApiToken;
use secrecy::SecretString;

use super::{Home, HomeError, io_error, read_small};

/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;

impl Home {
    /// The token; a new one where there is none. Of two programs that come first at once, one wins and both use its token.
    ///
    /// # Errors
    /// [`HomeError`].
    pub(crate) fn token_or_new(&self) -> Result<ApiToken, HomeError> {
        if let Some(token) = self.token()? {
            return Ok(token);
        }
        let path = self.token_path();
        let mut random = [0; TOKEN_BYTES];
        getrandom::fill(&mut random).map_err(|error| io_error("make", &path, error.into()))?;
        match self.place("token", hex::encode(random).as_bytes(), Existing::Keep) {
            Err(HomeError::Io { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {}
            placed => placed?,
        }
        self.token()?.ok_or(HomeError::Malformed { path })
    }

    /// The token as the platform takes it.
    ///
    /// # Errors
    /// As [`Home::token`], and [`HomeError::Malformed`] when there is none.
    pub(crate) fn token_text(&self) -> Result<SecretString, HomeError> {
        let path = self.token_path();
        self.token()?;
        let (text, _) = read_small(&path)?.ok_or(HomeError::Malformed { path })?;
        Ok(text.trim().into())
    }

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

    /// Writes a small file so that it is there whole or not at all, readable by its owner alone.
    fn place(&self, name: &'static str, bytes: &[u8], existing: Existing) -> Result<(), HomeError> {
        let path = self.0.join(name);
        let write = || -> io::Result<()> {
            let mut file = tempfile::Builder::new()
                .prefix(&format!(".{name}."))
                .permissions(Permissions::from_mode(0o600))
                .tempfile_in(&self.0)?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            match existing {
                Existing::Keep => file.persist_noclobber(&path),
                Existing::Replace => file.persist(&path),
            }
            .map_err(|error| error.error)?;
            File::open(&self.0)?.sync_all()
        };
        write().map_err(|source| io_error("write", &path, source))
    }
}

/// What becomes of a file that is already there.
#[derive(Debug, Clone, Copy)]
enum Existing {
    Keep,
    Replace,
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;
    use std::path::Path;

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
    fn home_and_token_are_their_owners_alone() {
        let (_folder, home) = home();
        home.token_or_new().unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(home.root()), mode(&home.token_path())), (0o700, 0o600));
    }

    #[test]
    fn twenty_programs_that_come_first_at_once_get_one_token() {
        let (_folder, home) = home();
        let tokens: Vec<String> = std::thread::scope(|scope| {
            let made: Vec<_> = (0..20)
                .map(|_| {
                    scope.spawn(|| {
                        home.token_or_new().unwrap();
                        std::fs::read_to_string(home.token_path()).unwrap()
                    })
                })
                .collect();
            made.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(tokens[0].len(), 2 * TOKEN_BYTES);
        assert!(tokens.iter().all(|token| *token == tokens[0]));
        let left: Vec<_> = std::fs::read_dir(home.root()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["token"]);
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
