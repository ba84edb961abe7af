//! Errors as an agent sees them, and the only file that knows how the protocol carries them.
//!
//! What a model can act on is a tool result with `isError`, a code, a message, a hint and whether repeating helps, as
//! structured content and as text (some clients show only the text). A protocol error means that the caller broke the
//! protocol.

use platform_api::{Code, Failure};
use platform_client::ClientError;
use rmcp::model::{
    CallToolResponse, CallToolResult, ContentBlock, CreateTaskResult, ErrorCode, ErrorData,
    InputRequiredResult, JsonObject, Task,
};
use rmcp::service::{QuitReason, ServerInitializeError};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{output, quote};

/// How many paths an error lists before it only counts them.
const PATHS_MAX: usize = 20;

/// Why a call could not be served, in words that a model can act on.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct ToolError {
    #[schemars(with = "String")]
    code: Code,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    retryable: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changed: Vec<String>,
    /// Whose words it has.
    #[serde(skip)]
    words: Words,
}

/// Whose words an error has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Words {
    /// The server's, and what the caller itself said.
    Ours,
    /// Names, commands and messages of the project among them.
    Quoted,
}

impl ToolError {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
            retryable: false,
            changed: Vec::new(),
            words: Words::Ours,
        }
    }

    /// The value of `argument` is not what the tool takes.
    pub(crate) fn argument(argument: &str, wrong: &str) -> Self {
        Self::new(Code::MALFORMED, format!("argument `{argument}` {wrong}"))
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[cfg(test)]
    pub(crate) fn code(&self) -> &str {
        self.code.as_str()
    }

    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The error in a few lines.
    pub(crate) fn text(&self) -> String {
        match self.words {
            Words::Ours => {
                let mut lines = vec![format!("failed: {}", output::clean_line(&self.message))];
                lines.extend(self.hint.iter().map(|hint| format!("hint: {hint}")));
                lines.push(format!("code: {}, retryable: {}", self.code, self.retryable));
                lines.join("\n")
            }
            Words::Quoted => {
                let quoted = self.quoted();
                let quoted = quote::fence(quoted.iter().map(String::as_str));
                [Some(self.head()), quoted].into_iter().flatten().collect::<Vec<_>>().join("\n")
            }
        }
    }

    /// What is ours of an error that quotes others.
    pub(crate) fn head(&self) -> String {
        format!("failed: {}, retryable: {}", self.code, self.retryable)
    }

    /// What may quote others.
    pub(crate) fn quoted(&self) -> Vec<String> {
        let mut lines = vec![self.message.clone()];
        lines.extend(self.hint.iter().map(|hint| format!("hint: {hint}")));
        if !self.changed.is_empty() {
            lines.push(format!("changed: {}", self.changed.join(", ")));
        }
        lines
    }

    /// The result that carries this error.
    pub(crate) fn into_result(self) -> CallToolResult {
        let text = quote::fit_text(output::clean_text(&self.text()));
        let mut structured = serde_json::to_value(&self).expect("texts and a flag are JSON");
        output::clean_json(&mut structured);
        quote::fit(&mut structured);
        if self.words == Words::Quoted {
            structured = quote::labelled(structured);
        }
        let mut result = CallToolResult::error(vec![ContentBlock::text(text)]);
        result.structured_content = Some(structured);
        result
    }
}

impl From<ClientError> for ToolError {
    fn from(error: ClientError) -> Self {
        let mut changed: Vec<String> =
            error.changed.iter().take(PATHS_MAX).map(ToString::to_string).collect();
        if error.changed.len() > PATHS_MAX {
            changed.push(format!("… and {} more", error.changed.len() - PATHS_MAX));
        }
        Self {
            code: error.code,
            message: error.message,
            hint: error.hint,
            retryable: error.retryable,
            changed,
            words: Words::Quoted,
        }
    }
}

impl From<&Failure> for ToolError {
    fn from(failure: &Failure) -> Self {
        Self {
            code: failure.code.clone(),
            message: failure.message.clone(),
            hint: failure.hint.clone(),
            retryable: failure.retryable,
            changed: Vec::new(),
            words: Words::Quoted,
        }
    }
}

/// Why a call ends without its answer.
#[derive(Debug)]
pub(crate) enum Halt {
    /// It could not be served.
    Failed(ToolError),
    /// The person has to be asked first; then the call comes again.
    Asks(Box<InputRequiredResult>),
    /// What it began goes on as a task, of which the client asks from now on.
    GoesOn(Box<Task>),
}

impl<E: Into<ToolError>> From<E> for Halt {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Halt {
    /// The response that says so.
    pub(crate) fn into_response(self) -> CallToolResponse {
        match self {
            Self::Failed(error) => error.into_result().into(),
            Self::Asks(question) => (*question).into(),
            Self::GoesOn(task) => CreateTaskResult::new(*task).into(),
        }
    }
}

/// The arguments of a call, or an error that names the one that is wrong.
pub(crate) fn arguments<A: DeserializeOwned>(given: Option<JsonObject>) -> Result<A, ToolError> {
    serde_path_to_error::deserialize(Value::Object(given.unwrap_or_default())).map_err(|error| {
        let path = error.path().to_string();
        let wrong = error.inner();
        let error = match path.as_str() {
            // Serde itself names what is missing or unknown.
            "." => ToolError::new(Code::MALFORMED, format!("the arguments do not fit: {wrong}")),
            _ => ToolError::argument(&path, &format!("does not fit: {wrong}")),
        };
        error.hint("call the tool again with the arguments that its input schema lists")
    })
}

/// The protocol error for a tool that nobody offers.
pub(crate) fn unknown_tool(name: &str) -> ErrorData {
    ErrorData::invalid_params(format!("there is no tool `{}`", output::clean_line(name)), None)
}

/// The protocol error for parameters that do not fit.
pub(crate) fn invalid(what: &str) -> ErrorData {
    ErrorData::invalid_params(output::clean_line(what), None)
}

/// The protocol error for a resource that nobody offers.
pub(crate) fn no_resource(uri: &str) -> ErrorData {
    let uri = output::clean_line(uri);
    ErrorData::resource_not_found(format!("there is no resource `{uri}`"), Some(json!({ "uri": uri })))
}

/// The protocol error for a task that nobody has.
pub(crate) fn no_task(id: &str) -> ErrorData {
    invalid(&format!("there is no task `{id}`"))
}

/// The protocol error for a resource or a task that cannot be read now, with what a tool would tell of it.
pub(crate) fn unreadable(error: ClientError) -> ErrorData {
    let error = ToolError::from(error);
    let message = output::clean_line(&error.message);
    ErrorData::internal_error(message, error.into_result().structured_content)
}

/// The protocol error for a state that was made for no such call.
pub(crate) fn foreign_state() -> ErrorData {
    ErrorData::invalid_params("`requestState` does not belong to this call: repeat the call without it", None)
}

/// The protocol error for a message that is not served, with what every error has.
pub(crate) fn protocol(kind: ErrorCode, code: &Code, message: &str, hint: &str) -> ErrorData {
    let data = serde_json::json!({"code": code, "hint": hint});
    ErrorData::new(kind, format!("{message}; {hint}"), Some(data))
}

/// The result of a call that came while too many others are under way.
pub(crate) fn too_many_calls(calls_max: usize) -> CallToolResult {
    let mut error = ToolError::new(Code::RATE_LIMITED, format!("{calls_max} calls are under way already"))
        .hint("wait until one of them is answered, then repeat this one");
    error.retryable = true;
    error.into_result()
}

/// The result of a call whose handler broke: a bug, told rather than left unanswered.
pub(crate) fn broken() -> CallToolResult {
    ToolError::new(Code::INTERNAL, "the tool broke while it worked on this call")
        .hint("look at the server's standard error; deployments that were accepted go on, see list_projects")
        .into_result()
}

/// Why the server ended other than by its client going away.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The opening exchange was refused.
    #[error("the opening exchange failed: {message}")]
    Refused {
        /// What the client was told.
        message: String,
    },
    /// Standard output could not be written.
    #[error("cannot answer the client: {message}")]
    Transport {
        /// Why.
        message: String,
    },
    /// The server's own task broke.
    #[error("the server broke")]
    Broken(#[source] tokio::task::JoinError),
}

/// How the opening exchange ended, where it did not lead to a session; a client that just went away is no error.
pub(crate) fn opening(error: ServerInitializeError) -> Result<(), ServeError> {
    match error {
        ServerInitializeError::ConnectionClosed(_) | ServerInitializeError::Cancelled => Ok(()),
        ServerInitializeError::InitializeFailed(refusal) => {
            Err(ServeError::Refused { message: refusal.message.into_owned() })
        }
        ServerInitializeError::TransportError { error, .. } => {
            Err(ServeError::Transport { message: error.to_string() })
        }
        other => Err(ServeError::Refused { message: other.to_string() }),
    }
}

/// How a session ended.
pub(crate) fn closing(reason: Result<QuitReason, tokio::task::JoinError>) -> Result<(), ServeError> {
    match reason {
        Ok(QuitReason::JoinError(error)) | Err(error) => Err(ServeError::Broken(error)),
        Ok(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it parses matters")]
    struct Sample {
        project: String,
        wait_seconds: Option<u64>,
    }

    #[test]
    fn wrong_arguments_are_named() {
        for (given, named) in [
            (json!({}), "`project`"),
            (json!({"project": "x", "wait": 1}), "`wait`"),
            (json!({"project": "x", "wait_seconds": "soon"}), "`wait_seconds`"),
            (json!({"project": "x", "wait_seconds": -1}), "`wait_seconds`"),
            (json!({"project": ["x"]}), "`project`"),
        ] {
            let error = arguments::<Sample>(given.as_object().cloned()).unwrap_err();
            assert_eq!(error.code(), "malformed");
            assert!(error.message().contains(named), "{}", error.message());
        }
        assert!(
            arguments::<Sample>(json!({"project": "x", "wait_seconds": null}).as_object().cloned()).is_ok()
        );
    }

    #[test]
    fn text_and_structure_say_the_same_and_are_clean() {
        let error = ToolError::new(Code::BUILD_FAILED, "it \u{1b}[31mfailed").hint("mend\u{200b} it");
        let result = error.into_result();
        assert_eq!(result.is_error, Some(true));
        let structured = result.structured_content.unwrap();
        assert_eq!(
            structured,
            json!({"code": "build_failed", "message": "it failed", "hint": "mend it", "retryable": false})
        );
        let text = serde_json::to_value(&result.content[0]).unwrap()["text"].as_str().unwrap().to_owned();
        assert_eq!(text, "failed: it failed\nhint: mend it\ncode: build_failed, retryable: false");
    }
}
