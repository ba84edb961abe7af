//! The tools over HTTP, as it goes over the wire.

mod conversing;
mod ending;
mod guarding;

use serde_json::{Value, json};

use crate::harness::{Home, Project};

/// A project whose build does not end before [`Gate::open`].
struct Gate {
    project: Project,
    open: std::path::PathBuf,
}

impl Gate {
    fn new(home: &Home) -> Self {
        let project = Project::quick("gated", "one");
        let open = home.path().join("open");
        let build = format!("while [ ! -e '{}' ]; do sleep 0.05; done", open.display());
        project.write("backend-im.yml", &format!("build: {build:?}\n"));
        Self { project, open }
    }

    fn open(&self) {
        std::fs::write(&self.open, "").expect("a file");
    }
}

/// The arguments of a call.
fn call(tool: &str, arguments: &Value) -> Value {
    json!({"name": tool, "arguments": arguments, "_meta": {"progressToken": 1}})
}
