//! Programs that start another one again whenever a file changes, and what to run in their place.

use super::script::{Plain, is_source, plain};
use crate::project::extension;

/// Programs that do nothing else.
const WATCHERS: &[&str] = &["nodemon", "node-dev", "ts-node-dev", "tsnd", "supervisor", "pm2-dev"];
/// Their options that a value follows.
const WITH_VALUE: &[&str] = &[
    "-w",
    "--watch",
    "-i",
    "--ignore",
    "-e",
    "--ext",
    "-d",
    "--delay",
    "-s",
    "--signal",
    "-C",
    "--cwd",
    "--config",
    "-r",
    "--require",
    "-P",
    "--project",
    "-n",
];

/// Whether the command runs something again whenever a file changes.
pub(super) fn watches(plain: &Plain<'_>) -> bool {
    match plain.program {
        program if WATCHERS.contains(&program) => true,
        "tsx" => plain.arguments.contains(&"watch") || has_flag(plain),
        "node" | "bun" | "deno" => has_flag(plain),
        _ => false,
    }
}

fn has_flag(plain: &Plain<'_>) -> bool {
    plain.arguments.iter().any(|word| is_flag(word))
}

fn is_flag(word: &str) -> bool {
    word.starts_with("--watch") || word == "--hot"
}

/// What to run in place of a program that watches files; nothing when there is no need, or when it does not say what it
/// runs. `settings` is what its settings file has it run.
pub(super) fn without(command: &str, settings: Option<&str>) -> Option<String> {
    let plain = plain(command).filter(watches)?;
    if !WATCHERS.contains(&plain.program) {
        let is_watch = |word: &&str| !(is_flag(word) || plain.program == "tsx" && *word == "watch");
        let rest: Vec<&str> = plain.arguments.iter().copied().filter(is_watch).collect();
        return Some(plain.with(plain.program, &rest));
    }
    let (exec, file) = watched(&plain);
    let exec = exec.or(settings);
    match (exec, file) {
        (Some(exec), file) => {
            let has_file = exec.split_whitespace().any(is_source) || !is_runner(exec);
            let file = file.filter(|_| !has_file);
            let words: Vec<&str> = exec.split_whitespace().chain(file).collect();
            let (program, arguments) = words.split_first()?;
            Some(plain.with(program, arguments))
        }
        (None, Some(file)) => {
            let runner = if matches!(extension(file), "ts" | "mts" | "cts" | "tsx") { "tsx" } else { "node" };
            Some(plain.with(runner, &[file]))
        }
        (None, None) => None,
    }
}

/// Whether the command only lacks a file to run.
fn is_runner(exec: &str) -> bool {
    let program = exec.split_whitespace().next().unwrap_or_default();
    matches!(program, "node" | "ts-node" | "tsx" | "babel-node" | "bun" | "swc-node" | "esr" | "npx")
}

/// What a watcher is told to run, and the file.
fn watched<'s>(plain: &Plain<'s>) -> (Option<&'s str>, Option<&'s str>) {
    let (mut exec, mut file) = (None, None);
    let mut words = plain.arguments.iter().copied();
    while let Some(word) = words.next() {
        match word {
            "-x" | "--exec" => exec = words.next(),
            option if WITH_VALUE.contains(&option) => drop(words.next()),
            option if option.starts_with('-') => {}
            // A later source is the file where something unknown stands before it.
            word if file.is_none() || (is_source(word) && !file.is_some_and(is_source)) => file = Some(word),
            _ => {}
        }
    }
    (exec, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watchers_are_left_out() {
        for (command, expected) in [
            ("nodemon server.js", Some("node server.js")),
            ("nodemon server --ignore client", Some("node server")),
            ("NODE_ENV=x nodemon --watch src src/index.ts", Some("NODE_ENV=x tsx src/index.ts")),
            ("nodemon --watch 'src/**/*.ts' --exec 'ts-node' src/index.ts", Some("ts-node src/index.ts")),
            ("nodemon -e ts --exec \"ts-node --files src/index.ts\"", Some("ts-node --files src/index.ts")),
            ("nodemon --exec babel-node src/index.js", Some("babel-node src/index.js")),
            ("nodemon --exec \"npm start\"", Some("npm start")),
            ("ts-node-dev --respawn src/main.ts", Some("tsx src/main.ts")),
            ("tsx watch --clear-screen=false src/a.ts", Some("tsx --clear-screen=false src/a.ts")),
            ("node --watch a.js", Some("node a.js")),
            ("bun run --hot src/index.ts", Some("bun run src/index.ts")),
            ("nodemon", None),
            ("node a.js", None),
        ] {
            assert_eq!(without(command, None).as_deref(), expected, "{command}");
        }
        assert_eq!(without("nodemon", Some("ts-node ./src/a.ts")).as_deref(), Some("ts-node ./src/a.ts"));
    }
}
