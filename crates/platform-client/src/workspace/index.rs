//! What the last scan of a workspace saw, so that the next one reads only what changed.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use platform_api::BlobId;

use super::stamp::Stamp;
use crate::codec::{Reader, Writer};
use crate::state::{self, Durability};

/// Everything that a scan remembers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Index {
    /// The ignore files above the workspace that count, with their stamps where they exist.
    pub(crate) above: Vec<(PathBuf, Option<Stamp>)>,
    /// Every folder that was looked into.
    pub(crate) folders: Vec<Folder>,
}

/// One folder of a workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Folder {
    /// Where, from the root; empty for the root itself.
    pub(crate) path: String,
    /// The folder's own stamp: its times move when entries come and go.
    pub(crate) stamp: Stamp,
    /// Whether entries may have come or gone after it was read without moving its stamp.
    pub(crate) racy: bool,
    /// Why nothing in it travels, if so.
    pub(crate) withheld: Option<String>,
    /// Its ignore files.
    pub(crate) rules: Vec<RuleFile>,
    /// The files and links in it that nothing excludes, by name.
    pub(crate) files: Vec<File>,
    /// The names of the folders in it that nothing excludes.
    pub(crate) subfolders: Vec<String>,
    /// What was left out.
    pub(crate) excluded: Vec<Excluded>,
}

/// An ignore file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RuleFile {
    pub(crate) name: String,
    pub(crate) stamp: Stamp,
    pub(crate) racy: bool,
}

/// A file or link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) stamp: Stamp,
    /// Its blob id when it had this stamp; absent until it was read.
    pub(crate) oid: Option<BlobId>,
    /// Whether it may have changed after it was read without moving its stamp.
    pub(crate) racy: bool,
    /// Why it does not travel, where only its content could tell.
    pub(crate) withheld: Option<String>,
}

impl File {
    /// Whether its blob id has to be worked out (again).
    pub(crate) fn needs_reading(&self) -> bool {
        self.oid.is_none() || self.racy
    }
}

/// An entry that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excluded {
    pub(crate) name: String,
    pub(crate) reason: String,
}

impl Index {
    /// What `path` holds for the workspace at `root`, or nothing: an index that is missing, damaged or another
    /// workspace's is made again.
    pub(crate) fn load(path: &Path, root: &Path) -> Self {
        fs::read(path).ok().and_then(|bytes| Self::decode(&bytes, root)).unwrap_or_default()
    }

    pub(crate) fn save(&self, path: &Path, root: &Path) -> std::io::Result<()> {
        state::replace(path, &self.encode(root), Durability::Cache)
    }

    fn encode(&self, root: &Path) -> Vec<u8> {
        let files: usize = self.folders.iter().map(|folder| folder.files.len()).sum();
        let mut writer = Writer::new(128 * (files + self.folders.len() + 8));
        writer.bytes(root.as_os_str().as_bytes());
        writer.count(self.above.len());
        for (path, stamp) in &self.above {
            writer.bytes(path.as_os_str().as_bytes());
            writer.byte(u8::from(stamp.is_some()));
            write_stamp(&mut writer, &stamp.unwrap_or_default());
        }
        writer.count(self.folders.len());
        for folder in &self.folders {
            folder.write(&mut writer);
        }
        writer.seal()
    }

    fn decode(bytes: &[u8], root: &Path) -> Option<Self> {
        let mut reader = Reader::open(bytes)?;
        (reader.bytes()? == root.as_os_str().as_bytes()).then_some(())?;
        let above = reader.list(|reader| {
            let path = PathBuf::from(std::ffi::OsStr::from_bytes(reader.bytes()?));
            let exists = reader.byte()? == 1;
            let stamp = read_stamp(reader)?;
            Some((path, exists.then_some(stamp)))
        })?;
        Some(Self { above, folders: reader.list(Folder::read)? })
    }
}

impl Folder {
    fn write(&self, writer: &mut Writer) {
        writer.text(&self.path);
        write_stamp(writer, &self.stamp);
        writer.byte(u8::from(self.racy));
        writer.text(self.withheld.as_deref().unwrap_or_default());
        writer.count(self.rules.len());
        for rule in &self.rules {
            writer.text(&rule.name);
            write_stamp(writer, &rule.stamp);
            writer.byte(u8::from(rule.racy));
        }
        writer.count(self.files.len());
        for file in &self.files {
            file.write(writer);
        }
        writer.count(self.subfolders.len());
        for name in &self.subfolders {
            writer.text(name);
        }
        writer.count(self.excluded.len());
        for excluded in &self.excluded {
            writer.text(&excluded.name);
            writer.text(&excluded.reason);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            path: reader.text()?.to_owned(),
            stamp: read_stamp(reader)?,
            racy: reader.byte()? == 1,
            withheld: reason(reader.text()?),
            rules: reader.list(|reader| {
                let name = reader.text()?.to_owned();
                Some(RuleFile { name, stamp: read_stamp(reader)?, racy: reader.byte()? == 1 })
            })?,
            files: reader.list(File::read)?,
            subfolders: reader.list(|reader| reader.text().map(str::to_owned))?,
            excluded: reader.list(|reader| {
                Some(Excluded { name: reader.text()?.to_owned(), reason: reader.text()?.to_owned() })
            })?,
        })
    }
}

impl File {
    fn write(&self, writer: &mut Writer) {
        writer.text(&self.name);
        write_stamp(writer, &self.stamp);
        writer.byte(u8::from(self.racy) | u8::from(self.oid.is_some()) << 1);
        writer.oid(&self.oid.unwrap_or(BlobId::from_bytes([0; 20])));
        writer.text(self.withheld.as_deref().unwrap_or_default());
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let name = reader.text()?.to_owned();
        let stamp = read_stamp(reader)?;
        let flags = reader.byte()?;
        let oid = reader.oid()?;
        Some(Self {
            name,
            stamp,
            oid: (flags & 2 != 0).then_some(oid),
            racy: flags & 1 != 0,
            withheld: reason(reader.text()?),
        })
    }
}

fn reason(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn write_stamp(writer: &mut Writer, stamp: &Stamp) {
    writer.signed(stamp.mtime_ns);
    writer.signed(stamp.ctime_ns);
    writer.number(stamp.inode);
    writer.number(stamp.size);
    writer.number(stamp.mode.into());
}

fn read_stamp(reader: &mut Reader<'_>) -> Option<Stamp> {
    Some(Stamp {
        mtime_ns: reader.signed()?,
        ctime_ns: reader.signed()?,
        inode: reader.number()?,
        size: reader.number()?,
        mode: u32::try_from(reader.number()?).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_read_as_it_was_written_and_only_for_its_workspace() {
        let stamp = Stamp { mtime_ns: -1, ctime_ns: 2, inode: 3, size: 4, mode: 5 };
        let index = Index {
            above: vec![("/a/.gitignore".into(), Some(stamp)), ("/.gitignore".into(), None)],
            folders: vec![Folder {
                path: "src".into(),
                stamp,
                racy: true,
                withheld: None,
                rules: vec![RuleFile { name: ".gitignore".into(), stamp, racy: false }],
                files: vec![File {
                    name: "ü.rs".into(),
                    stamp,
                    oid: Some(BlobId::from_bytes([9; 20])),
                    racy: true,
                    withheld: Some("a key".into()),
                }],
                subfolders: vec!["inner".into()],
                excluded: vec![Excluded { name: "x/".into(), reason: "because".into() }],
            }],
        };
        let bytes = index.encode(Path::new("/a/b"));
        assert_eq!(Index::decode(&bytes, Path::new("/a/b")), Some(index));
        assert_eq!(Index::decode(&bytes, Path::new("/a/c")), None);
    }
}
