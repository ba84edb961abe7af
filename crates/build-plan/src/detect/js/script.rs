//! Scripts of package.json: what they start, and what to start instead of a tool that is for development.

use super::manifest::PackageJson;
use super::{chain, watcher};
use crate::shell;

/// Tools that serve pages while they are written.
const PAGE_SERVERS: &[&str] = &[
    "vite",
    "react-scripts",
    "react-app-rewired",
    "craco",
    "vue-cli-service",
    "ng",
    "gatsby",
    "eleventy",
    "parcel",
    "webpack",
    "webpack-dev-server",
    "rsbuild",
    "docusaurus",
    "vitepress",
    "vuepress",
    "hexo",
    "ember",
    "snowpack",
    "preact",
    "live-server",
    "browser-sync",
    "storybook",
    "quasar",
    "umi",
    "rspack",
    "expo",
    "stencil",
    "gulp",
    "grunt",
    "11ty",
];

/// Servers of files, which the platform itself is too.
const FILE_SERVERS: &[&str] = &["serve", "http-server", "sirv", "live-server", "superstatic"];

/// Programs that imitate a provider of functions, or start every part of a workspace, while the sources are written.
const EMULATORS: &[&str] = &[
    "vercel",
    "netlify",
    "wrangler",
    "firebase",
    "serverless",
    "sls",
    "sst",
    "func",
    "nx",
    "turbo",
    "lerna",
];

/// Scripts that start what was built, likeliest first, where `start` itself does not.
const PRODUCTION: &[&str] = &[
    "start:prod",
    "start:production",
    "start-prod",
    "prod",
    "production",
    "start:server",
    "server:prod",
    "start:dist",
    "serve:prod",
    "serve",
];

/// Programs whose package has another name.
const PROGRAMS: &[(&str, &str)] = &[
    ("nest", "@nestjs/cli"),
    ("remix-serve", "@remix-run/serve"),
    ("react-router-serve", "@react-router/serve"),
    ("sirv", "sirv-cli"),
    ("dotenv", "dotenv-cli"),
    ("tsnd", "ts-node-dev"),
    ("fastify", "fastify-cli"),
    ("sv", "svelte"),
    ("babel-node", "@babel/node"),
    ("pm2-runtime", "pm2"),
    ("run-s", "npm-run-all"),
    ("run-p", "npm-run-all"),
    ("env-cmd", "env-cmd"),
];

/// A command of one program, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plain<'s> {
    /// Assignments before the program.
    pub(crate) variables: Vec<&'s str>,
    /// Files with variables that a program in front of this one reads.
    pub(crate) env_files: Vec<&'s str>,
    pub(crate) program: &'s str,
    pub(crate) arguments: Vec<&'s str>,
}

/// Programs that only hand another one on, with other variables.
const WRAPPERS: &[&str] =
    &["exec", "cross-env", "cross-env-shell", "env", "npx", "bunx", "dotenv", "dotenvx", "env-cmd"];

/// Programs that only make what another one writes easier to read.
const PRETTY: &[&str] = &["pino-pretty", "pino-colada", "bunyan", "npx pino-pretty"];

/// Takes a command apart; nothing when it is more than one program with arguments.
pub(crate) fn plain(command: &str) -> Option<Plain<'_>> {
    let piped = command.split_once(" | ").filter(|(_, to)| PRETTY.iter().any(|name| to.starts_with(name)));
    let command = piped.map_or(command, |(from, _)| from);
    let mut words = words(command)?.into_iter().peekable();
    let (mut variables, mut env_files) = (Vec::new(), Vec::new());
    let mut wrapper = "";
    while let Some(word) = words.next_if(|word| is_in_front(word, wrapper)) {
        if matches!(word, "-e" | "-f" | "--file") && matches!(wrapper, "dotenv" | "dotenvx" | "env-cmd") {
            env_files.extend(words.next());
        } else if word.contains('=') && !word.starts_with('-') {
            variables.push(word);
        } else if WRAPPERS.contains(&word) {
            wrapper = word;
            // Without an option it reads `.env`.
            env_files.extend((word == "env-cmd").then_some(".env"));
        }
    }
    if env_files.len() > 1 {
        env_files.retain(|file| *file != ".env");
    }
    let program = words.next()?;
    let program = program.rsplit('/').next().unwrap_or(program);
    Some(Plain { variables, env_files, program, arguments: words.collect() })
}

/// Whether the word stands in front of the program: a wrapper, its option, or an assignment.
fn is_in_front(word: &str, wrapper: &str) -> bool {
    WRAPPERS.contains(&word)
        || (!wrapper.is_empty() && word.starts_with('-'))
        || (wrapper == "dotenvx" && word == "run")
        || word.split_once('=').is_some_and(|(name, _)| shell::is_variable(name))
}

/// The words of a command, without their quotes; nothing where a shell would do more than split it.
fn words(command: &str) -> Option<Vec<&str>> {
    const SPECIAL: &[char] = &['|', '&', ';', '<', '>', '(', ')', '`', '\n', '$', '\\', '"', '\''];
    let mut words = Vec::new();
    let mut rest = command.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, after) = if matches!(first, '"' | '\'') {
            rest[1..].split_once(first)?
        } else {
            rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()))
        };
        let is_special =
            |c: char| SPECIAL.contains(&c) && (first != '"' && first != '\'' || "`$\\".contains(c));
        if word.contains(is_special) || !(after.is_empty() || after.starts_with(char::is_whitespace)) {
            return None;
        }
        words.push(word);
        rest = after.trim_start();
    }
    Some(words)
}

impl<'s> Plain<'s> {
    /// The first argument that is neither an option nor the value of one that loads something before the file.
    pub(crate) fn file(&self) -> Option<&'s str> {
        const LOADING: &[&str] = &[
            "-r",
            "--require",
            "--import",
            "--loader",
            "--experimental-loader",
            "--env-file",
            "-P",
            "--project",
        ];
        let mut words = self.arguments.iter().copied();
        while let Some(word) = words.next() {
            match word {
                word if LOADING.contains(&word) => drop(words.next()),
                // Words of Bun and Deno that come before the file.
                "run" if matches!(self.program, "bun" | "deno") => {}
                word if word.starts_with('-') => {}
                word => return Some(word),
            }
        }
        None
    }

    /// The program with other arguments, behind the same assignments.
    pub(super) fn with(&self, program: &str, arguments: &[&str]) -> String {
        let words = self.variables.iter().copied().chain([program]).chain(arguments.iter().copied());
        words.map(quoted).collect::<Vec<_>>().join(" ")
    }
}

/// The word as a shell must be told it, options and globs included.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+=,~^".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) { word.to_owned() } else { format!("'{word}'") }
}

/// The script that starts the app, with its name: where `start` leads, unless that is for development and another one
/// is not.
pub(crate) fn start(package: &PackageJson) -> Option<(&str, &str)> {
    let own = chain::led(package, "start");
    if own.is_some_and(|(_, script)| !is_development(script)) {
        return own;
    }
    let is_meant = |script: &str| !is_development(script) && !serves_files(script);
    let other =
        PRODUCTION.iter().find_map(|name| chain::led(package, name).filter(|(_, script)| is_meant(script)));
    other.or(own)
}

/// Whether the command starts something that is only for development.
pub(crate) fn is_development(command: &str) -> bool {
    let Some(plain) = plain(command) else {
        // Of several steps the last one stays.
        let last = command.rsplit_once("&&").map(|(_, last)| last.trim());
        return last.is_some_and(|last| chain::at_once(last).is_some() || is_development(last));
    };
    let has = |word: &str| plain.arguments.contains(&word);
    match plain.program {
        program if watcher::watches(&plain) || chain::RUNS_SEVERAL.contains(&program) => true,
        "next" | "nuxt" | "nuxi" | "astro" | "remix" | "vinxi" | "react-router" | "nitropack" | "nitro"
        | "keystone" => has("dev") || (plain.program == "astro" && plain.arguments.is_empty()),
        "strapi" | "medusa" => has("develop") || has("dev"),
        "nest" => true,
        program if EMULATORS.contains(&program) => {
            ["dev", "serve", "offline", "start", "watch", "emulators:start"].iter().any(|word| has(word))
                || has("run-many")
        }
        program => is_page_server(program) && !has("build"),
    }
}

/// Whether the program serves pages while they are written.
pub(crate) fn is_page_server(program: &str) -> bool {
    PAGE_SERVERS.contains(&program)
}

/// Whether the command serves files, which the platform does itself.
pub(crate) fn serves_files(command: &str) -> bool {
    plain(command).is_some_and(|plain| {
        FILE_SERVERS.contains(&plain.program)
            || (plain.program == "vite" && plain.arguments.contains(&"preview"))
            || (plain.program == "gatsby" && plain.arguments.contains(&"serve"))
            || (plain.program == "docusaurus" && plain.arguments.contains(&"serve"))
    })
}

/// The folder that a server of files is given.
pub(crate) fn served_folder(command: &str) -> Option<&str> {
    let plain = plain(command).filter(|plain| FILE_SERVERS.contains(&plain.program))?;
    let mut words = plain.arguments.iter().peekable();
    while let Some(word) = words.next() {
        match *word {
            "-l" | "-p" | "--port" | "--listen" | "-a" | "-c" => drop(words.next()),
            word if word.starts_with('-') => {}
            word => return Some(word.trim_start_matches("./").trim_end_matches('/')),
        }
    }
    None
}

/// Whether all that a script does is to build.
pub(super) fn builds(package: &PackageJson, name: &str) -> bool {
    const STEPS: &[&str] =
        &["build", "compile", "bundle", "clean", "generate", "tsc", "rimraf", "tsup", "rm"];
    let Some((name, text)) = chain::led(package, name) else { return false };
    let is_build = |step: &str| {
        let words: Vec<&str> = step.split_whitespace().collect();
        words.iter().any(|word| STEPS.iter().any(|verb| word.contains(verb))) && !step.contains("migrat")
    };
    name.contains("build") || text.split("&&").all(is_build)
}

/// Whether a word names a source file in TypeScript.
pub(super) fn is_typescript(word: &str) -> bool {
    [".ts", ".mts", ".cts", ".tsx"].iter().any(|ending| word.ends_with(ending))
}

/// Whether a word names a source file.
pub(crate) fn is_source(word: &str) -> bool {
    [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"].iter().any(|ending| word.ends_with(ending))
}

/// The steps of a start command that build, and the one that starts: `tsc && node dist/index.js`.
pub(crate) fn split_build(command: &str) -> Option<(String, String)> {
    if command.contains(['|', ';', '(', '`', '"', '\'']) || command.replace("&&", "").contains('&') {
        return None;
    }
    let steps: Vec<&str> = command.split("&&").map(str::trim).collect();
    let (start, builds) = steps.split_last()?;
    let is_build = |step: &&str| {
        let words: Vec<&str> = step.split_whitespace().collect();
        let makes =
            |word: &&str| ["build", "compile", "bundle", "transpile"].iter().any(|verb| word.contains(verb));
        matches!(words.as_slice(), ["tsc" | "tsup" | "tsdown", ..] | ["npx", "tsc", ..])
            || (!words.contains(&"start") && words.last().is_some_and(makes))
    };
    (!builds.is_empty() && builds.iter().all(is_build)).then(|| (builds.join(" && "), (*start).to_owned()))
}

/// The steps of a build script before the one that starts what they have built; nothing where it starts nothing.
pub(super) fn before_start(text: &str) -> Option<String> {
    if text.contains(['|', ';', '(', '`']) || text.replace("&&", "").contains('&') {
        return None;
    }
    let mut steps: Vec<&str> = text.split("&&").map(str::trim).collect();
    let last: Vec<&str> = steps.pop()?.split_whitespace().collect();
    let starts = match last.as_slice() {
        ["npm" | "yarn" | "pnpm" | "bun", "start"] => true,
        ["npm" | "yarn" | "pnpm" | "bun", "run", name] => *name == "start" || name.starts_with("start:"),
        _ => false,
    };
    while steps.last().is_some_and(|step| starts && step.starts_with("cd ")) {
        steps.pop();
    }
    starts.then(|| steps.join(" && "))
}

/// Whether the command runs something that only `devDependencies` bring.
pub(crate) fn needs_tools(package: &PackageJson, command: &str) -> bool {
    let words = command.split(|c: char| c.is_whitespace() || matches!(c, '/' | '=' | '&' | ';'));
    words.filter(|word| !word.is_empty()).any(|word| {
        let name =
            PROGRAMS.iter().find(|(program, _)| *program == word).map_or(word, |(_, package)| *package);
        !package.depends_on(name) && package.uses(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_taken_apart() {
        let found = plain("cross-env NODE_ENV=production node --trace-warnings ./bin/www").unwrap();
        assert_eq!((found.program, found.file(), found.variables.len()), ("node", Some("./bin/www"), 1));
        assert_eq!(plain("a && b"), None);
        let found = plain("dotenv -e .env.production -- node \"src/a b.js\"").unwrap();
        assert_eq!(
            (found.program, found.arguments, found.env_files),
            ("node", vec!["src/a b.js"], vec![".env.production"])
        );
        assert_eq!(plain("node -r dotenv/config --inspect src/a.js").unwrap().file(), Some("src/a.js"));
        assert_eq!(plain("tsx watch src | pino-pretty --colorize").unwrap().arguments, ["watch", "src"]);
        assert_eq!(plain("node 'a.js'x"), None);
        assert_eq!(plain("node \"$FILE\""), None);
        assert!(is_development("nodemon server.js") && is_development("next dev") && is_development("vite"));
        assert!(!is_development("node server.js") && !is_development("next start"));
    }

    #[test]
    fn a_start_that_builds_is_split() {
        assert_eq!(
            split_build("npm run build && node dist/a.js"),
            Some(("npm run build".to_owned(), "node dist/a.js".to_owned()))
        );
        assert!(split_build("tsc && node a").is_some());
        assert_eq!(split_build("prisma migrate deploy && node a"), None);
        assert_eq!(split_build("node a & node b"), None);
    }

    #[test]
    fn a_build_ends_before_it_starts_anything() {
        for (text, expected) in [
            ("cd web && yarn build && cd ../.. && yarn run start", Some("cd web && yarn build")),
            ("npm start", Some("")),
            ("vite build", None),
            ("tsc && node scripts/copy.js", None),
            ("tsc; npm start", None),
        ] {
            assert_eq!(before_start(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn servers_of_files_name_their_folder() {
        assert!(serves_files("serve -s build") && serves_files("vite preview"));
        assert_eq!(served_folder("serve -s -l 3000 ./dist/"), Some("dist"));
        assert_eq!(served_folder("node a"), None);
    }
}
