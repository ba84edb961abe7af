//! Project folders for tests.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder with a project in it.
pub(crate) struct Project {
    dir: TempDir,
}

/// The folder of one of the repository's examples.
pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(name)
        .canonicalize()
        .expect("an example")
}

/// A server of Python's standard library: nothing to install. It answers `text` on every path, the request's body to a
/// POST, and keeps a counter in `$DATA_DIR` at `/count`.
pub(crate) fn python_server(text: &str) -> String {
    format!(
        r#"import os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TEXT = {text:?}

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/count":
            path = os.path.join(os.environ["DATA_DIR"], "count")
            count = int(open(path).read()) + 1 if os.path.exists(path) else 1
            open(path, "w").write(str(count))
            return self.answer(str(count).encode())
        if self.path == "/exit":
            os._exit(3)
        self.answer(TEXT.encode())

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def log_message(self, format, *args):
        print("request", self.path, flush=True)

print("serving", TEXT, flush=True)
ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"#
    )
}

impl Project {
    /// An empty folder called `name`, so that the project's name is known.
    pub(crate) fn empty(name: &str) -> Self {
        let dir = tempfile::tempdir().expect("a temp dir");
        std::fs::create_dir(dir.path().join(name)).expect("a folder");
        std::fs::write(dir.path().join(".name"), name).expect("a file");
        Self { dir }
    }

    /// A folder with these files.
    pub(crate) fn of(name: &str, files: &[(&str, &str)]) -> Self {
        let project = Self::empty(name);
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    /// A project that is live a moment after it was uploaded: a server of Python's standard library.
    pub(crate) fn quick(name: &str, text: &str) -> Self {
        Self::of(name, &[("server.py", &python_server(text)), ("Procfile", "web: python3 server.py\n")])
    }

    /// A copy of one of the repository's examples, free to be changed.
    pub(crate) fn of_example(name: &str) -> Self {
        let project = Self::empty(name);
        copy_folder(&example(name), &project.path());
        project
    }

    /// The folder.
    pub(crate) fn path(&self) -> PathBuf {
        let name = std::fs::read_to_string(self.dir.path().join(".name")).expect("a name");
        self.dir.path().join(name)
    }

    /// The folder as an argument.
    pub(crate) fn arg(&self) -> String {
        self.path().to_str().expect("UTF-8").to_owned()
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(path, text).expect("a file");
    }

    /// Replaces text in a file; fails the test unless it is there.
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path().join(path)).expect("a file");
        assert!(text.contains(from), "`{from}` is not in {path}");
        self.write(path, &text.replace(from, to));
    }

    /// Removes everything from the folder.
    pub(crate) fn clear(&self) {
        std::fs::remove_dir_all(self.path()).expect("a folder");
        std::fs::create_dir(self.path()).expect("a folder");
    }

    /// Makes the server of [`Project::quick`] answer something else.
    pub(crate) fn says(&self, text: &str) {
        self.write("server.py", &python_server(text));
    }
}

/// Copies a folder without what building there left.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let (name, path) = (entry.file_name(), entry.path());
        if path.is_file() {
            std::fs::copy(&path, to.join(name)).expect("a copy");
        } else if !["target", "node_modules", ".venv", "__pycache__"].iter().any(|left| name == *left) {
            copy_folder(&path, &to.join(name));
        }
    }
}
