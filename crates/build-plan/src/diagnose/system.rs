//! Rules about the machine: memory, disk, files, permissions.

use super::rule::{ANY, Rule, or};

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "crashed",
        phases: ANY,
        runtimes: &[],
        patterns: &["oh no: Bun has crashed", "^Segmentation fault", "Illegal instruction (core dumped)"],
        title: |_| "The process crashed in native code".to_owned(),
        fix: |_| {
            "update or pin the runtime or the package with native code that was last changed, and check that it is built for this machine".to_owned()
        },
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
            "OS file watch limit reached",
        ],
        title: |_| "Too many files are open".to_owned(),
        fix: |_| {
            "close files and connections after use, and do not watch files in production (start without a reloader)".to_owned()
        },
    },
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
            "Gradle build daemon disappeared unexpectedly",
            "was killed with SIGKILL",
            "^signal SIGKILL",
            "and signal: SIGKILL",
            ": signal: killed",
            "Container killed due to memory usage",
        ],
        title: |_| "There is not enough memory".to_owned(),
        fix: |_| {
            "let it need less (fewer workers, smaller batches; `NODE_OPTIONS=--max-old-space-size=…` for Node or a smaller `-Xmx` for Java in `env`), or free memory on the machine".to_owned()
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
            "cannot create directory '{}': Permission denied",
            "cannot create directory ‘{}’: Permission denied",
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
