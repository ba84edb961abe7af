//! Rules about Node programs and their builds.

use super::libraries::library_fix;
use super::rule::{ANY, BUILD, CODE, Captured, RUN, Rule, or};
use crate::Runtime::{self, Bun, Node};

const JS: &[Runtime] = &[Node, Bun];

fn missing_module(c: Captured<'_>) -> String {
    let module = or(c, 0, "?");
    if module.starts_with(['.', '/']) && crate::project::extension(module) == "json" {
        return format!(
            "check that `{module}` is part of the project and not excluded by an ignore file; what holds keys belongs into a secret, \
             from which the code reads it"
        );
    }
    if module.starts_with(['.', '/']) {
        let is_bare = !module.rsplit('/').next().unwrap_or_default().contains('.');
        if module.contains("/dist/") && is_bare {
            return format!(
                "check that the build writes `{module}` before it is started; between modules (`\"type\": \"module\"`) every \
                 import of a file needs its ending: `./name.js`"
            );
        }
        return format!(
            "check that `{module}` is part of the project, spelt with the same letters, and that the build writes it \
             before it is started"
        );
    }
    if module.starts_with("phoenix-colocated/") {
        return "run `mix compile` before `mix assets.deploy`: compiling writes what the pages import"
            .to_owned();
    }
    format!("run `npm install {}` and deploy package.json with package-lock.json", package(module))
}

/// The package of a module path: `lodash/fp` is of `lodash`, `@a/b/c` of `@a/b`.
pub(super) fn package(module: &str) -> String {
    let parts = if module.starts_with('@') { 2 } else { 1 };
    module.split('/').take(parts).collect::<Vec<_>>().join("/")
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "shared_library_missing",
        phases: CODE,
        runtimes: JS,
        patterns: &["Error: {}: cannot open shared object file"],
        title: |c| format!("The system library `{}` is missing", or(c, 0, "?")),
        fix: |c| library_fix(or(c, 0, "?")),
    },
    Rule {
        code: "missing_start_script",
        phases: ANY,
        runtimes: JS,
        patterns: &[
            "Missing script: \"{}\"",
            "missing script: {}",
            "Couldn't find a script named \"{}\"",
            "ERR_PNPM_NO_SCRIPT{}",
        ],
        title: |c| format!("package.json has no script `{}`", or(c, 0, "start")),
        fix: |c| {
            format!(
                "add it to package.json: `\"scripts\": {{\"{}\": \"node server.js\"}}`, or set the command in backend-im.yml",
                or(c, 0, "start")
            )
        },
    },
    Rule {
        code: "missing_module",
        phases: CODE,
        runtimes: JS,
        patterns: &[
            "Error: Cannot find module '{}'",
            "Error [ERR_MODULE_NOT_FOUND]: Cannot find package '{}' imported from",
            "Error [ERR_MODULE_NOT_FOUND]: Cannot find module '{}' imported from",
            "failed to resolve import \"{}\"",
            "Failed to resolve import \"{}\"",
            "Could not resolve \"{}\"",
            "Can't resolve '{}' in",
            "Module not found: Can't resolve '{}'",
            "error: Cannot find package \"{}\" from",
            "error: Cannot find module \"{}\" from",
            "error: Cannot find package '{}' from",
            "error: Cannot find module '{}' from",
            "Please install {} package manually",
            "please install either of '{}',",
            "Cannot find native dependency '{}'",
            "Cannot find package '{}' imported from",
            "Cannot find module '{}' or its corresponding type declarations",
            "Could not load `{}`. Is it installed?",
            "Failed to resolve entry for package \"{}\"",
            "package has not been found installed. Please run \"npm install {}\"",
            "Could not load {} (imported by {})",
        ],
        title: |c| format!("Node finds no module `{}`", or(c, 0, "?")),
        fix: missing_module,
    },
    Rule {
        code: "module_format_mismatch",
        phases: CODE,
        runtimes: JS,
        patterns: &[
            "Cannot use import statement outside a module",
            "is not defined in ES module scope",
            "[ERR_REQUIRE_ESM]: require() of ES Module {} from {} not supported",
            "Unexpected token 'export'",
            "does not provide an export named '{}'",
            "Unknown file extension \"{}\" for",
            "ERR_UNSUPPORTED_DIR_IMPORT",
            "ERR_IMPORT_ATTRIBUTE_MISSING",
            "ERR_IMPORT_ASSERTION_TYPE_MISSING",
            "resolved to an ESM file. ESM file cannot be loaded by `require`",
            "Dynamic require of \"{}\" is not supported",
            "Named export '{}' not found. The requested module",
            "ERR_REQUIRE_ASYNC_MODULE",
            "ERR_REQUIRE_CYCLE_MODULE",
            "Cannot use 'import.meta' outside a module",
            "await is only valid in async functions and the top level bodies of modules",
        ],
        title: |_| "A file is written in another module format than Node reads it in".to_owned(),
        fix: |_| {
            "use one format: `\"type\": \"module\"` in package.json with `import`, or no `type` with `require`; single files may end in .mjs or .cjs; TypeScript needs a build step".to_owned()
        },
    },
    Rule {
        code: "typescript_not_runnable",
        phases: CODE,
        runtimes: JS,
        patterns: &[
            "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX]: {}",
            "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING]: {}",
            "ERR_UNKNOWN_FILE_EXTENSION]: Unknown file extension \".tsx\" for",
        ],
        title: |c| format!("Node cannot run this TypeScript as it is: {}", or(c, 0, "see the message")),
        fix: |_| {
            "compile it in `build` (`tsc`) and start what that writes, start with `tsx`, or write it without enums, namespaces and parameter properties".to_owned()
        },
    },
    Rule {
        code: "legacy_openssl",
        phases: CODE,
        runtimes: JS,
        patterns: &["ERR_OSSL_EVP_UNSUPPORTED", "error:0308010C:digital envelope routines::unsupported"],
        title: |_| "The build tool uses a hash that OpenSSL 3 no longer has".to_owned(),
        fix: |_| {
            "update webpack or react-scripts to version 5; until then set `NODE_OPTIONS: --openssl-legacy-provider` under `env`".to_owned()
        },
    },
    Rule {
        code: "typescript_error",
        phases: BUILD,
        runtimes: JS,
        patterns: &[
            "): error TS{}: {}",
            " - error TS{}: {}",
            "^error TS{}: {}",
            "^Type error: {}",
            "✘ [ERROR] TS{}: {}",
            "✘ [ERROR] NG{}: {}",
            "Error: TS{}: {}",
            "error NG{}: {}",
        ],
        title: |c| match c {
            [number, message] => format!("TypeScript reports TS{number}: {message}"),
            _ => format!("TypeScript reports: {}", or(c, 0, "an error")),
        },
        fix: |_| {
            "mend the place that the line names; types of packages come as `@types/…` in `devDependencies`"
                .to_owned()
        },
    },
    Rule {
        code: "syntax_error",
        phases: CODE,
        runtimes: JS,
        patterns: &[
            "^SyntaxError: {}",
            "^Uncaught SyntaxError: {}",
            "[PARSE_ERROR] {}",
            "✘ [ERROR] Expected {}",
        ],
        title: |c| format!("Node cannot parse the source: {}", or(c, 0, "invalid syntax")),
        fix: |_| {
            "mend the line that stands above the message; if it is right in a newer Node, say which one in `engines.node` of package.json".to_owned()
        },
    },
    Rule {
        code: "missing_file",
        phases: CODE,
        runtimes: JS,
        patterns: &["ENOENT: no such file or directory, {} '{}'"],
        title: |c| format!("The file `{}` does not exist", or(c, 1, "?")),
        fix: |c| {
            format!(
                "check that `{}` is part of the project and not excluded by an ignore file, and create what the app itself writes below DATA_DIR",
                or(c, 1, "?")
            )
        },
    },
    Rule {
        code: "missing_file",
        phases: CODE,
        runtimes: JS,
        patterns: &["^node: {}: not found"],
        title: |c| format!("Node is told to read `{}`, which is not there", or(c, 0, ".env")),
        fix: |c| {
            format!(
                "set its variables under `env` in backend-im.yml or as secrets, and start without `--env-file` (or with `--env-file-if-exists={}`)",
                or(c, 0, ".env")
            )
        },
    },
    Rule {
        code: "undefined_name",
        phases: CODE,
        runtimes: JS,
        patterns: &["^ReferenceError: {} is not defined"],
        title: |c| format!("`{}` is used and nowhere defined", or(c, 0, "?")),
        fix: |c| format!("import or define `{}` before it is used", or(c, 0, "?")),
    },
    Rule {
        code: "build_entry_missing",
        phases: BUILD,
        runtimes: JS,
        patterns: &[
            "Could not resolve entry module \"{}\"",
            "Entry module not found: Error: Can't resolve '{}'",
            "Could not find a required file.",
            "error TS18003: {}",
        ],
        title: |c| format!("The build finds no entry ({})", or(c, 0, "see the message")),
        fix: |_| {
            "create the entry file that the build's configuration names, or correct the configuration"
                .to_owned()
        },
    },
    Rule {
        code: "no_next_build",
        phases: RUN,
        runtimes: JS,
        patterns: &["Could not find a production build in the '{}' directory"],
        title: |_| "Next was started without a build".to_owned(),
        fix: |_| "add `\"build\": \"next build\"` to the scripts of package.json".to_owned(),
    },
];
