//! Secrets: sealed in the database, opened for the apps that get them and for whoever keeps them out of output.
//!
//! ```text
//! PUT, page ─► SecretValue ─► sealed (age; project and name inside) ─► store
//!                                                                        │ versions of the deployment
//! launcher ◄─ pipe ◄─ engine ◄─ Injected ◄─ Secrets::injected ◄──────────┤
//! log lines, failures ◄─ Redactor ◄──────── Secrets::redaction ◄─────────┘
//! ```
//! What a deployment runs with is decided when it is accepted: the values that are current then, named by version in its
//! row. Its restarts get the same ones, so setting a secret changes nothing that runs; the next deploy, and also a
//! rollback, gets the current ones. Installing and building get none: package scripts of strangers run there. A `test`
//! command gets what the app gets, because it runs the app's own code with the app's own configuration.

mod forms;
mod injected;
mod key;
mod redact;
mod requests;
mod sealed;
mod value;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use platform_api::{Code, InvalidSecretValue, ProjectId, SecretName, limits};

pub(crate) use injected::{Injected, missing, plain};
pub(crate) use redact::{Redaction, Redactor};
pub(crate) use requests::{Answer, AskedFor, Requests};
pub(crate) use value::SecretValue;

use crate::clock::now_ms;
use crate::store::{Kept, NewSecret, SecretLimits, SecretRow, SecretVersions, Store, StoreError};
use key::Key;

/// How many projects' redactors are kept ready while nobody uses them.
const REDACTIONS_MAX: usize = 256;

/// Why a secret cannot be kept, found or used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    /// The configuration needs what nobody has set.
    #[error("no value is set for {}", listed(.names))]
    Missing {
        /// Which.
        names: Vec<String>,
    },
    /// There is none of this name.
    #[error("there is no secret {name}")]
    Unknown {
        /// Which.
        name: SecretName,
    },
    /// Not a value.
    #[error("{0}")]
    Invalid(#[from] InvalidSecretValue),
    /// One more than a project may have.
    #[error("a project has at most {} secrets", limits::SECRETS_MAX)]
    TooMany,
    /// Together larger than an environment should be.
    #[error("the secrets of a project have at most {} bytes together", limits::SECRETS_BYTES_MAX)]
    TooLarge,
    /// The key is another one than it was sealed with.
    #[error("the value of {} cannot be read: the platform's key is not the one that it was sealed with", listed(.names))]
    Unreadable {
        /// Which.
        names: Vec<String>,
    },
    /// The key file cannot be read or made.
    #[error("the platform's key file `secrets.key` cannot be used")]
    Key(#[source] io::Error),
    /// Sealing failed.
    #[error("a value could not be sealed")]
    Seal(#[source] age::EncryptError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn listed(names: &[String]) -> String {
    let secrets = if names.len() == 1 { "the secret" } else { "the secrets" };
    format!("{secrets} {}", names.join(", "))
}

impl SecretError {
    /// The stable code for it.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Missing { .. } => Code::MISSING_SECRET,
            Self::Unknown { .. } => Code::NOT_FOUND,
            Self::Invalid(InvalidSecretValue::TooLong { .. }) | Self::TooMany | Self::TooLarge => {
                Code::TOO_LARGE
            }
            Self::Invalid(_) => Code::MALFORMED,
            Self::Unreadable { .. } => Code::UNREADABLE_SECRET,
            Self::Store(StoreError::DiskFull) => Code::DISK_FULL,
            Self::Store(StoreError::Closed) => Code::DRAINING,
            Self::Key(error) if error.kind() == io::ErrorKind::StorageFull => Code::DISK_FULL,
            Self::Key(_) | Self::Seal(_) | Self::Store(_) => Code::INTERNAL,
        }
    }

    /// What to do about it, for the owner of `project`.
    pub(crate) fn hint(&self, project: &ProjectId) -> String {
        let project = project.name();
        match self {
            Self::Missing { names } => format!(
                "Set each with the tool set_secret or `backend-im secret set {} --project {project}`, then deploy again.",
                names.first().map_or("NAME", String::as_str)
            ),
            Self::Unknown { .. } => {
                format!("`backend-im secret list --project {project}` shows the names.")
            }
            Self::Invalid(_) => "Nothing was stored. A larger value belongs into a file of its own.".to_owned(),
            Self::TooMany | Self::TooLarge => "Remove secrets that the app no longer reads.".to_owned(),
            Self::Unreadable { .. } => {
                "Bring the file secrets.key of the platform's home back, or set these secrets again and deploy.".to_owned()
            }
            Self::Key(_) | Self::Seal(_) | Self::Store(_) => {
                "Look at platform.log in the platform's home folder; `backend-im doctor` checks the usual causes.".to_owned()
            }
        }
    }
}

/// The secrets of all projects.
pub(crate) struct Secrets {
    store: Store,
    key: Key,
    redactions: Mutex<HashMap<ProjectId, Redaction>>,
}

impl Secrets {
    /// Those of the platform at `home`. Touches no key yet.
    pub(crate) fn new(home: &Path, store: Store) -> Self {
        Self { store, key: Key::of(home), redactions: Mutex::default() }
    }

    /// Sets a secret. What runs goes on with what it has.
    pub(crate) async fn set(
        &self,
        project: &ProjectId,
        name: &SecretName,
        value: SecretValue,
    ) -> Result<(), SecretError> {
        const LIMITS: SecretLimits = SecretLimits {
            count_max: limits::SECRETS_MAX,
            bytes_max: limits::SECRETS_BYTES_MAX + limits::SECRETS_MAX * sealed::OVERHEAD_BYTES_MAX,
        };
        let key = self.key.made().map_err(SecretError::Key)?;
        let sealed = sealed::seal(&key, project, name, &value).map_err(SecretError::Seal)?;
        let new = NewSecret { project: project.clone(), name: name.clone(), sealed, set_ms: now_ms() };
        match self.store.keep_secret(new, LIMITS).await? {
            Kept::Yes => {}
            Kept::TooMany => return Err(SecretError::TooMany),
            Kept::TooLarge => return Err(SecretError::TooLarge),
        }
        self.refresh(project)
    }

    /// Removes a secret. What runs goes on with what it has.
    pub(crate) async fn remove(&self, project: &ProjectId, name: &SecretName) -> Result<(), SecretError> {
        if !self.store.remove_secret(project.clone(), name.clone()).await? {
            return Err(SecretError::Unknown { name: name.clone() });
        }
        self.refresh(project)
    }

    /// Forgets the values that nothing runs with any more.
    pub(crate) async fn prune(&self, project: &ProjectId) -> Result<(), SecretError> {
        self.store.prune_secrets(project.clone()).await?;
        self.refresh(project)
    }

    /// What these versions add to an environment.
    pub(crate) fn injected(
        &self,
        project: &ProjectId,
        env: &BTreeMap<String, String>,
        versions: &SecretVersions,
    ) -> Result<Injected, SecretError> {
        let rows = self.store.secrets(project)?;
        let wanted = rows.iter().filter(|row| versions.get(&row.name) == Some(&row.version));
        let (values, unreadable) = self.open(project, wanted)?;
        if !unreadable.is_empty() {
            return Err(SecretError::Unreadable { names: unreadable });
        }
        Injected::new(env, values.into_iter().collect()).map_err(|names| SecretError::Missing { names })
    }

    /// What takes the project's secrets out of output, now and whenever they change.
    pub(crate) fn redaction(&self, project: &ProjectId) -> Redaction {
        let mut redactions = self.redactions.lock().unwrap_or_else(PoisonError::into_inner);
        if redactions.len() >= REDACTIONS_MAX {
            redactions.retain(|_, redaction| !redaction.is_idle());
        }
        if let Some(redaction) = redactions.get(project) {
            return redaction.clone();
        }
        let redaction = Redaction::default();
        match self.redactor(project) {
            Ok(redactor) => redaction.replace(redactor),
            Err(error) => complain(project, &error),
        }
        redactions.insert(project.clone(), redaction.clone());
        redaction
    }

    /// Forgets a project that is gone.
    pub(crate) fn forget(&self, project: &ProjectId) {
        self.redactions.lock().unwrap_or_else(PoisonError::into_inner).remove(project);
    }

    /// Brings the redactor that others hold to what is kept now.
    fn refresh(&self, project: &ProjectId) -> Result<(), SecretError> {
        let redactions = self.redactions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(redaction) = redactions.get(project) {
            redaction.replace(self.redactor(project)?);
        }
        Ok(())
    }

    /// Knows every value that is kept, also those that only something old still runs with.
    fn redactor(&self, project: &ProjectId) -> Result<Redactor, SecretError> {
        let rows = self.store.secrets(project)?;
        let (values, unreadable) = self.open(project, rows.iter())?;
        if !unreadable.is_empty() {
            complain(project, &SecretError::Unreadable { names: unreadable });
        }
        Ok(Redactor::new(values.iter().map(|(name, value)| (name.as_str(), value))))
    }

    /// Opens sealed values.
    fn open<'r>(
        &self,
        project: &ProjectId,
        rows: impl Iterator<Item = &'r SecretRow>,
    ) -> Result<Opened, SecretError> {
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            return Ok((Vec::new(), Vec::new()));
        }
        let key = self.key.existing().map_err(SecretError::Key)?;
        let (mut values, mut unreadable) = (Vec::new(), Vec::new());
        for row in rows {
            let opened = key.as_ref().map(|key| sealed::open(key, project, &row.name, &row.sealed));
            match opened {
                Some(Ok(value)) => values.push((row.name.clone(), value)),
                Some(Err(_)) | None => unreadable.push(row.name.to_string()),
            }
        }
        Ok((values, unreadable))
    }
}

/// Values, and the names of those that did not open.
type Opened = (Vec<(SecretName, SecretValue)>, Vec<String>);

/// Says in the platform's own log that output can be cleaned only in part.
fn complain(project: &ProjectId, error: &SecretError) {
    let error: &dyn std::error::Error = error;
    tracing::warn!(project.id = %project, error, "some secrets cannot be kept out of output");
}

#[cfg(test)]
mod tests;
