//! Archives as uploads bring them. An archive with one entry that could leave the project, or that is no file, folder or
//! link, is refused as a whole; nothing is written while it is read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Read};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use platform_api::limits::{FILE_BYTES_MAX, PROJECT_BYTES_MAX, PROJECT_FILES_MAX};
use platform_api::{BlobId, FileMode, FilePath, InvalidFilePath};
use tar::{EntryType, PaxExtensions};

use super::SourceError;
use super::link::stays_inside;
pub(crate) use super::stream::Compression;
use super::stream::{decompress, error};

/// The longest header extension (long names, PAX records), in bytes.
const EXTENSION_BYTES_MAX: u64 = 64 << 10;
/// What is set aside for a file before its bytes arrive, whatever its header claims.
const FIRST_BYTES: u64 = 1 << 20;
/// How many bytes hard links may repeat: they cost the sender nothing.
const COPIED_BYTES_MAX: usize = 32 << 20;

/// One file of an archive; a link's bytes are its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArchiveFile {
    /// Where.
    pub(crate) path: FilePath,
    /// File, executable or link.
    pub(crate) mode: FileMode,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

/// The files of a tar archive, sorted by path.
pub(crate) fn read(source: impl Read, compression: Compression) -> Result<Vec<ArchiveFile>, SourceError> {
    let mut files = BTreeMap::new();
    let mut copied_bytes = 0;
    each_member(source, compression, |member| {
        let is_copy = member.kind == EntryType::Link;
        let Some(file) = file(member, &files)? else { return Ok(()) };
        if is_copy {
            copied_bytes += file.bytes.len();
            check_copied(copied_bytes)?;
        }
        match files.insert(file.path.clone(), file) {
            None => Ok(()),
            Some(file) => Err(SourceError::Duplicate { path: file.path }),
        }
    })?;
    Ok(files.into_values().collect())
}

/// The files of a tar archive in base64.
pub(crate) fn read_base64(text: &str) -> Result<Vec<ArchiveFile>, SourceError> {
    let bytes = BASE64_STANDARD
        .decode(text)
        .map_err(|error| SourceError::Malformed { reason: format!("it is no base64: {error}") })?;
    read(bytes.as_slice(), Compression::Detect)
}

/// Hands every blob of a tar stream, whose entries are named by id, to `take`, one at a time.
pub(crate) fn read_blobs<E: From<SourceError>>(
    source: impl Read,
    compression: Compression,
    mut take: impl FnMut(BlobId, Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    each_member(source, compression, |member| {
        let name = String::from_utf8_lossy(&member.path).into_owned();
        if member.kind == EntryType::Directory {
            return Ok(());
        }
        let id: BlobId = name.parse().map_err(|_| SourceError::Malformed {
            reason: format!("`{}` is not named by a blob id of 40 hex digits", name.escape_debug()),
        })?;
        match member.kind {
            EntryType::Regular => take(id, member.bytes),
            _ => Err(SourceError::Unsupported { path: name, kind: "not a plain file" }.into()),
        }
    })
}

/// An entry with its extensions applied.
struct Member {
    path: Vec<u8>,
    link: Vec<u8>,
    kind: EntryType,
    mode: u32,
    bytes: Vec<u8>,
}

/// What extension headers say about the entry that follows them.
#[derive(Default)]
struct Extended {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
}

fn each_member<E: From<SourceError>>(
    source: impl Read,
    compression: Compression,
    mut take: impl FnMut(Member) -> Result<(), E>,
) -> Result<(), E> {
    // Folders and long names are entries too, and each has a header and padding.
    let entries_max = PROJECT_FILES_MAX * 3;
    let bytes_max = PROJECT_BYTES_MAX + entries_max as u64 * 1024;
    let mut archive = tar::Archive::new(decompress(source, compression, bytes_max)?);
    let (mut extended, mut files) = (Extended::default(), 0);
    for (count, entry) in archive.entries().map_err(error)?.raw(true).enumerate() {
        let mut entry = entry.map_err(error)?;
        if !extend(&mut extended, &mut entry)? {
            let member = member(&mut entry, std::mem::take(&mut extended))?;
            files += usize::from(member.kind != EntryType::Directory);
            take(member)?;
        }
        if files > PROJECT_FILES_MAX || count >= entries_max {
            return Err(SourceError::TooLarge {
                what: "the number of files".to_owned(),
                limit: PROJECT_FILES_MAX.to_string(),
            }
            .into());
        }
    }
    // The rest is padding; reading it checks the checksum behind it.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(error)?;
    Ok(())
}

/// Whether the entry is an extension; if so, remembers what it says.
fn extend(extended: &mut Extended, entry: &mut tar::Entry<'_, impl Read>) -> Result<bool, SourceError> {
    match entry.header().entry_type() {
        EntryType::GNULongName => extended.path = Some(text(extension(entry)?)),
        EntryType::GNULongLink => extended.link = Some(text(extension(entry)?)),
        EntryType::XHeader => pax(extended, &extension(entry)?)?,
        // Comments such as the commit that `git archive` notes.
        EntryType::XGlobalHeader => {
            let mut global = Extended::default();
            pax(&mut global, &extension(entry)?)?;
            if global.path.is_some() || global.link.is_some() || global.size.is_some() {
                return Err(malformed("a global header names every file"));
            }
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn extension(entry: &mut tar::Entry<'_, impl Read>) -> Result<Vec<u8>, SourceError> {
    if entry.size() > EXTENSION_BYTES_MAX {
        return Err(SourceError::TooLarge {
            what: "a header of the archive".to_owned(),
            limit: format!("{EXTENSION_BYTES_MAX} bytes"),
        });
    }
    contents(entry)
}

/// Up to the first zero byte.
fn text(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()));
    bytes
}

fn pax(extended: &mut Extended, bytes: &[u8]) -> Result<(), SourceError> {
    for record in PaxExtensions::new(bytes) {
        let record = record.map_err(error)?;
        let value = record.value_bytes();
        match record.key_bytes() {
            b"path" => extended.path = Some(value.to_vec()),
            b"linkpath" => extended.link = Some(value.to_vec()),
            b"size" => {
                let size = record.value().ok().and_then(|text| text.parse().ok());
                extended.size = Some(size.ok_or_else(|| malformed("a size is no number"))?);
            }
            key if key.starts_with(b"GNU.sparse.") => return Err(malformed("it has sparse files")),
            _ => {}
        }
    }
    Ok(())
}

fn member(entry: &mut tar::Entry<'_, impl Read>, extended: Extended) -> Result<Member, SourceError> {
    let path = extended.path.unwrap_or_else(|| entry.path_bytes().into_owned());
    if extended.size.is_some_and(|size| size != entry.size()) {
        return Err(malformed("two headers of one file give different sizes"));
    }
    if entry.size() > FILE_BYTES_MAX {
        return Err(SourceError::TooLarge {
            what: format!("`{}` ({} bytes)", String::from_utf8_lossy(&path).escape_debug(), entry.size()),
            limit: format!("{FILE_BYTES_MAX} bytes for one file"),
        });
    }
    let link =
        extended.link.unwrap_or_else(|| entry.link_name_bytes().map(Cow::into_owned).unwrap_or_default());
    Ok(Member {
        kind: entry.header().entry_type(),
        mode: entry.header().mode().map_err(error)?,
        bytes: contents(entry)?,
        path,
        link,
    })
}

/// All bytes of an entry; fewer than its header promises are an error.
fn contents(entry: &mut tar::Entry<'_, impl Read>) -> Result<Vec<u8>, SourceError> {
    let size = entry.size();
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(FIRST_BYTES)).expect("1 MiB fits"));
    entry.read_to_end(&mut bytes).map_err(error)?;
    if bytes.len() as u64 == size { Ok(bytes) } else { Err(malformed("it ends in the middle of a file")) }
}

/// What an entry means; none for a folder, which exists when something is in it.
fn file(
    member: Member,
    earlier: &BTreeMap<FilePath, ArchiveFile>,
) -> Result<Option<ArchiveFile>, SourceError> {
    if member.kind == EntryType::Directory {
        let folder = plain(&member.path);
        let folder = folder.strip_suffix(b"/").unwrap_or(folder);
        if !folder.is_empty() && folder != b"." {
            path(folder)?;
        }
        return Ok(None);
    }
    let path = path(plain(&member.path))?;
    let (mode, bytes) = match member.kind {
        EntryType::Regular if member.mode & 0o7000 != 0 => {
            return Err(unsupported(&path, "a setuid, setgid or sticky file"));
        }
        EntryType::Regular => {
            let mode = if member.mode & 0o111 == 0 { FileMode::File } else { FileMode::Executable };
            (mode, member.bytes)
        }
        EntryType::Symlink if stays_inside(&path, &member.link) => (FileMode::Link, member.link),
        EntryType::Symlink => {
            let target = String::from_utf8_lossy(&member.link).into_owned();
            return Err(SourceError::LinkEscapes { path, target });
        }
        EntryType::Link => hard_link(&path, &member.link, earlier)?,
        EntryType::Char | EntryType::Block => return Err(unsupported(&path, "a device")),
        EntryType::Fifo => return Err(unsupported(&path, "a named pipe")),
        EntryType::GNUSparse => return Err(unsupported(&path, "a sparse file")),
        _ => return Err(unsupported(&path, "of a kind that is not known")),
    };
    Ok(Some(ArchiveFile { path, mode, bytes }))
}

fn hard_link(
    path: &FilePath,
    target: &[u8],
    earlier: &BTreeMap<FilePath, ArchiveFile>,
) -> Result<(FileMode, Vec<u8>), SourceError> {
    let target = String::from_utf8_lossy(plain(target)).into_owned();
    let original = target.parse::<FilePath>().ok().and_then(|target| earlier.get(&target));
    let Some(original) = original else {
        return Err(SourceError::LinkEscapes { path: path.clone(), target });
    };
    if original.mode == FileMode::Link {
        return Err(unsupported(path, "a hard link to a link"));
    }
    Ok((original.mode, original.bytes.clone()))
}

/// Without the `./` that `tar -c .` puts before every path.
fn plain(mut path: &[u8]) -> &[u8] {
    while let Some(rest) = path.strip_prefix(b"./") {
        path = rest;
    }
    path
}

fn path(bytes: &[u8]) -> Result<FilePath, SourceError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.parse()?),
        Err(_) => {
            Err(InvalidFilePath::Unportable { path: String::from_utf8_lossy(bytes).into_owned() }.into())
        }
    }
}

fn check_copied(bytes: usize) -> Result<(), SourceError> {
    if bytes <= COPIED_BYTES_MAX {
        return Ok(());
    }
    Err(SourceError::TooLarge {
        what: "the size of all hard links together".to_owned(),
        limit: format!("{COPIED_BYTES_MAX} bytes"),
    })
}

fn unsupported(path: &FilePath, kind: &'static str) -> SourceError {
    SourceError::Unsupported { path: path.as_str().to_owned(), kind }
}

fn malformed(reason: &str) -> SourceError {
    SourceError::Malformed { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests;
