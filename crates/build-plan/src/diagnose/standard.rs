//! Modules that every Python brings, and that people list as packages all the same.

const MODULES: &[&str] = &[
    "base64",
    "calendar",
    "collections",
    "copy",
    "csv",
    "ctypes",
    "datetime",
    "email",
    "functools",
    "glob",
    "gzip",
    "hashlib",
    "html",
    "http",
    "io",
    "itertools",
    "json",
    "math",
    "os",
    "pickle",
    "platform",
    "random",
    "re",
    "shutil",
    "signal",
    "smtplib",
    "socket",
    "sqlite3",
    "ssl",
    "statistics",
    "string",
    "struct",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "tkinter",
    "traceback",
    "unittest",
    "urllib",
    "xml",
    "zipfile",
];

/// The module that a requirement such as `sqlite3` or `sqlite3==2.6.0` names, where Python brings it.
pub(super) fn module(requirement: &str) -> Option<&'static str> {
    let end = requirement
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
        .unwrap_or(requirement.len());
    MODULES.iter().copied().find(|module| requirement[..end] == **module)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_known_with_and_without_a_version() {
        assert_eq!(module("sqlite3"), Some("sqlite3"));
        assert_eq!(module("sqlite3==2.6.0"), Some("sqlite3"));
        assert_eq!(module("sqlite3-utils"), None);
        assert_eq!(module("requests"), None);
    }
}
