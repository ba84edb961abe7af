//! What can go wrong between an upload and a commit.

use std::io;
use std::path::{Path, PathBuf};

use platform_api::{BlobId, Code, FilePath, InvalidFilePath};

/// Why a source could not be read, stored or checked out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    /// The disk said no.
    #[error("could not {action} `{}`", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The repository holds something that it should not, or lacks something that it should hold.
    #[error("the repository cannot be read: {what}")]
    Corrupt {
        /// What was being read.
        what: String,
        /// What the reader said.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// No such commit.
    #[error("there is no commit `{commit}`")]
    NoSuchCommit {
        /// Its hash.
        commit: String,
    },
    /// No such blob.
    #[error("there is no blob `{blob}`")]
    NoSuchBlob {
        /// Its id.
        blob: BlobId,
    },
    /// Bytes that are not what their id says.
    #[error("the bytes that came as `{expected}` hash to `{actual}`")]
    Mismatch {
        /// The id they came under.
        expected: BlobId,
        /// The id they have.
        actual: BlobId,
    },
    /// A path that cannot be stored.
    #[error(transparent)]
    Path(#[from] InvalidFilePath),
    /// A name that some system takes for `.git`.
    #[error("some systems take a part of `{path}` for .git")]
    Reserved {
        /// The path.
        path: FilePath,
    },
    /// The same path twice.
    #[error("`{path}` is there twice")]
    Duplicate {
        /// The path.
        path: FilePath,
    },
    /// One path is a file and a folder.
    #[error("`{file}` is a file, so `{inside}` cannot lie in it")]
    FileAndFolder {
        /// The file.
        file: String,
        /// What needs it to be a folder.
        inside: FilePath,
    },
    /// A link whose target is not certainly inside the project.
    #[error("the link `{path}` points out of the project, to `{}`", .target.escape_debug())]
    LinkEscapes {
        /// The link.
        path: FilePath,
        /// Its target.
        target: String,
    },
    /// An archive entry that is neither file, folder nor link.
    #[error("`{}` is {kind}", .path.escape_debug())]
    Unsupported {
        /// Its path, as the archive has it.
        path: String,
        /// What it is.
        kind: &'static str,
    },
    /// Over a limit.
    #[error("{what} is over the limit of {limit}")]
    TooLarge {
        /// Which thing.
        what: String,
        /// How much is allowed, with its unit.
        limit: String,
    },
    /// Bytes that are no archive.
    #[error("the archive cannot be read: {reason}")]
    Malformed {
        /// Why.
        reason: String,
    },
}

impl SourceError {
    /// Names what was tried on a path when the disk refused.
    pub(super) fn io(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.as_ref().to_owned(), source }
    }

    /// Names what was being read when the repository could not be understood.
    pub(super) fn corrupt<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        what: impl Into<String>,
    ) -> impl FnOnce(E) -> Self {
        move |source| Self::Corrupt { what: what.into(), source: Some(source.into()) }
    }

    /// The stable code for it.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => Code::DISK_FULL,
            Self::Io { .. } | Self::Corrupt { .. } => Code::INTERNAL,
            Self::NoSuchCommit { .. } | Self::NoSuchBlob { .. } => Code::NOT_FOUND,
            Self::Mismatch { .. } => Code::BLOB_MISMATCH,
            Self::Path(_)
            | Self::Reserved { .. }
            | Self::Duplicate { .. }
            | Self::FileAndFolder { .. }
            | Self::LinkEscapes { .. }
            | Self::Unsupported { .. } => Code::INVALID_PATH,
            Self::TooLarge { .. } => Code::TOO_LARGE,
            Self::Malformed { .. } => Code::MALFORMED,
        }
    }

    /// What to do about it, where somebody can.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "free some disk space on the platform's machine, or delete a project, and try again"
            }
            Self::Io { .. } | Self::Corrupt { .. } | Self::NoSuchCommit { .. } | Self::NoSuchBlob { .. } => {
                return None;
            }
            Self::Mismatch { .. } => {
                "the file changed while it was sent, or the upload is damaged; send it again"
            }
            Self::Path(InvalidFilePath::InsideGit { .. }) | Self::Reserved { .. } => {
                "leave .git out; with tar: --exclude=.git"
            }
            Self::Path(_) => "use plain relative paths with `/` between their parts",
            Self::Duplicate { .. } => "send every path once",
            Self::FileAndFolder { .. } => "rename one of the two",
            Self::LinkEscapes { .. } => {
                "point the link at a file of the project, with `..` only at the start of its target, or leave it out"
            }
            Self::Unsupported { .. } => "leave it out; files, folders and links can be deployed",
            Self::TooLarge { .. } => {
                "leave out what the app does not need, with .backendimignore or .gitignore"
            }
            Self::Malformed { .. } => "send a tar archive, compressed with gzip (tar -czf) or zstd",
        })
    }
}
