//! The keys that the settings file may hold.

use super::Complaint;
use super::yaml::Entry;

/// Keys of the top level that are applied.
pub(super) const APPLIED: &[&str] = &[
    "name",
    "url",
    "root",
    "runtime",
    "version",
    "install",
    "build",
    "test",
    "release",
    "start",
    "entrypoint",
    "static_root",
    "health_path",
    "health_check",
    "port",
    "env",
];

/// Keys of the top level that are known, and what to say about them instead of applying them.
pub(super) const NOT_APPLIED: &[(&str, &str)] = &[
    ("resources", "the app runs without limits of its own"),
    ("scaling", "one instance runs"),
    ("replicas", "one instance runs"),
    ("cpu_threshold", "one instance runs"),
    ("domains", "the app answers at the URL that the deploy prints"),
    ("secrets", "the app gets every secret of its project; `env` says which it cannot do without"),
];

/// Keys of `build`, when it is a mapping.
pub(super) const BUILD: &[&str] = &["command", "install"];

/// Keys of `health_check`, when it is a mapping; only the path is applied.
pub(super) const HEALTH: &[&str] = &[
    "path",
    "interval",
    "timeout",
    "retries",
    "port",
    "initial_delay",
    "start_period",
    "grace_period",
    "healthy_threshold",
    "unhealthy_threshold",
];

/// What people write for a key of the top level, and what it is called here.
const SYNONYMS: &[(&str, &str)] = &[
    ("command", "start"),
    ("cmd", "start"),
    ("run", "start"),
    ("start_command", "start"),
    ("startcommand", "start"),
    ("build_command", "build"),
    ("install_command", "install"),
    ("healthcheck", "health_path"),
    ("health", "health_path"),
    ("environment", "env"),
    ("variables", "env"),
    ("language", "runtime"),
    ("framework", "runtime"),
    ("project", "name"),
    ("app", "name"),
    ("publish", "static_root"),
    ("output", "static_root"),
    ("public", "static_root"),
];

/// An error for a key of the top level that nobody knows; it names the nearest one that somebody does.
pub(super) fn unknown(entry: &Entry) -> Complaint {
    let known: Vec<&str> = APPLIED.iter().copied().chain(NOT_APPLIED.iter().map(|(key, _)| *key)).collect();
    let written = entry.key.to_ascii_lowercase().replace('-', "_");
    let synonym = SYNONYMS.iter().find(|(other, _)| *other == written).map(|(_, key)| *key);
    complaint(entry, synonym.or_else(|| nearest(&written, &known)), &known)
}

/// An error for a key within `parent` that nobody knows.
pub(super) fn unknown_within(parent: &str, entry: &Entry, known: &[&str]) -> Complaint {
    let complaint = complaint(entry, nearest(&entry.key.to_ascii_lowercase(), known), known);
    Complaint { message: format!("unknown key `{parent}.{}`", entry.key), ..complaint }
}

fn complaint(entry: &Entry, nearest: Option<&str>, known: &[&str]) -> Complaint {
    let complaint = Complaint::at(entry.line, format!("unknown key `{}`", entry.key));
    match nearest {
        Some(key) => complaint.hint(format!("did you mean `{key}`?")),
        None => complaint.hint(format!("known keys: {}", known.join(", "))),
    }
}

/// How alike two keys must be for one to be offered for the other.
const SIMILARITY_MIN: f64 = 0.75;

fn nearest<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    known
        .iter()
        .map(|key| (strsim::jaro_winkler(written, key), *key))
        .filter(|(similarity, _)| *similarity >= SIMILARITY_MIN)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, key)| key)
}
