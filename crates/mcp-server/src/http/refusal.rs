//! What a request is told that never reaches the protocol. Each answer is a JSON-RPC error, which every client can show,
//! and only this file knows the status codes.

use axum::http::StatusCode;
use axum::http::header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use platform_api::Code;
use serde_json::json;

use super::body::{BODY_BYTES_MAX, BODY_LIMIT};

/// JSON-RPC's number for a body that is no JSON.
const PARSE_ERROR: i32 = -32_700;
/// JSON-RPC's number for every other request that cannot be served.
const INVALID_REQUEST: i32 = -32_600;

/// Why a request goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("the request has no single valid Host")]
    NoHost,
    #[error("the Host of this request is not this server's")]
    ForeignHost,
    #[error("pages of other origins may not call this server")]
    ForeignOrigin,
    #[error("this server needs a token")]
    NoToken,
    #[error("the token is not this server's")]
    WrongToken,
    #[error("there is nothing at this path")]
    UnknownPath,
    #[error("the body is over the limit of {BODY_BYTES_MAX} bytes")]
    TooLarge,
    #[error("the body did not arrive within {} s", BODY_LIMIT.as_secs())]
    Slow,
    #[error("the body ended early")]
    CutOff,
    #[error("the body is no JSON")]
    NotJson,
    #[error("the body is no single message of this protocol")]
    NoMessage,
    #[error("there is no such session")]
    UnknownSession,
    #[error("the session takes no more messages now")]
    Busy,
    #[error("the system has no randomness for a session's id")]
    NoRandomness,
}

impl Refusal {
    fn status(self) -> StatusCode {
        match self {
            Self::NoHost | Self::CutOff | Self::NotJson | Self::NoMessage => StatusCode::BAD_REQUEST,
            Self::ForeignHost | Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::NoToken | Self::WrongToken => StatusCode::UNAUTHORIZED,
            Self::UnknownPath | Self::UnknownSession => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::NoRandomness => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn code(self) -> Code {
        match self {
            Self::NoHost | Self::CutOff | Self::NotJson | Self::NoMessage | Self::Slow => Code::MALFORMED,
            Self::ForeignHost | Self::ForeignOrigin => Code::FORBIDDEN,
            Self::NoToken | Self::WrongToken => Code::UNAUTHORIZED,
            Self::UnknownPath | Self::UnknownSession => Code::NOT_FOUND,
            Self::TooLarge => Code::TOO_LARGE,
            Self::Busy | Self::NoRandomness => Code::INTERNAL,
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::NoHost => "send one Host header",
            Self::ForeignHost => {
                "call the server as localhost or 127.0.0.1 with its own port, or start it with --allow-host"
            }
            Self::ForeignOrigin => {
                "call it from a program, or start it with --allow-host for a host of yours"
            }
            Self::NoToken | Self::WrongToken => {
                "send `Authorization: Bearer` and the token that the server's home keeps in the file `mcp-token`"
            }
            Self::UnknownPath => "the protocol is at /mcp, and at /sse for clients of 2024-11-05",
            Self::TooLarge => "name files by their path instead of sending them",
            Self::Slow | Self::CutOff => "send the request again",
            Self::NotJson | Self::NoMessage => "send one JSON-RPC 2.0 message; batches are not served",
            Self::UnknownSession => "open a new session",
            Self::Busy | Self::NoRandomness => "try again in a moment",
        }
    }

    fn is_retryable(self) -> bool {
        matches!(self, Self::Slow | Self::CutOff | Self::UnknownSession | Self::Busy | Self::NoRandomness)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let number = if self == Self::NotJson { PARSE_ERROR } else { INVALID_REQUEST };
        let body = json!({"jsonrpc": "2.0", "id": null, "error": {
            "code": number,
            // Many clients show only this.
            "message": format!("{self} (hint: {})", self.hint()),
            "data": {"code": self.code(), "hint": self.hint(), "retryable": self.is_retryable()},
        }});
        let mut response = (self.status(), axum::Json(body)).into_response();
        let headers = response.headers_mut();
        match self {
            Self::NoToken => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"backend-im\""));
            }
            Self::WrongToken => {
                let challenge = "Bearer realm=\"backend-im\", error=\"invalid_token\"";
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
            }
            Self::Busy => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response
    }
}
