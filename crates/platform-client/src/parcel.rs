//! What a deploy of a folder would upload, file by file, or folded to a few lines that still count every file.

use platform_api::ManifestEntry;
use serde::Serialize;

/// The files that would travel, by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parcel(Vec<ManifestEntry>);

/// A file that would travel, or a folder with all that would travel of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Where it is; folders end with `/`.
    pub path: String,
    /// How many files it is.
    pub files: u64,
    /// How large they are together, in bytes.
    pub bytes: u64,
}

impl Parcel {
    pub(crate) fn new(files: Vec<ManifestEntry>) -> Self {
        Self(files)
    }

    /// Every file.
    pub fn files(&self) -> impl Iterator<Item = Part> {
        self.0.iter().map(|file| Part { path: file.path.as_str().to_owned(), files: 1, bytes: file.size })
    }

    /// At most `parts_max` parts: small folders are opened first, so that what is folded is what nobody reads in full. A
    /// top level that has more than that itself is closed with a part that counts the rest.
    pub fn folded(&self, parts_max: usize) -> Vec<Part> {
        let mut groups = children(&self.0, 0);
        while let Some((at, inner)) = smallest(&groups)
            && groups.len() - 1 + inner.len() <= parts_max
        {
            groups.splice(at..=at, inner);
        }
        let mut parts: Vec<Part> = groups.iter().map(Group::part).collect();
        if parts.len() > parts_max {
            let rest = parts.split_off(parts_max.saturating_sub(1));
            parts.push(Part {
                path: "…".to_owned(),
                files: rest.iter().map(|part| part.files).sum(),
                bytes: rest.iter().map(|part| part.bytes).sum(),
            });
        }
        parts
    }
}

/// A file, or a folder that is not opened.
struct Group<'a> {
    files: &'a [ManifestEntry],
    /// Where the names within it begin in the paths of its files.
    depth: usize,
    is_folder: bool,
}

impl Group<'_> {
    fn part(&self) -> Part {
        let path = self.files[0].path.as_str();
        Part {
            path: if self.is_folder { path[..self.depth].to_owned() } else { path.to_owned() },
            files: self.files.len() as u64,
            bytes: self.files.iter().map(|file| file.size).sum(),
        }
    }
}

/// The folder with the fewest files, and what is in it.
fn smallest<'a>(groups: &[Group<'a>]) -> Option<(usize, Vec<Group<'a>>)> {
    let folders = groups.iter().enumerate().filter(|(_, group)| group.is_folder);
    let (at, folder) = folders.min_by_key(|(_, group)| group.files.len())?;
    Some((at, children(folder.files, folder.depth)))
}

/// The files and folders of a folder, whose own path is the first `depth` bytes of its files'. Files are sorted by path,
/// so that those of one folder stand together.
fn children(files: &[ManifestEntry], depth: usize) -> Vec<Group<'_>> {
    let name = |file: &ManifestEntry| {
        let rest = &file.path.as_str()[depth..];
        rest.find('/').map_or((rest.len(), false), |end| (end + 1, true))
    };
    let mut groups = Vec::new();
    let mut rest = files;
    while let Some(first) = rest.first() {
        let (length, is_folder) = name(first);
        let within = &first.path.as_str()[..depth + length];
        let count =
            if is_folder { rest.partition_point(|file| file.path.as_str().starts_with(within)) } else { 1 };
        let (group, others) = rest.split_at(count);
        groups.push(Group { files: group, depth: depth + length, is_folder });
        rest = others;
    }
    groups
}

#[cfg(test)]
mod tests {
    use platform_api::FileMode;
    use proptest::prelude::*;

    use super::*;

    fn parcel(paths: &[&str]) -> Parcel {
        let mut files: Vec<ManifestEntry> = paths
            .iter()
            .map(|path| ManifestEntry {
                path: path.parse().unwrap(),
                mode: FileMode::File,
                size: 10,
                oid: "0".repeat(40).parse().unwrap(),
            })
            .collect();
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        Parcel::new(files)
    }

    fn shown(parts: &[Part]) -> Vec<String> {
        parts.iter().map(|part| format!("{} {} {}", part.path, part.files, part.bytes)).collect()
    }

    #[test]
    fn small_folders_are_opened_and_large_ones_counted() {
        let parcel = parcel(&[
            "main.py",
            "app/a.py",
            "app/b.py",
            "static/1",
            "static/2",
            "static/3",
            "static/x/4",
            "app-x",
        ]);
        let most = ["app-x 1 10", "app/a.py 1 10", "app/b.py 1 10", "main.py 1 10", "static/ 4 40"];
        assert_eq!(shown(&parcel.folded(6)), most);
        assert_eq!(shown(&parcel.folded(4)), ["app-x 1 10", "app/ 2 20", "main.py 1 10", "static/ 4 40"]);
        assert_eq!(shown(&parcel.folded(2)), ["app-x 1 10", "… 7 70"]);
        assert_eq!(parcel.folded(100).len(), parcel.files().count());
        assert_eq!(Parcel::default().folded(5), []);
    }

    proptest! {
        #[test]
        fn no_file_is_lost_however_it_is_folded(
            paths in proptest::collection::vec("[ab]{1,2}(/[ab.-]{1,2}c){0,3}", 0..40),
            parts_max in 1_usize..20,
        ) {
            // What is a folder cannot be a file.
            let is_folder = |path: &String| paths.iter().any(|other| other.starts_with(&format!("{path}/")));
            let files: Vec<&str> = paths.iter().filter(|path| !is_folder(path)).map(String::as_str).collect();
            let parcel = parcel(&files);
            let parts = parcel.folded(parts_max);
            prop_assert!(parts.len() <= parts_max);
            prop_assert_eq!(parts.iter().map(|part| part.files).sum::<u64>(), parcel.files().count() as u64);
        }
    }
}
