//! What the program decides before the server starts.

use std::path::PathBuf;

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
    /// The program's version, as clients are told it.
    pub version: String,
}

/// The home directory of whoever runs this.
pub(crate) fn home_dir() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| !home.as_os_str().is_empty())
}
