//! What handlers take apart, with every failure in the platform's own words.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::body;
use crate::platform::Refusal;
use crate::store::IdempotencyKey;

/// The largest JSON body where nothing else is said, in bytes (1 MiB).
const BODY_BYTES_MAX: usize = 1 << 20;
/// The longest idempotency key, in characters.
const KEY_CHARS_MAX: usize = 255;

/// The query, parsed.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        axum::extract::Query::try_from_uri(&parts.uri)
            .map(|axum::extract::Query(query)| Self(query))
            .map_err(|error| Refusal::malformed(error.body_text()))
    }
}

/// The variable part of the path, parsed.
pub(super) struct Path<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value))
            .map_err(|error| Refusal::malformed(error.body_text()))
    }
}

/// A JSON body, with what makes a repetition of the request the same request.
pub(super) struct Posted<T, const BYTES_MAX: usize = BODY_BYTES_MAX> {
    /// The body.
    pub(super) value: T,
    /// The caller's key, if one came.
    pub(super) idempotency: Option<IdempotencyKey>,
}

impl<T, S, const BYTES_MAX: usize> FromRequest<S> for Posted<T, BYTES_MAX>
where
    T: DeserializeOwned,
    S: Sync,
{
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let (parts, request_body) = request.into_parts();
        let key = key(&parts.headers)?;
        let bytes = body::collect(request_body, BYTES_MAX).await?;
        let idempotency = key.map(|key| IdempotencyKey { key, body_hash: request_hash(&parts, &[&bytes]) });
        Ok(Self { value: json(&bytes)?, idempotency })
    }
}

/// The `Idempotency-Key`, if one came.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key) if (1..=KEY_CHARS_MAX).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(Refusal::malformed(format!(
            "an Idempotency-Key has 1 to {KEY_CHARS_MAX} printable ASCII characters"
        ))),
    }
}

/// What two requests with one key must have in common: method, path and every part of the body.
pub(super) fn request_hash(parts: &Parts, body: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    let (method, path) = (parts.method.as_str().as_bytes(), parts.uri.path().as_bytes());
    for part in [method, path].into_iter().chain(body.iter().copied()) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// A JSON text; an empty one is an empty object.
pub(super) fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let bytes = if bytes.trim_ascii().is_empty() { b"{}" } else { bytes };
    serde_json::from_slice(bytes).map_err(|error| {
        Refusal::malformed(format!("the body is not what this call takes: {error}"))
            .hint("GET /api/openapi.json describes every body.")
    })
}
