//! From a prompt to files.

use axum::Json;
use axum::extract::State;
use platform_api::{GenerateAnswer, GenerateRequest};

use super::Api;
use super::extract::Posted;
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
