//! One object in one file: for the few objects of a small change.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use tempfile::NamedTempFile;

use super::{Object, SourceError};

/// Writes every object into its own file below `objects`, durably. Contents are on disk before names are: an object that is
/// found is whole.
pub(super) fn write(objects: &Path, new: &[Object<'_>]) -> Result<(), SourceError> {
    let mut folders = BTreeSet::new();
    let mut files = Vec::with_capacity(new.len());
    for object in new {
        let hex = hex::encode(object.id);
        let folder = objects.join(&hex[..2]);
        if fs::create_dir(&folder).is_ok() {
            folders.insert(objects.to_owned());
        }
        let bytes = deflate(object).map_err(SourceError::io("compress", &folder))?;
        files.push(Unnamed::write(&folder, "tmp_obj_", folder.join(&hex[2..]), &[&bytes])?);
        folders.insert(folder);
    }
    put_in_place(files)?;
    folders.iter().try_for_each(|folder| sync_folder(folder))
}

fn deflate(object: &Object<'_>) -> std::io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&gix::objs::encode::loose_header(object.kind, object.bytes.len() as u64))?;
    encoder.write_all(&object.bytes)?;
    encoder.finish()
}

/// A complete read-only file that does not have its name yet. Its temporary name is one that `git gc` sweeps up after a
/// crash.
pub(super) struct Unnamed {
    file: NamedTempFile,
    to: PathBuf,
}

impl Unnamed {
    pub(super) fn write(
        folder: &Path,
        temporary: &str,
        to: PathBuf,
        parts: &[&[u8]],
    ) -> Result<Self, SourceError> {
        let mut file = new_file(folder, temporary)?;
        let written = parts.iter().try_for_each(|part| file.write_all(part));
        written
            .and_then(|()| file.as_file().set_permissions(Permissions::from_mode(0o444)))
            .map_err(SourceError::io("write", &to))?;
        Ok(Self { file, to })
    }

    fn sync(&self) -> Result<(), SourceError> {
        self.file.as_file().sync_all().map_err(SourceError::io("write", &self.to))
    }
}

/// Syncs the files, then gives them their names in this order. Their folders still have to be synced. One after the other:
/// the first one makes the file system write for all of them, and threads were measured to gain nothing.
pub(super) fn put_in_place(files: Vec<Unnamed>) -> Result<(), SourceError> {
    files.iter().try_for_each(Unnamed::sync)?;
    for Unnamed { file, to } in files {
        file.persist(&to).map_err(|error| error.error).map_err(SourceError::io("put in place", to))?;
    }
    Ok(())
}

fn new_file(folder: &Path, prefix: &str) -> Result<NamedTempFile, SourceError> {
    tempfile::Builder::new()
        .prefix(prefix)
        .tempfile_in(folder)
        .map_err(SourceError::io("make a file in", folder))
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), SourceError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(SourceError::io("sync", folder))
}

/// Replaces a small file, durably: its reader sees the old text or the new one.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), SourceError> {
    let folder: PathBuf = path.parent().map(Path::to_owned).unwrap_or_default();
    let mut file = new_file(&folder, ".new-")?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.as_file().set_permissions(Permissions::from_mode(0o644)))
        .and_then(|()| file.as_file().sync_all())
        .map_err(SourceError::io("write", path))?;
    file.persist(path).map_err(|error| error.error).map_err(SourceError::io("put in place", path))?;
    sync_folder(&folder)
}
