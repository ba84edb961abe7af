//! Why nothing could be generated, for whoever wrote the prompt.

use platform_api::Code;
use platform_api::limits::PROMPT_BYTES_MAX;

use super::STACKS;

/// A prompt that works, for hints.
const EXAMPLE: &str =
    "\"Create a REST API for user management with users and roles, users have an email and a name\"";

/// Why nothing was generated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GenerationError {
    /// No prompt, or only blanks.
    #[error("the prompt is empty")]
    EmptyPrompt,
    /// Over the limit.
    #[error("the prompt has {bytes} bytes; the limit is {PROMPT_BYTES_MAX}")]
    PromptTooLong {
        /// How long it is.
        bytes: usize,
    },
    /// Nothing in it names a thing to keep.
    #[error("the prompt names nothing that an API could keep")]
    NothingUnderstood,
    /// There is no such stack.
    #[error("there is no stack `{}`; known: {}", .stack.escape_debug(), STACKS.join(", "))]
    UnknownStack {
        /// What was asked for.
        stack: String,
    },
    /// The spec is wrong at one place.
    #[error("{at}: {problem}")]
    InvalidSpec {
        /// Where, as a path: `spec.entities[0].fields[2].type`.
        at: String,
        /// What is wrong there.
        problem: String,
    },
    /// More than one project can reasonably have.
    #[error("{count} {what}; the limit is {limit}")]
    TooMany {
        /// Of what.
        what: String,
        /// How many.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
}

impl GenerationError {
    /// The stable code.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::EmptyPrompt | Self::NothingUnderstood | Self::InvalidSpec { .. } => Code::MALFORMED,
            Self::UnknownStack { .. } => Code::UNSUPPORTED,
            Self::PromptTooLong { .. } | Self::TooMany { .. } => Code::TOO_LARGE,
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::EmptyPrompt | Self::NothingUnderstood => {
                format!("name the things to keep and what each of them has, for example {EXAMPLE}")
            }
            Self::PromptTooLong { .. } => "describe the entities only, or pass them as `spec`".to_owned(),
            Self::UnknownStack { .. } => format!("leave `stack` out, or pass `{}`", STACKS[0]),
            Self::InvalidSpec { .. } => concat!(
                "a spec looks like {\"entities\":[{\"name\":\"post\",\"fields\":[{\"name\":\"title\",\"type\":",
                "\"string\",\"required\":true}],\"relations\":[{\"kind\":\"belongs_to\",\"to\":\"user\"}]}]}"
            )
            .to_owned(),
            Self::TooMany { .. } => "split it into several projects, one part each".to_owned(),
        }
    }
}
