//! The schema of the settings file, for editors.

use std::sync::LazyLock;

use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

static TEXT: LazyLock<String> = LazyLock::new(|| build_plan::config::schema().to_string());

/// The JSON Schema of `backend-im.yml`.
#[utoipa::path(get, path = "/api/backend-im.schema.json", tag = "platform", responses((status = 200, body = Object)))]
pub(super) async fn settings() -> impl IntoResponse {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/schema+json"))], TEXT.as_str())
}
