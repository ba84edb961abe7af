//! A project's files from the platform into a folder, file by file against what the two last had in common:
//!
//! | here, since then | there, since then | what happens |
//! |---|---|---|
//! | same | changed | it is taken |
//! | changed | same | it stays |
//! | both the same way | | nothing |
//! | changed | changed otherwise | the pull is refused, naming every such file |

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use platform_api::{
    BlobId, Code, FileContent, FilePath, ManifestEntry, ProjectFiles, ProjectId, ShortCommit,
};

use crate::backend::blocking;
use crate::baseline::{Baseline, Written};
use crate::landing::{Arrival, Found, Landing, would_overwrite};
use crate::workspace::blob_id;
use crate::{Backend, Client, ClientError, identity};

/// Up to how many bytes a project's contents come in one answer.
const ONE_ANSWER_BYTES_MAX: u64 = 32 << 20;

/// What to do about files that changed on both sides.
const BOTH_CHANGED: &str = "nothing was written: these files changed on both sides. Move yours away, pull, and put your \
     changes in again; or deploy with force, which keeps the platform's version in the project's history";

/// What to pull and where to.
#[derive(Debug, Clone, Default)]
pub struct PullOptions {
    /// The folder; made where there is none.
    pub path: PathBuf,
    /// The project by name or id, where it is not the folder's own.
    pub project: Option<String>,
    /// The commit; the project's newest where absent.
    pub commit: Option<ShortCommit>,
}

/// What was pulled.
#[derive(Debug, Clone)]
pub struct Pulled {
    /// The project.
    pub project: ProjectId,
    /// The commit that the folder has now.
    pub commit_hash: ShortCommit,
    /// The folder, absolute and free of links.
    pub path: PathBuf,
    /// Files that were written.
    pub written: Vec<FilePath>,
    /// Files that were removed, because the commit no longer has them.
    pub deleted: Vec<FilePath>,
    /// Files that were changed here only, and stay.
    pub kept: Vec<FilePath>,
    /// How many files were as they should be.
    pub unchanged: u64,
}

/// What will be done, decided before anything is.
#[derive(Debug, Default)]
struct Steps {
    write: Vec<(ManifestEntry, Found)>,
    delete: Vec<(FilePath, BlobId)>,
    kept: Vec<FilePath>,
    conflicts: Vec<FilePath>,
    unchanged: u64,
}

impl Backend {
    /// Brings a folder to a commit of its project without losing what was changed in it.
    ///
    /// # Errors
    /// [`Code::WOULD_OVERWRITE`] with every file that changed on both sides, before anything is written;
    /// [`Code::NOT_FOUND`]; [`Code::SYMLINK_ESCAPES`]; what else the platform refuses; [`Code::UNREACHABLE`].
    pub async fn pull(&self, options: PullOptions) -> Result<Pulled, ClientError> {
        let options = &options;
        self.with_client(|client| async move { self.pull_from(&client, options).await }).await
    }

    async fn pull_from(&self, client: &Client, options: &PullOptions) -> Result<Pulled, ClientError> {
        let platform = client.endpoint().platform_name();
        let project = self.project_to_pull(client, options).await?;
        let there = client.files(&project, options.commit.as_ref()).await?;
        let path = options.path.clone();
        let landing = Arc::new(blocking(move || Landing::open(&path)).await?);
        let root = landing.path().to_owned();
        let base = self.baseline(&root, &platform, &project).await?;
        let there = Arc::new(Baseline {
            platform,
            project: project.clone(),
            commit: there.commit_hash.clone(),
            needs: String::new(),
            files: sorted(&there),
        });
        let (to, target) = (Arc::clone(&landing), Arc::clone(&there));
        let state_dir = self.state_dir().to_owned();
        let steps = blocking(move || {
            let written = Written::load(&state_dir, to.path());
            decide(&to, &target, base.as_ref(), &written)
        })
        .await?;
        if !steps.conflicts.is_empty() {
            return Err(would_overwrite(steps.conflicts).hint(BOTH_CHANGED));
        }
        let arrivals = fetch(client, &there, &steps.write).await?;
        let state_dir = self.state_dir().to_owned();
        let (to, target) = (Arc::clone(&landing), Arc::clone(&there));
        let steps = blocking(move || {
            apply(&to, &steps, &arrivals)?;
            let files = target.files.iter().map(|file| (file.path.clone(), file.oid)).collect();
            Written(files).save(&state_dir, to.path())?;
            Ok(steps)
        })
        .await?;
        self.remember(root.clone(), (*there).clone()).await?;
        Ok(Pulled {
            project,
            commit_hash: there.commit.clone(),
            path: root,
            written: steps.write.into_iter().map(|(file, _)| file.path).collect(),
            deleted: steps.delete.into_iter().map(|(path, _)| path).collect(),
            kept: steps.kept,
            unchanged: steps.unchanged,
        })
    }

    async fn project_to_pull(
        &self,
        client: &Client,
        options: &PullOptions,
    ) -> Result<ProjectId, ClientError> {
        if let Some(text) = &options.project {
            return Ok(identity::existing(client, text).await?.id);
        }
        let platform = client.endpoint().platform_name();
        if let Some(project) = self.linked(&options.path, &platform).await? {
            return Ok(project);
        }
        let name = self.project_of(&options.path, None)?;
        Ok(identity::existing(client, &name).await?.id)
    }
}

fn sorted(there: &ProjectFiles) -> Vec<ManifestEntry> {
    let mut files: Vec<_> = there.files.iter().map(FileContent::entry).collect();
    files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    files
}

fn decide(
    landing: &Landing,
    there: &Baseline,
    base: Option<&Baseline>,
    written: &Written,
) -> Result<Steps, ClientError> {
    let mut steps = Steps::default();
    let was = |path: &FilePath| base.and_then(|base| base.get(path)).map(|file| file.oid);
    for file in &there.files {
        let here = landing.found(&file.path)?;
        let was = was(&file.path).or_else(|| written.0.get(&file.path).copied());
        match here {
            Found::Blob(oid) if oid == file.oid => steps.unchanged += 1,
            // A file that was removed here and not touched there stays away, as any other change made here.
            Found::Nothing if was == Some(file.oid) && base.is_some() => steps.kept.push(file.path.clone()),
            Found::Nothing => steps.write.push((file.clone(), here)),
            Found::Blob(oid) if was == Some(oid) => steps.write.push((file.clone(), here)),
            Found::Blob(_) if was == Some(file.oid) => steps.kept.push(file.path.clone()),
            Found::Blob(_) | Found::Obstacle => steps.conflicts.push(file.path.clone()),
        }
    }
    for gone in base.into_iter().flat_map(|base| &base.files) {
        if there.get(&gone.path).is_some() {
            continue;
        }
        match landing.found(&gone.path)? {
            Found::Blob(oid) if oid == gone.oid => steps.delete.push((gone.path.clone(), oid)),
            Found::Nothing => {}
            Found::Blob(_) | Found::Obstacle => steps.conflicts.push(gone.path.clone()),
        }
    }
    Ok(steps)
}

/// The contents of the files to write: in one answer, or one by one where that would be too long.
async fn fetch(
    client: &Client,
    there: &Baseline,
    wanted: &[(ManifestEntry, Found)],
) -> Result<Vec<Arrival>, ClientError> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let all_bytes: u64 = there.files.iter().map(|file| file.size).sum();
    let whole = if all_bytes <= ONE_ANSWER_BYTES_MAX {
        client.files_with_content(&there.project, &there.commit).await?.files
    } else {
        Vec::new()
    };
    let mut arrivals = Vec::with_capacity(wanted.len());
    for (file, _) in wanted {
        let found = whole.iter().find(|content| content.path == file.path).cloned();
        let content = match found {
            Some(content) => content,
            None => one(client, there, &file.path).await?,
        };
        arrivals.push(arrival(file, content)?);
    }
    Ok(arrivals)
}

async fn one(client: &Client, there: &Baseline, path: &FilePath) -> Result<FileContent, ClientError> {
    let files = client.file(&there.project, &there.commit, path).await?.files;
    let found = files.into_iter().find(|content| content.path == *path);
    found.ok_or_else(|| ClientError::unexpected(format!("the platform did not send `{path}`")))
}

/// The file as it came, when it has the id that it was announced with.
fn arrival(file: &ManifestEntry, content: FileContent) -> Result<Arrival, ClientError> {
    let bytes = content.content.and_then(|text| STANDARD.decode(text).ok());
    match bytes.filter(|bytes| blob_id(bytes) == file.oid) {
        Some(bytes) => Ok(Arrival { path: file.path.clone(), mode: file.mode, bytes }),
        None => Err(ClientError::new(Code::BLOB_MISMATCH, format!("`{}` arrived damaged", file.path))
            .hint("pull again")
            .retryable()),
    }
}

fn apply(landing: &Landing, steps: &Steps, arrivals: &[Arrival]) -> Result<(), ClientError> {
    for ((_, expected), arrival) in steps.write.iter().zip(arrivals) {
        landing.put(arrival, *expected)?;
    }
    steps.delete.iter().try_for_each(|(path, oid)| landing.remove(path, *oid))
}

#[cfg(test)]
mod tests;
