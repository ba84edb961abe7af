//! Going back: a new deployment of an earlier, healthy commit.

use platform_api::{Code, DeploymentAccepted, ProjectId, RollbackRequest, ShortCommit, Trigger};

use super::accept::accepted;
use super::{Platform, Refusal};
use crate::clock::{new_deployment, now_ms};
use crate::store::{DeploymentRow, IdempotencyKey, NewDeployment};

/// How far back a healthy release is looked for.
const HISTORY_MAX: usize = 1000;

impl Platform {
    /// Accepts a rollback. It runs with the secrets that are current now, not with those of back then: what was replaced
    /// may have been revoked.
    ///
    /// # Errors
    /// [`Refusal`] when there is no such project or no such healthy release.
    pub(crate) async fn rollback(
        &self,
        project: &ProjectId,
        request: RollbackRequest,
        idempotency: Option<IdempotencyKey>,
    ) -> Result<DeploymentAccepted, Refusal> {
        let gate = self.gate(project);
        let _line = gate.lock().await;
        if let Some(answer) = self.remembered(idempotency.as_ref())? {
            return Ok(answer);
        }
        let target = self.earlier(project, request.to.as_ref())?;
        let message = format!("Roll back to {}", target.commit.short());
        self.accept(NewDeployment {
            accepted: accepted(new_deployment(), project, &target.commit),
            commit: target.commit,
            tree: target.tree,
            trigger: Trigger::Rollback,
            message: Some(message),
            created_ms: now_ms(),
            plan: target.plan,
            env: target.env,
            project_env: None,
            idempotency,
        })
        .await
    }

    /// The healthy release of the given commit, or else the one before the live one.
    fn earlier(&self, project: &ProjectId, to: Option<&ShortCommit>) -> Result<DeploymentRow, Refusal> {
        let store = &self.0.site.store;
        let known = store.project(project)?.ok_or_else(|| Refusal::not_found("project", project))?;
        let live = known.live.map(|id| store.deployment(id)).transpose()?.flatten();
        let mut completed = store.completed(project, HISTORY_MAX)?.into_iter();
        let found = match (to, &live) {
            (Some(to), _) => completed.find(|row| row.commit.short() == *to),
            (None, Some(live)) => completed.find(|row| row.commit != live.commit),
            (None, None) => completed.next(),
        };
        found.ok_or_else(|| match to {
            Some(to) => {
                Refusal::new(Code::NOT_FOUND, format!("`{project}` has no healthy release of commit {to}"))
                    .hint("List the project's deployments; only a commit that went live can be gone back to.")
            }
            None => Refusal::new(
                Code::NO_EARLIER_RELEASE,
                format!("`{project}` has no healthy release before this one"),
            )
            .hint("Only a second successful deploy gives something to go back to."),
        })
    }
}
