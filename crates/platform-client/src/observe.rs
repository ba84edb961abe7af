//! Looking at what is on the platform, and the small acts on it.

use std::time::Duration;

use build_plan::{Diagnosis, Verification};
use platform_api::{
    Code, DeletedProject, Deployment, DeploymentAccepted, DeploymentId, LogPage, Page, Project,
    RollbackRequest, ShortCommit,
};

use crate::backend::blocking;
use crate::client::{LogQuery, fresh_key};
use crate::links::Links;
use crate::{Backend, Client, ClientError, identity};

/// What a question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// One deployment.
    Deployment(DeploymentId),
    /// The newest deployment of a project, which is given by name or id.
    Project(String),
}

impl Backend {
    /// A deployment as it is now. With a `wait` (at most 45 s count) it returns as soon as anything changes, at once when
    /// the deployment has ended and no patch of it is being tried.
    ///
    /// # Errors
    /// [`Code::NOT_FOUND`], what else the platform refuses, or [`Code::UNREACHABLE`].
    pub async fn status(&self, target: &Target, wait: Duration) -> Result<Deployment, ClientError> {
        self.with_client(|client| async move {
            let now = match target {
                Target::Deployment(id) => client.status(*id).await?,
                // A list shows less of a deployment than the deployment itself does.
                Target::Project(text) => client.status(newest(&client, text).await?.id).await?,
            };
            if wait < Duration::from_secs(1) || is_settled(&now) {
                return Ok(now);
            }
            if now.status.is_terminal() {
                return client.verified(now.id, wait).await;
            }
            client.deployment(now.id, now.seq, wait).await
        })
        .await
    }

    /// A deployment as soon as it has an event after number `seen`, ended or not, or as it is after `wait` (at most 45 s
    /// count).
    ///
    /// # Errors
    /// As [`Backend::status`].
    pub async fn news(&self, id: DeploymentId, seen: u64, wait: Duration) -> Result<Deployment, ClientError> {
        self.with_client(|client| async move { client.deployment(id, seen, wait).await }).await
    }

    /// Lines of a deployment's log.
    ///
    /// # Errors
    /// As [`Backend::status`].
    pub async fn logs(&self, target: &Target, query: LogQuery) -> Result<LogPage, ClientError> {
        let query = &query;
        self.with_client(|client| async move {
            let id = match target {
                Target::Deployment(id) => *id,
                Target::Project(text) => newest(&client, text).await?.id,
            };
            client.logs(id, query).await
        })
        .await
    }

    /// A page of the projects, newest first.
    ///
    /// # Errors
    /// What the platform refuses, or [`Code::UNREACHABLE`].
    pub async fn projects(&self, cursor: Option<String>) -> Result<Page<Project>, ClientError> {
        let cursor = cursor.as_deref();
        self.with_client(|client| async move { client.projects(cursor).await }).await
    }

    /// A project, by name or id.
    ///
    /// # Errors
    /// As [`Backend::status`].
    pub async fn project(&self, name: &str) -> Result<Project, ClientError> {
        self.with_client(|client| async move { identity::existing(&client, name).await }).await
    }

    /// A page of a project's deployments, newest first.
    ///
    /// # Errors
    /// As [`Backend::status`].
    pub async fn deployments(
        &self,
        project: &str,
        cursor: Option<String>,
    ) -> Result<Page<Deployment>, ClientError> {
        let cursor = cursor.as_deref();
        self.with_client(|client| async move {
            let id = identity::existing(&client, project).await?.id;
            client.deployments(&id, cursor).await
        })
        .await
    }

    /// Brings an earlier release back: by default the healthy one before the live one.
    ///
    /// # Errors
    /// [`Code::NO_EARLIER_RELEASE`], and those of [`Backend::status`].
    pub async fn rollback(
        &self,
        project: &str,
        to: Option<ShortCommit>,
    ) -> Result<DeploymentAccepted, ClientError> {
        let (request, key) = (&RollbackRequest { to }, &fresh_key());
        self.with_client(|client| async move {
            let id = identity::existing(&client, project).await?.id;
            client.rollback(&id, request, key).await
        })
        .await
    }

    /// Ends a deployment that has not gone live.
    ///
    /// # Errors
    /// [`Code::ALREADY_ENDED`], and those of [`Backend::status`].
    pub async fn cancel(&self, id: DeploymentId) -> Result<Deployment, ClientError> {
        let key = &fresh_key();
        self.with_client(|client| async move { client.cancel(id, key).await }).await
    }

    /// Deletes a project: instances, releases, history and data. The local files stay; their link goes.
    ///
    /// # Errors
    /// As [`Backend::status`].
    pub async fn delete(&self, project: &str) -> Result<DeletedProject, ClientError> {
        let (deleted, platform) = self
            .with_client(|client| async move {
                let id = identity::existing(&client, project).await?.id;
                Ok((client.delete(&id).await?, client.endpoint().platform_name()))
            })
            .await?;
        let (state_dir, id) = (self.state_dir().to_owned(), deleted.project_id.clone());
        let forget = move || Links::change(&state_dir, |links| links.remove_project(&platform, &id));
        if let Err(error) = blocking(forget).await {
            tracing::warn!(%error, "could not unlink the deleted project's folder");
        }
        Ok(deleted)
    }
}

/// What is known of why the deployment failed.
pub fn diagnosis(deployment: &Deployment) -> Option<Diagnosis> {
    let found = deployment.error.as_ref()?.diagnosis.clone()?;
    serde_json::from_value(found).ok()
}

/// Whether nothing more becomes of the deployment by itself: it has ended, and no patch of it is being tried.
pub fn is_settled(deployment: &Deployment) -> bool {
    let is_tried = || diagnosis(deployment).is_some_and(|it| it.verification == Some(Verification::Pending));
    deployment.status.is_terminal() && !is_tried()
}

async fn newest(client: &Client, text: &str) -> Result<Deployment, ClientError> {
    let project = identity::existing(client, text).await?;
    project.latest.map(|deployment| *deployment).ok_or_else(|| {
        ClientError::new(Code::NOT_FOUND, format!("`{}` was never deployed", project.name))
            .hint("deploy it first")
    })
}
