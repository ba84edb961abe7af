//! A value as it lies in the database. Age has no associated data, so whose value it is stands inside the sealed text: a
//! row that is moved to another project or name opens to nothing.

use age::x25519::Identity;
use platform_api::{ProjectId, SecretName};
use secrecy::zeroize::Zeroizing;

use super::SecretValue;

const FORM: &str = "backend-im secret v1";

/// How much longer than the value a sealed one is at most, in bytes.
pub(super) const OVERHEAD_BYTES_MAX: usize = 512;

/// Why a sealed value cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum SealedError {
    #[error("it was sealed with another key, or is damaged")]
    Closed,
    #[error("it belongs to another secret")]
    Foreign,
}

/// Seals a value for one secret of one project.
pub(super) fn seal(
    key: &Identity,
    project: &ProjectId,
    name: &SecretName,
    value: &SecretValue,
) -> Result<Vec<u8>, age::EncryptError> {
    let text = Zeroizing::new(head(project, name) + value.expose());
    age::encrypt(&key.to_public(), text.as_bytes())
}

/// Opens what was sealed for this secret of this project.
pub(super) fn open(
    key: &Identity,
    project: &ProjectId,
    name: &SecretName,
    sealed: &[u8],
) -> Result<SecretValue, SealedError> {
    let bytes = Zeroizing::new(age::decrypt(key, sealed).map_err(|_| SealedError::Closed)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| SealedError::Closed)?;
    let value = text.strip_prefix(&head(project, name)).ok_or(SealedError::Foreign)?;
    SecretValue::new(value.to_owned()).map_err(|_| SealedError::Closed)
}

/// No part of it can hold a NUL, so no two secrets have one in common.
fn head(project: &ProjectId, name: &SecretName) -> String {
    format!("{FORM}\0{project}\0{name}\0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_as_what_it_was_sealed_for() {
        let key = Identity::generate();
        let (project, other): (ProjectId, ProjectId) = ("me-app".parse().unwrap(), "me-apt".parse().unwrap());
        let (name, second): (SecretName, SecretName) = ("KEY".parse().unwrap(), "KEY2".parse().unwrap());
        let value = SecretValue::new("canary-value".to_owned()).unwrap();
        let sealed = seal(&key, &project, &name, &value).unwrap();
        assert!(sealed.len() <= "canary-value".len() + OVERHEAD_BYTES_MAX);
        assert!(!String::from_utf8_lossy(&sealed).contains("canary"));
        assert_eq!(open(&key, &project, &name, &sealed).unwrap().expose(), "canary-value");
        assert_eq!(open(&key, &other, &name, &sealed).unwrap_err(), SealedError::Foreign);
        assert_eq!(open(&key, &project, &second, &sealed).unwrap_err(), SealedError::Foreign);
        assert_eq!(open(&Identity::generate(), &project, &name, &sealed).unwrap_err(), SealedError::Closed);
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert!(open(&key, &project, &name, &damaged).is_err(), "byte {at}");
        }
        assert_ne!(seal(&key, &project, &name, &value).unwrap(), sealed, "equal values do not look equal");
    }
}
