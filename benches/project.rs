//! Projects to deploy.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A project's folder.
pub(crate) struct Project {
    dir: TempDir,
    name: String,
}

impl Project {
    /// An empty one.
    pub(crate) fn empty(name: &str) -> Self {
        let dir = tempfile::Builder::new().prefix("bim-bench-").tempdir().expect("a temp dir");
        std::fs::create_dir(dir.path().join(name)).expect("a folder");
        Self { dir, name: name.to_owned() }
    }

    /// A copy of one of the repository's examples.
    pub(crate) fn example(example: &str, name: &str) -> Self {
        let project = Self::empty(name);
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(example);
        for entry in std::fs::read_dir(from).expect("an example").flatten() {
            if entry.path().is_file() {
                std::fs::copy(entry.path(), project.path().join(entry.file_name())).expect("a copy");
            }
        }
        project
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join(&self.name)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        std::fs::write(self.path().join(path), text).expect("a file");
    }

    /// Changes the one line of the `FastAPI` example that decides what `/` answers.
    pub(crate) fn rename_todo(&self, name: &str) {
        let text = std::fs::read_to_string(self.path().join("main.py")).expect("a file");
        let is_it = |line: &&str| line.trim_start().starts_with("return {\"name\": ");
        let line = text.lines().find(is_it).expect("the line").to_owned();
        let renamed = format!("    return {{\"name\": \"{name}\", \"docs\": \"/docs\"}}");
        self.write("main.py", &text.replace(&line, &renamed));
    }
}
