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
            "doesn't seem to be present in your lockfile",
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
            "may not be used on the stable release channel",
            "rustup could not choose a version of {} to run",
            "no override and no default toolchain set",
        ],
        title: |c| format!("The project needs another Rust ({})", or(c, 0, "see the message")),
        fix: |_| {
            "update the toolchain (`rustup update`), or choose versions of the crates that build with the installed one".to_owned()
        },
    },
    Rule {
        code: "invalid_manifest",
        phases: MAKE,
        runtimes: &[],
        patterns: &[
            "^JSON.parse Invalid package.json: {}",
            "^JSON.parse Expected {}",
            "^JSON.parse Unexpected {}",
            "^JSON.parse Bad control {}",
            "Failed to parse package.json",
            "error NU1008: {}",
            "error NU1010: {}",
            "failed to load manifest for workspace member `{}`",
            "failed to load manifest for dependency `{}`",
            "error inheriting `{}` from workspace root manifest",
            "Non-parseable POM {}:",
            "Malformed POM {}:",
            "The project file could not be loaded. {}",
            "does not match the expected JSON schema",
            "\"./composer.json\" does not contain valid JSON",
            "failed to parse manifest at `{}`",
            "^error: Failed to parse: {}",
            "^error: Failed to parse {}",
            "failed to parse lock file at: {}",
            "Invalid requirement: {}",
            "Couldn't parse requirement in `{}`",
            "TOML parse error at {}",
            "multiple workspace roots found",
            "current package believes it's in a workspace when it's not",
            "Invalid package config {}",
            "ERR_INVALID_PACKAGE_CONFIG",
            "Workspaces can only be enabled in private projects",
        ],
        title: |c| format!("A manifest does not parse: {}", or(c, 0, "package.json")),
        fix: |_| {
            "mend the manifest (package.json, requirements.txt, pyproject.toml, Cargo.toml, pom.xml, Directory.Packages.props …) at the place that the message names".to_owned()
        },
    },
    Rule {
        code: "dependency_file_missing",
        phases: MAKE,
        runtimes: &[Python, Rust],
        patterns: &[
            "Distribution not found at: {}",
            "Could not install packages due to an OSError: [Errno 2] No such file or directory: '{}'",
            "Could not open requirements file: [Errno 2] No such file or directory: '{}'",
            "failed to read from file `{}`: No such file or directory",
            "^ERROR: {} is not a valid editable requirement",
            "failed to read `{}/Cargo.toml`",
        ],
        title: |c| format!("The dependencies name a file that is not there: `{}`", file_name(or(c, 0, "?"))),
        fix: |c| match or(c, 0, "") {
            path if is_of_conda(path) => CONDA_FIX.to_owned(),
            _ => format!(
                "put `{}` where the manifest (requirements.txt, pyproject.toml, Cargo.toml) says it is, inside the project's folder and not excluded by an ignore file; or name a version from the package index instead",
                file_name(or(c, 0, "the file"))
            ),
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
            "no matching package found",
            "HTTP error 404 while getting {}",
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
        code: "dependency_conflict",
        phases: MAKE,
        runtimes: &[],
        patterns: &[
            "Cannot install {} because these package versions have conflicting dependencies",
            "Because {} depends on {} and",
            "Because only {} is available",
            "╰─▶ Because {} depends on {}",
            "Because {} is incompatible with",
            "Because \"{}\" specifies",
            "^ERESOLVE {}",
            "failed to select a version for `{}`",
            "ResolutionImpossible",
            "ResolutionTooDeep",
            "resolution-too-deep",
            "^Because no versions of {}",
        ],
        title: |_| "The wanted versions contradict each other".to_owned(),
        fix: |_| CONFLICT_FIX.to_owned(),
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
            "checksum mismatch",
            "Integrity check failed",
            "integrity checksum failed",
            "The file was modified since it was locked",
            "doesn't match the locked file",
            "The remote archive doesn't match the expected checksum",
        ],
        title: |_| "A downloaded package does not have the locked checksum".to_owned(),
        fix: |_| {
            "write the lock (package-lock.json, go.sum, the hashes of requirements.txt …) again from the registry that is used here; if that changes nothing, the package or a proxy altered the download".to_owned()
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
            "unable to find library -l{}",
            "cannot find -l{}",
            "Can't find the '{} header",
            "{}.h not found",
            "Package '{}', required by '{}', not found",
            "No package '{}' found",
            "Dependency \"{}\" not found",
            "Could not find a package configuration file provided by \"{}\"",
            "Please make sure the libxml2 and libxslt development packages are installed",
            "Unable to find PostgreSQL client library",
            "Unable to find the '{}' library",
            "The headers or library files could not be found for {},",
            "RequiredDependencyException: {}",
            "mysql client is missing",
        ],
        title: |c| format!("A library for compiling is missing: {}", or(c, 0, "see the message")),
        fix: |c| {
            match or(c, 0, "") {
            "pg_config" => "use `psycopg2-binary` or `psycopg[binary]` instead of `psycopg2`, or install libpq-dev on this machine".to_owned(),
            "Python.h" => "install Python's headers on this machine (`apt-get install python3-dev`), or a version of the package that comes prebuilt".to_owned(),
            "" => "install the library's development package (such as libssl-dev) and pkg-config on this machine, or choose a package that comes prebuilt".to_owned(),
            name => format!("install {} on this machine, or a package that comes prebuilt", library_package(name)),
        }
        },
    },
];

/// What is said of a package that could not be built, or of versions that do not go together, where no line says why.
pub(super) const GENERAL: &[Rule] = &[
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
            "Could not compile dependency :{},",
            "An error occurred while installing {} (",
        ],
        title: |c| format!("A package could not be compiled: {}", or(c, 0, "see the message")),
        fix: |_| COMPILED_FIX.to_owned(),
    },
    Rule {
        code: "native_build_failed",
        phases: MAKE,
        runtimes: &[],
        patterns: &[
            "error: metadata-generation-failed",
            "subprocess-exited-with-error",
            "Failed to build gem native extension",
        ],
        title: |_| "A package could not be compiled".to_owned(),
        fix: |_| COMPILED_FIX.to_owned(),
    },
    Rule {
        code: "native_tool_missing",
        phases: MAKE,
        runtimes: &[],
        patterns: &["The pkg-config command could not be found"],
        title: |_| "A package is compiled here, and `pkg-config` is not installed".to_owned(),
        fix: |_| {
            "install `pkg-config` on this machine (on Debian and Ubuntu: `apt-get install build-essential pkg-config`), and the library that the package looks for".to_owned()
        },
    },
    Rule {
        code: "dependency_conflict",
        phases: MAKE,
        runtimes: &[],
        patterns: &["No solution found when resolving dependencies", "version solving failed"],
        title: |_| "The wanted versions contradict each other".to_owned(),
        fix: |_| CONFLICT_FIX.to_owned(),
    },
];

const COMPILED_FIX: &str = "choose a version of the package that comes prebuilt for this runtime, or install what its compilation needs (the lines above say what)";
const CONFLICT_FIX: &str = "loosen or align the versions that the message names, so that one set satisfies all of them, and write the lock again";

/// The package of Debian and Ubuntu with the headers of a library.
fn library_package(name: &str) -> String {
    const PACKAGES: &[(&str, &str)] = &[
        ("curl", "libcurl4-openssl-dev"),
        ("ffi", "libffi-dev"),
        ("jpeg", "libjpeg-dev"),
        ("ldap", "libldap-dev"),
        ("libpq", "libpq-dev"),
        ("libxml", "libxml2-dev"),
        ("magic", "libmagic-dev"),
        ("mysql", "default-libmysqlclient-dev"),
        ("openssl", "libssl-dev"),
        ("pq", "libpq-dev"),
        ("sqlite3", "libsqlite3-dev"),
        ("ssl", "libssl-dev"),
        ("xmlsec", "libxmlsec1-dev"),
        ("yaml", "libyaml-dev"),
        ("z", "zlib1g-dev"),
        ("zlib", "zlib1g-dev"),
    ];
    let stem = name.rsplit('/').next().unwrap_or(name).trim_end_matches(".h");
    let known = PACKAGES
        .iter()
        .find(|(library, _)| stem == *library || (library.len() > 3 && stem.starts_with(library)));
    match known {
        Some((_, package)) => format!("`{package}` (or what your system calls it)"),
        None => format!("the development package with `{name}`"),
    }
}

const CONDA_FIX: &str = "conda wrote down where it built its packages: take ` @ file:///…` out of their lines in requirements.txt, so that their names stay (or write the file with `pip list --format=freeze`)";

/// Whether a path is of a machine on which conda builds packages.
fn is_of_conda(path: &str) -> bool {
    ["/tmp/build/", "/croot/", "/feedstock_root/", "/conda-bld/", "/home/conda/", "_bld/"]
        .iter()
        .any(|part| path.contains(part))
}

/// The last part of a path: the folders before it are the platform's.
fn file_name(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}
