//! Scripts of package.json: what they start, and what to start instead of a tool that is for development.

use super::manifest::PackageJson;
use crate::project::extension;
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

/// Programs that start another one again whenever a file changes.
const WATCHERS: &[&str] = &["nodemon", "node-dev", "ts-node-dev", "tsnd", "supervisor", "pm2-dev"];

/// Scripts that start what was built, likeliest first, where `start` itself does not.
const PRODUCTION: &[&str] = &["start:prod", "start:production", "prod", "production", "serve:prod", "serve"];

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
];

/// A command of one program, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plain<'s> {
    /// Assignments before the program.
    pub(crate) variables: Vec<&'s str>,
    pub(crate) program: &'s str,
    pub(crate) arguments: Vec<&'s str>,
}

/// Takes a command apart; nothing when it is more than one program with arguments.
pub(crate) fn plain(command: &str) -> Option<Plain<'_>> {
    if shell::is_compound(command) || command.contains(['"', '\'', '$', '\\']) {
        return None;
    }
    let mut words = command.split_whitespace().peekable();
    let mut variables = Vec::new();
    while let Some(word) = words.next_if(|word| {
        matches!(*word, "exec" | "cross-env" | "cross-env-shell" | "env" | "npx" | "bunx")
            || word.split_once('=').is_some_and(|(name, _)| shell::is_variable(name))
    }) {
        variables.extend(word.contains('=').then_some(word));
    }
    let program = words.next()?;
    Some(Plain {
        variables,
        program: program.rsplit('/').next().unwrap_or(program),
        arguments: words.collect(),
    })
}

impl Plain<'_> {
    /// The first argument that is no option.
    pub(crate) fn file(&self) -> Option<&str> {
        self.arguments.iter().copied().find(|word| !word.starts_with('-'))
    }

    /// The program with other arguments, behind the same assignments.
    fn with(&self, program: &str, arguments: &[&str]) -> String {
        let words = self.variables.iter().copied().chain([program]).chain(arguments.iter().copied());
        words.collect::<Vec<_>>().join(" ")
    }
}

/// The script that starts the app, with its name: `start`, unless that is for development and another one is not.
pub(crate) fn start(package: &PackageJson) -> Option<(&'static str, &str)> {
    let own = package.script("start").map(|script| ("start", script));
    if own.is_some_and(|(_, script)| !is_development(script)) {
        return own;
    }
    let other = PRODUCTION.iter().find_map(|name| Some((*name, package.script(name)?)));
    other.filter(|(_, script)| !is_development(script) && !serves_files(script)).or(own)
}

/// Whether the command starts something that is only for development.
pub(crate) fn is_development(command: &str) -> bool {
    let Some(plain) = plain(command) else { return false };
    let has = |word: &str| plain.arguments.contains(&word);
    match plain.program {
        program if WATCHERS.contains(&program) => true,
        "next" | "nuxt" | "nuxi" | "astro" | "remix" | "vinxi" | "react-router" | "nitropack" | "nitro" => {
            has("dev") || (plain.program == "astro" && plain.arguments.is_empty())
        }
        "nest" => true,
        "node" => has("--watch"),
        "tsx" => has("watch") || has("--watch"),
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

/// What to run in place of a program that watches files; nothing when there is no need.
pub(crate) fn without_watcher(command: &str) -> Option<String> {
    let plain = plain(command)?;
    let has = |word: &str| plain.arguments.contains(&word);
    match plain.program {
        "node" if has("--watch") => {
            let rest: Vec<&str> =
                plain.arguments.iter().copied().filter(|word| !word.starts_with("--watch")).collect();
            Some(plain.with("node", &rest))
        }
        "tsx" if has("watch") || has("--watch") => {
            let rest: Vec<&str> =
                plain.arguments.iter().copied().filter(|word| !word.contains("watch")).collect();
            Some(plain.with("tsx", &rest))
        }
        program if WATCHERS.contains(&program) => {
            let file = plain.arguments.iter().copied().rfind(|word| is_source(word))?;
            let runner = if extension(file) == "ts" { "tsx" } else { "node" };
            Some(plain.with(runner, &[file]))
        }
        _ => None,
    }
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
        matches!(words.as_slice(), ["tsc", ..] | ["npx", "tsc", ..])
            || (!words.contains(&"start") && words.last().is_some_and(|word| word.contains("build")))
    };
    (!builds.is_empty() && builds.iter().all(is_build)).then(|| (builds.join(" && "), (*start).to_owned()))
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
        assert!(is_development("nodemon server.js") && is_development("next dev") && is_development("vite"));
        assert!(!is_development("node server.js") && !is_development("next start"));
    }

    #[test]
    fn watchers_are_left_out() {
        for (command, expected) in [
            ("nodemon server.js", Some("node server.js")),
            ("NODE_ENV=x nodemon --watch src src/index.ts", Some("NODE_ENV=x tsx src/index.ts")),
            ("ts-node-dev --respawn src/main.ts", Some("tsx src/main.ts")),
            ("tsx watch --clear-screen=false src/a.ts", Some("tsx --clear-screen=false src/a.ts")),
            ("node --watch a.js", Some("node a.js")),
            ("node a.js", None),
        ] {
            assert_eq!(without_watcher(command).as_deref(), expected, "{command}");
        }
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
    fn servers_of_files_name_their_folder() {
        assert!(serves_files("serve -s build") && serves_files("vite preview"));
        assert_eq!(served_folder("serve -s -l 3000 ./dist/"), Some("dist"));
        assert_eq!(served_folder("node a"), None);
    }
}
