//! Rules about what comes from the system: libraries, packages, and the tools that compile.

use super::rule::{ANY, MAKE, Rule, or, rule};

pub(super) const RULES: &[Rule] = &[
    rule!(
        "wrong_architecture",
        ANY,
        &[],
        [
            "cannot execute binary file: Exec format error",
            "Exec format error",
            "exec format error",
            "wrong ELF class: {}",
            "cannot execute: required file not found",
            "Error relocating {}: {}: symbol not found",
            "Bad CPU type in executable",
        ],
        "A program is built for another kind of machine",
        "build it on the platform (or for its architecture and libc) instead of deploying a binary from another machine",
    ),
    rule!(
        "libc_too_old",
        ANY,
        &[],
        ["version `GLIBC_{}' not found", "version `GLIBCXX_{}' not found"],
        "A program needs a newer C library (GLIBC {0})",
        "choose a version of the program that is built for this machine's system, or build it here",
    ),
    Rule {
        code: "shared_library_missing",
        phases: ANY,
        runtimes: &[],
        patterns: &[
            "error while loading shared libraries: {}: cannot open shared object file",
            "Error loading shared library {}: No such file or directory",
            "Unable to load shared library '{}' or one of its dependencies",
            "no {} in java.library.path",
        ],
        title: |c| format!("The system library `{}` is missing", or(c, 0, "?")),
        fix: |c| library_fix(or(c, 0, "?")),
    },
    rule!(
        "system_package_missing",
        MAKE,
        &[],
        ["The repository '{}' does not have a Release file"],
        "The system of the base image is so old that its packages are gone: `{0}`",
        "take a newer base image in FROM (such as `-bookworm` instead of `-buster`)",
    ),
    rule!(
        "system_package_missing",
        MAKE,
        &[],
        [
            "E: Unable to locate package {}",
            "E: Package '{}' has no installation candidate",
            "{} (no such package):",
            "No match for argument: {}",
            "Unable to find a match: {}",
        ],
        "The system has no package `{0}`",
        "correct the name of the package for this system (Debian: `libx-dev`, Alpine: `x-dev`, Fedora: `x-devel`), and update the package lists before installing",
    ),
    Rule {
        code: "native_tool_missing",
        phases: MAKE,
        runtimes: &[],
        patterns: &[
            "error: command '{}' failed: No such file or directory",
            "unable to execute '{}': No such file or directory",
            "linker `{}` not found",
            "gyp ERR! stack Error: not found: {}",
            "failed to find tool \"{}\"",
            "failed to execute command: No such file or directory (os error 2): \"{}\"",
            "is `{}` not installed?",
            "Could not find `{}`",
            "make: {}: No such file or directory",
            "cgo: C compiler \"{}\" not found",
            "C compiler cannot create executables",
            "Could not find any {} installation to use",
            "{}, the Rust package manager, is not installed",
            "The zip extension and {} commands are both missing",
            "You need to have {} installed",
            "CMake must be installed to build",
            "Unknown compiler(s): [['{}'",
            "error: Microsoft Visual C++ {} is required",
            "Unable to find libclang: {}",
            "FileNotFoundError: [Errno 2] No such file or directory: 'gcc'",
            "FileNotFoundError: [Errno 2] No such file or directory: 'g++'",
            "FileNotFoundError: [Errno 2] No such file or directory: 'cc'",
            "FileNotFoundError: [Errno 2] No such file or directory: 'cmake'",
            "FileNotFoundError: [Errno 2] No such file or directory: 'cargo'",
            "FileNotFoundError: [Errno 2] No such file or directory: 'make'",
            "FileNotFoundError: [Errno 2] No such file or directory: 'ninja'",
            "FileNotFoundError: [Errno 2] No such file or directory: 'git'",
            "Platform linker ({}) not found",
            "The compiler failed to generate an executable file",
            "You have to install development tools first",
        ],
        title: |c| format!("A package is compiled here, and `{}` is not installed", or(c, 0, "pkg-config")),
        fix: |c| {
            let tool = or(c, 0, "pkg-config");
            format!(
                "install `{tool}` on this machine (on Debian and Ubuntu: `apt-get install {}`), or choose a version of the package that comes prebuilt",
                package_of(tool)
            )
        },
    },
];

/// What to do where a library of the system is missing.
pub(super) fn library_fix(library: &str) -> String {
    const PACKAGES: &[(&str, &str)] = &[
        ("libGL.so.1", "libgl1"),
        ("libgobject", "libpango-1.0-0 libpangoft2-1.0-0"),
        ("libgomp", "libgomp1"),
        ("libgthread", "libglib2.0-0"),
        ("libicu", "libicu-dev"),
        ("libmagic", "libmagic1"),
        ("libmariadb", "libmariadb3"),
        ("libmysqlclient", "default-libmysqlclient-dev"),
        ("libnss3", "libnss3"),
        ("libpango", "libpango-1.0-0 libpangoft2-1.0-0"),
        ("libpq", "libpq5"),
        ("libsqlite3", "libsqlite3-0"),
        ("libssl", "openssl"),
        ("libtk", "python3-tk"),
        ("libvips", "libvips42"),
        ("libxml2", "libxml2"),
    ];
    let known = PACKAGES.iter().find(|(start, _)| library.starts_with(start));
    let package = known.map_or_else(
        || format!("the system package with `{library}`"),
        |(_, package)| format!("`{package}` (the package with `{library}` on Debian and Ubuntu)"),
    );
    format!("install {package} on this machine, or choose a package that brings it")
}

/// The package of Debian and Ubuntu that brings a tool for compiling.
fn package_of(tool: &str) -> &str {
    let tool = tool.trim_matches('"').rsplit('/').next().unwrap_or(tool);
    match tool {
        "Python" | "python3" | "python" => "python3 build-essential",
        "protoc" => "protobuf-compiler",
        "Cargo" | "cargo" | "rustc" => "cargo",
        "unzip/7z" | "7z" | "unzip" => "unzip",
        "clang" | "lld" | "cmake" | "nasm" | "gfortran" | "bison" | "flex" | "swig" | "git" => tool,
        "libclang" => "libclang-dev",
        _ => "build-essential pkg-config",
    }
}
