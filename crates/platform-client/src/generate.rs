//! From a prompt to files: the platform writes and commits them, and here they land, never over what the person changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use platform_api::{
    Code, FileMode, FilePath, GenerateAnswer, GenerateRequest, ProjectId, ShortCommit, limits,
};

use crate::backend::blocking;
use crate::baseline::Written;
use crate::client::fresh_key;
use crate::landing::{Arrival, Found, Landing, would_overwrite};
use crate::links::{Link, Links};
use crate::workspace::blob_id;
use crate::{Backend, Client, ClientError, identity};

/// What to generate and where to.
#[derive(Debug, Clone, Default)]
pub struct GenerateOptions {
    /// What to write, in plain language.
    pub prompt: String,
    /// The project by name or id; where absent the folder's own, else one named after the prompt's subject.
    pub project: Option<String>,
    /// The folder to write to; made where there is none.
    pub output_dir: PathBuf,
    /// The stack to write for, such as `fastapi`.
    pub stack: Option<String>,
    /// Entities and fields given exactly.
    pub spec: Option<serde_json::Value>,
    /// Whether to write over local files that the person changed.
    pub overwrite: Overwrite,
}

/// Whether to write over local files that the person changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Overwrite {
    /// Refuse, naming them, before anything is written.
    #[default]
    Never,
    /// Do it.
    Always,
}

/// What was generated.
#[derive(Debug, Clone)]
pub struct Generated {
    /// The project that it was committed to.
    pub project: ProjectId,
    /// The commit.
    pub commit_hash: ShortCommit,
    /// The folder, absolute and free of links.
    pub output_dir: PathBuf,
    /// What it is written in.
    pub stack: String,
    /// What wrote it.
    pub generator: String,
    /// The files, all of which are in the folder now.
    pub files: Vec<WrittenFile>,
    /// What of the prompt was not understood or not done.
    pub warnings: Vec<String>,
}

/// A file that was generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// Where, in the output folder.
    pub path: FilePath,
    /// How long it is.
    pub bytes: u64,
}

impl Backend {
    /// Generates a project and writes it to a folder, which is linked to the project.
    ///
    /// # Errors
    /// [`Code::WOULD_OVERWRITE`] with every local file that is in the way, before anything is written;
    /// [`Code::SYMLINK_ESCAPES`] where a link leads out of the folder; what the platform refuses; [`Code::UNREACHABLE`].
    pub async fn generate(&self, options: GenerateOptions) -> Result<Generated, ClientError> {
        if options.prompt.len() > limits::PROMPT_BYTES_MAX {
            let length = options.prompt.len();
            let what = format!("the prompt has {length} bytes; the limit is {}", limits::PROMPT_BYTES_MAX);
            return Err(ClientError::new(Code::TOO_LARGE, what).hint("describe the entities in fewer words"));
        }
        let (act, options) = (&fresh_key(), &options);
        let (answer, platform) =
            self.with_client(|client| async move { self.ask(&client, options, act).await }).await?;
        let (state_dir, output_dir) = (self.state_dir().to_owned(), options.output_dir.clone());
        let (overwrite, texts) = (options.overwrite, answer.files);
        let (output_dir, files) = blocking(move || land(texts, &output_dir, overwrite, &state_dir)).await?;
        let (project, commit) = (&answer.project_id, &answer.commit_hash);
        self.with_client(|client| async move { client.keep(project, commit, act).await })
            .await
            .map_err(|error| not_kept(error, &output_dir))?;
        self.link(&output_dir, &platform, project, commit).await?;
        Ok(Generated {
            project: answer.project_id,
            commit_hash: answer.commit_hash,
            output_dir,
            stack: answer.stack,
            generator: answer.generator,
            files,
            warnings: answer.warnings,
        })
    }

    /// Remembers that the folder is the project's, and that it holds this commit.
    async fn link(
        &self,
        folder: &Path,
        platform: &str,
        project: &ProjectId,
        commit: &ShortCommit,
    ) -> Result<(), ClientError> {
        let link = Link { project_id: project.clone(), last_equal: Some(commit.clone()) };
        let (state_dir, folder, platform) =
            (self.state_dir().to_owned(), folder.to_owned(), platform.to_owned());
        blocking(move || Links::change(&state_dir, |links| links.set(&folder, &platform, link))).await
    }

    async fn ask(
        &self,
        client: &Client,
        options: &GenerateOptions,
        act: &str,
    ) -> Result<(GenerateAnswer, String), ClientError> {
        let platform = client.endpoint().platform_name();
        let project_id = match &options.project {
            Some(text) => Some(identity::find(client, text).await?.0),
            None => self.linked(&options.output_dir, &platform).await?,
        };
        let request = GenerateRequest {
            prompt: options.prompt.clone(),
            project_id,
            project_name: None,
            stack: options.stack.clone(),
            spec: options.spec.clone(),
            // Kept once the files have found their place: a refusal leaves nothing behind that the folder never saw.
            held: true,
        };
        Ok((client.generate(&request, act).await?, platform))
    }

    /// The project that a folder is linked to.
    pub(crate) async fn linked(
        &self,
        folder: &Path,
        platform: &str,
    ) -> Result<Option<ProjectId>, ClientError> {
        let (state_dir, folder) = (self.state_dir().to_owned(), folder.to_owned());
        let platform = platform.to_owned();
        blocking(move || {
            let Ok(root) = folder.canonicalize() else { return Ok(None) };
            Ok(Links::load(&state_dir)?.get(&root, &platform).map(|link| link.project_id.clone()))
        })
        .await
    }
}

/// The files are here, and the platform does not have them.
fn not_kept(error: ClientError, folder: &Path) -> ClientError {
    let hint = format!("the files are in {}: deploy that folder, or generate again", folder.display());
    error.hint(hint)
}

/// Writes all the files or, where one is in the way, none; where they are, and how long.
fn land(
    texts: BTreeMap<FilePath, String>,
    output_dir: &Path,
    overwrite: Overwrite,
    state_dir: &Path,
) -> Result<(PathBuf, Vec<WrittenFile>), ClientError> {
    let landing = Landing::open(output_dir)?;
    let mut written = Written::load(state_dir, landing.path());
    let mut steps = Vec::new();
    let mut in_the_way = Vec::new();
    let mut files = Vec::new();
    for (path, text) in texts {
        let arrival = Arrival { path, mode: FileMode::File, bytes: text.into_bytes() };
        files.push(WrittenFile { path: arrival.path.clone(), bytes: arrival.bytes.len() as u64 });
        match landing.found(&arrival.path)? {
            Found::Obstacle => in_the_way.push(arrival.path),
            Found::Blob(oid) if oid == blob_id(&arrival.bytes) => steps.push((arrival, None)),
            Found::Blob(oid)
                if overwrite == Overwrite::Never && written.0.get(&arrival.path) != Some(&oid) =>
            {
                in_the_way.push(arrival.path);
            }
            found => steps.push((arrival, Some(found))),
        }
    }
    if !in_the_way.is_empty() {
        return Err(would_overwrite(in_the_way));
    }
    let landed: Result<(), ClientError> = steps.into_iter().try_for_each(|(arrival, over)| {
        over.map_or(Ok(()), |over| landing.put(&arrival, over))?;
        written.0.insert(arrival.path, blob_id(&arrival.bytes));
        Ok(())
    });
    // Also when a file could not be written: the ones before it are ours.
    written.save(state_dir, landing.path())?;
    landed?;
    Ok((landing.path().to_owned(), files))
}

#[cfg(test)]
mod tests;
