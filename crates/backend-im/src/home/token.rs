//! The tokens of a home: the platform's, and the one with which agents call `backend-im mcp --http`. Each is a file that
//! only its owner can read, made when it is first needed.

use std::fs::{File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use platform_client::ApiToken;
use secrecy::SecretString;

use super::{Home, HomeError, io_error, read_small};

/// The platform's token.
const PLATFORM: &str = "token";
/// The token of the tools over HTTP. It says nothing to the platform.
const MCP: &str = "mcp-token";
/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;

impl Home {
    /// Where the platform's token is.
    #[cfg(test)]
    pub(crate) fn token_path(&self) -> PathBuf {
        self.0.join(PLATFORM)
    }

    /// Where the token of the tools over HTTP is.
    pub(crate) fn mcp_token_path(&self) -> PathBuf {
        self.0.join(MCP)
    }

    /// The platform's token, if there is one.
    ///
    /// # Errors
    /// [`HomeError`] when it cannot be read, is no token or others could read it.
    pub(crate) fn token(&self) -> Result<Option<ApiToken>, HomeError> {
        Ok(self.read_token(PLATFORM)?.map(|(token, _)| token))
    }

    /// The platform's token as it takes it; a new one where there is none. Of two programs that come first at once, one
    /// wins and both use its token.
    ///
    /// # Errors
    /// As [`Home::token`].
    #[cfg(feature = "platform")]
    pub(crate) fn token_or_new(&self) -> Result<SecretString, HomeError> {
        self.read_or_make(PLATFORM)
    }

    /// The token of the tools over HTTP; a new one where there is none, as for [`Home::token_or_new`].
    ///
    /// # Errors
    /// As [`Home::token`].
    pub(crate) fn mcp_token_or_new(&self) -> Result<SecretString, HomeError> {
        self.read_or_make(MCP)
    }

    fn read_or_make(&self, name: &str) -> Result<SecretString, HomeError> {
        if let Some((_, text)) = self.read_token(name)? {
            return Ok(text);
        }
        let path = self.0.join(name);
        let mut random = [0; TOKEN_BYTES];
        getrandom::fill(&mut random).map_err(|error| io_error("make", &path, error.into()))?;
        match self.place(name, hex::encode(random).as_bytes(), Existing::Keep) {
            Err(HomeError::Io { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {}
            placed => placed?,
        }
        self.read_token(name)?.map(|(_, text)| text).ok_or(HomeError::Malformed { path })
    }

    fn read_token(&self, name: &str) -> Result<Option<(ApiToken, SecretString)>, HomeError> {
        let path = self.0.join(name);
        let Some((text, mode)) = read_small(&path)? else { return Ok(None) };
        if mode & 0o077 != 0 {
            return Err(HomeError::Exposed { path, mode: mode & 0o777 });
        }
        let token = text.parse().map_err(|_| HomeError::Malformed { path })?;
        Ok(Some((token, text.trim().into())))
    }

    /// Writes a small file so that it is there whole or not at all, readable by its owner alone.
    pub(super) fn place(&self, name: &str, bytes: &[u8], existing: Existing) -> Result<(), HomeError> {
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
                #[cfg(feature = "platform")]
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
pub(super) enum Existing {
    Keep,
    #[cfg(feature = "platform")]
    Replace,
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;
    use std::path::Path;

    use secrecy::ExposeSecret as _;

    use super::super::tests::home;
    use super::*;

    #[test]
    fn home_and_tokens_are_their_owners_alone() {
        let (_folder, home) = home();
        let [platform, mcp] = [home.read_or_make(PLATFORM).unwrap(), home.mcp_token_or_new().unwrap()];
        assert_ne!(platform.expose_secret(), mcp.expose_secret());
        let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o777;
        let modes = [home.root(), &home.token_path(), &home.mcp_token_path()].map(mode);
        assert_eq!(modes, [0o700, 0o600, 0o600]);
        assert_eq!(mcp.expose_secret(), home.mcp_token_or_new().unwrap().expose_secret());
    }

    #[test]
    fn twenty_programs_that_come_first_at_once_get_one_token() {
        let (_folder, home) = home();
        let tokens: Vec<String> = std::thread::scope(|scope| {
            let made: Vec<_> =
                (0..20).map(|_| scope.spawn(|| home.read_or_make(PLATFORM).unwrap())).collect();
            made.into_iter().map(|thread| thread.join().unwrap().expose_secret().to_owned()).collect()
        });
        assert_eq!(tokens[0].len(), 2 * TOKEN_BYTES);
        assert!(tokens.iter().all(|token| *token == tokens[0]));
        let left: Vec<_> = std::fs::read_dir(home.root()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["token"]);
    }

    #[test]
    fn exposed_or_malformed_token_is_refused_with_what_to_do() {
        let (_folder, home) = home();
        std::fs::write(home.token_path(), "s3cret").unwrap();
        std::fs::set_permissions(home.token_path(), Permissions::from_mode(0o644)).unwrap();
        let error = home.token().unwrap_err();
        assert!(matches!(error, HomeError::Exposed { mode: 0o644, .. }), "{error}");
        assert!(error.hint().starts_with("chmod 600 "));
        std::fs::set_permissions(home.token_path(), Permissions::from_mode(0o600)).unwrap();
        std::fs::write(home.token_path(), "\n").unwrap();
        assert!(matches!(home.token(), Err(HomeError::Malformed { .. })));
    }
}
