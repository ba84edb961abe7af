//! Rules about the machine: memory, disk, ports, permissions, programs.

use super::patch::package_of_program;
use super::rule::{ANY, MAKE, RUN, Rule, or, rule};

pub(super) const RULES: &[Rule] = &[
    rule!(
        "windows_line_endings",
        ANY,
        &[],
        [
            "env: ‘{}\\r’: No such file or directory",
            "env: '{}\\r': No such file or directory",
            "$'\\r': command not found",
            "bad interpreter: /bin/sh^M",
            "bad interpreter: /bin/bash^M",
            "^M: bad interpreter",
            "syntax error near unexpected token `$'{}\\r''",
            "Illegal option -\\r",
            "illegal option -\\r",
        ],
        "A script has Windows line endings",
        "write it with Unix line endings (`dos2unix`, or `*.sh text eol=lf` in .gitattributes) and deploy again",
    ),
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
        "unexpanded_variable",
        RUN,
        &[],
        [
            "'$PORT' is not a valid {}",
            "'$PORT' is not a valid port number",
            "invalid literal for int() with base 10: '$PORT'",
            "invalid port: $PORT",
            "Invalid value for '--port': '{}' is not a valid integer",
            "argument --port: invalid int value: '{}'",
            "options.port should be >= 0 and < 65536. Received type string ('${}')",
            "could not parse port \"{}\"",
        ],
        "The start command passes the text of a variable instead of its value ({0|$PORT})",
        "let a shell expand it: write `$PORT` without single quotes and not as a JSON list, or read PORT in the code",
    ),
    rule!(
        "wrong_arguments",
        ANY,
        &[],
        [
            "error: unrecognized arguments: {}",
            "Error: No such option: {}",
            "Error: Got unexpected extra argument ({})",
            "error: unexpected argument '{}' found",
            "error: the following arguments are required: {}",
            "error: the following required arguments were not provided",
            "flag provided but not defined: {}",
            "error: unknown option '{}'",
            "CACError: Unknown option `{}`",
            "Error: Unknown option `{}`",
            "No such command '{}'",
            "unknown shorthand flag: {}",
            "error: unknown command '{}'",
            "Unrecognized VM option '{}'",
            "Unrecognized option: {}",
            "Error: unknown flag: {}",
            "unknown flag: {}",
            ": unrecognized option '{}'",
        ],
        "The command is given an option that the program does not know: {0|see the message}",
        "correct the command; `--help` of the program lists its options, and another version may have others",
    ),
    Rule {
        code: "too_many_open_files",
        phases: ANY,
        runtimes: &[],
        patterns: &[
            "EMFILE: too many open files",
            "Too many open files",
            "ENFILE",
            "System limit for number of file watchers reached",
            "OS file watch limit reached",
        ],
        title: |_| "Too many files are open".to_owned(),
        fix: |_| {
            "close files and connections after use, and do not watch files in production (start without a reloader)".to_owned()
        },
    },
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
    rule!(
        "syntax_error",
        ANY,
        &[],
        [
            ".sh: line {}: syntax error{}",
            ".sh: {}: Syntax error: {}",
            "sh: -c: line {}: syntax error{}",
            "sh: 1: Syntax error: {}"
        ],
        "The shell cannot parse a script, at line {0}",
        "mend the line that the message names; a script for bash needs `#!/usr/bin/env bash` in its first line",
    ),
    rule!(
        "build_target_missing",
        ANY,
        &[],
        [
            "No rule to make target '{}'",
            "Justfile does not contain recipe `{}`",
            "task: Task \"{}\" does not exist",
            "Task '{}' not found in root project",
            "Cannot locate tasks that match '{}'",
            "Don't know how to build task '{}'",
            "The task \"{}\" could not be found",
            "Unknown lifecycle phase \"{}\"",
            "Command \"{}\" is not defined",
            "Unrecognized command \"{}\"",
        ],
        "There is nothing to run by the name `{0}`",
        "correct the name in the command, or define it (Makefile, justfile, tasks of Gradle, Rake or Mix)",
    ),
    rule!(
        "interactive_prompt",
        ANY,
        &[],
        [
            "Are you sure you want to {}? (yes/no)",
            "^EOFError: EOF when reading a line",
            "the input device is not a TTY",
            "environment is non-interactive",
            "Interactive prompts require a TTY terminal",
            "User force closed the prompt",
            "ERR_PNPM_ABORTED_REMOVE_MODULES_DIR_NO_TTY{}",
        ],
        "The command asks a question, and nobody answers",
        "give the answer as an option, such as `--force`, `--yes` or `--noinput` (Laravel: `php artisan migrate --force`, Prisma: `prisma migrate deploy`)",
    ),
    Rule {
        code: "disk_full",
        phases: ANY,
        runtimes: &[],
        patterns: &[
            "No space left on device",
            "ENOSPC: no space left",
            "ENOSPC, no space",
            "Disk quota exceeded",
            "(os error 28)",
            "database or disk is full",
        ],
        title: |_| "The disk is full".to_owned(),
        fix: |_| {
            "free space on the disk that holds the platform's home (old projects: `backend-im delete`), then deploy again".to_owned()
        },
    },
    Rule {
        code: "out_of_memory",
        phases: ANY,
        runtimes: &[],
        patterns: &[
            "JavaScript heap out of memory",
            "^MemoryError",
            "Cannot allocate memory",
            "ENOMEM",
            "memory allocation of {} bytes failed",
            "java.lang.OutOfMemoryError{}",
            "Allowed memory size of {} bytes exhausted",
            "std::bad_alloc",
            "Out of memory: Killed process",
            "OutOfMemoryException",
            "fatal error: out of memory",
            "(signal: 9, SIGKILL: kill)",
            "Could not reserve enough space for {} object heap",
            "The build failed because the process exited too early. This probably means the system ran out of memory",
            "Fatal process out of memory",
            "virtual memory exhausted",
            "g++: fatal error: Killed signal terminated program",
            "gcc: fatal error: Killed signal terminated program",
            "c++: fatal error: Killed signal terminated program",
            "was terminated by signal 9",
            "Insufficient memory for the Java Runtime Environment",
            "FATAL ERROR: {} Allocation failed",
        ],
        title: |_| "There is not enough memory".to_owned(),
        fix: |_| {
            "let it need less (fewer workers, smaller batches; `NODE_OPTIONS=--max-old-space-size=…` for Node or a smaller `-Xmx` for Java in `env`), or free memory on the machine".to_owned()
        },
    },
    Rule {
        code: "privileged_port",
        phases: RUN,
        runtimes: &[],
        patterns: &[
            "listen EACCES: permission denied {}",
            "bind: permission denied",
            "error while attempting to bind on address ('{}', {}): permission denied",
            "Can't connect to ('{}', 80)",
            "bind() to {} failed (13: Permission denied)",
            "Permission denied - bind(2) for {}",
            "AccessDenied: Permission denied (bind",
        ],
        title: |c| format!("The app may not listen on {}", or(c, 0, "a port below 1024")),
        fix: |_| "listen on the environment's PORT and HOST instead of a fixed port".to_owned(),
    },
    Rule {
        code: "port_in_use",
        phases: RUN,
        runtimes: &[],
        patterns: &[
            "EADDRINUSE: address already in use {}",
            "EADDRINUSE",
            "error while attempting to bind on address ('{}', {}): address already in use",
            "Connection in use: ('{}', {})",
            "[Errno 98] Address already in use",
            "Address already in use",
            "AddrInUse",
            "Port {} is in use by another program",
            "bind: address already in use",
            "Web server failed to start. Port {} was already in use",
            "Failed to bind to address {}: address already in use",
            "Address already in use - bind(2) for {}",
            "Errno::EADDRINUSE",
            "Failed to listen on {} (reason: Address already in use)",
            "(eaddrinuse)",
            "port is already allocated",
            "AddrInUse: {}",
            "bind() to {} failed (98: Address already in use)",
            "(address already in use)",
            "Cannot find empty port in range: {}.",
            "for reason :eaddrinuse",
            "Port {} is already in use",
            "Port {} was already in use",
            "java.net.BindException: {}",
        ],
        title: |c| format!("The address {} is already in use", at(c)),
        fix: |_| {
            "listen on the environment's PORT (every instance gets its own) instead of a fixed port, and listen only once per process".to_owned()
        },
    },
    Rule {
        code: "address_not_available",
        phases: RUN,
        runtimes: &[],
        patterns: &[
            "EADDRNOTAVAIL: address not available {}",
            "could not bind on any address out of {}",
            "Cannot assign requested address",
            "AddrNotAvailable",
        ],
        title: |_| "The address to listen on does not belong to this machine".to_owned(),
        fix: |_| "listen on the environment's HOST, or on 0.0.0.0".to_owned(),
    },
    Rule {
        code: "command_not_found",
        phases: ANY,
        runtimes: &[],
        patterns: &[
            "^sh: {}: {}: not found",
            "^/bin/sh: {}: {}: not found",
            "^sh: line {}: {}: command not found",
            "^bash: line {}: {}: command not found",
            "^bash: {}: command not found",
            "^/bin/sh: line {}: {}: command not found",
            "^sh: {}: not found",
            "^env: ‘{}’: No such file or directory",
            "^env: '{}': No such file or directory",
            "^/usr/bin/env: ‘{}’: No such file or directory",
            "^/usr/bin/env: '{}': No such file or directory",
            "^error: Failed to spawn: {}",
            "^/bin/sh: {}: not found",
            "^sh: {}: command not found",
            "exec: {}: not found",
            "^Procfile: {}: command not found",
            "^error: command not found: {}",
            "^exec: line {}: {}: not found",
            ".sh: line {}: {}: command not found",
            ".sh: {}: {}: not found",
            "Executable not found in $PATH: \"{}\"",
        ],
        title: |c| format!("The command `{}` was not found", or(c, c.len().saturating_sub(1), "?")),
        fix: |c| {
            let program = or(c, c.len().saturating_sub(1), "?");
            if program == "husky" {
                return "let the script do nothing where it is missing: `\"prepare\": \"husky || true\"`; hooks of git are of no use here".to_owned();
            }
            if let Some(package) = package_of_program(program) {
                return format!(
                    "add `{package}`, which brings `{program}`, to the dependencies in package.json (in `dependencies` if the app starts with it), or correct the command"
                );
            }
            if program.contains('/') {
                return format!(
                    "check that `{program}` is there, as part of the project or written by the build, and that its first line names a program that is installed"
                );
            }
            format!(
                "add the package that brings `{program}` to the project's dependencies (requirements.txt, pyproject.toml or package.json), or correct the command"
            )
        },
    },
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
    Rule {
        code: "permission_denied",
        phases: ANY,
        runtimes: &[],
        patterns: &[
            "^PermissionError: [Errno 13] Permission denied: '{}'",
            "EACCES: permission denied, {} '{}'",
            "EPERM: operation not permitted, {} '{}'",
            "^sh: {}: {}: Permission denied",
            "^bash: {}: Permission denied",
            "^sh: line {}: {}: Permission denied",
            "^bash: line {}: {}: Permission denied",
            "^/bin/sh: {}: {}: Permission denied",
            "^/bin/sh: {}: Permission denied",
            "^/bin/bash: line {}: {}: Permission denied",
            "^/bin/bash: {}: Permission denied",
            "PermissionDenied, message: \"{}\"",
            "attempt to write a readonly database",
            "{}: permission denied: OCI runtime attempted",
            ".sh: {}: {}: Permission denied",
            "Permission denied (os error 13)",
            "Read-only file system",
        ],
        title: |c| format!("Access to {} is denied", or(c, c.len().saturating_sub(1), "a file")),
        fix: |c| {
            let file = or(c, c.len().saturating_sub(1), "the file");
            format!(
                "write data below the environment's DATA_DIR; if `{file}` is a script, make it executable (`chmod +x`) and deploy again"
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

/// The address of a bind error: one capture, or host and port.
fn at(c: &[&str]) -> String {
    match c {
        [] => "to listen on".to_owned(),
        [one] => format!("`{one}`"),
        [host, port, ..] => format!("`{host}:{port}`"),
    }
}
