//! An instance's folder, `{home}/instances/{id}`: who it is, who launches it, how it ended. This is what a platform
//! that was killed leaves behind, and all that the next one needs to take the instance over.
//!
//! | file | by | when |
//! |---|---|---|
//! | `instance.json` | the platform | before the launcher exists |
//! | `launcher.json` | the launcher | before the program exists |
//! | `exit.json` | the launcher | when nothing of the instance is left |

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use platform_api::{DeploymentId, InstanceId, ProjectId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::tree::{Process, boot_id};
use crate::engine::{Exit, Running};

/// Who an instance is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) instance: InstanceId,
    pub(super) deployment: DeploymentId,
    pub(super) project: ProjectId,
    pub(super) address: SocketAddr,
    pub(super) started_ms: u64,
}

impl Record {
    pub(super) fn to_running(&self) -> Running {
        Running {
            instance: self.instance,
            deployment: self.deployment,
            project: self.project.clone(),
            address: self.address,
            started_ms: self.started_ms,
        }
    }
}

/// A launcher, named so that no process of another boot, and none that has its id by chance, is taken for it.
#[derive(Debug, Serialize, Deserialize)]
struct LauncherIdentity {
    boot_id: String,
    process: Process,
}

/// The folder of one instance.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn of(home: &Path, instance: InstanceId) -> Self {
        Self(instances(home).join(instance.to_string()))
    }

    /// The folders that are there, whatever state they are in.
    pub(super) fn all(home: &Path) -> io::Result<Vec<(InstanceId, Self)>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(instances(home))? {
            let entry = entry?;
            if let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
                found.push((id, Self(entry.path())));
            }
        }
        Ok(found)
    }

    pub(super) fn create(&self, record: &Record) -> io::Result<()> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(self.runtime_dir())?;
        self.write("instance.json", record)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// For sockets and the like that the app's own tools make while it runs.
    pub(super) fn runtime_dir(&self) -> PathBuf {
        self.0.join("run")
    }

    pub(super) fn record(&self) -> Option<Record> {
        self.read("instance.json")
    }

    /// Called by the launcher about itself.
    pub(super) fn write_launcher(&self) -> io::Result<()> {
        let pid = rustix::process::getpid().as_raw_nonzero().get();
        let process =
            Process::find(pid).ok_or_else(|| io::Error::other("/proc does not show this process"))?;
        self.write("launcher.json", &LauncherIdentity { boot_id: boot_id()?, process })
    }

    /// The launcher, if it is one of this boot.
    pub(super) fn launcher(&self) -> Option<Process> {
        let identity: LauncherIdentity = self.read("launcher.json")?;
        (identity.boot_id == boot_id().ok()?).then_some(identity.process)
    }

    pub(super) fn write_exit(&self, exit: &Exit) -> io::Result<()> {
        self.write("exit.json", exit)
    }

    pub(super) fn exit(&self) -> Option<Exit> {
        self.read("exit.json")
    }

    /// Removes it; what is already gone is no error.
    pub(super) fn remove(&self) -> io::Result<()> {
        match std::fs::remove_dir_all(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Readers see the whole file or none.
    fn write(&self, name: &str, value: &impl Serialize) -> io::Result<()> {
        let draft = self.0.join(format!("{name}.new"));
        std::fs::write(&draft, serde_json::to_vec(value)?)?;
        std::fs::rename(draft, self.0.join(name))
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_slice(&std::fs::read(self.0.join(name)).ok()?).ok()
    }
}

/// Where the folders are.
pub(super) fn instances(home: &Path) -> PathBuf {
    home.join("instances")
}
