//! Rules about Go programs and their builds.

use super::rule::{CODE, MAKE, RUN, Rule, rule};
use crate::Runtime::{self, Go};

const GO: &[Runtime] = &[Go];

pub(super) const RULES: &[Rule] = &[
    rule!(
        "wrong_go_version",
        MAKE,
        GO,
        [
            "go.mod requires go >= {} (running go {}",
            "requires go >= {} (running go {}",
            "invalid go version '{}': must match format",
            "toolchain not available",
            "unknown directive: toolchain"
        ],
        "The project needs another Go ({0|see go.mod})",
        "install Go {0|of the version in go.mod} on this machine, or lower the `go` line of go.mod to the version that is installed",
    ),
    rule!(
        "lock_out_of_sync",
        MAKE,
        GO,
        [
            "missing go.sum entry for module providing package {};",
            "missing go.sum entry for go.mod file",
            "updates to go.mod needed",
            "updates to go.sum needed",
            "inconsistent vendoring",
        ],
        "go.sum does not match go.mod",
        "run `go mod tidy` (and `go mod vendor` if there is a vendor folder), and deploy go.mod with go.sum",
    ),
    rule!(
        "missing_module",
        MAKE,
        GO,
        [
            "no required module provides package {};",
            "cannot find package \"{}\"",
            "package {} is not in std",
            "package {} is not in GOROOT",
        ],
        "Go finds no package `{0}`",
        "run `go get {0}` and deploy go.mod with go.sum; a package of this project is imported by the module's name in go.mod followed by its folder",
    ),
    rule!(
        "dependency_file_missing",
        MAKE,
        GO,
        ["replacement directory {} does not exist", "(replaced by {}): reading {}: no such file"],
        "go.mod replaces a module with the folder `{0}`, which is not there",
        "deploy that folder too (set `root` to the top that holds both), or remove the `replace` line from go.mod and name a version",
    ),
    rule!(
        "dependency_version_missing",
        MAKE,
        GO,
        [
            "unknown revision {}",
            "no matching versions for query \"{}\"",
            "{}: invalid version: {}",
            "module declares its path as: {}"
        ],
        "There is no such module or version: `{0}`",
        "correct the module's name or version in go.mod, then run `go mod tidy`",
    ),
    rule!(
        "missing_file",
        MAKE,
        GO,
        [": pattern {}: no matching files found", ": pattern {}: cannot embed"],
        "What the program embeds is not there: `{0}`",
        "write `{0}` before `go build` (such as the pages that another build step makes), and check that no ignore file excludes it",
    ),
    rule!(
        "manifest_missing",
        MAKE,
        GO,
        ["go.mod file not found in current directory or any parent directory", "cannot find main module"],
        "There is no go.mod",
        "run `go mod init` and `go mod tidy`, and deploy go.mod with go.sum",
    ),
    rule!(
        "no_such_binary",
        MAKE,
        GO,
        [
            "no Go files in {}",
            "package {} is not a main package",
            "function main is undeclared in the main package",
            "directory {} outside main module or its selected dependencies",
            "stat {}: directory not found"
        ],
        "There is no program in {0|the folder that is built}",
        "build the folder that holds `package main` with `func main()`, such as `go build -o app ./cmd/server`",
    ),
    rule!(
        "compile_error",
        MAKE,
        GO,
        [
            ".go:{}: undefined: {}",
            ".go:{}: use of internal package {} not allowed",
            "{}: import cycle not allowed",
            ".go:{}: declared and not used: {}",
            ".go:{}: \"{}\" imported and not used",
            ".go:{}: cannot use {}",
            ".go:{}: syntax error: {}",
            ".go:{}:{}: {}",
        ],
        "The code does not compile: {1|see the line}",
        "mend the place that the line names; an import or a variable that nothing uses must go",
    ),
    rule!(
        "cgo_required",
        MAKE,
        GO,
        ["build constraints exclude all Go files in {}"],
        "A package needs C code or another system, and is left out of the build",
        "build with `CGO_ENABLED=1` and a C compiler, and check GOOS, GOARCH and build tags",
    ),
    rule!(
        "missing_module",
        RUN,
        GO,
        ["sql: unknown driver \"{}\" (forgotten import?)"],
        "The driver `{0}` is not part of the program",
        "import it for its side effect, such as `_ \"github.com/lib/pq\"`, and run `go mod tidy`",
    ),
    rule!(
        "cgo_required",
        RUN,
        GO,
        ["Binary was compiled with 'CGO_ENABLED=0', {} requires cgo to work"],
        "`{0}` needs C code, and the program was built without",
        "build with `CGO_ENABLED=1` and a C compiler, or use a driver in plain Go (`modernc.org/sqlite`, `github.com/glebarez/sqlite`)",
    ),
    rule!(
        "missing_file",
        RUN,
        GO,
        [
            "Config File {} Not Found in {}",
            "^panic: open {}: no such file or directory",
            "open {}: no such file or directory",
            "stat {}: no such file or directory",
            "pattern matches no files: {}"
        ],
        "The file `{0}` does not exist",
        "check that `{0}` is part of the project and that its path is relative to the project's top folder (such as `templates/`), or embed it; create what the program itself writes below DATA_DIR",
    ),
    rule!(
        "nil_dereference",
        RUN,
        GO,
        ["panic: runtime error: invalid memory address or nil pointer dereference"],
        "The program uses a pointer that is nil",
        "look at the first line of the project's own code below `goroutine 1`: what it uses was never set, often because an error before was ignored",
    ),
];

/// The panic that no rule knows.
pub(super) const GENERAL: &[Rule] = &[rule!(
    "go_panic",
    CODE,
    GO,
    ["^panic: {}", "^fatal error: {}"],
    "The program panics: {0}",
    "mend the place that the first line of the project's own code below `goroutine 1` names",
)];
