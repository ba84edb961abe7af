//! What the program decides before the server starts.

use std::path::{Path, PathBuf};

use platform_client::Backend;

use crate::Root;

/// Everything a server needs. Making one connects to nothing.
pub struct ServerConfig {
    /// The platform as its users see it; connects on first use.
    pub backend: Backend,
    /// Where `path` and `output_dir` of every call must lie.
    pub root: Root,
    /// The project of calls that name none; without it the folder decides, or the call has to.
    pub project: Option<String>,
    /// Where secrets may be taken from without asking again.
    pub secrets: AllowedSecrets,
    /// The program's version, as clients are told it.
    pub version: String,
}

/// Variables and files that the person allowed, when they started the server, to be handed to apps as secrets. Everything
/// else needs their consent each time: a model that was talked into it could otherwise give any key of this environment to
/// an app of its own.
#[derive(Debug, Clone, Default)]
pub struct AllowedSecrets {
    /// Names of variables.
    pub variables: Vec<String>,
    /// Files.
    pub files: Vec<PathBuf>,
}

impl AllowedSecrets {
    pub(crate) fn allows_variable(&self, name: &str) -> bool {
        self.variables.iter().any(|allowed| allowed == name)
    }

    /// Whether `real`, a path without links, is one of the files.
    pub(crate) fn allows_file(&self, real: &Path) -> bool {
        self.files.iter().any(|allowed| allowed.canonicalize().is_ok_and(|allowed| allowed == real))
    }
}

/// A variable of this server's environment that a person agreed to hand on.
#[expect(clippy::disallowed_methods, reason = "a named variable of the environment is what was asked for")]
pub(crate) fn secret_variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The home directory of whoever runs this.
pub(crate) fn home_dir() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| !home.as_os_str().is_empty())
}
