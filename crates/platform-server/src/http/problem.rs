//! What an error looks like on the wire. The one place of the platform that knows status codes.

use std::any::Any;

use axum::Json;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use platform_api::{Code, Problem};

use crate::platform::Refusal;

/// The media type of RFC 9457.
pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// The answer to a request that was taken and goes on.
pub(super) struct Accepted<T>(pub(super) T);

impl<T: serde::Serialize> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, Json(self.0)).into_response()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code, wait) = (status(&self.code), self.code.clone(), self.retry_after_s);
        let mut response = (status, Json(problem(self))).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if code == Code::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"backend-im\""));
        }
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            headers.insert(RETRY_AFTER, HeaderValue::from(wait));
        }
        response
    }
}

/// The refusal as it travels.
fn problem(refusal: Refusal) -> Problem {
    Problem {
        status: status(&refusal.code).as_u16(),
        title: title(&refusal.code),
        code: refusal.code,
        detail: refusal.detail,
        hint: refusal.hint,
        retryable: refusal.retryable,
        missing: refusal.missing,
        changed: refusal.changed,
    }
}

/// Codes that a plan or a deployment has and HTTP knows nothing of are well-formed but impossible requests.
fn status(code: &Code) -> StatusCode {
    const TABLE: &[(StatusCode, &[Code])] = &[
        (StatusCode::BAD_REQUEST, &[Code::MALFORMED, Code::INVALID_PATH, Code::INVALID_PROJECT]),
        (StatusCode::UNAUTHORIZED, &[Code::UNAUTHORIZED]),
        (StatusCode::FORBIDDEN, &[Code::FORBIDDEN]),
        (StatusCode::NOT_FOUND, &[Code::NOT_FOUND]),
        (StatusCode::METHOD_NOT_ALLOWED, &[Code::METHOD_NOT_ALLOWED]),
        (
            StatusCode::CONFLICT,
            &[
                Code::IDEMPOTENCY_CONFLICT,
                Code::PROJECT_TAKEN,
                Code::DIVERGED,
                Code::PLAN_CHANGED,
                Code::ALREADY_ENDED,
                Code::NO_EARLIER_RELEASE,
            ],
        ),
        (StatusCode::PAYLOAD_TOO_LARGE, &[Code::TOO_LARGE]),
        (StatusCode::TOO_MANY_REQUESTS, &[Code::RATE_LIMITED]),
        (StatusCode::INTERNAL_SERVER_ERROR, &[Code::INTERNAL]),
        (StatusCode::SERVICE_UNAVAILABLE, &[Code::DRAINING]),
        (StatusCode::INSUFFICIENT_STORAGE, &[Code::DISK_FULL]),
    ];
    let found = TABLE.iter().find(|(_, codes)| codes.contains(code));
    found.map_or(StatusCode::UNPROCESSABLE_ENTITY, |(status, _)| *status)
}

/// `missing_blobs` as people read it: `Missing blobs`.
fn title(code: &Code) -> String {
    let text = code.as_str().replace('_', " ");
    text.get(..1).map(str::to_ascii_uppercase).unwrap_or_default() + text.get(1..).unwrap_or_default()
}

/// The answer where no route leads.
pub(super) async fn no_such_route(method: Method, uri: Uri) -> Refusal {
    Refusal::new(Code::NOT_FOUND, format!("there is no `{method} {}`", uri.path().escape_debug()))
        .hint("GET /api/openapi.json lists every call.")
}

/// The answer where a route exists for another method.
pub(super) async fn method_not_allowed(method: Method, uri: Uri) -> Refusal {
    let detail = format!("`{}` cannot be called with {method}", uri.path().escape_debug());
    Refusal::new(Code::METHOD_NOT_ALLOWED, detail).hint("GET /api/openapi.json lists every call.")
}

/// The answer when a handler panicked.
pub(super) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast::<String>().map(|text| *text);
    let text = text.or_else(|panic| panic.downcast::<&str>().map(|text| (*text).to_owned()));
    tracing::error!(panic = text.unwrap_or_default(), "a handler panicked");
    Refusal::new(Code::INTERNAL, "the platform failed to answer; this is a bug")
        .hint("Look at platform.log in the platform's home folder.")
        .retryable()
        .into_response()
}

/// Dresses what a library refused by itself, such as an upgrade that is none, as a problem. Headers that belong to the
/// status stay.
pub(super) async fn dress(response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let is_ours = |kind: &HeaderValue| kind == PROBLEM_JSON || kind.as_bytes().starts_with(b"text/html");
    if !is_error || response.headers().get(CONTENT_TYPE).is_some_and(is_ours) {
        return response;
    }
    let code = match status {
        StatusCode::NOT_FOUND => Code::NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED => Code::METHOD_NOT_ALLOWED,
        StatusCode::PAYLOAD_TOO_LARGE => Code::TOO_LARGE,
        _ if status.is_server_error() => Code::INTERNAL,
        _ => Code::MALFORMED,
    };
    let reason = status.canonical_reason().unwrap_or("not possible").to_lowercase();
    let body = Problem {
        status: status.as_u16(),
        ..problem(Refusal::new(code, format!("the request is refused: {reason}")))
    };
    let mut dressed = (status, Json(body)).into_response();
    dressed.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    if let Some(allow) = response.headers().get(ALLOW) {
        dressed.headers_mut().insert(ALLOW, allow.clone());
    }
    dressed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_status_of_an_error_and_a_title() {
        for code in Code::ALL {
            assert!(status(code).as_u16() >= 400, "{code}");
            assert!(title(code).starts_with(|c: char| c.is_ascii_uppercase()), "{code}");
        }
        assert_eq!(status(&Code::other("anything_newer")), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(title(&Code::MISSING_BLOBS), "Missing blobs");
    }
}
