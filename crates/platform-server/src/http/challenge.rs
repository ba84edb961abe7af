//! Proof that whoever listens here knows the token, given before anybody sends it.

use axum::Json;
use axum::extract::State;
use platform_api::Challenge;
use serde::Deserialize;

use super::Api;
use super::extract::Query;
use super::guard::Host;
use crate::platform::Refusal;

/// How long a nonce may be, in characters.
const NONCE_CHARS: std::ops::RangeInclusive<usize> = 16..=128;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// 16 to 128 letters and digits, never used before.
    nonce: String,
}

/// Proves that this platform knows the token: see `answer`.
#[utoipa::path(get, path = "/api/challenge", tag = "platform", params(Asked), responses((status = 200, body = Challenge)))]
pub(super) async fn challenge(
    State(api): State<Api>,
    host: Host,
    Query(Asked { nonce }): Query<Asked>,
) -> Result<Json<Challenge>, Refusal> {
    if !NONCE_CHARS.contains(&nonce.len()) || !nonce.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Refusal::malformed("a nonce has 16 to 128 letters and digits"));
    }
    Ok(Json(Challenge { answer: api.token.answer(host.as_str(), &nonce) }))
}
