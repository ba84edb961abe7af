//! What the machine that builds lacks of what a plan needs, before anything is uploaded.

use axum::Json;
use axum::extract::State;
use build_plan::toolchain::{Lacking, Needs};

use super::Api;
use super::extract::Posted;
use crate::platform::Refusal;

/// How many needs are looked at; a plan has a dozen.
const NEEDS_MAX: usize = 128;

/// Says what of a plan's needs this platform lacks, and which command gets it there.
#[utoipa::path(
    post, path = "/api/toolchains", tag = "projects",
    request_body(content = Object, description = "`needs`: programs and packages, with the versions that do"),
    responses((status = 200, description = "`missing`: what is lacking, with the command that installs it", body = Object)),
)]
pub(super) async fn ask(State(api): State<Api>, posted: Posted<Needs>) -> Result<Json<Lacking>, Refusal> {
    let mut needs = posted.value.needs;
    if needs.len() > NEEDS_MAX {
        return Err(Refusal::malformed(format!("a plan needs at most {NEEDS_MAX} things")));
    }
    needs.dedup_by(|one, other| one.name == other.name);
    Ok(Json(Lacking { missing: api.platform.lacks(&needs).await }))
}
