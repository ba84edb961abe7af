//! What a project consists of: paths, sizes, modes and content ids, without the contents.

/// One file of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    /// Path within the project, `/` between its parts.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// Git's mode: `100644`, `100755` or `120000` (a symbolic link).
    pub mode: &'static str,
    /// Git's id of the content, in hex.
    pub oid: String,
}

impl ListedFile {
    /// Whether this is a symbolic link. Detection never follows one: the client would read the file behind it and the
    /// platform the link's own text, and the two must reach the same plan.
    pub fn is_link(&self) -> bool {
        self.mode == "120000"
    }
}

/// The files of a project, sorted by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    files: Vec<ListedFile>,
}

impl Listing {
    /// Sorts the files; of two with the same path the first stays.
    pub fn new(mut files: Vec<ListedFile>) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        Self { files }
    }

    /// The file at this path.
    pub fn get(&self, path: &str) -> Option<&ListedFile> {
        let found = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        self.files.get(found)
    }

    /// All files in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = &ListedFile> {
        self.files.iter()
    }

    /// The files below this folder (`""` is the project itself), found without looking at the others.
    pub fn under(&self, folder: &str) -> impl Iterator<Item = &ListedFile> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let start = self.files.partition_point(|file| file.path.as_str() < prefix.as_str());
        self.files[start..].iter().take_while(move |file| file.path.starts_with(&prefix))
    }

    /// The files below this folder as a listing of their own, with paths relative to it.
    pub(crate) fn inside(&self, folder: &str) -> Self {
        let relative =
            |file: &ListedFile| ListedFile { path: file.path[folder.len() + 1..].to_owned(), ..file.clone() };
        // The order of the paths stays: all lose the same beginning.
        Self { files: self.under(folder).map(relative).collect() }
    }

    /// Whether there is any file below this folder.
    pub fn has_folder(&self, folder: &str) -> bool {
        self.under(folder).next().is_some()
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The size of all files together, in bytes.
    pub fn bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(paths: &[&str]) -> Listing {
        let file = |path: &&str| ListedFile {
            path: (*path).to_owned(),
            size: 1,
            mode: "100644",
            oid: "0".repeat(40),
        };
        Listing::new(paths.iter().map(file).collect())
    }

    #[test]
    fn a_folder_is_found_between_its_neighbours() {
        let listing = listing(&["app.py", "app/b.py", "app/a/c.py", "app-old/x.py", "zoo"]);
        let paths: Vec<_> = listing.under("app").map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["app/a/c.py", "app/b.py"]);
        assert!(listing.has_folder("app-old") && !listing.has_folder("ap"));
        assert_eq!(listing.under("").count(), 5);
        assert_eq!(listing.bytes(), 5);
    }
}
