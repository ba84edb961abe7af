//! Rules about Elixir, Mix and Phoenix.

use super::rule::{ANY, CODE, INSTALL, MAKE, RUN, Rule, rule};
use crate::Runtime::{self, Elixir};

const EX: &[Runtime] = &[Elixir];

pub(super) const RULES: &[Rule] = &[
    rule!(
        "wrong_elixir_version",
        ANY,
        EX,
        [
            "on Elixir v{} but it has declared in its mix.exs file it supports only Elixir {}",
            "requires Elixir {}, but",
            "This BEAM file was compiled for a later version of the runtime system{}",
            "please re-compile this module with an {} compiler",
        ],
        "The project needs another Elixir ({1|see mix.exs})",
        "install the Elixir (and Erlang) that mix.exs and .tool-versions name, or widen `elixir:` in mix.exs",
    ),
    rule!(
        "package_tool_missing",
        MAKE,
        EX,
        ["Could not find Hex, which is needed to build dependency", "Could not find \"rebar3\""],
        "Hex or rebar3 is not installed",
        "put `mix local.hex --force && mix local.rebar --force` before the install command",
    ),
    rule!(
        "dependencies_not_installed",
        ANY,
        EX,
        [
            "Unchecked dependencies for environment {}:",
            "the dependency is not available, run \"mix deps.get\"",
            "Can't continue due to errors on dependencies",
        ],
        "Dependencies are not there",
        "install with `mix deps.get --only prod` before `mix compile`, and do not start with `--no-deps-check`",
    ),
    rule!(
        "lock_out_of_sync",
        MAKE,
        EX,
        [
            "lock mismatch: the dependency is out of date",
            "the dependency {} in mix.exs is overriding",
            "mix.lock is out of date"
        ],
        "mix.lock does not match mix.exs",
        "run `mix deps.get` and deploy mix.lock with mix.exs",
    ),
    rule!(
        "dependency_version_missing",
        MAKE,
        EX,
        ["No package with name {} (from", "No matching version for {} (from"],
        "There is no such package or version: `{0}`",
        "correct the name or version of `{0}` in mix.exs, then run `mix deps.get` and deploy mix.lock",
    ),
    rule!(
        "native_tool_missing",
        MAKE,
        EX,
        ["Erlang error: :enoent"],
        "A program that the compilation calls is not installed",
        "install the program that the line below names in `System.cmd` (such as cargo, make or npm) on this machine",
    ),
    rule!(
        "missing_optional_package",
        CODE,
        EX,
        ["default CA trust store not available; please add `{}`"],
        "The list of certificate authorities is missing",
        "add `{:castore, \"~> 1.0\"}` to mix.exs, run `mix deps.get` and deploy mix.lock",
    ),
    rule!(
        "missing_file",
        CODE,
        EX,
        ["(File.Error) could not {} \"{}\": no such file or directory"],
        "The file `{1}` does not exist",
        "check that it is part of the project (in a release: below priv/) and not excluded by an ignore file",
    ),
    rule!(
        "dependency_conflict",
        INSTALL,
        EX,
        ["^Because {} depends on {}", "^Because {} specifies {}", "Failed to use \"{}\" because"],
        "The wanted versions contradict each other",
        "align the versions that the message names in mix.exs, then run `mix deps.get` and deploy mix.lock",
    ),
    rule!(
        "secret_key_missing",
        CODE,
        EX,
        ["environment variable SECRET_KEY_BASE is missing"],
        "Phoenix has no secret key",
        "set SECRET_KEY_BASE as a secret to what `mix phx.gen.secret` prints",
    ),
    rule!(
        "missing_env_var",
        CODE,
        EX,
        ["environment variable {} is missing", "could not fetch environment variable \"{}\""],
        "The environment variable `{0}` is not set",
        "set `{0}` under `env` in backend-im.yml or in the deploy's `env`",
    ),
    rule!(
        "migrations_pending",
        RUN,
        EX,
        ["Phoenix.Ecto.PendingMigrationError", "there are pending migrations for repo"],
        "The database lacks migrations",
        "run them before the switch: `release: bin/app eval App.Release.migrate` in backend-im.yml",
    ),
];

/// Errors of the compiler, and the exception that no rule knows.
pub(super) const GENERAL: &[Rule] = &[
    rule!(
        "compile_error",
        MAKE,
        EX,
        ["^    error: {}", "^error: {}"],
        "The code does not compile: {0}",
        "mend the place that the lines below name",
    ),
    rule!(
        "compile_error",
        MAKE,
        EX,
        [
            "== Compilation error in file {} ==",
            "** (CompileError) {}",
            "** (SyntaxError) {}",
            "** (TokenMissingError) {}"
        ],
        "The code does not compile ({0})",
        "mend the place that the lines below name",
    ),
    rule!(
        "elixir_exception",
        CODE,
        EX,
        [
            "^** (Mix) {}",
            "^** ({}) {}",
            "Kernel pid terminated (application_controller) {}",
            "Application {} exited:"
        ],
        "The program ends with an error of Elixir: {1|see the message}",
        "mend the place in the code that the lines below name, or what the message asks for",
    ),
];
