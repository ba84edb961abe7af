//! What is to be deployed, in whichever of the contract's forms it came, as entries whose blobs the repository has.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use build_plan::{ListedFile, Listing, Plan};
use platform_api::{
    BlobId, Change, Code, DeployRequest, FileMode, FilePath, ManifestEntry, ShortCommit, limits,
};

use super::Refusal;
use super::tips::Tip;
use crate::source::{ArchiveFile, Draft, Repository, archive, blob_id};

/// The forms of the contract.
#[derive(Debug)]
pub(super) enum Content {
    /// Whole files: the published form, and archives.
    Files(Vec<ArchiveFile>),
    /// The whole project as ids.
    Manifest(Vec<ManifestEntry>),
    /// What changed since a commit.
    Delta { base: ShortCommit, changes: Vec<Change>, deleted: Vec<FilePath> },
}

impl Content {
    /// Takes the one form that the request has.
    pub(super) fn of(
        request: &mut DeployRequest,
        archive: Option<Vec<ArchiveFile>>,
    ) -> Result<Self, Refusal> {
        if request.image.is_some() {
            return Err(Refusal::new(Code::UNSUPPORTED, "the process engine runs files, not images")
                .hint("Send the project's files."));
        }
        let mut forms = Vec::new();
        forms.extend(archive.map(Self::Files));
        if let Some(files) = request.files.take() {
            let plain = |(path, text): (FilePath, String)| {
                let bytes = text.into_bytes();
                ArchiveFile { path, mode: FileMode::File, bytes }
            };
            forms.push(Self::Files(files.into_iter().map(plain).collect()));
        }
        if let Some(source) = request.source.take() {
            forms.push(Self::Files(archive::read_base64(&source)?));
        }
        forms.extend(request.manifest.take().map(Self::Manifest));
        if let Some(base) = request.base.take() {
            let changes = request.changes.take().unwrap_or_default();
            forms.push(Self::Delta { base, changes, deleted: request.deleted.take().unwrap_or_default() });
        }
        let count = forms.len();
        match (forms.pop(), count) {
            (Some(form), 1) => Ok(form),
            _ => Err(Refusal::malformed(format!(
                "{count} of `files`, `source`, `manifest` and `base` were given"
            ))
            .hint("Say what to deploy in exactly one of these forms.")),
        }
    }

    /// Adds what came along to the draft and says what the project's files are now.
    pub(super) fn entries(
        self,
        repository: &Repository,
        draft: &mut Draft,
        tip: Option<&Tip>,
    ) -> Result<Vec<ManifestEntry>, Refusal> {
        let (entries, ids) = match self {
            Self::Files(files) => (take(draft, files)?, Vec::new()),
            Self::Manifest(entries) => {
                let ids = entries.iter().map(|entry| entry.oid).collect();
                (entries, ids)
            }
            Self::Delta { base, changes, deleted } => {
                // What does not change is there: a commit is made only when all of its files are.
                let ids = changes.iter().map(|change| change.oid).collect();
                let entries = match tip.filter(|tip| tip.commit.short() == base) {
                    Some(tip) => tip.files.clone(),
                    None => at(repository, &base)?,
                };
                (apply(draft, entries, changes, &deleted)?, ids)
            }
        };
        check_limits(&entries)?;
        let missing = draft.missing(&ids);
        if missing.is_empty() {
            return Ok(entries);
        }
        let refusal =
            Refusal::new(Code::MISSING_BLOBS, format!("the platform lacks {} blobs", missing.len()))
                .hint("Send them to POST /api/blobs, then repeat this call.");
        Err(Refusal { missing, ..refusal })
    }
}

fn take(draft: &mut Draft, files: Vec<ArchiveFile>) -> Result<Vec<ManifestEntry>, Refusal> {
    let mut entries = BTreeMap::new();
    let mut blobs = Vec::with_capacity(files.len());
    for ArchiveFile { path, mode, bytes } in files {
        let (oid, size) = (blob_id(&bytes), bytes.len() as u64);
        blobs.push((oid, bytes));
        entries.insert(path.clone(), ManifestEntry { path, mode, size, oid });
    }
    let entries: Vec<ManifestEntry> = entries.into_values().collect();
    check_limits(&entries)?;
    draft.add_blobs(blobs)?;
    Ok(entries)
}

/// The files of a commit, by path.
fn at(repository: &Repository, base: &ShortCommit) -> Result<Vec<ManifestEntry>, Refusal> {
    let commit = repository.resolve(base).ok_or_else(|| {
        Refusal::new(Code::UNKNOWN_BASE, format!("this project has no commit {base}"))
            .hint("Send the whole manifest instead.")
    })?;
    Ok(repository.entries(&commit)?)
}

fn apply(
    draft: &mut Draft,
    mut entries: Vec<ManifestEntry>,
    changes: Vec<Change>,
    deleted: &[FilePath],
) -> Result<Vec<ManifestEntry>, Refusal> {
    let mut news: BTreeMap<FilePath, Option<ManifestEntry>> =
        deleted.iter().map(|path| (path.clone(), None)).collect();
    let mut blobs = Vec::new();
    let mut unsized_paths = Vec::new();
    for Change { path, mode, oid, content } in changes {
        let size = if let Some(content) = content {
            let bytes = inline(&path, &content)?;
            let size = bytes.len() as u64;
            blobs.push((oid, bytes));
            size
        } else {
            unsized_paths.push(path.clone());
            0
        };
        news.insert(path.clone(), Some(ManifestEntry { path, mode, size, oid }));
    }
    draft.add_blobs(blobs)?;
    for path in unsized_paths {
        if let Some(Some(entry)) = news.get_mut(&path) {
            // An id that the repository lacks is reported with all others that it lacks.
            entry.size = draft.size_of(&entry.oid).unwrap_or(0);
        }
    }
    entries.retain(|entry| !news.contains_key(&entry.path));
    entries.extend(news.into_values().flatten());
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

fn inline(path: &FilePath, content: &str) -> Result<Vec<u8>, Refusal> {
    let bytes = STANDARD
        .decode(content)
        .map_err(|_| Refusal::malformed(format!("the content of `{path}` is not base64")))?;
    if bytes.len() > limits::INLINE_BYTES_MAX {
        let detail = format!("the content of `{path}` is {} bytes long", bytes.len());
        let hint = format!("Send contents over {} bytes to POST /api/blobs.", limits::INLINE_BYTES_MAX);
        return Err(Refusal::new(Code::TOO_LARGE, detail).hint(hint));
    }
    Ok(bytes)
}

fn check_limits(entries: &[ManifestEntry]) -> Result<(), Refusal> {
    let too_large = |detail: String| {
        let hint = "Exclude what the app does not need in .backendimignore (same form as .gitignore).";
        Err(Refusal::new(Code::TOO_LARGE, detail).hint(hint))
    };
    if entries.is_empty() {
        return Err(Refusal::new(Code::EMPTY_FOLDER, "there are no files to deploy")
            .hint("Send at least one file; check the ignore files if there should be some."));
    }
    if entries.len() > limits::PROJECT_FILES_MAX {
        return too_large(format!("{} files; the limit is {}", entries.len(), limits::PROJECT_FILES_MAX));
    }
    if let Some(entry) = entries.iter().find(|entry| entry.size > limits::FILE_BYTES_MAX) {
        let (path, size, limit) = (&entry.path, entry.size, limits::FILE_BYTES_MAX);
        return too_large(format!("`{path}` is {size} bytes; the limit for one file is {limit}"));
    }
    let bytes: u64 = entries.iter().map(|entry| entry.size).sum();
    if bytes > limits::PROJECT_BYTES_MAX {
        return too_large(format!("{bytes} bytes in all; the limit is {}", limits::PROJECT_BYTES_MAX));
    }
    Ok(())
}

/// Plans from a manifest; `read` gives the bytes of the few files that detection asks for.
pub(crate) fn plan(
    entries: &[ManifestEntry],
    read: &dyn Fn(&BlobId) -> Option<Vec<u8>>,
) -> Result<Plan, Refusal> {
    let ids: BTreeMap<&str, &BlobId> =
        entries.iter().map(|entry| (entry.path.as_str(), &entry.oid)).collect();
    let listed = |entry: &ManifestEntry| ListedFile {
        path: entry.path.to_string(),
        size: entry.size,
        mode: match entry.mode {
            FileMode::File => "100644",
            FileMode::Executable => "100755",
            FileMode::Link => "120000",
        },
        oid: entry.oid.to_string(),
    };
    let listing = Listing::new(entries.iter().map(listed).collect());
    Ok(build_plan::plan(&listing, &|path| read(ids.get(path)?))?)
}
