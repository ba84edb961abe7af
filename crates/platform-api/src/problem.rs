//! Errors as they travel: RFC 9457 problem details with a stable code and a hint.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A stable, machine-readable name of what went wrong. An open set: a newer platform may know more.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
pub struct Code(Cow<'static, str>);

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        impl Code {
            $($(#[$doc])* pub const $name: Self = Self(Cow::Borrowed($text));)*

            /// Every code that this crate names.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

codes! {
    // What the caller sent.
    /// The request is not of the form the contract gives it.
    MALFORMED = "malformed";
    /// A path that is absolute, leaves the project or cannot be stored.
    INVALID_PATH = "invalid_path";
    /// A project id or name that is not a DNS label, is too long or reserved.
    INVALID_PROJECT = "invalid_project";
    /// The configuration file does not parse or holds a key nobody knows.
    INVALID_CONFIG = "invalid_config";
    /// No token, or a wrong one.
    UNAUTHORIZED = "unauthorized";
    /// Host or Origin is not this platform's.
    FORBIDDEN = "forbidden";
    /// No such thing, or another tenant's.
    NOT_FOUND = "not_found";
    /// The route exists for another method.
    METHOD_NOT_ALLOWED = "method_not_allowed";
    /// Over a limit; the detail says which, how big, and how to get under it.
    TOO_LARGE = "too_large";
    /// The platform lacks blobs of this manifest; `missing` lists them.
    MISSING_BLOBS = "missing_blobs";
    /// The platform does not know the base commit of a delta.
    UNKNOWN_BASE = "unknown_base";
    /// A blob's bytes do not have the id they came under.
    BLOB_MISMATCH = "blob_mismatch";
    /// An idempotency key came again with another body.
    IDEMPOTENCY_CONFLICT = "idempotency_conflict";
    /// The slug belongs to another folder.
    PROJECT_TAKEN = "project_taken";
    /// The platform's head and the folder both moved; `changed` lists the paths.
    DIVERGED = "diverged";
    /// The inputs changed since the plan whose hash was given.
    PLAN_CHANGED = "plan_changed";
    /// The deployment has already ended.
    ALREADY_ENDED = "already_ended";
    /// There is no earlier healthy release.
    NO_EARLIER_RELEASE = "no_earlier_release";
    /// Deleting needs `confirm` with the project's name.
    CONFIRMATION_REQUIRED = "confirmation_required";
    /// The person said no.
    DECLINED = "declined";
    /// This engine cannot do it.
    UNSUPPORTED = "unsupported";
    /// Too many requests.
    RATE_LIMITED = "rate_limited";

    // The workspace.
    /// There is no such folder.
    NO_SUCH_FOLDER = "no_such_folder";
    /// Nothing to deploy is in the folder.
    EMPTY_FOLDER = "empty_folder";
    /// Outside the workspace's root.
    OUTSIDE_WORKSPACE = "outside_workspace";
    /// The root may not be `/` or the home directory.
    NO_WORKSPACE_ROOT = "no_workspace_root";
    /// A file that cannot be read.
    UNREADABLE_FILE = "unreadable_file";
    /// A symbolic link that leaves the workspace.
    SYMLINK_ESCAPES = "symlink_escapes";
    /// A file changed while it was read, twice.
    FILE_CHANGED = "file_changed";
    /// A local file that the person changed would be overwritten.
    WOULD_OVERWRITE = "would_overwrite";

    // Planning and building.
    /// No recognisable project.
    UNRECOGNISED_PROJECT = "unrecognised_project";
    /// Two answers fit equally well.
    AMBIGUOUS_PROJECT = "ambiguous_project";
    /// A secret that the configuration refers to has no value.
    MISSING_SECRET = "missing_secret";
    /// A secret's value cannot be read back: the platform's key is not the one that it was sealed with.
    UNREADABLE_SECRET = "unreadable_secret";
    /// A value that is meant to be plain looks like a secret.
    LOOKS_LIKE_SECRET = "looks_like_secret";
    /// A program that the plan needs is not on this machine.
    MISSING_TOOL = "missing_tool";
    /// A program that the plan needs is on this machine in a version that does not do.
    WRONG_TOOL_VERSION = "wrong_tool_version";
    /// Installing dependencies failed.
    INSTALL_FAILED = "install_failed";
    /// The build command failed.
    BUILD_FAILED = "build_failed";
    /// The test command failed.
    TEST_FAILED = "test_failed";
    /// The release command failed.
    RELEASE_FAILED = "release_failed";
    /// A step took longer than its limit.
    TIMED_OUT = "timed_out";

    // Starting and probing.
    /// The start command could not be started.
    START_FAILED = "start_failed";
    /// The process ended before it was healthy.
    EXITED_EARLY = "exited_early";
    /// It listens on another port than `$PORT`.
    WRONG_PORT = "wrong_port";
    /// It listens on another address than `$HOST`.
    WRONG_ADDRESS = "wrong_address";
    /// It never listened.
    NEVER_LISTENED = "never_listened";
    /// It listens but never answered the probe in time.
    NEVER_ANSWERED = "never_answered";
    /// It answers the probe with an error.
    UNHEALTHY = "unhealthy";
    /// A port is used by another process.
    PORT_TAKEN = "port_taken";

    // The platform.
    /// The disk is full.
    DISK_FULL = "disk_full";
    /// The platform was restarted while this was under way.
    INTERRUPTED = "interrupted";
    /// The platform is stopping.
    DRAINING = "draining";
    /// The platform cannot be reached.
    UNREACHABLE = "unreachable";
    /// What answered on the platform's port is not the platform that this home belongs to.
    IMPOSTOR = "impostor";
    /// The platform that runs is newer than this program.
    PLATFORM_NEWER = "platform_newer";
    /// The platform did not come up.
    PLATFORM_START_FAILED = "platform_start_failed";
    /// A token would travel over plain HTTP to another machine.
    INSECURE_URL = "insecure_url";
    /// A bug of the platform.
    INTERNAL = "internal";
}

impl Code {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A code that this crate does not name, such as a diagnosis of a build.
    pub fn other(text: impl Into<String>) -> Self {
        Self(Cow::Owned(text.into()))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An RFC 9457 problem: what happened and what to do next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Stable code.
    pub code: Code,
    /// The HTTP status.
    pub status: u16,
    /// A short name of the kind of problem.
    pub title: String,
    /// What happened here.
    pub detail: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// For `missing_blobs`: the ids the platform lacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<crate::BlobId>,
    /// For `diverged`: the paths that changed on the platform.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<crate::FilePath>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_lower_snake_case() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Code::ALL {
            assert!(code.as_str().bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{code}");
            assert!(seen.insert(code.as_str()), "{code} twice");
        }
    }
}
