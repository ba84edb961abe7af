//! From a prompt to a commit.

use std::collections::BTreeMap;

use platform_api::{
    Code, CommitHash, FileMode, FilePath, GenerateAnswer, GenerateRequest, ManifestEntry, ProjectId,
    ShortCommit, limits,
};

use super::accept::{conflict, now_s};
use super::{Platform, Refusal};
use crate::clock::now_ms;
use crate::generation::{Generation, GenerationRequest, generate};
use crate::source::{NewCommit, Repository, blob_id};
use crate::store::{IdempotencyKey, Remembered};

/// How much of the prompt a commit's message quotes, in characters.
const QUOTE_CHARS: usize = 60;

impl Platform {
    /// Writes a project from a prompt and commits it.
    ///
    /// # Errors
    /// [`Refusal`] when the prompt gives nothing to write.
    pub(crate) async fn generate(
        &self,
        request: GenerateRequest,
        idempotency: Option<IdempotencyKey>,
    ) -> Result<GenerateAnswer, Refusal> {
        check_length(&request.prompt)?;
        let named = self.project_id(request.project_id.as_ref(), request.project_name.as_deref(), None)?;
        let generation = generate(&GenerationRequest {
            prompt: &request.prompt,
            project: named.as_ref().map_or("", |id| id.name()),
            stack: request.stack.as_deref(),
            spec: request.spec.as_ref(),
        })?;
        // Two that name no project and come at the same time must not find the same name unused.
        let _naming = match named {
            None => Some(self.0.naming.lock().await),
            Some(_) => None,
        };
        if let Some(answer) = self.generated_before(idempotency.as_ref())? {
            return Ok(answer);
        }
        let project = match named {
            Some(project) => project,
            None => self.unused_name(&generation.subject)?,
        };
        let gate = self.gate(&project);
        let _line = gate.lock().await;
        // Those that name a project meet only here.
        if let Some(answer) = self.generated_before(idempotency.as_ref())? {
            return Ok(answer);
        }
        let commit = self.commit_generation(&project, &generation, &request.prompt).await?;
        if !request.held {
            self.make_newest(&project, &commit).await?;
        }
        let answer = answer(project, &commit, generation)?;
        self.keep_answer(idempotency, &answer).await?;
        Ok(answer)
    }

    /// Makes a commit that was held back the project's newest content, unless that has become another one meanwhile.
    ///
    /// # Errors
    /// [`Code::NOT_FOUND`] for a commit that nobody holds, [`Code::DIVERGED`] when it comes too late.
    pub(crate) async fn keep(&self, project: &ProjectId, held: &ShortCommit) -> Result<(), Refusal> {
        let gate = self.gate(project);
        let _line = gate.lock().await;
        let newest = self.0.site.store.project(project)?.and_then(|row| row.tip);
        let (dir, held) = (self.0.site.repository_dir(project), held.clone());
        let (commit, parent) = super::blocking(move || {
            let unknown = || Refusal::not_found("commit", &held);
            if !dir.exists() {
                return Err(unknown());
            }
            let repository = Repository::open(&dir)?;
            let commit = repository.resolve(&held).ok_or_else(unknown)?;
            let parent = repository.parent_of(&commit)?;
            Ok((commit, parent))
        })
        .await?;
        if newest.as_ref() == Some(&commit) {
            return Ok(());
        }
        if parent != newest {
            return Err(Refusal::new(Code::DIVERGED, format!("`{project}` got other files meanwhile"))
                .hint("Generate again: it goes on top of what is there now."));
        }
        self.make_newest(project, &commit).await
    }

    async fn make_newest(&self, project: &ProjectId, commit: &CommitHash) -> Result<(), Refusal> {
        let (dir, head) = (self.0.site.repository_dir(project), commit.clone());
        super::blocking(move || Ok(Repository::open(&dir)?.set_head(&head)?)).await?;
        Ok(self.0.site.store.keep_tip(project.clone(), commit.clone(), now_ms()).await?)
    }

    /// What this very request led to before.
    fn generated_before(&self, key: Option<&IdempotencyKey>) -> Result<Option<GenerateAnswer>, Refusal> {
        let Some(key) = key else { return Ok(None) };
        match self.0.site.store.remembered(key)? {
            Remembered::Nothing => Ok(None),
            Remembered::Answer(known) => {
                serde_json::from_str(&known).map(Some).map_err(|error| Refusal::internal(&error))
            }
            Remembered::Conflict => Err(conflict()),
        }
    }

    /// The subject as a project's name, with a number where it is already used.
    fn unused_name(&self, subject: &str) -> Result<ProjectId, Refusal> {
        for number in 1..1000 {
            let name = if number == 1 { subject.to_owned() } else { format!("{subject}-{number}") };
            let id = ProjectId::new(&self.0.identity.user, &name)?;
            if self.0.site.store.project(&id)?.is_none() {
                return Ok(id);
            }
        }
        Err(Refusal::new(Code::PROJECT_TAKEN, format!("every name like `{subject}` is taken"))
            .hint("Name the project yourself."))
    }

    async fn commit_generation(
        &self,
        project: &ProjectId,
        generation: &Generation,
        prompt: &str,
    ) -> Result<CommitHash, Refusal> {
        let dir = self.0.site.repository_dir(project);
        let tip = self.0.site.store.project(project)?.and_then(|row| row.tip);
        let files = generation.files.clone();
        let author = self.0.identity.user.clone();
        let quote: String =
            prompt.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(QUOTE_CHARS).collect();
        super::blocking(move || {
            let repository = Repository::open_or_init(&dir)?;
            let mut entries = BTreeMap::new();
            if let Some(tip) = &tip {
                entries.extend(repository.entries(tip)?.into_iter().map(|entry| (entry.path.clone(), entry)));
            }
            let mut blobs = Vec::new();
            for (path, text) in files {
                let path: FilePath = path.parse().map_err(|error| Refusal::internal(&error))?;
                let bytes = text.into_bytes();
                let (oid, size) = (blob_id(&bytes), bytes.len() as u64);
                entries.insert(path.clone(), ManifestEntry { path, mode: FileMode::File, size, oid });
                blobs.push((oid, bytes));
            }
            let mut draft = repository.draft();
            draft.add_blobs(blobs)?;
            let entries: Vec<ManifestEntry> = entries.into_values().collect();
            let tree = draft.add_trees(&entries)?;
            if let Some(tip) = &tip
                && repository.tree_of(tip)? == tree.to_string()
            {
                return Ok(tip.clone());
            }
            let (message, author) = (format!("Generate: {quote}"), author.as_str());
            let new = NewCommit { tree, parent: tip.as_ref(), message: &message, author, time_s: now_s() };
            Ok(draft.commit(&new)?)
        })
        .await
    }
}

fn check_length(prompt: &str) -> Result<(), Refusal> {
    if prompt.len() <= limits::PROMPT_BYTES_MAX {
        return Ok(());
    }
    let detail =
        format!("the prompt is {} bytes long; the limit is {}", prompt.len(), limits::PROMPT_BYTES_MAX);
    Err(Refusal::new(Code::TOO_LARGE, detail).hint("Say it in fewer words."))
}

fn answer(
    project_id: ProjectId,
    commit: &CommitHash,
    generation: Generation,
) -> Result<GenerateAnswer, Refusal> {
    let mut files = BTreeMap::new();
    for (path, text) in generation.files {
        files.insert(path.parse::<FilePath>().map_err(|error| Refusal::internal(&error))?, text);
    }
    Ok(GenerateAnswer {
        files,
        project_id,
        commit_hash: commit.short(),
        stack: generation.stack,
        generator: generation.generator.to_owned(),
        warnings: generation.warnings,
    })
}
