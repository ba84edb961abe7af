//! Why a line of the client is not served, and the answer that says so.

use platform_api::Code;
use rmcp::model::{ErrorCode, RequestId};

use super::in_flight::Denied;
use super::lines::LINE_BYTES_MAX;
use super::{DEPTH_MAX, ID_BYTES_MAX, VALUES_MAX};
use crate::error;

/// For what a server may not be able to do at the moment; the first of the codes that are the server's own.
const BUSY: ErrorCode = ErrorCode(-32000);

/// The answer to a line that is not served.
#[derive(Debug)]
pub(super) struct Refusal {
    id: Option<RequestId>,
    kind: ErrorCode,
    code: Code,
    message: String,
    hint: &'static str,
}

impl Refusal {
    /// The line is no JSON; then nothing in it can be trusted to be its id.
    pub(super) fn no_json() -> Self {
        Self {
            id: None,
            kind: ErrorCode::PARSE_ERROR,
            code: Code::MALFORMED,
            message: "the line is no JSON".to_owned(),
            hint: "send one JSON-RPC message per line, in UTF-8",
        }
    }

    /// The line is JSON, and no message.
    pub(super) fn no_message(id: Option<RequestId>) -> Self {
        let message = "the line is no JSON-RPC 2.0 message of this protocol";
        Self::invalid(id, message.to_owned(), "a request has jsonrpc `2.0`, an id and a method")
    }

    /// The line is an array of messages.
    pub(super) fn batch() -> Self {
        Self::invalid(None, "batches are not served".to_owned(), "send each message on a line of its own")
    }

    /// The request's id is longer than any that is sent back.
    pub(super) fn long_id() -> Self {
        Self::invalid(None, format!("the id is longer than {ID_BYTES_MAX} bytes"), "number the requests")
    }

    /// The line is longer than any may be.
    pub(super) fn too_long(id: Option<RequestId>) -> Self {
        let message = format!("the message is longer than {LINE_BYTES_MAX} bytes");
        Self {
            code: Code::TOO_LARGE,
            ..Self::invalid(id, message, "files travel by their path, not in a call")
        }
    }

    /// The message is nested too deeply.
    pub(super) fn too_deep(id: Option<RequestId>) -> Self {
        let message = format!("the message is nested deeper than {DEPTH_MAX} levels");
        Self { code: Code::TOO_LARGE, ..Self::invalid(id, message, "send it with less nesting") }
    }

    /// The message holds too many values.
    pub(super) fn too_many_values(id: Option<RequestId>) -> Self {
        let message = format!("the message holds more than {VALUES_MAX} values");
        Self { code: Code::TOO_LARGE, ..Self::invalid(id, message, "send fewer at once") }
    }

    /// The request cannot be let in.
    pub(super) fn denied(id: &RequestId, denied: Denied) -> Self {
        let id = Some(id.clone());
        let (message, hint) = match denied {
            Denied::Duplicate => {
                let message = "a request with this id still waits for its answer";
                return Self::invalid(id, message.to_owned(), "give every request an id of its own");
            }
            Denied::Subscriptions => ("too many subscriptions are open", "end one of them first"),
            Denied::Bytes => {
                ("too much waits for its answer already", "repeat this when a call was answered")
            }
        };
        Self { id, kind: BUSY, code: Code::RATE_LIMITED, message: message.to_owned(), hint }
    }

    fn invalid(id: Option<RequestId>, message: String, hint: &'static str) -> Self {
        Self { id, kind: ErrorCode::INVALID_REQUEST, code: Code::MALFORMED, message, hint }
    }

    /// What happened.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// The answer as a line.
    pub(super) fn line(&self) -> String {
        let error = error::protocol(self.kind, &self.code, &self.message, self.hint);
        // Where no id can be told it is `null`, which this protocol's own types cannot say.
        let answer = serde_json::json!({"jsonrpc": "2.0", "id": self.id, "error": error});
        format!("{answer}\n")
    }
}
