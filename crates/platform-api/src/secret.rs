//! Secrets: their names, what is told of them, and how a person is asked for one. No type in here holds a value: a value
//! travels as the bare body of one call, towards the platform only.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{ProjectId, limits};

/// Why a text is no name of a secret. The text itself is not repeated: it might be a value in the wrong place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecretName {
    /// Not upper-case letters, digits and underscores, or a digit first, or too long.
    #[error(
        "a secret's name is `[A-Z_][A-Z0-9_]*` with at most {} characters, this text of {length} is not",
        SecretName::BYTES_MAX
    )]
    Malformed {
        /// How long the text is.
        length: usize,
    },
    /// The platform sets this variable itself.
    #[error("the platform sets this variable for every app by itself")]
    Reserved,
}

/// The name of a secret, which is the name of the variable that the app finds it in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecretName(String);

impl SecretName {
    /// The longest name, in bytes.
    pub const BYTES_MAX: usize = 128;

    /// Variables that are the platform's own.
    const RESERVED: &'static [&'static str] = &["PORT", "HOST", "DATA_DIR", "PATH"];

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SecretName {
    type Err = InvalidSecretName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = !text.is_empty()
            && text.len() <= Self::BYTES_MAX
            && !text.starts_with(|c: char| c.is_ascii_digit())
            && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if !fits {
            return Err(InvalidSecretName::Malformed { length: text.len() });
        }
        if Self::RESERVED.contains(&text) || text.starts_with("BACKEND_IM_") {
            return Err(InvalidSecretName::Reserved);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for SecretName {
    type Error = InvalidSecretName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<SecretName> for String {
    fn from(name: SecretName) -> Self {
        name.0
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a text cannot be a secret's value. Nothing of it is told but its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecretValue {
    /// Nothing there.
    #[error("the value is empty")]
    Empty,
    /// Over the limit.
    #[error("the value is {bytes} bytes long; the limit is {}", limits::SECRET_VALUE_BYTES_MAX)]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// An environment variable cannot hold it.
    #[error("the value holds a NUL character, which no environment variable can")]
    Nul,
}

/// Looks whether a text can be a secret's value.
///
/// # Errors
/// [`InvalidSecretValue`] when it cannot.
pub fn check_secret_value(value: &str) -> Result<(), InvalidSecretValue> {
    match value.len() {
        0 => Err(InvalidSecretValue::Empty),
        bytes if bytes > limits::SECRET_VALUE_BYTES_MAX => Err(InvalidSecretValue::TooLong { bytes }),
        _ if value.contains('\0') => Err(InvalidSecretValue::Nul),
        _ => Ok(()),
    }
}

/// What is told of a secret. Its value never is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Secret {
    /// Its name.
    pub name: SecretName,
    /// Changes with every value that is set, and no number is used twice.
    pub version: u64,
    /// When this value was set, in milliseconds since the Unix epoch.
    pub set_ms: u64,
    /// Whether the live release runs with this value; otherwise the next deploy applies it.
    pub applied: bool,
}

/// A project's secrets: the answer to `GET /api/projects/{id}/secrets`, and to every change of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Secrets {
    /// Whose.
    pub project_id: ProjectId,
    /// They, by name.
    pub secrets: Vec<Secret>,
}

/// Where a value is to come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SecretSource {
    /// A person types it into the page.
    Person,
    /// A variable of the asking program's environment; the person only agrees.
    Environment {
        /// Its name.
        variable: String,
    },
    /// A file that the asking program can read; the person only agrees.
    File {
        /// Its path.
        path: String,
    },
}

/// The body of `POST /api/projects/{id}/secrets/requests`. The same one, while it is open, is the same request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecretRequest {
    /// Which secret.
    pub name: SecretName,
    /// Where its value is to come from.
    pub source: SecretSource,
    /// Who asks, in the asker's own words; the page shows it.
    #[serde(default)]
    pub requested_by: String,
}

/// How far a request for a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SecretRequestState {
    /// Nobody has answered yet.
    Waiting,
    /// The person agrees to what was asked for; the asking program may now set the value.
    Approved,
    /// The value is set.
    Stored,
    /// The person does not want it.
    Declined,
    /// Nobody answered in time.
    Expired,
}

/// A request for a secret as its asker sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecretRequestView {
    /// Its id.
    pub id: String,
    /// For which project.
    pub project_id: ProjectId,
    /// For which secret.
    pub name: SecretName,
    /// How far it is.
    pub state: SecretRequestState,
    /// The page on which a person answers it, once; for the person alone.
    pub page_url: String,
    /// When the page ends, in milliseconds since the Unix epoch.
    pub expires_ms: u64,
    /// Whether this very call opened it: then nobody can know of the page yet.
    #[serde(default)]
    pub is_new: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_variables_and_never_the_platforms_own() {
        for good in ["A", "_", "DB_PASSWORD", "X9", &"A".repeat(128)] {
            assert_eq!(good.parse::<SecretName>().map(String::from).as_deref(), Ok(good));
        }
        for bad in
            ["", "a", "1A", "A-B", "A B", "Ä", "A=", "PORT", "PATH", "BACKEND_IM_TOKEN", &"A".repeat(129)]
        {
            assert!(bad.parse::<SecretName>().is_err(), "{bad}");
        }
        let pasted = "sk-live-0123456789".parse::<SecretName>().unwrap_err();
        assert!(!pasted.to_string().contains("sk-live"), "a value in the wrong place is not repeated");
    }

    #[test]
    fn values_fit_an_environment_variable() {
        assert_eq!(check_secret_value("x\ny"), Ok(()));
        assert_eq!(check_secret_value(""), Err(InvalidSecretValue::Empty));
        assert_eq!(check_secret_value("a\0b"), Err(InvalidSecretValue::Nul));
        let long = "x".repeat(limits::SECRET_VALUE_BYTES_MAX + 1);
        assert_eq!(check_secret_value(&long), Err(InvalidSecretValue::TooLong { bytes: long.len() }));
    }

    #[test]
    fn a_source_names_where_the_value_is_and_never_the_value() {
        let source = SecretSource::Environment { variable: "STRIPE_KEY".to_owned() };
        let json = serde_json::to_string(&source).unwrap();
        assert_eq!(json, r#"{"from":"environment","variable":"STRIPE_KEY"}"#);
        assert_eq!(serde_json::from_str::<SecretSource>(&json).unwrap(), source);
    }
}
