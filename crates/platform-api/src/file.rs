//! Files as both sides name them: portable relative paths, Git modes, Git blob ids.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::limits;

/// Why a text is no path of a project's file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFilePath {
    /// Nothing there.
    #[error("a path cannot be empty")]
    Empty,
    /// Too long, or a part of it is.
    #[error("the path is {bytes} bytes long; the limit is {} (255 for each part)", limits::PATH_BYTES_MAX)]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// Absolute, or with `.`, `..` or an empty part: it could leave the project.
    #[error("`{}` is not a plain relative path", .path.escape_debug())]
    NotRelative {
        /// The path.
        path: String,
    },
    /// Inside `.git`, which belongs to Git alone.
    #[error("`{}` lies inside a .git folder", .path.escape_debug())]
    InsideGit {
        /// The path.
        path: String,
    },
    /// A control character or a backslash, which other systems read differently.
    #[error("`{}` has a control character or a backslash", .path.escape_debug())]
    Unportable {
        /// The path.
        path: String,
    },
}

/// The path of a file within a project: relative, `/` between its parts, UTF-8, no `.`, `..` or `.git` anywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FilePath(String);

impl FilePath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FilePath {
    type Err = InvalidFilePath;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let path = || text.to_owned();
        if text.is_empty() {
            return Err(InvalidFilePath::Empty);
        }
        if text.len() > limits::PATH_BYTES_MAX || text.split('/').any(|part| part.len() > 255) {
            return Err(InvalidFilePath::TooLong { bytes: text.len() });
        }
        if text.contains(|c: char| c.is_control() || c == '\\') {
            return Err(InvalidFilePath::Unportable { path: path() });
        }
        if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(InvalidFilePath::NotRelative { path: path() });
        }
        if text.split('/').any(|part| part.eq_ignore_ascii_case(".git")) {
            return Err(InvalidFilePath::InsideGit { path: path() });
        }
        Ok(Self(path()))
    }
}

impl TryFrom<String> for FilePath {
    type Error = InvalidFilePath;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<FilePath> for String {
    fn from(path: FilePath) -> Self {
        path.0
    }
}

impl AsRef<str> for FilePath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What Git knows about a file besides its bytes. Links are stored as links, and only ones that stay inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum FileMode {
    /// A plain file.
    #[serde(rename = "100644")]
    File,
    /// A file that may be executed.
    #[serde(rename = "100755")]
    Executable,
    /// A symbolic link; its blob is the target.
    #[serde(rename = "120000")]
    Link,
}

/// A Git blob id: the SHA-1 of `blob {length}\0` and the bytes, 40 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
pub struct BlobId([u8; 20]);

impl BlobId {
    /// From the 20 bytes of the digest.
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The 20 bytes of the digest.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

impl FromStr for BlobId {
    type Err = crate::InvalidCommitHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = crate::InvalidCommitHash { length: text.len() };
        if text.len() != 40 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(invalid);
        }
        let mut bytes = [0; 20];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digits = std::str::from_utf8(pair).expect("ASCII");
            *byte = u8::from_str_radix(digits, 16).map_err(|_| invalid.clone())?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for BlobId {
    type Error = crate::InvalidCommitHash;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<BlobId> for String {
    fn from(id: BlobId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobId({self})")
    }
}

/// One file of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ManifestEntry {
    /// Where.
    pub path: FilePath,
    /// File, executable or link.
    pub mode: FileMode,
    /// Its length in bytes.
    pub size: u64,
    /// Its content's id.
    pub oid: BlobId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_cannot_leave_the_project() {
        for good in ["main.py", "src/app/main.rs", "a b/ü.txt", ".github/x", "..hidden"] {
            assert!(good.parse::<FilePath>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a//b",
            "./a",
            "a/",
            ".git/config",
            "x/.GIT/y",
            "a\\b",
            "a\0b",
            "a\u{1b}b",
        ] {
            assert!(bad.parse::<FilePath>().is_err(), "{bad:?}");
        }
        assert!("x".repeat(300).parse::<FilePath>().is_err());
    }

    #[test]
    fn blob_ids_round_trip() {
        let text = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
        assert_eq!(text.parse::<BlobId>().unwrap().to_string(), text);
        assert!("g".repeat(40).parse::<BlobId>().is_err());
        assert!("+1".repeat(20).parse::<BlobId>().is_err(), "signs are no digits");
    }
}
