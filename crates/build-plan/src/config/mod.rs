//! The project's settings file: `backend-im.yml`, or one of its two older spellings.
//!
//! Every key is applied, or known and warned about, or an error that names the nearest known key. Nothing is silently
//! ignored.

mod environment;
mod interpret;
mod keys;
mod runtimes;
mod schema;
pub(crate) mod yaml;

use std::collections::BTreeMap;

pub use keys::{KEYS, Key};
pub use schema::{SCHEMA_FILE, schema};

use crate::Runtime;

/// The names under which the settings file is read. More than one in a project is an error.
pub const FILE_NAMES: &[&str] = &["backend-im.yml", "backend.yml", "backendim.yaml"];

/// Names that look like the settings file and are not read.
pub(crate) const NEAR_FILE_NAMES: &[&str] = &[
    "backend-im.yaml",
    "backend_im.yml",
    "backend_im.yaml",
    "backend.yaml",
    "backendim.yml",
    ".backend-im.yml",
    "Backend-im.yml",
];

/// The largest settings file that is read, in bytes.
const FILE_BYTES_MAX: usize = 64 << 10;

/// What the settings file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The project's name.
    pub name: Option<String>,
    /// The platform to deploy to.
    pub url: Option<String>,
    /// The folder that is the project, where that is not the whole.
    pub root: Option<String>,
    /// The runtime, where detection is not to choose.
    pub runtime: Option<Runtime>,
    /// The runtime's version.
    pub version: Option<String>,
    /// The command that installs dependencies.
    pub install: Option<String>,
    /// The build command.
    pub build: Option<String>,
    /// The command that must succeed before the new version gets any request.
    pub test: Option<String>,
    /// The command that runs once before the switch.
    pub release: Option<String>,
    /// The start command.
    pub start: Option<String>,
    /// The older way to say what starts: a file of the project, or a command.
    pub entrypoint: Option<String>,
    /// The folder of a static site.
    pub static_root: Option<String>,
    /// The path that must answer 2xx.
    pub health_path: Option<String>,
    /// The conventional port.
    pub port: Option<u16>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// What was understood and is not applied by this version.
    pub warnings: Vec<String>,
}

impl Settings {
    /// The same settings for a project that is one folder of what is uploaded, and is built and started from the top.
    pub(crate) fn inside(&self, folder: &str) -> Self {
        let word = crate::shell::word(folder);
        let there =
            |command: &Option<String>| command.as_ref().map(|command| format!("cd {word} && {command}"));
        let below = |path: &Option<String>| {
            path.as_ref().map(|path| if path == "." { folder.to_owned() } else { format!("{folder}/{path}") })
        };
        Self {
            build: there(&self.build),
            test: there(&self.test),
            release: there(&self.release),
            start: there(&self.start),
            entrypoint: below(&self.entrypoint),
            static_root: below(&self.static_root),
            root: None,
            ..self.clone()
        }
    }
}

/// What is wrong with the settings file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {message}", line.map_or_else(String::new, |line| format!(":{line}")))]
pub struct ConfigError {
    /// The file.
    pub file: String,
    /// The line, counted from one.
    pub line: Option<u64>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// What is wrong, before the file's name is known.
#[derive(Debug)]
pub(crate) struct Complaint {
    line: Option<u64>,
    message: String,
    hint: Option<String>,
}

impl Complaint {
    fn at(line: u64, message: impl Into<String>) -> Self {
        Self { line: Some(line), message: message.into(), hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// Reads the text of a settings file; `file` is its name, for errors.
///
/// # Errors
/// [`ConfigError`] when the text is no YAML, holds a key that nobody knows, or a value that cannot be.
pub fn parse(file: &str, text: &str) -> Result<Settings, ConfigError> {
    settings(text).map_err(|Complaint { line, message, hint }| ConfigError {
        file: file.to_owned(),
        line,
        message,
        hint,
    })
}

fn settings(text: &str) -> Result<Settings, Complaint> {
    if text.len() > FILE_BYTES_MAX {
        return Err(Complaint {
            line: None,
            message: format!("it has {} bytes; a settings file has at most {FILE_BYTES_MAX}", text.len()),
            hint: None,
        });
    }
    interpret::settings(&yaml::parse(text)?)
}

#[cfg(test)]
mod tests;
