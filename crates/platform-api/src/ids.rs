//! Identifiers, each parsed once at the edge and trusted inside.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Not a UUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a UUID such as 0190b5a4-6e1f-7c3a-9b1d-2f6c8e4a7d10, got {length} characters that are none"
)]
pub struct InvalidId {
    /// How long the text was. The text itself might have been a token pasted into the wrong field.
    pub length: usize,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = "uuid"))]
        pub struct $name(Uuid);

        impl $name {
            /// Makes the id from a fresh version 7 UUID; this crate has no clock of its own.
            pub const fn from_v7(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId { length: text.len() })
            }
        }
    )*};
}

ids! {
    /// One deployment: one attempt to bring one commit live.
    DeploymentId
    /// One running copy of one release. The platform names it before it exists.
    InstanceId
}

/// Not a commit hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected 12 to 64 lower-case hex digits of a commit hash, got {length} characters that are none")]
pub struct InvalidCommitHash {
    /// How long the text was.
    pub length: usize,
}

/// A full lower-case Git commit hash: 40 hex digits (SHA-1) or 64 (SHA-256).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommitHash(String);

/// How many hex digits of a commit hash travel on the wire.
const SHORT_DIGITS: usize = 12;

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

impl CommitHash {
    /// The first 12 digits, the form that travels on the wire.
    pub fn short(&self) -> ShortCommit {
        ShortCommit(self.0[..SHORT_DIGITS].to_owned())
    }

    /// All digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CommitHash {
    type Err = InvalidCommitHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.len() {
            40 | 64 if is_hex(text) => Ok(Self(text.to_owned())),
            length => Err(InvalidCommitHash { length }),
        }
    }
}

impl TryFrom<String> for CommitHash {
    type Error = InvalidCommitHash;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<CommitHash> for String {
    fn from(hash: CommitHash) -> Self {
        hash.0
    }
}

impl fmt::Display for CommitHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The first 12 hex digits of a commit hash: what the wire calls `commitHash`. A longer hash parses to its first 12.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShortCommit(String);

impl ShortCommit {
    /// The 12 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ShortCommit {
    type Err = InvalidCommitHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.len() {
            SHORT_DIGITS..=64 if is_hex(text) => Ok(Self(text[..SHORT_DIGITS].to_owned())),
            length => Err(InvalidCommitHash { length }),
        }
    }
}

impl TryFrom<String> for ShortCommit {
    type Error = InvalidCommitHash;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ShortCommit> for String {
    fn from(hash: ShortCommit) -> Self {
        hash.0
    }
}

impl fmt::Display for ShortCommit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a text is no project id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProjectId {
    /// Longer than [`ProjectId::MAX_BYTES`].
    #[error("a project id has at most {} characters, this one has {length}", ProjectId::MAX_BYTES)]
    TooLong {
        /// How long it is.
        length: usize,
    },
    /// Not `{userId}-{projectName}` in lower-case letters, digits and hyphens.
    #[error("`{text}` is not `{{userId}}-{{projectName}}` in lower-case letters, digits and inner hyphens")]
    Malformed {
        /// The text.
        text: String,
    },
    /// The name is one of the platform's own hosts.
    #[error("the project name `{name}` is reserved")]
    Reserved {
        /// The name.
        name: String,
    },
}

/// A project's id, `{userId}-{projectName}`: a lower-case DNS label of at most 50 characters, constant for the life of
/// the project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProjectId(String);

impl ProjectId {
    /// The longest id, in bytes: with a commit hash behind it a namespace still fits a DNS label of 63.
    pub const MAX_BYTES: usize = 50;

    /// Names that collide with hosts of the platform itself.
    const RESERVED: &'static [&'static str] =
        &["api", "www", "localhost", "gateway", "platform", "admin", "static"];

    /// The id of `user`'s project `name`.
    ///
    /// # Errors
    /// [`InvalidProjectId`] when the two make no DNS label of at most 50 characters, or the name is reserved.
    pub fn new(user: &str, name: &str) -> Result<Self, InvalidProjectId> {
        if user.contains('-') {
            return Err(InvalidProjectId::Malformed { text: format!("{user}-{name}") });
        }
        format!("{user}-{name}").parse()
    }

    /// The user's part.
    pub fn user(&self) -> &str {
        self.0.split_once('-').map_or("", |(user, _)| user)
    }

    /// The project's own name.
    pub fn name(&self) -> &str {
        self.0.split_once('-').map_or("", |(_, name)| name)
    }

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What an engine calls the isolated place in which one release runs.
    pub fn namespace(&self, commit: &CommitHash) -> String {
        format!("{self}-{}", commit.short())
    }
}

impl FromStr for ProjectId {
    type Err = InvalidProjectId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidProjectId::TooLong { length: text.len() });
        }
        let malformed = || InvalidProjectId::Malformed { text: text.to_owned() };
        let (user, name) = text.split_once('-').ok_or_else(malformed)?;
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let is_label = |part: &str| {
            !part.is_empty()
                && !part.starts_with('-')
                && !part.ends_with('-')
                && part.bytes().all(|b| plain(b) || b == b'-')
        };
        if !is_label(user) || !is_label(name) {
            return Err(malformed());
        }
        if Self::RESERVED.contains(&name) {
            return Err(InvalidProjectId::Reserved { name: name.to_owned() });
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for ProjectId {
    type Error = InvalidProjectId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ProjectId> for String {
    fn from(id: ProjectId) -> Self {
        id.0
    }
}

impl fmt::Display for ProjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Turns any text into lower-case letters, digits and single inner hyphens, at most `bytes_max` of them; empty when
/// nothing usable is left.
pub fn slug(text: &str, bytes_max: usize) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(bytes_max);
    slug.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn project_ids_are_dns_labels_of_a_user_and_a_name() {
        let id: ProjectId = "user123-my-project".parse().unwrap();
        assert_eq!((id.user(), id.name()), ("user123", "my-project"));
        for bad in ["", "nohyphen", "-name", "user-", "User-name", "user-na_me", "user-name-", "user-api"] {
            assert!(bad.parse::<ProjectId>().is_err(), "{bad}");
        }
        assert!(format!("u-{}", "x".repeat(49)).parse::<ProjectId>().is_err());
    }

    #[test]
    fn a_commit_hash_travels_as_its_first_twelve_digits() {
        let full: CommitHash = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        assert_eq!(full.short().as_str(), "0123456789ab");
        assert_eq!("0123456789abcdef".parse::<ShortCommit>().unwrap(), full.short());
        assert!("0123456789aB".parse::<ShortCommit>().is_err());
    }

    proptest::proptest! {
        #[test]
        fn every_slug_that_is_not_empty_makes_a_project_id(text in "\\PC{0,80}") {
            let slug = slug(&text, 40);
            if !slug.is_empty() && !ProjectId::RESERVED.contains(&slug.as_str()) {
                proptest::prop_assert!(ProjectId::new("user", &slug).is_ok());
            }
        }
    }
}
