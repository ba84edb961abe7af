//! From a folder on disk to the list of what travels, reading only what changed since the last scan.
//!
//! 1. Every folder that the index knows is looked at (in parallel when there are many files): did its own stamp move,
//!    did a file's, did an ignore file's?
//! 2. Folders whose stamp moved are read again; all of them are when an ignore file changed.
//! 3. Files without a trusted blob id are read and hashed, in parallel when there are many.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use platform_api::{BlobId, Code, limits};
use rustix::fs::{AtFlags, FileType, fstat, statat};

use super::content::{self, Root, blob_id, too_large};
use super::index::{File, Folder, Index};
use super::rules::{self, Rules};
use super::stamp::{Stamp, now_ns};
use super::{secret, walk};
use crate::ClientError;

/// From how many files on the work is shared between threads: below, waking them costs more than it saves.
const PARALLEL_FILES_MIN: usize = 1_000;
/// From how many bytes on files are hashed in parallel.
const PARALLEL_BYTES_MIN: u64 = 4 << 20;
/// From how many files on a folder is opened to look at them: below, the way to each is shorter than the way to it.
const OPEN_FILES_MIN: usize = 4;
/// How many threads work at most.
const THREADS_MAX: usize = 8;
/// How much of a file is looked at for a private key.
const LOOK_BYTES_MAX: usize = 1 << 20;

/// Scans the workspace at `root` with and into the index at `index_path`.
pub(crate) fn scan(root: &Root, index_path: &Path) -> Result<Index, ClientError> {
    let mut known = Index::load(index_path, root.path());
    let above = stamps(rules::files_above(root.path()));
    let mut verdicts = look_at_all(root, &mut known.folders);
    if above != known.above || verdicts.contains(&Verdict::RulesChanged) {
        // What one ignore file says may concern any folder below it: read all of them again.
        verdicts.fill(Verdict::Moved);
    }
    let unchanged = !known.folders.is_empty()
        && verdicts.iter().all(|verdict| *verdict == Verdict::Same)
        && !known.folders.iter().any(|folder| folder.files.iter().any(File::needs_reading));
    if unchanged {
        return Ok(known);
    }
    let folders = if verdicts.iter().any(|verdict| *verdict != Verdict::Same) || known.folders.is_empty() {
        rebuild(root, known.folders, &verdicts)?
    } else {
        known.folders
    };
    let mut index = Index { above, folders };
    hash_all(root, &mut index.folders)?;
    if let Err(error) = index.save(index_path, root.path()) {
        // The next scan reads everything again; nothing else is lost.
        tracing::warn!(%error, "could not save the index of the workspace");
    }
    Ok(index)
}

/// What became of a folder that the index knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The same entries as before; some files may have changed.
    Same,
    /// Entries came or went.
    Moved,
    /// An ignore file in it changed, came or went.
    RulesChanged,
}

fn look_at_all(root: &Root, folders: &mut [Folder]) -> Vec<Verdict> {
    let files: usize = folders.iter().map(|folder| folder.files.len() + 2).sum();
    let threads = threads(files, 0);
    let look = |part: &mut [Folder]| part.iter_mut().map(|it| look_at(root, it)).collect::<Vec<_>>();
    if threads == 1 {
        return look(folders);
    }
    let parts = split(folders, files.div_ceil(threads));
    thread::scope(|scope| {
        let workers: Vec<_> = parts.into_iter().map(|part| scope.spawn(|| look(part))).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("looking does not panic")).collect()
    })
}

/// Cuts the folders into parts of about `files` files each.
fn split(mut folders: &mut [Folder], files: usize) -> Vec<&mut [Folder]> {
    let mut parts = Vec::new();
    while !folders.is_empty() {
        let mut sum = 0;
        let end = folders.iter().position(|folder| {
            sum += folder.files.len() + 2;
            sum > files
        });
        let (part, rest) = folders.split_at_mut(end.map_or(folders.len(), |end| end.max(1)));
        parts.push(part);
        folders = rest;
    }
    parts
}

fn look_at(root: &Root, folder: &mut Folder) -> Verdict {
    if folder.files.len() < OPEN_FILES_MIN && folder.rules.is_empty() && !folder.racy {
        let same = root.stamp(&folder.path).is_ok_and(|stamp| stamp == folder.stamp);
        let Folder { path, files, .. } = folder;
        let stamp = |name: &str| {
            root.stamp(&if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") })
        };
        if same {
            return look_at_files(files, stamp);
        }
    }
    let Ok(open) = root.open_folder(&folder.path) else { return Verdict::Moved };
    let Ok(stat) = fstat(&open) else { return Verdict::Moved };
    let moved = folder.racy || Stamp::of(&stat) != folder.stamp;
    if (moved || !folder.rules.is_empty()) && rules_changed(&open, folder) {
        return Verdict::RulesChanged;
    }
    if moved {
        return Verdict::Moved;
    }
    look_at_files(&mut folder.files, |name| Ok(Stamp::of(&statat(&open, name, AtFlags::SYMLINK_NOFOLLOW)?)))
}

/// Whether an ignore file in an open folder came, went or may have changed.
fn rules_changed(open: &OwnedFd, folder: &Folder) -> bool {
    let now = walk::rule_files(open);
    let is_known = |(name, stamp): &(&str, Stamp)| {
        folder.rules.iter().any(|rule| rule.name == *name && rule.stamp == *stamp && !rule.racy)
    };
    let same = now.len() == folder.rules.len() && now.iter().all(is_known);
    !same && folder.withheld.is_none()
}

/// Takes note of the files whose stamp moved; they are read later.
fn look_at_files(files: &mut [File], stamp: impl Fn(&str) -> rustix::io::Result<Stamp>) -> Verdict {
    for file in files {
        let Ok(stamp) = stamp(&file.name) else { return Verdict::Moved };
        if stamp.kind() != file.stamp.kind() {
            return Verdict::Moved;
        }
        if stamp != file.stamp {
            *file =
                File { stamp, oid: None, racy: false, withheld: None, name: std::mem::take(&mut file.name) };
        }
    }
    Verdict::Same
}

/// The folders that can be reached now, parents before children.
fn rebuild(root: &Root, known: Vec<Folder>, verdicts: &[Verdict]) -> Result<Vec<Folder>, ClientError> {
    let mut rules = Rules::new(root.path())?;
    let mut known: HashMap<String, (Folder, Verdict)> = known
        .into_iter()
        .zip(verdicts)
        .map(|(folder, verdict)| (folder.path.clone(), (folder, *verdict)))
        .collect();
    let mut reached = Vec::new();
    let mut files = 0;
    let mut to_visit = vec![String::new()];
    while let Some(path) = to_visit.pop() {
        let folder = match known.remove(&path) {
            Some((folder, Verdict::Same)) => Some(folder),
            before => walk::read_folder(root, &mut rules, &path, before.as_ref().map(|(folder, _)| folder))?,
        };
        let Some(folder) = folder else { continue };
        let below = |name: &String| if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
        to_visit.extend(folder.subfolders.iter().rev().map(below));
        files += folder.files.len();
        if files > limits::PROJECT_FILES_MAX {
            return Err(too_many_files(&reached));
        }
        reached.push(folder);
    }
    if reached.is_empty() {
        return Err(content::no_such_folder(root.path()));
    }
    Ok(reached)
}

/// Gives every file that needs it a blob id.
fn hash_all(root: &Root, folders: &mut [Folder]) -> Result<(), ClientError> {
    let mut jobs: Vec<(String, &mut File)> = Vec::new();
    for folder in folders {
        for file in folder.files.iter_mut().filter(|file| file.needs_reading()) {
            let path = if folder.path.is_empty() {
                file.name.clone()
            } else {
                format!("{}/{}", folder.path, file.name)
            };
            jobs.push((path, file));
        }
    }
    let bytes: u64 = jobs.iter().map(|(_, file)| file.stamp.size).sum();
    let threads = threads(jobs.len(), bytes);
    let next = AtomicUsize::new(0);
    let todo: Vec<(&str, &File)> = jobs.iter().map(|(path, file)| (path.as_str(), &**file)).collect();
    let work = || -> Result<Vec<(usize, Hashed)>, ClientError> {
        let mut buffer = Vec::new();
        let mut done = Vec::new();
        while let Some((at, (path, file))) = take(&todo, &next) {
            done.push((at, hash(root, path, file, &mut buffer)?));
        }
        Ok(done)
    };
    let done = if threads == 1 {
        vec![work()]
    } else {
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            workers.into_iter().map(|it| it.join().expect("hashing does not panic")).collect()
        })
    };
    let done = done.into_iter().collect::<Result<Vec<_>, _>>()?;
    for (at, hashed) in done.into_iter().flatten() {
        let file = &mut *jobs[at].1;
        file.stamp = hashed.stamp;
        file.oid = Some(hashed.oid);
        file.racy = hashed.racy;
        file.withheld = hashed.withheld.map(str::to_owned);
    }
    Ok(())
}

fn take<T: Copy>(todo: &[T], next: &AtomicUsize) -> Option<(usize, T)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    todo.get(at).map(|job| (at, *job))
}

struct Hashed {
    oid: BlobId,
    stamp: Stamp,
    racy: bool,
    withheld: Option<&'static str>,
}

fn hash(root: &Root, path: &str, file: &File, buffer: &mut Vec<u8>) -> Result<Hashed, ClientError> {
    if file.stamp.kind() == FileType::Symlink {
        let now_ns = now_ns();
        let target = root.link_target(path)?;
        let stamp = Stamp { size: target.len() as u64, ..file.stamp };
        return Ok(Hashed {
            oid: blob_id(target.as_bytes()),
            stamp,
            racy: stamp.is_racy(now_ns),
            withheld: None,
        });
    }
    if file.stamp.size > limits::FILE_BYTES_MAX {
        return Err(too_large(path, Some(file.stamp.size)));
    }
    if !secret::needs_look(&file.name) {
        let reading = root.read_file(path, buffer, &mut |_| {})?;
        return Ok(Hashed { oid: reading.oid, stamp: reading.stamp, racy: reading.racy, withheld: None });
    }
    let mut bytes = Vec::new();
    let reading = root.read_file(path, buffer, &mut |piece| piece.collect(&mut bytes))?;
    bytes.truncate(LOOK_BYTES_MAX);
    let withheld = secret::content_never_travels(&file.name, &bytes);
    Ok(Hashed { oid: reading.oid, stamp: reading.stamp, racy: reading.racy, withheld })
}

/// How many threads this much work is worth.
fn threads(files: usize, bytes: u64) -> usize {
    if files < PARALLEL_FILES_MIN && bytes < PARALLEL_BYTES_MIN {
        return 1;
    }
    thread::available_parallelism().map_or(1, NonZero::get).min(THREADS_MAX)
}

fn stamps(paths: Vec<PathBuf>) -> Vec<(PathBuf, Option<Stamp>)> {
    let stamped = paths.into_iter().map(|path| {
        let stamp = fs::metadata(&path).ok().map(|metadata| Stamp {
            mtime_ns: metadata.mtime().saturating_mul(1_000_000_000).saturating_add(metadata.mtime_nsec()),
            ctime_ns: metadata.ctime().saturating_mul(1_000_000_000).saturating_add(metadata.ctime_nsec()),
            inode: metadata.ino(),
            size: metadata.size(),
            mode: metadata.mode(),
        });
        (path, stamp)
    });
    stamped.collect()
}

/// Names the fullest top-level folder, which is most likely what should not have been there.
fn too_many_files(folders: &[Folder]) -> ClientError {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for folder in folders {
        let top = folder.path.split('/').next().unwrap_or_default();
        *counts.entry(top).or_default() += folder.files.len();
    }
    let what = format!("the folder has more than {} files", limits::PROJECT_FILES_MAX);
    let fullest = counts.into_iter().filter(|(top, _)| !top.is_empty()).max_by_key(|(_, count)| *count);
    let hint = match fullest {
        Some((top, count)) => {
            format!(
                "`{top}/` alone has {count} or more: exclude what the app does not need with a .backendimignore file"
            )
        }
        None => "exclude what the app does not need with a .backendimignore file".to_owned(),
    };
    ClientError::new(Code::TOO_LARGE, what).hint(hint)
}
