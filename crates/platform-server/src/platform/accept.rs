//! Accepting a deploy: from a request to a commit and a row on disk, then to the driver.

use std::collections::BTreeMap;
use std::sync::Arc;

use platform_api::{
    Code, CommitHash, DeployRequest, DeploymentAccepted, DeploymentId, ManifestEntry, ProjectId, Status,
    Trigger,
};

use super::content::{self, Content};
use super::tips::Tip;
use super::{Platform, Refusal, env};
use crate::clock::{new_deployment, now_ms};
use crate::deployment::Command;
use crate::secrets::{SecretError, missing};
use crate::source::{ArchiveFile, Draft, NewCommit, Repository, TreeId};
use crate::store::{DeploymentRow, IdempotencyKey, NewDeployment, ProjectRow, Remembered};

/// A deploy as it came in.
#[derive(Debug)]
pub(crate) struct DeployInput {
    /// The body, or the `config` part of a multipart one.
    pub(crate) request: DeployRequest,
    /// The files of a multipart upload.
    pub(crate) archive: Option<Vec<ArchiveFile>>,
    /// What makes a repetition the same request.
    pub(crate) idempotency: Option<IdempotencyKey>,
}

/// A project's next content: not committed, and not on disk.
struct Staged {
    repository: Repository,
    draft: Draft,
    tree: TreeId,
    files: Vec<ManifestEntry>,
    plan: build_plan::Plan,
    /// What it comes on top of, as far as that is remembered.
    tip: Option<Arc<Tip>>,
}

impl Platform {
    /// Accepts a deploy: the commit and the deployment are on disk when this answers.
    ///
    /// # Errors
    /// [`Refusal`] says why not; nothing was changed then.
    pub(crate) async fn deploy(&self, input: DeployInput) -> Result<DeploymentAccepted, Refusal> {
        let DeployInput { mut request, archive, idempotency } = input;
        let project = self
            .project_id(
                request.project_id.as_ref(),
                request.project_name.as_deref(),
                request.user_id.as_deref(),
            )?
            .ok_or_else(|| {
                Refusal::malformed("`projectId` is missing").hint("Name the project: `{user}-{name}`.")
            })?;
        let content = Content::of(&mut request, archive)?;

        let gate = self.gate(&project);
        let _line = gate.lock().await;
        // Asked in line: a repetition that came at the same time finds what the first one led to.
        if let Some(answer) = self.remembered(idempotency.as_ref())? {
            return Ok(answer);
        }
        let known = self.0.site.store.project(&project)?;
        let kept = known.as_ref().map(|row| row.env.clone()).unwrap_or_default();
        let env = env::merged(&kept, request.env.as_ref())?;
        let staged = self.stage(&project, content, &request, known.as_ref()).await?;
        self.refuse_missing_secrets(&project, &staged.plan, &env)?;
        if let Some(live) = self.unchanged(known.as_ref(), &staged, &env)? {
            let mut answer = accepted(live.id, &project, &live.commit);
            (answer.status, answer.unchanged) = (Status::Complete, true);
            self.keep_answer(idempotency, &answer).await?;
            return Ok(answer);
        }
        let (tree, plan) = (staged.tree.to_string(), staged.plan.clone());
        let message = request.message.clone().unwrap_or_else(|| format!("Deploy {} files", plan.files));
        let commit = self.commit(&project, staged, known.as_ref(), message).await?;
        let new = NewDeployment {
            accepted: accepted(new_deployment(), &project, &commit),
            commit,
            tree,
            trigger: Trigger::Deploy,
            message: request.message,
            created_ms: now_ms(),
            plan,
            project_env: Some(env.clone()),
            env,
            idempotency,
        };
        self.accept(new).await
    }

    /// Writes a deployment down and hands it to its driver. A key that somebody else brought meanwhile wins.
    pub(super) async fn accept(&self, new: NewDeployment) -> Result<DeploymentAccepted, Refusal> {
        let answer = new.accepted.clone();
        let store = self.0.site.store.clone();
        super::blocking(move || Ok(store.keep_reserve()?)).await?;
        match self.0.site.store.accept(new).await? {
            Remembered::Nothing => {}
            Remembered::Answer(known) => return self.known_answer(&known),
            Remembered::Conflict => return Err(conflict()),
        }
        // When the platform is ending, the deployment waits on disk for the next one.
        self.0.drivers.send(&answer.project_id, Command::Deploy(answer.deployment_id)).await;
        Ok(answer)
    }

    /// The answer that this key led to before.
    pub(super) fn remembered(
        &self,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<DeploymentAccepted>, Refusal> {
        let Some(key) = key else { return Ok(None) };
        match self.0.site.store.remembered(key)? {
            Remembered::Nothing => Ok(None),
            Remembered::Answer(known) => self.known_answer(&known).map(Some),
            Remembered::Conflict => Err(conflict()),
        }
    }

    /// Keeps an answer that made nothing new: a repetition of its request gets it again, whatever went live meanwhile.
    pub(super) async fn keep_answer(
        &self,
        key: Option<IdempotencyKey>,
        answer: &impl serde::Serialize,
    ) -> Result<(), Refusal> {
        let Some(key) = key else { return Ok(()) };
        let text = serde_json::to_string(answer).map_err(|error| Refusal::internal(&error))?;
        Ok(self.0.site.store.remember(key, text, now_ms()).await?)
    }

    fn known_answer(&self, text: &str) -> Result<DeploymentAccepted, Refusal> {
        let mut answer: DeploymentAccepted =
            serde_json::from_str(text).map_err(|error| Refusal::internal(&error))?;
        answer.status = self.row(answer.deployment_id)?.state.status();
        Ok(answer)
    }

    async fn stage(
        &self,
        project: &ProjectId,
        content: Content,
        request: &DeployRequest,
        known: Option<&ProjectRow>,
    ) -> Result<Staged, Refusal> {
        let dir = self.0.site.repository_dir(project);
        let newest = known.and_then(|row| row.tip.clone());
        let tip = newest.as_ref().and_then(|commit| self.0.tips.get(project, commit));
        let (last_equal, force) = (request.last_equal.clone(), request.force);
        let plan_hash = request.plan_hash.clone();
        super::blocking(move || {
            let repository = match &tip {
                Some(tip) => tip.repository.clone(),
                None => Repository::open_or_init(&dir)?,
            };
            let mut draft = repository.draft();
            let files = content.entries(&repository, &mut draft, tip.as_deref())?;
            let plan = content::plan(&files, &draft.reader())?;
            if let Some(wanted) = plan_hash
                && wanted != plan.plan_hash
            {
                return Err(plan_changed(&wanted, &plan.plan_hash));
            }
            let tree = draft.add_trees(&files)?;
            if let (Some(seen), Some(newest), false) = (last_equal, newest, force)
                && seen != newest.short()
                && let Some(seen) = repository.resolve(&seen)
            {
                refuse_burying(&repository, &seen, &newest, tree)?;
            }
            Ok(Staged { repository, draft, tree, files, plan, tip })
        })
        .await
    }

    /// What the configuration cannot do without must be set: said before anything is committed. The deployment itself
    /// looks again, because it may wait in line.
    fn refuse_missing_secrets(
        &self,
        project: &ProjectId,
        plan: &build_plan::Plan,
        env: &BTreeMap<String, String>,
    ) -> Result<(), Refusal> {
        let mut all = plan.env.clone();
        all.extend(env.clone());
        let names = missing(&all, self.0.site.store.secret_versions(project)?.keys());
        if names.is_empty() {
            return Ok(());
        }
        Err(Refusal::of_secret(SecretError::Missing { names }, project))
    }

    /// The live deployment, when tree, plan, environment and secrets equal its own and nothing else is under way.
    fn unchanged(
        &self,
        known: Option<&ProjectRow>,
        staged: &Staged,
        env: &BTreeMap<String, String>,
    ) -> Result<Option<DeploymentRow>, Refusal> {
        let Some((project, live)) = known.and_then(|row| Some((&row.id, row.live?))) else { return Ok(None) };
        if self.0.site.store.is_busy(project)? {
            return Ok(None);
        }
        let live = self.0.site.store.deployment(live)?;
        let secrets = self.0.site.store.secret_versions(project)?;
        let same = |row: &DeploymentRow| {
            row.tree == staged.tree.to_string()
                && row.plan.plan_hash == staged.plan.plan_hash
                && row.env == *env
                && row.secrets == secrets
        };
        Ok(live.filter(same))
    }

    /// The commit of the staged tree: a new one, or the tip when that has the same tree.
    async fn commit(
        &self,
        project: &ProjectId,
        staged: Staged,
        known: Option<&ProjectRow>,
        message: String,
    ) -> Result<CommitHash, Refusal> {
        let Staged { repository, draft, tree, files, tip, .. } = staged;
        let newest = known.and_then(|row| row.tip.clone());
        let author = self.0.identity.user.clone();
        let tip = super::blocking(move || {
            let before = match (&tip, &newest) {
                (Some(tip), _) => Some(tip.tree.to_string()),
                (None, Some(newest)) => Some(repository.tree_of(newest)?),
                (None, None) => None,
            };
            let commit = match newest {
                Some(newest) if before == Some(tree.to_string()) => newest,
                newest => {
                    let (parent, time_s) = (newest.as_ref(), now_s());
                    let (message, author) = (message.as_str(), author.as_str());
                    draft.commit(&NewCommit { tree, parent, message, author, time_s })?
                }
            };
            Ok(Tip { repository, commit, tree, files })
        })
        .await?;
        let commit = tip.commit.clone();
        self.0.tips.keep(project, tip);
        Ok(commit)
    }
}

/// The answer for a deployment that was just accepted; the address to follow is filled in by whoever knows the host.
pub(super) fn accepted(id: DeploymentId, project: &ProjectId, commit: &CommitHash) -> DeploymentAccepted {
    DeploymentAccepted {
        deployment_id: id,
        project_id: project.clone(),
        commit_hash: commit.short(),
        status: Status::Queued,
        websocket_url: String::new(),
        unchanged: false,
    }
}

/// Seconds since the Unix epoch, as Git dates commits.
pub(super) fn now_s() -> i64 {
    i64::try_from(now_ms() / 1000).unwrap_or(i64::MAX)
}

/// Nobody's edit is lost: what the platform got since the folder last saw it must not be buried unseen.
fn refuse_burying(
    repository: &Repository,
    seen: &CommitHash,
    tip: &CommitHash,
    tree: TreeId,
) -> Result<(), Refusal> {
    if seen == tip || repository.tree_of(tip)? == tree.to_string() {
        return Ok(());
    }
    let changed = repository.changed_paths(seen, tip)?;
    if changed.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "the project changed on the platform since this folder last saw it: commit {} changed {} files",
        tip.short(),
        changed.len()
    );
    let refusal = Refusal::new(Code::DIVERGED, detail)
        .hint("Pull the platform's files into the folder first, or deploy with force to replace them.");
    Err(Refusal { changed, ..refusal })
}

fn plan_changed(wanted: &str, actual: &str) -> Refusal {
    let detail =
        format!("the project's files changed since the plan {wanted} was made; they now give {actual}");
    Refusal::new(Code::PLAN_CHANGED, detail)
        .hint("Plan again, look at the new plan, and deploy with its hash.")
}

/// The key stands for another request.
pub(super) fn conflict() -> Refusal {
    Refusal::new(Code::IDEMPOTENCY_CONFLICT, "this Idempotency-Key came before with another body")
        .hint("Use a new key for a new request.")
}
