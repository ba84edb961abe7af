//! A proposed patch is tried before anybody applies it: in the background, in a throw-away release that touches nothing of
//! the project and of which nothing is left.

mod ending;
mod results;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Home, Project, eventually, python_server};

/// A small package that is well known, so that a patch may add it.
const MISSING: &str = "itsdangerous";

/// A project whose dependencies lack one package. What its commands did is written down outside of it.
struct Scene {
    home: Home,
    project: Project,
    traces: TempDir,
}

impl Scene {
    /// `more` is code that runs once the package is there, before the app serves.
    fn new(more: &str) -> Self {
        let scene = Self {
            home: Home::new().with("BACKEND_IM_HEALTH_LIMIT_S", "30"),
            project: Project::empty("shop"),
            traces: tempfile::tempdir().expect("a temp dir"),
        };
        scene.project.write("requirements.txt", "");
        scene.project.write("server.py", &format!("import {MISSING}\n{more}\n{}", python_server("fine")));
        scene
    }

    /// The same with more lines of settings.
    fn with(self, settings: &str) -> Self {
        self.project.write("backend-im.yml", &format!("start: python3 server.py\n{settings}"));
        self
    }

    /// The path of a trace, for a command to write to.
    fn trace(&self, name: &str) -> PathBuf {
        self.traces.path().join(name)
    }

    /// A line of shell that adds a word to a trace.
    fn tracing(&self, name: &str) -> String {
        format!("echo here >> {}", self.trace(name).display())
    }

    fn traced(&self, name: &str) -> usize {
        std::fs::read_to_string(self.trace(name)).unwrap_or_default().lines().count()
    }

    /// Deploys what fails for want of the package; the answer.
    #[track_caller]
    fn fails(&self) -> Value {
        let done = self.home.run(&["deploy", &self.project.arg(), "--json"]);
        assert_eq!(done.json()["status"], "failed", "{done:#?}");
        done.json()
    }

    /// The deployment once no patch of it is being tried any more.
    fn verified(&self, failed: &Value) -> Value {
        let path = format!("/api/deployments/{}?waitFor=verified&timeoutS=45", id(failed));
        eventually("the patch was tried", 180, || {
            let view = self.home.api().get(&path).json();
            (view["error"]["diagnosis"]["verification"] != "pending").then_some(view)
        })
    }

    /// Fails the test unless nothing of any trial is left.
    fn assert_nothing_left(&self) {
        eventually("nothing of a trial is left", 20, || {
            let folders = ["trials", "instances"].map(|name| self.home.path().join(name));
            let is_empty = folders.iter().all(|folder| files(folder).is_empty());
            (is_empty && self.home.processes_with("server.py").is_empty()).then_some(())
        });
    }

    fn project_dir(&self) -> PathBuf {
        let projects = std::fs::read_dir(self.home.path().join("projects")).expect("projects");
        projects.flatten().next().expect("a project").path()
    }
}

fn id(view: &Value) -> &str {
    view["id"].as_str().unwrap_or_else(|| panic!("no id: {view:#}"))
}

#[track_caller]
fn patch(view: &Value) -> &str {
    view["error"]["diagnosis"]["patch"].as_str().unwrap_or_else(|| panic!("no patch: {view:#}"))
}

/// Every file in a folder, with what is in it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            }
            files.insert(entry.path(), std::fs::read(entry.path()).unwrap_or_default());
        }
    }
    files
}
