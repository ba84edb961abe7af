//! Rules about Deno and Bun programs.

use super::rule::{ANY, CODE, MAKE, RUN, Rule, rule};
use crate::Runtime::{self, Bun, Deno};

const DENO: &[Runtime] = &[Deno];
const BUN: &[Runtime] = &[Bun];

pub(super) const RULES: &[Rule] = &[
    rule!(
        "runtime_permission_missing",
        CODE,
        DENO,
        [
            "Requires {} access to \"{}\", run again with the --allow-{} flag",
            "Requires {} access, run again with the --allow-{} flag",
            "Requires {} access to {}, run again",
        ],
        "Deno may not have {0} access to {1|that}",
        "start with `--allow-{0|…}` in the task `start` of deno.json (web servers need --allow-net and --allow-env)",
    ),
    rule!(
        "missing_start_script",
        ANY,
        DENO,
        ["Task not found: {}"],
        "deno.json has no task `{0}`",
        "add it to deno.json: `\"tasks\": {\"start\": \"deno run --allow-net --allow-env main.ts\"}`",
    ),
    rule!(
        "lock_out_of_sync",
        MAKE,
        DENO,
        [
            "The lockfile is out of date",
            "error: Integrity check failed for",
            "Unsupported lockfile version '{}'"
        ],
        "deno.lock does not match what is imported",
        "run `deno install --frozen=false` with the Deno that is used here, and deploy the new deno.lock",
    ),
    rule!(
        "dependency_version_missing",
        MAKE,
        DENO,
        [
            "JSR package not found: {}",
            "npm package '{}' does not exist",
            "Could not find version of '{}' that matches",
            "Could not find npm package '{}' matching",
        ],
        "There is no such package or version: `{0}`",
        "correct the name or the version of `{0}` in the import or in deno.json",
    ),
    rule!(
        "dependency_scripts_blocked",
        CODE,
        DENO,
        ["Cannot find module '{}.node'"],
        "A package with native code was installed without its scripts: `{0}`",
        "install with `deno install --allow-scripts`, and let that run before the start",
    ),
    rule!(
        "dependencies_not_installed",
        ANY,
        DENO,
        [
            "Specifier not found in cache: \"{}\"",
            "Could not find a matching package for '{}' in the node_modules directory",
            "--cached-only is specified"
        ],
        "The dependencies of Deno are not in its cache: {0|see the message}",
        "install them before the start (`deno install`, or `deno cache main.ts`), or leave `--cached-only` out",
    ),
    rule!(
        "missing_module",
        ANY,
        DENO,
        [
            "Module not found \"{}\"",
            "Import \"{}\" not a dependency and not in import map",
            "Relative import path \"{}\" not prefixed with",
            "Cannot find module '{}'",
            "error: Module not found: {}",
        ],
        "Deno finds no module `{0}`",
        "run `deno add npm:{0}` (or `jsr:`), or write the file's path with its ending and `./` in front",
    ),
    rule!(
        "typescript_error",
        ANY,
        DENO,
        ["TS{} [ERROR]: {}"],
        "TypeScript reports TS{0}: {1}",
        "mend the place that the line below names, or start with `--no-check`",
    ),
    rule!(
        "missing_start_script",
        ANY,
        BUN,
        ["error: Script not found \"{}\"", "error: Module not found \"{}\""],
        "There is no script or file `{0}`",
        "add it to package.json (`\"scripts\": {\"start\": \"bun run src/index.ts\"}`), or correct the start command",
    ),
    rule!(
        "port_in_use",
        RUN,
        BUN,
        ["Failed to start server. Is port {} in use?"],
        "The port {0} is already in use",
        "listen on the environment's PORT (`port: Number(process.env.PORT)`), every instance gets its own, and listen only once",
    ),
];

/// The exception that no rule knows.
pub(super) const GENERAL: &[Rule] = &[rule!(
    "deno_exception",
    RUN,
    DENO,
    ["^error: Uncaught (in promise) {}", "^error: Uncaught {}"],
    "The program ends with an error of Deno: {0}",
    "mend the place in the code that the stack names, or what the message asks for",
)];
