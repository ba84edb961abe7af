//! One line of a requirements file.

/// Where a package comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// A package index, with the versions that are allowed: `==1.2`, `>=1,<2`, or nothing.
    Index(String),
    /// A URL, `git+` ones included.
    Url(String),
    /// A folder or file of the project.
    Path(String),
}

/// One package to be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Requirement {
    pub(super) name: String,
    pub(super) extras: Vec<String>,
    pub(super) origin: Origin,
    /// The environment in which it is needed, as PEP 508 writes it.
    pub(super) marker: Option<String>,
    /// `sha256:…` of every file that may be installed.
    pub(super) hashes: Vec<String>,
}

impl Requirement {
    pub(super) fn line(&self) -> String {
        let extras =
            if self.extras.is_empty() { String::new() } else { format!("[{}]", self.extras.join(",")) };
        let mut line = match &self.origin {
            Origin::Index(versions) => format!("{}{extras}{versions}", self.name),
            Origin::Url(url) => format!("{}{extras} @ {url}", self.name),
            Origin::Path(path) => format!("{}{extras}", local(path)),
        };
        if let Some(marker) = &self.marker {
            line.push_str(" ; ");
            line.push_str(marker);
        }
        // What is fetched by a reference of its own is not checked against an index's hashes.
        if matches!(self.origin, Origin::Index(_)) {
            for hash in &self.hashes {
                line.push_str(" --hash=");
                line.push_str(hash);
            }
        }
        // A lock is a file of the project: nothing in it may begin a line of its own.
        line.replace(['\n', '\r'], " ")
    }
}

/// A path that no installer takes for a package's name.
fn local(path: &str) -> String {
    if path.starts_with(['.', '/']) { path.to_owned() } else { format!("./{path}") }
}

/// Whether this can be a package's name; anything else in a lock would be an option for the installer.
pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// The hashes that installers check.
pub(super) fn strong(hashes: impl IntoIterator<Item = String>) -> Vec<String> {
    let is_strong = |hash: &String| {
        ["sha256:", "sha384:", "sha512:"].iter().any(|kind| {
            hash.strip_prefix(kind).is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
        })
    };
    hashes.into_iter().filter(is_strong).collect()
}

/// A commit of a Git repository as a URL.
pub(super) fn git(url: &str, reference: Option<&str>, folder: Option<&str>) -> Origin {
    let at = reference.map_or_else(String::new, |reference| format!("@{reference}"));
    let within = folder.map_or_else(String::new, |folder| format!("#subdirectory={folder}"));
    let start = if url.starts_with("git+") { "" } else { "git+" };
    Origin::Url(format!("{start}{url}{at}{within}"))
}

/// Both conditions at once.
pub(super) fn both(one: Option<&str>, other: Option<&str>) -> Option<String> {
    match (one.filter(|text| !text.is_empty()), other.filter(|text| !text.is_empty())) {
        (Some(one), Some(other)) if one == other => Some(one.to_owned()),
        (Some(one), Some(other)) => Some(format!("({one}) and ({other})")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}
