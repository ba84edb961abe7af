//! Lines of a build or an app, and where in them a reader stands.

use serde::{Deserialize, Serialize};

/// An opaque place in a deployment's log, between two lines. Resuming there misses nothing and repeats nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogCursor(pub String);

/// Who wrote a line's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum LogSource {
    /// The build: dependencies, build command, tests.
    Build,
    /// The running app.
    Runtime,
}

/// Which stream a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// The platform itself, saying what it does.
    Platform,
}

/// One line, with escape sequences and control characters still in it: whoever shows it cleans it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogLine {
    /// Its number within the deployment, from 1.
    pub seq: u64,
    /// When it was read from the process, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// Build or runtime.
    pub source: LogSource,
    /// Which stream.
    pub stream: LogStream,
    /// The line without its end; bytes that are no UTF-8 became U+FFFD.
    pub text: String,
}

/// Some lines and where the next ones begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogPage {
    /// The lines, oldest first.
    pub lines: Vec<LogLine>,
    /// Where to go on.
    pub next_cursor: LogCursor,
    /// Whether the log has ended: the deployment is over and nothing of it runs.
    pub complete: bool,
    /// How many lines before the first one are no longer kept.
    #[serde(default)]
    pub omitted: u64,
}
