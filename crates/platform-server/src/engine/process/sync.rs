//! Making one folder like another and touching only what differs, so that tools which go by a file's time see exactly
//! what changed.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::remove_dir;

/// Makes `to` hold what `from` holds, and nothing else.
pub(super) fn sync_folder(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(to) {
        Ok(meta) if meta.is_dir() => {}
        Ok(_) => std::fs::remove_file(to)?,
        Err(_) => {}
    }
    std::fs::create_dir_all(to)?;
    let mut kept = BTreeSet::new();
    for entry in std::fs::read_dir(from)? {
        let name = entry?.file_name();
        sync_entry(&from.join(&name), &to.join(&name))?;
        kept.insert(name);
    }
    for entry in std::fs::read_dir(to)? {
        let entry = entry?;
        if !kept.contains(&entry.file_name()) {
            remove(&entry.path(), &entry.metadata()?)?;
        }
    }
    Ok(())
}

fn sync_entry(from: &Path, to: &Path) -> io::Result<()> {
    let meta = std::fs::symlink_metadata(from)?;
    if meta.is_dir() {
        return sync_folder(from, to);
    }
    let old = std::fs::symlink_metadata(to).ok();
    if let Some(old) = &old {
        if is_same(from, &meta, to, old)? {
            return Ok(());
        }
        remove(to, old)?;
    }
    if meta.is_symlink() {
        return std::os::unix::fs::symlink(std::fs::read_link(from)?, to);
    }
    // Written, not copied with its time: the new content must look newer than what was built from the old.
    std::fs::write(to, std::fs::read(from)?)?;
    std::fs::set_permissions(to, meta.permissions())
}

fn is_same(from: &Path, new: &Metadata, to: &Path, old: &Metadata) -> io::Result<bool> {
    if new.file_type() != old.file_type() {
        return Ok(false);
    }
    if new.is_symlink() {
        return Ok(std::fs::read_link(from)? == std::fs::read_link(to)?);
    }
    let looks_same = new.len() == old.len() && new.permissions().mode() == old.permissions().mode();
    Ok(looks_same && std::fs::read(from)? == std::fs::read(to)?)
}

fn remove(path: &Path, meta: &Metadata) -> io::Result<()> {
    if meta.is_dir() { remove_dir(path) } else { std::fs::remove_file(path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_touched() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        std::fs::create_dir_all(from.join("src")).unwrap();
        std::fs::write(from.join("src/main.rs"), "one").unwrap();
        std::fs::write(from.join("Cargo.toml"), "same").unwrap();
        std::os::unix::fs::symlink("Cargo.toml", from.join("link")).unwrap();
        sync_folder(&from, &to).unwrap();
        let time = |name: &str| std::fs::metadata(to.join(name)).unwrap().modified().unwrap();
        let before = (time("Cargo.toml"), time("src/main.rs"));
        std::fs::write(to.join("stale"), "x").unwrap();
        std::fs::write(from.join("src/main.rs"), "two").unwrap();
        sync_folder(&from, &to).unwrap();
        assert_eq!(time("Cargo.toml"), before.0);
        assert!(time("src/main.rs") > before.1);
        assert_eq!(std::fs::read_to_string(to.join("src/main.rs")).unwrap(), "two");
        assert!(!to.join("stale").exists());
        assert_eq!(std::fs::read_link(to.join("link")).unwrap(), Path::new("Cargo.toml"));
    }
}
