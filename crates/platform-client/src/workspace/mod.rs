//! The person's folder, read: what travels, what does not and why. Nothing here writes into it.

mod content;
mod index;
mod rules;
mod scan;
mod secret;
mod stamp;
mod walk;

use std::fs;
use std::path::{Path, PathBuf};

use platform_api::{Code, FileMode, FilePath, ManifestEntry, limits};
use rustix::fs::FileType;
use serde::Serialize;

pub(crate) use content::{Piece, Root, blob_id, changed, stays_inside};

use self::content::size_text;
use self::index::Index;
use crate::{ClientError, state};

/// A file or folder that stays here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ignored {
    /// Where it is; folders end with `/`, and `(n files)` in place of a name stands for many.
    pub path: String,
    /// Why it does not travel.
    pub reason: String,
}

/// A workspace at one moment.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// Where it is, absolute and free of links.
    pub(crate) root: PathBuf,
    /// What travels, by path.
    pub(crate) files: Vec<ManifestEntry>,
    /// What does not.
    pub(crate) ignored: Vec<Ignored>,
    /// Of these, the paths that stay for what is in them and not for their names.
    pub(crate) withheld: Vec<String>,
}

impl Snapshot {
    /// Reads the workspace at `path`; `state_dir` keeps what makes the next time quick.
    pub(crate) fn take(path: &Path, state_dir: &Path) -> Result<Self, ClientError> {
        let path = locate(path)?;
        let root = Root::open(&path)?;
        let index_path = state::workspace_file(state_dir, &path, "index");
        let index = match scan::scan(&root, &index_path) {
            // Something that came and went while we looked: once more.
            Err(error) if error.code == Code::FILE_CHANGED => scan::scan(&root, &index_path)?,
            other => other?,
        };
        Self::from_index(path, &index)
    }

    /// All bytes together.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    fn from_index(root: PathBuf, index: &Index) -> Result<Self, ClientError> {
        let mut files = Vec::with_capacity(index.folders.iter().map(|folder| folder.files.len()).sum());
        let mut ignored = Vec::new();
        let mut withheld = Vec::new();
        for folder in &index.folders {
            let below = |name: &str| match folder.path.as_str() {
                "" => name.to_owned(),
                path => format!("{path}/{name}"),
            };
            if let Some(reason) = &folder.withheld {
                withheld.push(folder.path.clone());
                ignored.push(Ignored { path: format!("{}/", folder.path), reason: reason.clone() });
            }
            for entry in &folder.excluded {
                ignored.push(Ignored { path: below(&entry.name), reason: entry.reason.clone() });
            }
            for file in &folder.files {
                match &file.withheld {
                    Some(reason) => {
                        withheld.push(below(&file.name));
                        ignored.push(Ignored { path: below(&file.name), reason: reason.clone() });
                    }
                    None => files.push(entry(&below(&file.name), file)?),
                }
            }
        }
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        ignored.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        let snapshot = Self { root, files, ignored, withheld };
        snapshot.check_size()?;
        Ok(snapshot)
    }

    fn check_size(&self) -> Result<(), ClientError> {
        let bytes = self.bytes();
        if bytes <= limits::PROJECT_BYTES_MAX {
            return Ok(());
        }
        let mut largest: Vec<&ManifestEntry> = self.files.iter().collect();
        largest.sort_unstable_by_key(|file| std::cmp::Reverse(file.size));
        let named = |file: &&ManifestEntry| format!("`{}` with {}", file.path, size_text(file.size));
        let named: Vec<_> = largest.iter().take(3).map(named).collect();
        let (bytes, limit) = (size_text(bytes), size_text(limits::PROJECT_BYTES_MAX));
        let what = format!("the folder's files have {bytes}; the limit is {limit}");
        Err(ClientError::new(Code::TOO_LARGE, what).hint(format!(
            "the largest are {}: exclude what the app does not need with a .backendimignore file",
            named.join(", ")
        )))
    }
}

/// The folder's absolute path, free of links.
pub(crate) fn locate(path: &Path) -> Result<PathBuf, ClientError> {
    let located = fs::canonicalize(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => content::no_such_folder(path),
        _ => content::unreadable(&path.display().to_string(), error),
    })?;
    if located.is_dir() { Ok(located) } else { Err(content::no_such_folder(path)) }
}

fn entry(path: &str, file: &index::File) -> Result<ManifestEntry, ClientError> {
    let mode = match file.stamp.kind() {
        FileType::Symlink => FileMode::Link,
        _ if file.stamp.is_executable() => FileMode::Executable,
        _ => FileMode::File,
    };
    let path: FilePath = path.parse().map_err(|error: platform_api::InvalidFilePath| {
        ClientError::new(Code::INVALID_PATH, error.to_string()).because(error)
    })?;
    let oid = file.oid.ok_or_else(|| ClientError::new(Code::INTERNAL, format!("`{path}` was not read")))?;
    Ok(ManifestEntry { path, mode, size: file.stamp.size, oid })
}

#[cfg(test)]
mod tests;
