//! Rules about the machine: memory, disk, ports, permissions, programs.

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
    rule!(
        "shared_library_missing",
        ANY,
        &[],
        ["error while loading shared libraries: {}: cannot open shared object file"],
        "The system library `{0}` is missing",
        "install the system package with `{0}` on this machine, or a package that brings it",
    ),
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
        ],
        "The command is given an option that the program does not know: {0|see the message}",
        "correct the command; `--help` of the program lists its options, and another version may have others",
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
        ],
        title: |_| "There is not enough memory".to_owned(),
        fix: |_| {
            "let it need less (fewer workers, smaller batches; for Node builds `NODE_OPTIONS=--max-old-space-size=…` in `env`), or free memory on the machine".to_owned()
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
            "Cannot assign requested address",
            "AddrNotAvailable",
        ],
        title: |_| "The address to listen on does not belong to this machine".to_owned(),
        fix: |_| "listen on the environment's HOST, or on 0.0.0.0".to_owned(),
    },
    Rule {
        code: "too_many_open_files",
        phases: ANY,
        runtimes: &[],
        patterns: &[
            "EMFILE: too many open files",
            "Too many open files",
            "ENFILE",
            "System limit for number of file watchers reached",
        ],
        title: |_| "Too many files are open".to_owned(),
        fix: |_| {
            "close files and connections after use, and do not watch files in production (start without a reloader)".to_owned()
        },
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
        ],
        title: |c| format!("The command `{}` was not found", or(c, c.len().saturating_sub(1), "?")),
        fix: |c| {
            let program = or(c, c.len().saturating_sub(1), "?");
            if program.contains('/') {
                return format!(
                    "check that `{program}` is part of the project and that its first line names a program that is installed"
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
            "The pkg-config command could not be found",
            "make: {}: No such file or directory",
        ],
        title: |c| format!("A package is compiled here, and `{}` is not installed", or(c, 0, "pkg-config")),
        fix: |c| {
            format!(
                "install `{}` on this machine (on Debian and Ubuntu: `apt-get install build-essential pkg-config`), or choose a version of the package that comes prebuilt",
                or(c, 0, "pkg-config")
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
            "PermissionDenied, message: \"{}\"",
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

/// The address of a bind error: one capture, or host and port.
fn at(c: &[&str]) -> String {
    match c {
        [] => "to listen on".to_owned(),
        [one] => format!("`{one}`"),
        [host, port, ..] => format!("`{host}:{port}`"),
    }
}
