//! Projects: the list, the history, the source of any commit, going back, the end.

use axum::Json;
use axum::extract::State;
use platform_api::{
    DeletedProject, Deployment, DeploymentAccepted, FilePath, Page, Project, ProjectFiles, ProjectId,
    RollbackRequest, ShortCommit,
};
use serde::Deserialize;

use super::Api;
use super::extract::{Path, Posted, Query};
use super::guard::Host;
use super::problem::Accepted;
use crate::platform::{Refusal, WithContent};

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct At {
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Lists the projects, newest first.
#[utoipa::path(get, path = "/api/projects", tag = "projects", params(At), responses((status = 200, body = Page<Project>)))]
pub(super) async fn list(
    State(api): State<Api>,
    Query(at): Query<At>,
) -> Result<Json<Page<Project>>, Refusal> {
    Ok(Json(api.platform.projects(at.cursor.as_deref())?))
}

/// Shows a project.
#[utoipa::path(
    get, path = "/api/projects/{id}", tag = "projects", params(("id" = ProjectId, Path)),
    responses((status = 200, body = Project)),
)]
pub(super) async fn show(
    State(api): State<Api>,
    Path(id): Path<ProjectId>,
) -> Result<Json<Project>, Refusal> {
    Ok(Json(api.platform.project(&id)?))
}

/// Ends and forgets a project: what runs of it, its releases, its repository, its data and its history.
#[utoipa::path(
    delete, path = "/api/projects/{id}", tag = "projects", params(("id" = ProjectId, Path)),
    responses((status = 200, body = DeletedProject)),
)]
pub(super) async fn delete(
    State(api): State<Api>,
    Path(id): Path<ProjectId>,
) -> Result<Json<DeletedProject>, Refusal> {
    Ok(Json(api.platform.delete_project(&id).await?))
}

/// Lists a project's deployments, newest first.
#[utoipa::path(
    get, path = "/api/projects/{id}/deployments", tag = "projects", params(("id" = ProjectId, Path), At),
    responses((status = 200, body = Page<Deployment>)),
)]
pub(super) async fn deployments(
    State(api): State<Api>,
    Path(id): Path<ProjectId>,
    Query(at): Query<At>,
) -> Result<Json<Page<Deployment>>, Refusal> {
    Ok(Json(api.platform.deployments(&id, at.cursor.as_deref())?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// The commit; the newest by default.
    commit: Option<ShortCommit>,
    /// Only this file, with its content.
    path: Option<FilePath>,
    /// Whether every file comes with its content.
    #[serde(default)]
    content: bool,
}

/// Lists the files of a commit, with their contents where they are asked for.
#[utoipa::path(
    get, path = "/api/projects/{id}/files", tag = "projects", params(("id" = ProjectId, Path), Which),
    responses((status = 200, body = ProjectFiles)),
)]
pub(super) async fn files(
    State(api): State<Api>,
    Path(id): Path<ProjectId>,
    Query(which): Query<Which>,
) -> Result<Json<ProjectFiles>, Refusal> {
    let with = match (which.path, which.content) {
        (Some(path), _) => WithContent::One(path),
        (None, true) => WithContent::All,
        (None, false) => WithContent::None,
    };
    Ok(Json(api.platform.files(&id, which.commit, with).await?))
}

/// Deploys an earlier healthy commit again; nothing is built.
#[utoipa::path(
    post, path = "/api/projects/{id}/rollback", tag = "projects", request_body = RollbackRequest,
    params(
        ("id" = ProjectId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body answer with the same deployment."),
    ),
    responses((status = 202, body = DeploymentAccepted)),
)]
pub(super) async fn rollback(
    State(api): State<Api>,
    Path(id): Path<ProjectId>,
    host: Host,
    posted: Posted<RollbackRequest>,
) -> Result<Accepted<DeploymentAccepted>, Refusal> {
    let accepted = api.platform.rollback(&id, posted.value, posted.idempotency).await?;
    Ok(api.accepted(&host, accepted))
}
