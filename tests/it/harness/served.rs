//! A running `backend-im mcp --http`.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command};

use super::{Home, eventually};

/// The server, on a port of its own; it is ended as a person would end it.
pub(crate) struct Served {
    child: Child,
    /// Where it answers, with the path.
    pub(crate) url: String,
    /// What every request needs.
    pub(crate) token: String,
}

impl Served {
    /// Starts it with `root` as the workspace.
    pub(crate) fn start(home: &Home, root: &Path) -> Self {
        let log = home.path().join("served.log");
        let mut command = home.program(&["mcp", "--http", "127.0.0.1:0"]);
        let stderr = File::create(&log).expect("a file");
        let child = command.current_dir(root).stderr(stderr).spawn().expect("the program starts");
        let url = eventually("the server says where it is", 30, || {
            let text = std::fs::read_to_string(&log).expect("a text");
            let (_, rest) = text.split_once("serving MCP at ")?;
            rest.split_once(' ').map(|(url, _)| url.to_owned())
        });
        let token = std::fs::read_to_string(home.path().join("mcp-token")).expect("a token");
        Self { child, url, token: token.trim().to_owned() }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(Command::new("kill").arg(self.child.id().to_string()).status());
        if std::thread::panicking() {
            drop(self.child.kill());
            drop(self.child.wait());
            return;
        }
        let ended = eventually("the server ends", 30, || self.child.try_wait().expect("a child"));
        assert!(ended.success(), "{ended}");
    }
}
