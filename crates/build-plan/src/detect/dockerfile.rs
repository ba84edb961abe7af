//! Dockerfiles, read for what they say about the program: the process engine builds none, and says so.

use serde_json::Value;

use super::migrations;
use super::script::{self, Script};
use crate::project::Project;
use crate::{image, shell};

/// Names under which people keep one, the usual first.
const FILES: &[&str] = &[
    "Dockerfile",
    "Containerfile",
    "Dockerfile.prod",
    "Dockerfile.production",
    "docker/Dockerfile",
    ".docker/Dockerfile",
];
/// How many instructions are read.
const INSTRUCTIONS_MAX: usize = 500;
/// How much of them is kept to look for names in, in bytes.
const SAID_MAX: usize = 64 << 10;
/// Packages that serve whoever builds or enters the container, and never the app.
const TOOLS: &[&str] = &[
    "apt-transport-https",
    "apt-utils",
    "ca-certificates",
    "dumb-init",
    "gnupg",
    "gnupg2",
    "less",
    "lsb-release",
    "nano",
    "net-tools",
    "netcat",
    "netcat-openbsd",
    "netcat-traditional",
    "procps",
    "software-properties-common",
    "sudo",
    "tini",
    "vim",
    "wait-for-it",
];

/// What a Dockerfile says about its last stage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Dockerfile {
    pub(crate) file: String,
    /// The image that the last stage stands on.
    pub(crate) base: Option<String>,
    /// The images that its stages stand on, with the line of each.
    images: Vec<(String, usize)>,
    /// The port of `EXPOSE`, else of `ENV PORT`, with the line.
    pub(crate) port: Option<(u16, usize)>,
    /// What the container runs, with the line that says so.
    pub(crate) command: Option<(String, usize)>,
    /// `CMD` alone, where an `ENTRYPOINT` stands before it.
    arguments: Option<(String, usize)>,
    /// The command that comes of it in the end, where a script lies between, with what says so: `boot.sh:9`.
    pub(crate) start: Option<(String, String)>,
    /// What migrates the database before that, with what says so.
    pub(crate) migrations: Option<(String, String)>,
    /// The path that its health check asks for, with the line.
    pub(crate) health_path: Option<(String, usize)>,
    /// What the instructions of all stages say, for those who look for a name in it.
    pub(crate) said: String,
    /// Packages of the operating system that it installs, with the line of each.
    pub(crate) packages: Vec<(String, usize)>,
}

/// Reads the project's Dockerfile. One that cannot be read decides nothing, nor does one that was made of a plan: it would
/// only repeat it, and go on doing so when the project has changed.
pub(crate) fn read(project: &Project<'_>) -> Option<Dockerfile> {
    let file = project.first_of(FILES)?;
    let text = project.manifest(file).ok()??;
    if text.lines().take(4).any(|line| line.contains(image::SIGNATURE)) {
        return None;
    }
    let mut dockerfile = Dockerfile { file: file.to_owned(), ..parse(&text) };
    dockerfile.follow(project);
    Some(dockerfile)
}

impl Dockerfile {
    /// Finds out what is started in the end: through a script of the project, and without migrations.
    fn follow(&mut self, project: &Project<'_>) {
        let Some((command, line)) = self.command.clone() else { return };
        let at = |line: usize| format!("{}:{line}", self.file);
        let given = |(text, line): &(String, usize)| (text.clone(), at(*line));
        let (start, mut migrations) = match script::read(project, &command) {
            Some(Script { file, start, migrations, passes_on, .. }) => {
                let own = |(text, line): (String, usize)| (text, format!("{file}:{line}"));
                let passed = self.arguments.as_ref().filter(|_| passes_on).map(given);
                (passed.or_else(|| start.map(own)), migrations.map(own))
            }
            None => (Some((command, at(line))), None),
        };
        self.start = start.map(|(text, source)| match migrations::split(&text) {
            Some(split) => {
                migrations.get_or_insert((split.migrations, source.clone()));
                (split.start, source)
            }
            None => (text, source),
        });
        self.migrations = migrations;
    }

    /// The major version of an official image that a stage stands on, such as the 22 of `node:22-alpine`, with what says
    /// so. The rest of a tag is whatever was newest when it was written.
    pub(crate) fn version_of(&self, image: &str) -> Option<(String, String)> {
        self.images.iter().find_map(|(name, line)| {
            let name = name.strip_prefix("docker.io/library/").unwrap_or(name);
            let tag = name.strip_prefix(image)?.strip_prefix(':')?;
            let digits = &tag[..tag.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(tag.len())];
            (!digits.is_empty()).then(|| (digits.to_owned(), format!("{}:{line}", self.file)))
        })
    }

    /// Whether an instruction names this, as a word or a part of a path.
    pub(crate) fn names(&self, name: &str) -> bool {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
        !name.is_empty()
            && self.said.split(|c| !is_part(c)).any(|word| {
                let word = word.trim_start_matches("./").trim_matches('/');
                word == name
                    || word.split_once(name).is_some_and(|(before, behind)| {
                        (before.is_empty() || before.ends_with('/'))
                            && (behind.is_empty() || behind.starts_with('/'))
                    })
            })
    }
}

/// One instruction with the line on which it starts.
struct Instruction {
    name: String,
    rest: String,
    line: usize,
}

/// Cuts the text into instructions: comments gone, continuations joined, here-documents skipped.
fn instructions(text: &str) -> Vec<Instruction> {
    let mut found: Vec<Instruction> = Vec::new();
    let mut is_open = false;
    let mut until: Option<String> = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(end) = &until {
            if line == end {
                until = None;
            }
            continue;
        }
        if line.starts_with('#') || line.is_empty() || found.len() >= INSTRUCTIONS_MAX {
            continue;
        }
        let (code, goes_on) = line.strip_suffix(['\\', '`']).map_or((line, false), |code| (code, true));
        if let Some(open) = found.last_mut().filter(|_| is_open) {
            open.rest.push(' ');
            open.rest.push_str(code.trim());
        } else {
            let (name, rest) = code.split_once(char::is_whitespace).unwrap_or((code, ""));
            until = here_document(rest);
            let (name, rest) = (name.to_ascii_uppercase(), rest.trim().to_owned());
            found.push(Instruction { name, rest, line: number + 1 });
        }
        is_open = goes_on;
    }
    found
}

/// The word that ends the here-document which an instruction opens.
fn here_document(rest: &str) -> Option<String> {
    let (_, word) = rest.split_once("<<")?;
    let word = word.trim_start_matches('-').trim_matches(['"', '\'']);
    let end = word.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(word.len());
    (end > 0).then(|| word[..end].to_owned())
}

fn parse(text: &str) -> Dockerfile {
    let mut dockerfile = Dockerfile::default();
    let mut entrypoint: Option<(String, usize)> = None;
    let mut command: Option<(String, usize)> = None;
    let mut exposed = None;
    let mut variable = None;
    for Instruction { name, rest, line } in instructions(text) {
        match name.as_str() {
            "FROM" => {
                (entrypoint, command, exposed, variable) = (None, None, None, None);
                let mut words = rest.split_whitespace().filter(|word| !word.starts_with("--"));
                dockerfile.base = words.next().map(str::to_owned);
                dockerfile.images.extend(dockerfile.base.clone().map(|base| (base, line)));
            }
            "EXPOSE" if exposed.is_none() => exposed = port(&rest).map(|port| (port, line)),
            "ENV" => variable = environment_port(&rest).map(|port| (port, line)).or(variable),
            "HEALTHCHECK" => dockerfile.health_path = health_path(&rest).map(|path| (path, line)),
            "CMD" => command = words_of(&rest).map(|text| (text, line)),
            "ENTRYPOINT" => entrypoint = words_of(&rest).map(|text| (text, line)),
            "RUN" => {
                dockerfile.packages.extend(installed(&rest).map(|package| (package.to_owned(), line)));
            }
            _ => {}
        }
        if matches!(name.as_str(), "RUN" | "COPY" | "ADD" | "CMD" | "ENTRYPOINT" | "ARG" | "WORKDIR")
            && dockerfile.said.len() < SAID_MAX
        {
            dockerfile.said.push_str(&rest);
            dockerfile.said.push('\n');
        }
    }
    dockerfile.port = exposed.or(variable);
    dockerfile.arguments = command.clone().filter(|_| entrypoint.is_some());
    dockerfile.command = match (entrypoint, command) {
        (Some((entry, line)), Some((arguments, _))) => Some((format!("{entry} {arguments}"), line)),
        (entry, command) => entry.or(command),
    };
    dockerfile
}

/// `8080` of `8080/tcp`.
fn port(text: &str) -> Option<u16> {
    let word = text.split_whitespace().next()?;
    word.split('/').next()?.parse().ok().filter(|port| *port > 0)
}

/// The port of `PORT=8080` or `PORT 8080`.
fn environment_port(rest: &str) -> Option<u16> {
    if let Some(value) = rest.strip_prefix("PORT ") {
        return port(value);
    }
    let value = rest.split_whitespace().find_map(|word| word.strip_prefix("PORT="))?;
    port(value.trim_matches(['"', '\'']))
}

/// `/health` of `curl -f http://localhost:8000/health || exit 1`.
fn health_path(rest: &str) -> Option<String> {
    let (_, address) = rest.split_once("http://localhost").or_else(|| rest.split_once("http://127.0.0.1"))?;
    let (_, path) = address.split_once('/')?;
    let end = path.find(|c: char| !(c.is_ascii_alphanumeric() || "/-_.".contains(c))).unwrap_or(path.len());
    (end > 0).then(|| format!("/{}", &path[..end]))
}

/// A command in either of its forms, as a text for the shell.
fn words_of(rest: &str) -> Option<String> {
    if !rest.starts_with('[') {
        return Some(rest.to_owned()).filter(|text| !text.is_empty());
    }
    let Ok(Value::Array(words)) = serde_json::from_str(rest) else { return None };
    let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
    match words.as_slice() {
        [] => None,
        ["sh" | "bash" | "/bin/sh" | "/bin/bash", "-c" | "-lc", text] => Some((*text).to_owned()),
        words => Some(words.iter().map(|word| argument(word)).collect::<Vec<_>>().join(" ")),
    }
}

/// One word of the list form: options stay options.
fn argument(word: &str) -> String {
    if word.starts_with('-') && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./:@%+=,".contains(&b))
    {
        return word.to_owned();
    }
    shell::word(word)
}

/// The packages of `apt-get install` and `apk add`.
fn installed(rest: &str) -> impl Iterator<Item = &str> {
    let commands = rest.split(['&', ';', '|']).map(str::trim);
    let lists = commands.filter_map(|command| {
        ["apt-get install", "apt install", "apt-get -y install", "apt-get -qq install"]
            .iter()
            .find_map(|start| command.split_once(start))
            .map(|(_, list)| list)
    });
    let is_name = |word: &&str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b))
    };
    lists.flat_map(str::split_whitespace).filter(is_name).filter(|word| !TOOLS.contains(word))
}

/// The command with the platform's address in place of the container's own.
pub(crate) fn adapted(command: &str) -> String {
    const PORTS: &[&str] = &["--port", "-p", "--server.port", "--http-port", "--listen"];
    const HOSTS: &[&str] = &["--host", "--server.address", "-h", "--address", "--hostname"];
    let is_port = |word: &str| (2..=5).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit());
    let is_any = |word: &str| matches!(word, "0.0.0.0" | "127.0.0.1" | "localhost" | "::" | "[::]" | "");
    let value = |word: &str| match word.rsplit_once(':') {
        Some((host, port)) if is_any(host) && is_port(port) => Some("$HOST:$PORT".to_owned()),
        _ => None,
    };
    let mut before = "";
    let mut words = Vec::new();
    for word in command.split_whitespace() {
        let adapted = match word.split_once('=') {
            Some((option, text)) if PORTS.contains(&option) && is_port(text) => format!("{option}=$PORT"),
            Some((option, text)) if HOSTS.contains(&option) && is_any(text) => format!("{option}=$HOST"),
            Some((option, text)) if option.starts_with('-') => {
                value(text).map_or_else(|| word.to_owned(), |text| format!("{option}={text}"))
            }
            _ if PORTS.contains(&before) && is_port(word) => "$PORT".to_owned(),
            _ if HOSTS.contains(&before) && is_any(word) => "$HOST".to_owned(),
            _ => value(word).unwrap_or_else(|| word.to_owned()),
        };
        words.push(adapted);
        before = word;
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_stage_counts() {
        let text = "# syntax=x\nFROM node:20 AS build\nEXPOSE 1\nCMD [\"a\"]\nFROM --platform=x python:3.12-slim\nENV A=b PORT=9000\nRUN apt-get update && apt-get install -y --no-install-recommends \\\n    libpq-dev gcc \\\n    && rm -rf /x\nexpose 8000/tcp 9\nENTRYPOINT [\"gunicorn\"]\nCMD [\"-b\", \"0.0.0.0:8000\", \"a b:app\"]\n";
        let parsed = parse(text);
        assert_eq!(parsed.base.as_deref(), Some("python:3.12-slim"));
        assert_eq!(parsed.port, Some((8000, 10)));
        assert_eq!(parsed.command, Some(("gunicorn -b 0.0.0.0:8000 'a b:app'".to_owned(), 11)));
        assert_eq!(parsed.packages, [("libpq-dev".to_owned(), 7), ("gcc".to_owned(), 7)]);
    }

    #[test]
    fn a_shell_and_a_here_document_are_understood() {
        let parsed = parse("FROM x\nRUN <<EOF\nCMD no\nEOF\nCMD [\"sh\", \"-c\", \"run --port $PORT\"]");
        assert_eq!(parsed.command, Some(("run --port $PORT".to_owned(), 5)));
        assert_eq!(parse("CMD [broken").command, None);
        assert_eq!(parse("CMD npm start").command, Some(("npm start".to_owned(), 1)));
    }

    #[test]
    fn addresses_of_the_container_become_those_of_the_platform() {
        for (command, expected) in [
            ("uvicorn a:b --host 0.0.0.0 --port 80", "uvicorn a:b --host $HOST --port $PORT"),
            ("gunicorn -b 0.0.0.0:8000 a:b", "gunicorn -b $HOST:$PORT a:b"),
            ("gunicorn --bind=:8000 a:b", "gunicorn --bind=$HOST:$PORT a:b"),
            ("python manage.py runserver 0.0.0.0:8000", "python manage.py runserver $HOST:$PORT"),
            ("x --port=8000 --workers 40", "x --port=$PORT --workers 40"),
            ("node server.js", "node server.js"),
        ] {
            assert_eq!(adapted(command), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_dockerfile_makes_it_panic(text in "(FROM|RUN|CMD|ENV PORT=|EXPOSE|<<|\\[|\"|\\\\|\\PC|\n| ){0,80}") {
            let parsed = parse(&text);
            parsed.command.map(|(command, _)| adapted(&command));
        }
    }
}
