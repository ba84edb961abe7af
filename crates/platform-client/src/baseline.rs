//! The files of a commit that folder and platform share: what a delta starts from and what a pull compares with; and the
//! files that a generation or a pull wrote, which may be written over while nobody changed them. Losing either costs an
//! upload or an answer, never a file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use platform_api::{BlobId, FilePath, ManifestEntry, ProjectId, ShortCommit};

use crate::ClientError;
use crate::codec::{Reader, Writer};
use crate::state::{self, Durability};

/// The files of the commit at which a folder and its project were last equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Baseline {
    pub(crate) platform: String,
    pub(crate) project: ProjectId,
    pub(crate) commit: ShortCommit,
    /// What the plan of it needed of the platform, as a digest: that need not be asked for again. Empty: nobody asked.
    pub(crate) needs: String,
    /// By path.
    pub(crate) files: Vec<ManifestEntry>,
}

impl Baseline {
    /// What is known of the folder at `root` for `project` on `platform`.
    pub(crate) fn load(state_dir: &Path, root: &Path, platform: &str, project: &ProjectId) -> Option<Self> {
        let bytes = fs::read(state::workspace_file(state_dir, root, "base")).ok()?;
        Self::decode(&bytes).filter(|it| it.platform == platform && it.project == *project)
    }

    pub(crate) fn save(&self, state_dir: &Path, root: &Path) -> Result<(), ClientError> {
        let path = state::workspace_file(state_dir, root, "base");
        state::replace(&path, &self.encode(), Durability::Cache)
            .map_err(|error| ClientError::state(&path, error))
    }

    /// The file at `path` in the commit.
    pub(crate) fn get(&self, path: &FilePath) -> Option<&ManifestEntry> {
        let at = self.files.binary_search_by(|file| file.path.cmp(path)).ok()?;
        self.files.get(at)
    }

    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(80 * (self.files.len() + 4));
        writer.text(&self.platform);
        writer.text(self.project.as_str());
        writer.text(self.commit.as_str());
        writer.text(&self.needs);
        writer.count(self.files.len());
        for file in &self.files {
            writer.text(file.path.as_str());
            writer.mode(file.mode);
            writer.number(file.size);
            writer.oid(&file.oid);
        }
        writer.seal()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::open(bytes)?;
        Some(Self {
            platform: reader.text()?.to_owned(),
            project: reader.text()?.parse().ok()?,
            commit: reader.text()?.parse().ok()?,
            needs: reader.text()?.to_owned(),
            files: reader.list(|reader| {
                let path = reader.text()?.parse().ok()?;
                Some(ManifestEntry { path, mode: reader.mode()?, size: reader.number()?, oid: reader.oid()? })
            })?,
        })
    }
}

/// What a generation or a pull last wrote into a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Written(pub(crate) BTreeMap<FilePath, BlobId>);

impl Written {
    pub(crate) fn load(state_dir: &Path, root: &Path) -> Self {
        let bytes = fs::read(state::workspace_file(state_dir, root, "written")).unwrap_or_default();
        Self::decode(&bytes).unwrap_or_default()
    }

    pub(crate) fn save(&self, state_dir: &Path, root: &Path) -> Result<(), ClientError> {
        let path = state::workspace_file(state_dir, root, "written");
        let mut writer = Writer::new(80 * (self.0.len() + 1));
        writer.count(self.0.len());
        for (path, oid) in &self.0 {
            writer.text(path.as_str());
            writer.oid(oid);
        }
        state::replace(&path, &writer.seal(), Durability::Record)
            .map_err(|error| ClientError::state(&path, error))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::open(bytes)?;
        let files = reader.list(|reader| Some((reader.text()?.parse().ok()?, reader.oid()?)))?;
        Some(Self(files.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use platform_api::FileMode;

    use super::*;

    #[test]
    fn a_baseline_is_for_one_folder_project_and_platform() {
        let state_dir = tempfile::tempdir().unwrap();
        let (state_dir, root) = (state_dir.path(), Path::new("/work/app"));
        let project: ProjectId = "user-app".parse().unwrap();
        let oid = BlobId::from_bytes([1; 20]);
        let file = ManifestEntry { path: "a/b".parse().unwrap(), mode: FileMode::Executable, size: 3, oid };
        let baseline = Baseline {
            platform: "local".to_owned(),
            project: project.clone(),
            commit: "0123456789ab".parse().unwrap(),
            needs: "0123456789abcdef".to_owned(),
            files: vec![file.clone()],
        };
        baseline.save(state_dir, root).unwrap();
        let load = |root: &str, platform: &str, project: &ProjectId| {
            Baseline::load(state_dir, Path::new(root), platform, project)
        };
        assert_eq!(load("/work/app", "local", &project).unwrap().get(&file.path), Some(&file));
        assert_eq!(load("/work/other", "local", &project), None);
        assert_eq!(load("/work/app", "https://backend.im", &project), None);
        assert_eq!(load("/work/app", "local", &"user-other".parse().unwrap()), None);

        let written = Written(BTreeMap::from([(file.path, oid)]));
        written.save(state_dir, root).unwrap();
        assert_eq!(Written::load(state_dir, root), written);
        assert_eq!(Written::load(state_dir, Path::new("/elsewhere")), Written::default());
    }
}
