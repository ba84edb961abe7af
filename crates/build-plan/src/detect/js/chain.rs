//! Scripts that run other scripts: where one leads in the end, and which of several at once is the server.

use super::manifest::PackageJson;
use super::script::{Plain, is_page_server, plain, serves_files};

/// Programs that run several commands at once.
pub(super) const RUNS_SEVERAL: &[&str] =
    &["concurrently", "conc", "npm-run-all", "npm-run-all2", "run-p", "wireit", "stmux"];
/// How many scripts are followed.
const STEPS_MAX: usize = 8;
/// Options of `concurrently` that a value follows.
const WITH_VALUE: &[&str] = &[
    "-n",
    "--names",
    "-c",
    "--prefix-colors",
    "-p",
    "--prefix",
    "-l",
    "--prefix-length",
    "-s",
    "--success",
    "-m",
    "--max-processes",
    "--restart-tries",
    "--restart-after",
    "--kill-signal",
    "-t",
    "--timestamp-format",
];
/// Programs that start a server when they are given its file.
const RUNNERS: &[&str] = &[
    "node",
    "nodemon",
    "node-dev",
    "tsx",
    "ts-node",
    "ts-node-dev",
    "tsnd",
    "bun",
    "deno",
    "babel-node",
    "pm2",
    "pm2-runtime",
    "next",
    "nuxt",
];

/// The script where `name` leads, with its text: itself, or the one that it only runs, or the one server among those
/// that it runs at once. Nothing where it starts several things and none of them is the one.
pub(super) fn led<'p>(package: &'p PackageJson, name: &'p str) -> Option<(&'p str, &'p str)> {
    follow(package, (name, package.script(name)?))
}

fn follow<'p>(package: &'p PackageJson, from: (&'p str, &'p str)) -> Option<(&'p str, &'p str)> {
    let mut at = from;
    for _ in 0..STEPS_MAX {
        if let Some(parts) = at_once(at.1) {
            let mut servers = parts
                .into_iter()
                .filter_map(|part| follow_part(package, (at.0, part)))
                .filter(|(_, text)| plain(text).is_some_and(|plain| is_server(&plain, text)));
            let server = servers.next()?;
            return servers.next().is_none().then_some(server);
        }
        match run(package, at) {
            Some(next) => at = next,
            None => break,
        }
    }
    Some(at)
}

/// A part of several: what it runs, and no further, so that no two scripts can run each other for ever.
fn follow_part<'p>(package: &'p PackageJson, from: (&'p str, &'p str)) -> Option<(&'p str, &'p str)> {
    let name = ["npm:", "yarn:", "pnpm:", "bun:"].iter().find_map(|manager| from.1.strip_prefix(manager));
    let by_name = name.and_then(|name| Some((name, package.script(name)?)));
    let mut at = by_name.unwrap_or(from);
    for _ in 0..STEPS_MAX {
        let Some(next) = run(package, at) else { break };
        at = next;
    }
    at_once(at.1).is_none().then_some(at)
}

fn is_server(plain: &Plain<'_>, text: &str) -> bool {
    RUNNERS.contains(&plain.program) && !is_page_server(plain.program) && !serves_files(text)
}

/// The script that this one does nothing but run.
fn run<'p>(package: &'p PackageJson, from: (&'p str, &'p str)) -> Option<(&'p str, &'p str)> {
    let name = script_of(&plain(from.1).filter(|plain| plain.variables.is_empty())?)?;
    let text = package.script(name)?;
    let has_hooks =
        |name: &str| ["pre", "post"].iter().any(|hook| package.script(&format!("{hook}{name}")).is_some());
    (!has_hooks(name) && !has_hooks(from.0)).then_some((name, text))
}

/// The name of the script that a package manager is to run, with nothing added.
pub(super) fn script_of<'s>(plain: &Plain<'s>) -> Option<&'s str> {
    let words =
        plain.arguments.iter().copied().filter(|word| !matches!(*word, "--silent" | "-s" | "--quiet"));
    match (plain.program, words.collect::<Vec<_>>().as_slice()) {
        ("npm", ["start"]) => Some("start"),
        ("npm", ["run" | "run-script", name])
        | ("pnpm" | "yarn" | "bun", ["run", name])
        | ("pnpm" | "yarn", [name]) => Some(name),
        _ => None,
    }
}

/// The folder or the package in which the command starts something, where that is another one: `cd apps/web && …`,
/// `npm run start --workspace=server`.
pub(super) fn elsewhere(command: &str) -> Option<String> {
    const OPTIONS: &[&str] =
        &["--workspace", "-w", "--filter", "-F", "--prefix", "--cwd", "-C", "--dir", "--scope", "--project"];
    let mut folders: Vec<&str> = Vec::new();
    // What is started comes last.
    let mut named = None;
    for step in command.split("&&").map(str::trim) {
        let words: Vec<&str> = step.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
        if let ["cd", folder] = words.as_slice() {
            folders.push(folder.trim_start_matches("./").trim_end_matches('/'));
        }
        let program =
            words.iter().find(|word| !word.contains('=') && **word != "npx" && **word != "cross-env");
        if !matches!(program, Some(&("npm" | "pnpm" | "yarn" | "turbo" | "lerna" | "bun"))) {
            continue;
        }
        if let Some(at) = words.iter().position(|word| *word == "workspace") {
            named = words.get(at + 1).map(|name| (*name).to_owned());
            continue;
        }
        let given = words.iter().enumerate().find_map(|(at, word)| {
            let given = OPTIONS.iter().find(|option| word.starts_with(**option))?;
            let rest = word.strip_prefix(given)?;
            if rest.is_empty() { words.get(at + 1).copied() } else { rest.strip_prefix('=') }
        });
        let clean = |place: &str| place.trim_start_matches("./").trim_end_matches(['/', '.']).to_owned();
        named = given.map(clean).or(named);
    }
    if named.is_some() {
        return named;
    }
    (!folders.is_empty()).then(|| folders.join("/"))
}

/// The commands that are run at once; nothing when it is one, or one behind another.
pub(super) fn at_once(command: &str) -> Option<Vec<&str>> {
    let words = loose_words(command);
    let first = words.iter().position(|word| !matches!(*word, "npx" | "cross-env") && !word.contains('='))?;
    if RUNS_SEVERAL.contains(&words[first]) {
        if words[first].starts_with("npm-run-all")
            && !words.iter().any(|word| matches!(*word, "-p" | "--parallel"))
        {
            return None;
        }
        return Some(arguments(&words[first + 1..]));
    }
    let is_one = command.replace("&&", "").contains('&') && !command.contains(['"', '\'', '(', '>']);
    is_one.then(|| split_at_ampersands(command))
}

/// What stands between single `&`.
fn split_at_ampersands(command: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut from = 0;
    let bytes = command.as_bytes();
    for (at, _) in command.match_indices('&') {
        let is_double = bytes.get(at + 1) == Some(&b'&') || (at > 0 && bytes[at - 1] == b'&');
        if !is_double {
            parts.push(command[from..at].trim());
            from = at + 1;
        }
    }
    parts.push(command[from..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// The commands among the words behind `concurrently`.
fn arguments<'s>(words: &[&'s str]) -> Vec<&'s str> {
    let mut found = Vec::new();
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        match word {
            option if WITH_VALUE.contains(&option) && option.starts_with('-') => drop(words.next()),
            option if option.starts_with('-') => {}
            word => found.push(word.trim()),
        }
    }
    found
}

/// Words, of which quoted ones are one; quotes may be escaped, as they are within a text of JSON within a shell.
fn loose_words(command: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = command.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '"' | '\'' => rest[1..].split_once(first).unwrap_or((&rest[1..], "")),
            _ => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        words.push(word);
        rest = after.trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::super::manifest::parse;
    use super::*;

    fn package(scripts: &str) -> PackageJson {
        parse("package.json", &format!("{{\"scripts\": {scripts}}}")).unwrap()
    }

    #[test]
    fn scripts_are_followed_to_the_one_that_starts() {
        let scripts =
            r#"{"start": "npm run serve", "serve": "yarn go", "go": "node a.js", "loop": "npm run loop"}"#;
        let package = package(scripts);
        assert_eq!(led(&package, "start"), Some(("go", "node a.js")));
        assert_eq!(led(&package, "loop"), Some(("loop", "npm run loop")));
        assert_eq!(led(&package, "none"), None);
    }

    #[test]
    fn the_server_among_several_is_found() {
        let scripts = r#"{
            "start": "concurrently --kill-others -n \"a,b\" \" npm run server\" \" npm run client\"",
            "server": "nodemon server --ignore client", "client": "npm run dev --prefix client",
            "both": "concurrently 'npm:one' 'npm:two'", "one": "node a.js", "two": "node b.js",
            "opens": "node index.js & npm run lh", "lh": "open x & open x"}"#;
        let package = package(scripts);
        assert_eq!(led(&package, "start"), Some(("server", "nodemon server --ignore client")));
        assert_eq!(led(&package, "both"), None);
        assert_eq!(led(&package, "opens"), Some(("opens", "node index.js")));
    }

    #[test]
    fn what_starts_elsewhere_says_where() {
        for (command, place) in [
            ("npm run start --workspace=apps/server", Some("apps/server")),
            ("npm -w server start", Some("server")),
            ("yarn workspace @x/api start", Some("@x/api")),
            ("pnpm --filter ./apps/web start", Some("apps/web")),
            ("cd apps && cd web && next start", Some("apps/web")),
            ("NODE_ENV=production npm start --prefix server", Some("server")),
            ("node server.js --dir x", None),
            ("next start", None),
            ("yarn workspace lib build && yarn workspace api start", Some("api")),
        ] {
            assert_eq!(elsewhere(command).as_deref(), place, "{command}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_command_makes_it_panic(command in "(concurrently|npm run |&|&&|\"|'|-n |\\PC| ){0,30}") {
            at_once(&command);
            plain(&command);
        }
    }
}
