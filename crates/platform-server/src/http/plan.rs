//! Planning without deploying.

use axum::Json;
use platform_api::PlanRequest;

use super::extract::Posted;
use crate::platform::{self, Refusal};

/// The largest body, in bytes (32 MiB): a manifest of every file a project may have.
const BYTES_MAX: usize = 32 << 20;

/// Says how a project would be built and started.
#[utoipa::path(
    post, path = "/api/plan", tag = "projects", request_body = PlanRequest,
    responses((status = 200, description = "The build plan", body = Object)),
)]
pub(super) async fn plan(posted: Posted<PlanRequest, BYTES_MAX>) -> Result<Json<build_plan::Plan>, Refusal> {
    let plan = tokio::task::spawn_blocking(move || platform::plan(&posted.value)).await;
    plan.unwrap_or_else(|error| Err(Refusal::internal(&error))).map(Json)
}
