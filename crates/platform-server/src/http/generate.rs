//! From a prompt to files.

use axum::Json;
use axum::extract::State;
use platform_api::{GenerateAnswer, GenerateRequest, KeepRequest, Project, ProjectId};

use super::Api;
use super::extract::{Path, Posted};
use crate::platform::Refusal;

/// Writes a project from a prompt and commits it.
#[utoipa::path(
    post, path = "/api/generate", tag = "projects", request_body = GenerateRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body answer with the same commit.")),
    responses((status = 200, body = GenerateAnswer)),
)]
pub(super) async fn generate(
    State(api): State<Api>,
    posted: Posted<GenerateRequest>,
) -> Result<Json<GenerateAnswer>, Refusal> {
    Ok(Json(api.platform.generate(posted.value, posted.idempotency).await?))
}

/// Makes a generation that was held back the project's newest content. The same again changes nothing.
#[utoipa::path(
    post, path = "/api/projects/{id}/keep", tag = "projects", request_body = KeepRequest,
    params(("id" = ProjectId, Path)),
    responses((status = 200, body = Project)),
)]
pub(super) async fn keep(
    State(api): State<Api>,
    Path(id): Path<ProjectId>,
    posted: Posted<KeepRequest>,
) -> Result<Json<Project>, Refusal> {
    api.platform.keep(&id, &posted.value.commit).await?;
    Ok(Json(api.platform.project(&id)?))
}
