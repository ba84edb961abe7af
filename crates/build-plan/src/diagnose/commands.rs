//! Rules about the command itself: programs that are not there, options that they do not know, scripts that no shell reads.

use super::patch::package_of_program;
use super::rule::{ANY, Rule, or, rule};

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
            ": line {}: : not found",
            ": line {}: : command not found",
            "^: not found"
        ],
        "A script has Windows line endings",
        "write it with Unix line endings (`dos2unix`, or `*.sh text eol=lf` in .gitattributes) and deploy again",
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
            "The option \"{}\" does not exist",
            "The \"{}\" option does not exist",
            "{} is not allowed in NODE_OPTIONS",
            "Invalid maximum heap size: {}",
            "Invalid initial heap size: {}"
        ],
        "The command is given an option that the program does not know: {0|see the message}",
        "correct the command; `--help` of the program lists its options, and another version may have others",
    ),
    rule!(
        "syntax_error",
        ANY,
        &[],
        [
            ".sh: line {}: syntax error{}",
            ".sh: {}: Syntax error: {}",
            "sh: -c: line {}: syntax error{}",
            "sh: 1: Syntax error: {}",
            "unexpected EOF while looking for matching {}"
        ],
        "The shell cannot parse a script, at line {0}",
        "mend the line that the message names; a script for bash needs `#!/usr/bin/env bash` in its first line",
    ),
    rule!(
        "missing_file",
        ANY,
        &[],
        ["cd: can't cd to {}", ": cd: {}: No such file or directory"],
        "The folder `{0}` does not exist",
        "correct the command, which changes to `{0}`, or set `root` in backend-im.yml to that folder; commands start in the project's top folder",
    ),
    rule!(
        "missing_file",
        ANY,
        &[],
        [
            "cannot access '{}': No such file",
            "cannot stat '{}': No such file",
            "cannot stat ‘{}’: No such file",
            "^cat: {}: No such file or directory",
            "sh: can't open '{}'",
            "sh: 0: cannot open {}: No such file",
            "could not open config file (file {})",
            "^ls: {}: No such file or directory",
            "^cp: {}: No such file or directory"
        ],
        "The file `{0}` does not exist",
        "correct the path in the command (it is relative to the project's top folder), and check that no ignore file excludes it",
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
            "^Unknown command: '{}'"
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
            "npx canceled due to missing packages and no YES option",
            "APPLICATION IN PRODUCTION",
            "Application In Production!"
        ],
        "The command asks a question, and nobody answers",
        "give the answer as an option, such as `--force`, `--yes` or `--noinput` (Laravel: `php artisan migrate --force`, Prisma: `prisma migrate deploy`)",
    ),
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
            "no such command: `{}`",
            "could not determine executable to run",
            "Command \"{}\" not found",
            "^bash: {}: No such file or directory",
            "A problem occurred starting process 'command '{}''",
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
];
