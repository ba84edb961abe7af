//! A project's secrets, from the side that knows a value for a moment and never gets one back.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use platform_api::{
    Code, InvalidSecretValue, ProjectId, SecretName, SecretRequest, SecretRequestView, Secrets,
    check_secret_value, limits,
};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, open, openat2};
use secrecy::zeroize::{Zeroize as _, Zeroizing};
use secrecy::{ExposeSecret, SecretString};

use crate::{Backend, ClientError, identity};

/// Opening must not wait for whoever writes into a pipe of this name.
const FLAGS: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

/// A secret's value on its way to the platform. It leaves this box as the body of one call, nowhere else.
///
/// ```
/// let value = platform_client::SecretValue::new("hunter2-hunter2".to_owned()).unwrap();
/// assert!(!format!("{value:?}").contains("hunter2"));
/// ```
///
/// It cannot be printed:
/// ```compile_fail
/// fn log(value: &platform_client::SecretValue) -> String { format!("{value}") }
/// ```
///
/// Nor serialised:
/// ```compile_fail
/// fn save(value: &platform_client::SecretValue) -> String { serde_json::to_string(value).unwrap() }
/// ```
#[derive(Clone)]
pub struct SecretValue(SecretString);

impl SecretValue {
    /// Takes a text for a value.
    ///
    /// # Errors
    /// [`Code::TOO_LARGE`], or [`Code::MALFORMED`] for what no environment variable can hold.
    pub fn new(mut text: String) -> Result<Self, ClientError> {
        match check_secret_value(&text) {
            Ok(()) => Ok(Self(text.into())),
            Err(error) => {
                text.zeroize();
                Err(unusable(error))
            }
        }
    }

    /// Reads a value to the end of `source`, which `shown` names in errors. One line end at the very end belongs to the
    /// file, not to the value.
    ///
    /// # Errors
    /// As [`SecretValue::new`], and [`Code::UNREADABLE_FILE`].
    pub fn read(source: impl Read, shown: &str) -> Result<Self, ClientError> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(limits::SECRET_VALUE_BYTES_MAX + 8));
        // A little more than fits, to see that it does not.
        let read = source.take(limits::SECRET_VALUE_BYTES_MAX as u64 + 3).read_to_end(&mut bytes);
        read.map_err(|error| unreadable(shown, &error))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| {
            ClientError::new(Code::MALFORMED, format!("{shown} holds no UTF-8 text"))
                .hint("encode it, in base64 for example")
        })?;
        let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
        Self::new(text.to_owned())
    }

    /// Reads a value from a file.
    ///
    /// # Errors
    /// As [`SecretValue::read`].
    pub fn read_file(path: &Path) -> Result<Self, ClientError> {
        Self::read_opened(path, open(path, FLAGS, Mode::empty()))
    }

    /// The same, following no link: what somebody agreed to by its path is read, not what has taken its place since.
    ///
    /// # Errors
    /// As [`SecretValue::read`].
    pub fn read_real_file(path: &Path) -> Result<Self, ClientError> {
        Self::read_opened(path, openat2(CWD, path, FLAGS, Mode::empty(), ResolveFlags::NO_SYMLINKS))
    }

    fn read_opened(path: &Path, opened: rustix::io::Result<OwnedFd>) -> Result<Self, ClientError> {
        let shown = format!("`{}`", path.display());
        let file = File::from(opened.map_err(|error| unreadable(&shown, &error.into()))?);
        // Neither a folder nor something that never ends.
        if !file.metadata().is_ok_and(|meta| meta.is_file()) {
            let what = format!("{shown} is no file");
            return Err(
                ClientError::new(Code::UNREADABLE_FILE, what).hint("name a file with the value in it")
            );
        }
        Self::read(file, &shown)
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue([redacted])")
    }
}

fn unusable(error: InvalidSecretValue) -> ClientError {
    let code = match error {
        InvalidSecretValue::TooLong { .. } => Code::TOO_LARGE,
        InvalidSecretValue::Empty | InvalidSecretValue::Nul => Code::MALFORMED,
    };
    ClientError::new(code, error.to_string()).hint("nothing was stored; give the value itself, as text")
}

fn unreadable(shown: &str, error: &std::io::Error) -> ClientError {
    ClientError::new(Code::UNREADABLE_FILE, format!("{shown} cannot be read: {error}"))
        .hint("check the path and its permissions")
}

impl Backend {
    /// What is told of a project's secrets.
    ///
    /// # Errors
    /// [`Code::NOT_FOUND`], or [`Code::UNREACHABLE`].
    pub async fn secrets(&self, project: &str) -> Result<Secrets, ClientError> {
        self.with_client(|client| async move {
            let id = identity::existing(&client, project).await?.id;
            client.secrets(&id).await
        })
        .await
    }

    /// Sets a secret; `request` is the request that this fulfils. The project need not exist yet. Nothing is redeployed.
    ///
    /// # Errors
    /// [`Code::TOO_LARGE`], what else the platform refuses, or [`Code::UNREACHABLE`].
    pub async fn set_secret(
        &self,
        project: &str,
        name: &SecretName,
        value: &SecretValue,
        request: Option<&str>,
    ) -> Result<Secrets, ClientError> {
        self.with_client(|client| async move {
            let id = identity::find(&client, project).await?.0;
            client.set_secret(&id, name, value, request).await
        })
        .await
    }

    /// Removes a secret. Nothing is redeployed.
    ///
    /// # Errors
    /// [`Code::NOT_FOUND`], or [`Code::UNREACHABLE`].
    pub async fn remove_secret(&self, project: &str, name: &SecretName) -> Result<Secrets, ClientError> {
        self.with_client(|client| async move {
            let id = identity::existing(&client, project).await?.id;
            client.remove_secret(&id, name).await
        })
        .await
    }

    /// Has a person asked for a secret, on a page. The same question, while it is open, is the same page.
    ///
    /// # Errors
    /// [`Code::RATE_LIMITED`], what else the platform refuses, or [`Code::UNREACHABLE`].
    pub async fn ask_for_secret(
        &self,
        project: &str,
        request: &SecretRequest,
    ) -> Result<SecretRequestView, ClientError> {
        self.with_client(|client| async move {
            let id = identity::find(&client, project).await?.0;
            client.ask_for_secret(&id, request).await
        })
        .await
    }

    /// How far such a request is: as soon as the person has answered, at the latest after `wait` (at most 45 s count).
    ///
    /// # Errors
    /// [`Code::NOT_FOUND`] when it is long over, or [`Code::UNREACHABLE`].
    pub async fn secret_request(
        &self,
        project: &ProjectId,
        request: &str,
        wait: Duration,
    ) -> Result<SecretRequestView, ClientError> {
        self.with_client(|client| async move { client.secret_request(project, request, wait).await }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_belongs_to_the_file() {
        let read = |text: &str| SecretValue::read(text.as_bytes(), "it").unwrap().expose().to_owned();
        assert_eq!(read("value\n"), "value");
        assert_eq!(read("value\r\n"), "value");
        assert_eq!(read("one\ntwo\n\n"), "one\ntwo\n");
        assert_eq!(read(" spaces stay "), " spaces stay ");
    }

    #[test]
    fn what_is_no_value_is_refused_and_not_repeated() {
        let code = |bytes: &[u8]| SecretValue::read(bytes, "it").map(drop).map_err(|error| error.code);
        assert_eq!(code(b"\n"), Err(Code::MALFORMED));
        assert_eq!(code(b"a\0b"), Err(Code::MALFORMED));
        assert_eq!(code(b"\xff\xfe"), Err(Code::MALFORMED));
        let full = [&vec![b'x'; limits::SECRET_VALUE_BYTES_MAX], &b"\r\n"[..]].concat();
        assert_eq!(code(&full), Ok(()));
        assert_eq!(code(&vec![b'x'; limits::SECRET_VALUE_BYTES_MAX + 1]), Err(Code::TOO_LARGE));
        assert_eq!(code(&vec![b'x'; limits::SECRET_VALUE_BYTES_MAX * 4]), Err(Code::TOO_LARGE));
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(SecretValue::read_file(folder.path()).unwrap_err().code, Code::UNREADABLE_FILE);
        std::fs::write(folder.path().join("key"), "value").unwrap();
        std::os::unix::fs::symlink(folder.path().join("key"), folder.path().join("link")).unwrap();
        assert_eq!(SecretValue::read_file(&folder.path().join("link")).unwrap().expose(), "value");
        assert!(SecretValue::read_real_file(&folder.path().join("link")).is_err());
        let real = folder.path().canonicalize().unwrap();
        assert_eq!(SecretValue::read_real_file(&real.join("key")).unwrap().expose(), "value");
        let missing = folder.path().join("missing");
        assert_eq!(SecretValue::read_file(&missing).unwrap_err().code, Code::UNREADABLE_FILE);
    }
}
