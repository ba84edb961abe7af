//! What lies in a folder.

use std::path::{Path, PathBuf};

/// The files in `folder`, however deep, that contain one of these texts.
pub(crate) fn files_with(folder: &Path, needles: &[impl AsRef<[u8]>]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        // What runs may remove files meanwhile.
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let content = std::fs::read(entry.path()).unwrap_or_default();
                let holds = |needle: &[u8]| content.windows(needle.len()).any(|part| part == needle);
                if needles.iter().any(|needle| holds(needle.as_ref())) {
                    found.push(entry.path());
                }
            }
        }
    }
    found
}
