//! Rules about installing packages: pip, uv, npm and cargo.

use super::rule::{INSTALL, MAKE, Rule, or};
use crate::Runtime::{Node, Python, Rust};

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "lock_out_of_sync",
        phases: MAKE,
        runtimes: &[],
        patterns: &[
            "The lockfile at `{}` needs to be updated",
            "can only install packages when your package.json and {} or npm-shrinkwrap.json are in sync",
            "the lock file {} needs to be updated but --locked was passed",
            "cannot update the lock file {} because --locked was passed",
            "Missing: {} from lock file",
        ],
        title: |_| "The lock file does not match the manifest".to_owned(),
        fix: |c| match or(c, 0, "") {
            file if file.contains("uv.lock") => {
                "run `uv lock`, and deploy the new uv.lock with pyproject.toml".to_owned()
            }
            file if file.contains("Cargo.lock") => {
                "run `cargo build` once, and deploy the new Cargo.lock".to_owned()
            }
            _ => "run `npm install`, and deploy the new package-lock.json with package.json".to_owned(),
        },
    },
    Rule {
        code: "missing_lockfile",
        phases: INSTALL,
        runtimes: &[Node],
        patterns: &[
            "The `npm ci` command can only install with an existing package-lock.json",
            "npm ci` can only install with an existing package-lock.json",
        ],
        title: |_| "`npm ci` needs a package-lock.json".to_owned(),
        fix: |_| "run `npm install` once and deploy the package-lock.json that it writes".to_owned(),
    },
    Rule {
        code: "invalid_manifest",
        phases: MAKE,
        runtimes: &[],
        patterns: &[
            "^JSON.parse Invalid package.json: {}",
            "Failed to parse package.json",
            "failed to parse manifest at `{}`",
            "^error: Failed to parse: {}",
            "^error: Failed to parse {}",
            "failed to parse lock file at: {}",
            "Invalid requirement: {}",
            "Couldn't parse requirement in `{}`",
            "TOML parse error at {}",
        ],
        title: |c| format!("A manifest does not parse: {}", or(c, 0, "package.json")),
        fix: |c| format!("mend {} at the place that the message names", or(c, 0, "package.json")),
    },
    Rule {
        code: "dependency_file_missing",
        phases: INSTALL,
        runtimes: &[Python],
        patterns: &[
            "Distribution not found at: {}",
            "Could not install packages due to an OSError: [Errno 2] No such file or directory: '{}'",
            "Could not open requirements file: [Errno 2] No such file or directory: '{}'",
            "failed to read from file `{}`: No such file or directory",
            "^ERROR: {} is not a valid editable requirement",
        ],
        title: |c| format!("The dependencies name a file that is not there: `{}`", file_name(or(c, 0, "?"))),
        fix: |c| {
            format!(
                "put `{}` where requirements.txt or pyproject.toml says it is, inside the project's folder and not excluded by an ignore file; or name a version from the package index instead",
                file_name(or(c, 0, "the file"))
            )
        },
    },
    Rule {
        code: "dependency_version_missing",
        phases: MAKE,
        runtimes: &[],
        patterns: &[
            "No matching distribution found for {}",
            "Because there is no version of {} and",
            "there are no versions of {} and",
            "Because {} was not found in the package registry",
            "notarget No matching version found for {}",
            "404 Not Found - GET {}",
            "'{}' is not in this registry",
            "no matching package named `{}` found",
            "failed to select a version for the requirement `{}`",
            "candidate versions found which didn't match: {}",
        ],
        title: |c| format!("There is no such package or version: `{}`", or(c, 0, "?").trim_end_matches('.')),
        fix: |c| {
            format!(
                "correct the name or the version of `{}` in the manifest (requirements.txt, pyproject.toml, package.json or Cargo.toml)",
                or(c, 0, "the package").trim_end_matches('.')
            )
        },
    },
    Rule {
        code: "wrong_python_version",
        phases: INSTALL,
        runtimes: &[Python],
        patterns: &[
            "requires a different Python: {} not in '{}'",
            "No interpreter found for {} in",
            "No interpreter found for {}",
            "does not satisfy Python{}",
            "incompatible with the project's Python requirement: `{}`",
            "is incompatible with the project Python requirement: `{}`",
            "Requires-Python {}",
        ],
        title: |c| {
            format!(
                "The project needs another Python ({})",
                or(c, c.len().saturating_sub(1), "see the message")
            )
        },
        fix: |_| {
            "install that Python on this machine, or widen `requires-python` in pyproject.toml (and .python-version) to the one that is installed".to_owned()
        },
    },
    Rule {
        code: "wrong_node_version",
        phases: MAKE,
        runtimes: &[Node],
        patterns: &[
            "^notsup Required: {}",
            "The engine \"node\" is incompatible with this module. Expected version \"{}\"",
            "You are using Node.js {}. {} requires",
        ],
        title: |c| format!("Another Node version is needed ({})", or(c, 0, "see the message")),
        fix: |_| {
            "install a Node that `engines.node` of package.json allows, or choose versions of the packages that run on the installed one".to_owned()
        },
    },
    Rule {
        code: "wrong_rust_version",
        phases: MAKE,
        runtimes: &[Rust],
        patterns: &[
            "requires rustc {} or newer",
            " requires rustc {}",
            "feature `{}` is required",
            "error: toolchain '{}' is not installed",
            "rustc {} is not supported by the following package",
            "lock file version `{}` was found, but this version of Cargo does not understand",
        ],
        title: |c| format!("The project needs another Rust ({})", or(c, 0, "see the message")),
        fix: |_| {
            "update the toolchain (`rustup update`), or choose versions of the crates that build with the installed one".to_owned()
        },
    },
    Rule {
        code: "dependency_conflict",
        phases: MAKE,
        runtimes: &[],
        patterns: &[
            "Cannot install {} because these package versions have conflicting dependencies",
            "Because {} depends on {} and",
            "^ERESOLVE {}",
            "failed to select a version for `{}`",
            "ResolutionImpossible",
        ],
        title: |_| "The wanted versions contradict each other".to_owned(),
        fix: |_| {
            "loosen or align the versions that the message names, so that one set satisfies all of them, and write the lock again".to_owned()
        },
    },
    Rule {
        code: "checksum_mismatch",
        phases: MAKE,
        runtimes: &[],
        patterns: &[
            "^code EINTEGRITY",
            "THESE PACKAGES DO NOT MATCH THE HASHES",
            "Hash mismatch for `{}`",
            "checksum for `{}` changed between lock files",
        ],
        title: |_| "A downloaded package does not have the locked checksum".to_owned(),
        fix: |_| {
            "write the lock again from the registry that is used here; if that changes nothing, the package or a proxy altered the download".to_owned()
        },
    },
    Rule {
        code: "native_library_missing",
        phases: MAKE,
        runtimes: &[],
        patterns: &[
            "Error: {} executable not found.",
            "fatal error: {}: No such file or directory",
            "The system library `{}` required by crate `{}` was not found",
            "Could not find directory of OpenSSL installation",
            "Package {} was not found in the pkg-config search path",
            "cannot find -l{}:",
            "Exception: Can not find valid pkg-config name",
            "mysql_config not found",
        ],
        title: |c| format!("A library for compiling is missing: {}", or(c, 0, "see the message")),
        fix: |c| {
            match or(c, 0, "") {
            "pg_config" => "use `psycopg2-binary` or `psycopg[binary]` instead of `psycopg2`, or install libpq-dev on this machine".to_owned(),
            "Python.h" => "install Python's headers on this machine (`apt-get install python3-dev`), or a version of the package that comes prebuilt".to_owned(),
            "" => "install the library's development package (such as libssl-dev) on this machine, or a package that comes prebuilt".to_owned(),
            name => format!("install the development package with `{name}` on this machine, or a package that comes prebuilt"),
        }
        },
    },
    Rule {
        code: "native_build_failed",
        phases: MAKE,
        runtimes: &[],
        patterns: &[
            "Failed building wheel for {}",
            "Failed to build `{}`",
            "Failed to build {}",
            "error: command '{}' failed with exit code",
            "gyp ERR! build error",
            "failed to run custom build command for `{}`",
            "error: metadata-generation-failed",
            "subprocess-exited-with-error",
        ],
        title: |c| format!("A package could not be compiled: {}", or(c, 0, "see the message")),
        fix: |_| {
            "choose a version of the package that comes prebuilt for this runtime, or install what its compilation needs (the lines above say what)".to_owned()
        },
    },
];

/// The last part of a path: the folders before it are the platform's.
fn file_name(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}
