//! Reading one folder: what is in it, what of that travels, and why the rest does not.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use platform_api::{Code, FilePath};
use rustix::fs::{AtFlags, Dir, FileType, fstat, statat};
use rustix::io::Errno;

use super::content::{Root, unreadable};
use super::index::{Excluded, File, Folder, RuleFile};
use super::rules::{Kind, Rules, is_rule_file};
use super::secret;
use super::stamp::{Stamp, now_ns};
use crate::ClientError;

/// How many files that one pattern excludes from one folder are told one by one.
const TOLD_MAX: usize = 8;

/// Reads the folder at `path`. Files that `known` holds under the same stamp keep their blob ids. `None` when the folder
/// is gone.
pub(crate) fn read_folder(
    root: &Root,
    rules: &mut Rules,
    path: &str,
    known: Option<&Folder>,
) -> Result<Option<Folder>, ClientError> {
    let failed = |error: io::Error| unreadable(if path.is_empty() { "." } else { path }, error);
    let open = match root.open_folder(path) {
        Ok(open) => open,
        Err(error) if is_gone(&error) => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let now_ns = now_ns();
    let stamp = Stamp::of(&fstat(&open).map_err(|error| failed(error.into()))?);
    let mut folder =
        Folder { path: path.to_owned(), stamp, racy: stamp.is_racy(now_ns), ..Folder::default() };
    for (name, stamp) in entries(&open).map_err(failed)? {
        if !path.is_empty()
            && let Some(reason) = secret::marks_folder(&name.to_string_lossy())
        {
            return Ok(Some(withheld(folder, reason)));
        }
        Reader { rules, known, now_ns }.take(&mut folder, &name, stamp)?;
    }
    folder.files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    folder.subfolders.sort_unstable();
    folder.excluded = told(std::mem::take(&mut folder.excluded));
    Ok(Some(folder))
}

/// The names of the ignore files that are in an open folder now.
pub(crate) fn rule_files(folder: impl AsFd) -> Vec<(&'static str, Stamp)> {
    let names = [".gitignore", ".backendimignore", ".dockerignore"];
    let found = names.into_iter().filter_map(|name| {
        let stat = statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        Some((name, Stamp::of(&stat)))
    });
    found.collect()
}

struct Reader<'a> {
    rules: &'a mut Rules,
    known: Option<&'a Folder>,
    now_ns: i64,
}

impl Reader<'_> {
    fn take(&mut self, folder: &mut Folder, name: &CStr, stamp: Stamp) -> Result<(), ClientError> {
        let text = name.to_string_lossy();
        if is_rule_file(&text) {
            // Behind a link the target may change and the link's stamp stay: never trusted.
            let racy = stamp.is_racy(self.now_ns) || stamp.kind() == FileType::Symlink;
            folder.rules.push(RuleFile { name: text.clone().into_owned(), stamp, racy });
        }
        let kind = if stamp.kind() == FileType::Directory { Kind::Folder } else { Kind::Other };
        if let Some(reason) = self.rules.excluded(&folder.path, &text, kind)? {
            let end = if kind == Kind::Folder { "/" } else { "" };
            folder.excluded.push(Excluded { name: format!("{text}{end}"), reason });
            return Ok(());
        }
        let path = portable_path(&folder.path, name)?;
        match stamp.kind() {
            FileType::Directory => folder.subfolders.push(text.into_owned()),
            FileType::RegularFile | FileType::Symlink => {
                folder.files.push(self.file(path.rsplit('/').next().unwrap_or(&path), stamp));
            }
            _ => folder.excluded.push(Excluded {
                name: text.into_owned(),
                reason: "it is neither a file nor a folder nor a link".to_owned(),
            }),
        }
        Ok(())
    }

    fn file(&self, name: &str, stamp: Stamp) -> File {
        let known = self.known.and_then(|folder| {
            let at = folder.files.binary_search_by(|file| file.name.as_str().cmp(name)).ok()?;
            folder.files.get(at).filter(|file| file.stamp == stamp)
        });
        known.cloned().unwrap_or_else(|| File {
            name: name.to_owned(),
            stamp,
            oid: None,
            racy: false,
            withheld: None,
        })
    }
}

/// Everything in a folder with its stamp; what vanishes meanwhile is left out.
fn entries(folder: &OwnedFd) -> io::Result<Vec<(std::ffi::CString, Stamp)>> {
    let mut found = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => found.push((name.to_owned(), Stamp::of(&stat))),
            Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

/// The path as everybody can store it.
fn portable_path(folder: &str, name: &CStr) -> Result<String, ClientError> {
    let Ok(text) = name.to_str() else {
        let shown = name.to_bytes().escape_ascii();
        let what = format!("the name `{shown}` in `{}` is not UTF-8", shown_folder(folder));
        return Err(ClientError::new(Code::INVALID_PATH, what).hint(RENAME));
    };
    let path = if folder.is_empty() { text.to_owned() } else { format!("{folder}/{text}") };
    match path.parse::<FilePath>() {
        Ok(path) => Ok(path.into()),
        Err(error) => {
            Err(ClientError::new(Code::INVALID_PATH, error.to_string()).hint(RENAME).because(error))
        }
    }
}

const RENAME: &str = "rename it, or exclude it with a .backendimignore file";

fn shown_folder(folder: &str) -> &str {
    if folder.is_empty() { "." } else { folder }
}

fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory)
        || error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}

/// The folder with nothing in it but the reason. It stays in the index, so that its stamp tells when to look again.
fn withheld(folder: Folder, reason: &str) -> Folder {
    Folder {
        withheld: Some(reason.to_owned()),
        rules: Vec::new(),
        files: Vec::new(),
        subfolders: Vec::new(),
        excluded: Vec::new(),
        ..folder
    }
}

/// Folders one by one; files one by one unless many share a reason.
fn told(excluded: Vec<Excluded>) -> Vec<Excluded> {
    let mut by_reason: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in excluded {
        by_reason.entry(entry.reason).or_default().push(entry.name);
    }
    let mut told = Vec::new();
    for (reason, names) in by_reason {
        let (folders, mut files): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| name.ends_with('/'));
        told.extend(folders.into_iter().map(|name| Excluded { name, reason: reason.clone() }));
        if files.len() > TOLD_MAX {
            files = vec![format!("({} files)", files.len())];
        }
        told.extend(files.into_iter().map(|name| Excluded { name, reason: reason.clone() }));
    }
    told.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    told
}
