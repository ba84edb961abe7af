//! Dependency layers: what installing made, kept under a key of everything that decided it. Equal content is one layer,
//! whichever project asks; a one-line change of an app finds its layer and installs nothing.
//!
//! A layer is built in place, because virtual environments hold absolute paths, and counts only once its marker is
//! there. Whoever finds one without it wipes it and builds again.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use tokio::sync::OwnedMutexGuard;

use super::{blocking, remove_dir};

const MARKER: &str = ".complete";

/// All layers of a platform.
#[derive(Debug)]
pub(super) struct Layers {
    dir: PathBuf,
    locks: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

/// One layer, held by whoever looks at it or builds it.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) key: String,
    pub(super) path: PathBuf,
    _held: OwnedMutexGuard<()>,
}

impl Layers {
    pub(super) fn new(dir: PathBuf) -> Self {
        Self { dir, locks: Mutex::default() }
    }

    /// Takes the layer; others who want it wait.
    pub(super) async fn take(&self, key: LayerKey) -> Layer {
        let key = key.finish();
        let held = self.hold(&key).await;
        Layer { path: self.dir.join(&key), key, _held: held }
    }

    /// Holds a name against everybody else, whether a layer has it or not.
    pub(super) async fn hold(&self, name: &str) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            // Nobody waits for a lock that only this map knows.
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(locks.entry(name.to_owned()).or_default())
        };
        lock.lock_owned().await
    }

    /// Removes what is neither in `kept` nor held.
    pub(super) async fn retain(&self, kept: &BTreeSet<String>) -> io::Result<()> {
        let dir = self.dir.clone();
        let names = blocking(move || {
            let entries = std::fs::read_dir(dir)?.collect::<io::Result<Vec<_>>>()?;
            Ok(entries.iter().filter_map(|entry| entry.file_name().into_string().ok()).collect::<Vec<_>>())
        })
        .await?;
        for name in names.into_iter().filter(|name| !kept.contains(name)) {
            let path = self.dir.join(&name);
            if let Some(_held) = self.try_hold(&name) {
                blocking(move || remove_dir(&path)).await?;
            }
        }
        Ok(())
    }

    fn try_hold(&self, name: &str) -> Option<OwnedMutexGuard<()>> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(locks.entry(name.to_owned()).or_default()).try_lock_owned().ok()
    }
}

impl Layer {
    /// The first digits of the key, for people.
    pub(super) fn short(&self) -> &str {
        &self.key[..8]
    }

    pub(super) fn is_complete(&self) -> bool {
        self.path.join(MARKER).exists()
    }

    /// Makes it empty, whatever an interrupted build left.
    pub(super) async fn begin(&self) -> io::Result<()> {
        let path = self.path.clone();
        blocking(move || {
            // The marker goes first: a removal that is interrupted must not leave half a layer that looks whole.
            remove_file(&path.join(MARKER))?;
            remove_dir(&path)?;
            std::fs::create_dir_all(path)
        })
        .await
    }

    pub(super) fn complete(&self) -> io::Result<()> {
        let marker = std::fs::File::create(self.path.join(MARKER))?;
        marker.sync_all()
    }
}

fn remove_file(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Everything that decides what a layer holds, hashed as it is named.
pub(super) struct LayerKey(Sha256);

impl LayerKey {
    /// Begins with what is the same for every layer of this machine.
    pub(super) fn new(kind: &str) -> Self {
        let mut key = Self(Sha256::new());
        key.add("format", b"1");
        key.add("machine", format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH).as_bytes());
        key.add("kind", kind.as_bytes());
        key
    }

    /// Adds one named part; lengths keep neighbours apart.
    pub(super) fn add(&mut self, name: &str, content: &[u8]) {
        for part in [name.as_bytes(), content] {
            self.0.update((part.len() as u64).to_le_bytes());
            self.0.update(part);
        }
    }

    /// Adds the content of `files` in `root`; one that does not exist counts as such.
    pub(super) fn add_files(&mut self, root: &Path, files: &[String]) -> io::Result<()> {
        for file in files {
            match std::fs::read(root.join(file)) {
                Ok(content) => self.add(file, &content),
                Err(error) if error.kind() == io::ErrorKind::NotFound => self.add("absent", file.as_bytes()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn finish(self) -> String {
        hex::encode(&self.0.finalize()[..16])
    }
}
