//! A commit's files as a folder.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use gix::{ObjectId, ThreadSafeRepository};
use platform_api::FileMode;

use super::SourceError;
use super::link::stays_inside;
use super::tree::{Leaf, leaves};

/// Making files is bound by the file system; threads beyond this wait for each other.
const THREADS_MAX: usize = 4;

/// Writes the files of `tree` below `into`, which is made and must hold none of them yet. Links come last, so that no file is
/// ever written through one.
pub(super) fn checkout(repo: &ThreadSafeRepository, tree: ObjectId, into: &Path) -> Result<(), SourceError> {
    let leaves = leaves(&repo.to_thread_local(), tree)?;
    make_folders(&leaves, into)?;
    let (links, files): (Vec<Leaf>, Vec<Leaf>) =
        leaves.into_iter().partition(|leaf| leaf.mode == FileMode::Link);
    write_files(repo, &files, into)?;
    let repo = repo.to_thread_local();
    links.iter().try_for_each(|link| make_link(&repo, link, into))
}

fn make_folders(leaves: &[Leaf], into: &Path) -> Result<(), SourceError> {
    fs::create_dir_all(into).map_err(SourceError::io("make the folder", into))?;
    let folders: BTreeSet<&str> = leaves
        .iter()
        .filter_map(|leaf| leaf.path.as_str().rsplit_once('/'))
        .map(|(folder, _)| folder)
        .collect();
    for folder in folders {
        let folder = into.join(folder);
        fs::create_dir_all(&folder).map_err(SourceError::io("make the folder", &folder))?;
    }
    Ok(())
}

fn write_files(repo: &ThreadSafeRepository, files: &[Leaf], into: &Path) -> Result<(), SourceError> {
    let next = AtomicUsize::new(0);
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX).min(files.len());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let repo = repo.to_thread_local();
                    while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                        write_file(&repo, file, into)?;
                    }
                    Ok(())
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("a checkout does not panic"))
    })
}

fn write_file(repo: &gix::Repository, file: &Leaf, into: &Path) -> Result<(), SourceError> {
    let bytes = read(repo, file)?;
    let path = into.join(file.path.as_str());
    let mode = if file.mode == FileMode::Executable { 0o755 } else { 0o644 };
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&path)
        .and_then(|mut to| to.write_all(&bytes))
        .map_err(SourceError::io("write", path))
}

fn make_link(repo: &gix::Repository, link: &Leaf, into: &Path) -> Result<(), SourceError> {
    let target = String::from_utf8_lossy(&read(repo, link)?).into_owned();
    if !stays_inside(&link.path, target.as_bytes()) {
        return Err(SourceError::LinkEscapes { path: link.path.clone(), target });
    }
    let path = into.join(link.path.as_str());
    symlink(&target, &path).map_err(SourceError::io("make the link", path))
}

fn read(repo: &gix::Repository, leaf: &Leaf) -> Result<Vec<u8>, SourceError> {
    let id = ObjectId::from(*leaf.oid.as_bytes());
    let object = repo.find_object(id).map_err(SourceError::corrupt(format!("`{}`, blob {id}", leaf.path)))?;
    Ok(object.detach().data)
}
