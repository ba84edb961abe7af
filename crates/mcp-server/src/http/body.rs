//! Request bodies: whole before anything looks at them, bounded in size and time, and JSON.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::IgnoredAny;
use tokio::time::timeout;

use super::refusal::Refusal;

/// The largest body, in bytes (16 MiB), as for a message over stdio.
pub(super) const BODY_BYTES_MAX: usize = 16 << 20;
/// How long a body may take to arrive.
pub(super) const BODY_LIMIT: Duration = Duration::from_secs(30);

/// Lets a message through once it is there in full.
pub(super) async fn take(request: Request, next: Next) -> Result<Response, Refusal> {
    if request.method() != Method::POST {
        return Ok(next.run(request).await);
    }
    let (head, body) = request.into_parts();
    let body = timeout(BODY_LIMIT, whole(body)).await.map_err(|_| Refusal::Slow)??;
    if serde_json::from_slice::<IgnoredAny>(&body).is_err() {
        return Err(Refusal::NotJson);
    }
    let is_json =
        head.headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let response = next.run(Request::from_parts(head, body.into())).await;
    // What is JSON and is said to be JSON is refused as a medium only when it is no message.
    if is_json && response.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        return Err(Refusal::NoMessage);
    }
    Ok(response)
}

async fn whole(body: Body) -> Result<Bytes, Refusal> {
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await;
    body.map(http_body_util::Collected::to_bytes)
        .map_err(|error| if error.is::<LengthLimitError>() { Refusal::TooLarge } else { Refusal::CutOff })
}
