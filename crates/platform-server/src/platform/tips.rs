//! What is known of the commits that were made last. A deploy names one of them and a few changes; that its files need not
//! be read again from trees and packs, nor its repository be opened again, is most of the time that a small deploy of a
//! large project would take.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use platform_api::{CommitHash, ManifestEntry, ProjectId};

use crate::source::{Repository, TreeId};

/// How many projects are remembered at most: each holds its packs open.
const PROJECTS_MAX: usize = 32;
/// How many files are remembered at most, all projects together: about 10 MB.
const FILES_MAX: usize = 100_000;

/// A project's newest commit.
pub(super) struct Tip {
    pub(super) repository: Repository,
    pub(super) commit: CommitHash,
    pub(super) tree: TreeId,
    /// By path.
    pub(super) files: Vec<ManifestEntry>,
}

/// The tips of the projects that were deployed last.
#[derive(Default)]
pub(super) struct Tips(Mutex<VecDeque<(ProjectId, Arc<Tip>)>>);

impl Tips {
    /// Remembers a project's tip in place of the one before.
    pub(super) fn keep(&self, project: &ProjectId, tip: Tip) {
        let mut all = self.0.lock().expect("nothing panics under it");
        all.retain(|(known, _)| known != project);
        all.push_front((project.clone(), Arc::new(tip)));
        all.truncate(PROJECTS_MAX);
        let mut files = 0;
        all.retain(|(_, tip)| {
            files += tip.files.len();
            files <= FILES_MAX
        });
    }

    /// The tip of a project whose newest commit is this one, if it is remembered.
    pub(super) fn get(&self, project: &ProjectId, commit: &CommitHash) -> Option<Arc<Tip>> {
        let all = self.0.lock().expect("nothing panics under it");
        let (_, tip) = all.iter().find(|(known, tip)| known == project && tip.commit == *commit)?;
        Some(Arc::clone(tip))
    }

    /// Forgets a project that is about to lose its repository.
    pub(super) fn forget(&self, project: &ProjectId) {
        self.0.lock().expect("nothing panics under it").retain(|(known, _)| known != project);
    }
}

#[cfg(test)]
mod tests {
    use platform_api::FileMode;

    use super::*;
    use crate::source::blob_id;

    fn tip(repository: &Repository, digit: &str, files: usize) -> Tip {
        let entry = |number| ManifestEntry {
            path: format!("file{number}").parse().unwrap(),
            mode: FileMode::File,
            size: 1,
            oid: blob_id(b"x"),
        };
        let mut draft = repository.draft();
        draft.add_blobs(vec![(blob_id(b"x"), b"x".to_vec())]).unwrap();
        let tree = draft.add_trees(&[entry(0)]).unwrap();
        let commit = digit.repeat(40).parse().unwrap();
        Tip { repository: repository.clone(), commit, tree, files: (0..files).map(entry).collect() }
    }

    #[test]
    fn only_the_newest_commit_of_a_project_is_remembered_and_the_oldest_projects_make_room() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::open_or_init(&folder.path().join("a.git")).unwrap();
        let [a, b] = ["u-a", "u-b"].map(|id| id.parse::<ProjectId>().unwrap());
        let [one, two] = ["1", "2"].map(|digit| digit.repeat(40).parse::<CommitHash>().unwrap());
        let tips = Tips::default();
        tips.keep(&a, tip(&repository, "1", 3));
        assert_eq!(tips.get(&a, &one).unwrap().files.len(), 3);
        assert!(tips.get(&b, &one).is_none(), "a commit is asked for within its project");
        tips.keep(&a, tip(&repository, "2", 4));
        assert!(tips.get(&a, &one).is_none());
        tips.keep(&b, tip(&repository, "1", FILES_MAX - 3));
        assert!(tips.get(&a, &two).is_none(), "there was no room for both");
        tips.forget(&b);
        assert!(tips.get(&b, &one).is_none());
    }
}
