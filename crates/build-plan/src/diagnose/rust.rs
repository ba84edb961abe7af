//! Rules about Rust programs and cargo.

use super::rule::{MAKE, RUN, Rule, or, rule};
use crate::Runtime::{self, Rust};

const RS: &[Runtime] = &[Rust];

pub(super) const RULES: &[Rule] = &[
    rule!(
        "manifest_missing",
        MAKE,
        RS,
        ["could not find `Cargo.toml` in `{}`"],
        "There is no Cargo.toml where the command runs",
        "set `root` in backend-im.yml to the folder with Cargo.toml, and check that no ignore file excludes it",
    ),
    Rule {
        code: "toolchain_target_missing",
        phases: MAKE,
        runtimes: &[],
        patterns: &[
            "can't find crate for `core`",
            "can't find crate for `std`",
            "target may not be installed",
        ],
        title: |_| "Rust has no standard library for the target that is built".to_owned(),
        fix: |_| {
            "add the target to the toolchain (`rustup target add` with the name in the message, or `targets` in rust-toolchain.toml)".to_owned()
        },
    },
    Rule {
        code: "missing_crate",
        phases: MAKE,
        runtimes: RS,
        patterns: &[
            "use of unresolved module or unlinked crate `{}`",
            "use of undeclared crate or module `{}`",
            "^error[E0463]: can't find crate for `{}`",
        ],
        title: |c| format!("The crate or module `{}` is not known", or(c, 0, "?")),
        fix: |c| {
            let name = or(c, 0, "?").split("::").next().unwrap_or_default();
            format!(
                "run `cargo add {name}` and deploy Cargo.toml with Cargo.lock; if `{name}` is a module of this crate, declare it with `mod {name};`"
            )
        },
    },
    Rule {
        code: "query_cache_missing",
        phases: MAKE,
        runtimes: RS,
        patterns: &[
            "set `DATABASE_URL` to use query macros",
            "`SQLX_OFFLINE=true` but there is no cached data for this query",
        ],
        title: |_| "sqlx checks queries while building, and has neither a database nor its cache".to_owned(),
        fix: |_| {
            "run `cargo sqlx prepare`, deploy the folder .sqlx, and set `SQLX_OFFLINE: \"true\"` under `env` in backend-im.yml".to_owned()
        },
    },
    Rule {
        code: "no_such_binary",
        phases: MAKE,
        runtimes: RS,
        patterns: &[
            "no bin target named `{}`",
            "no targets specified in the manifest",
            "can't find `{}` bin at",
            "a bin target must be available for `cargo run`",
            "could not determine which binary to run",
        ],
        title: |c| format!("Cargo defines no program {}", or(c, 0, "at all")),
        fix: |_| "add src/main.rs, or a `[[bin]]` with the right name and path to Cargo.toml".to_owned(),
    },
    Rule {
        code: "compile_error",
        phases: MAKE,
        runtimes: RS,
        patterns: &["^error[{}]: {}"],
        title: |c| format!("The code does not compile: {} ({})", or(c, 1, "?"), or(c, 0, "?")),
        fix: |c| {
            format!("mend the place that the line below names; `rustc --explain {}` says more", or(c, 0, ""))
        },
    },
    Rule {
        code: "linking_failed",
        phases: MAKE,
        runtimes: RS,
        patterns: &["^error: linking with `{}` failed"],
        title: |c| format!("Linking with `{}` failed", or(c, 0, "cc")),
        fix: |_| {
            "install the system library that the message names (its -dev package), or a feature of the crate that builds its own".to_owned()
        },
    },
    Rule {
        code: "missing_file",
        phases: RUN,
        runtimes: RS,
        patterns: &[
            "kind: NotFound, message: \"No such file or directory\"",
            "No such file or directory (os error 2)",
        ],
        title: |_| "A file that the program opens does not exist".to_owned(),
        fix: |_| {
            "check that the file is part of the project and that its path is relative to the project's top folder; create what the program itself writes below DATA_DIR".to_owned()
        },
    },
];

/// An error of cargo or rustc that no rule knows.
pub(super) const GENERAL: &[Rule] = &[Rule {
    code: "compile_error",
    phases: MAKE,
    runtimes: RS,
    patterns: &["^error: couldn't read {}", "^error: {}"],
    title: |c| format!("The code does not compile: {}", or(c, 0, "?")),
    fix: |_| "mend the place that the message names".to_owned(),
}];
