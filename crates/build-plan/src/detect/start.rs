//! Where a start command comes from when the source does not decide it: the settings file, then the Procfile.

use super::procfile::Procfile;
use super::python::source::scan;
use crate::config::Settings;
use crate::draft::Draft;
use crate::project::{Project, extension};
use crate::{Runtime, shell};

/// A start command that replaces the detected one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) command: String,
    pub(crate) source: String,
}

/// A file of the project that detection is to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntryFile {
    pub(crate) path: String,
    /// The variable or function that is the application.
    pub(crate) attribute: Option<String>,
    pub(crate) source: String,
}

/// What the settings and the Procfile say about starting.
#[derive(Debug, Default)]
pub(crate) struct Wish {
    pub(crate) start: Option<Start>,
    pub(crate) entry: Option<EntryFile>,
}

/// Reads the wish: `start`, then `entrypoint`, then the Procfile's `web`.
pub(crate) fn wish(
    project: &Project<'_>,
    settings: &Settings,
    file: &str,
    procfile: Option<&Procfile>,
) -> Wish {
    if let Some(command) = &settings.start {
        let start = Start { command: command.clone(), source: format!("{file}: start") };
        return Wish { start: Some(start), entry: None };
    }
    if let Some(entrypoint) = &settings.entrypoint {
        return entry(project, entrypoint, &format!("{file}: entrypoint"));
    }
    // Whoever names a folder of pages wants them served, whatever the Procfile starts.
    if settings.static_root.is_some() {
        return Wish::default();
    }
    let web = procfile.and_then(|procfile| procfile.web.as_ref());
    let start = web.map(|(command, line)| Start {
        command: without_environment(project, command),
        source: format!("Procfile:{line}"),
    });
    Wish { start, entry: None }
}

/// `python x` of `venv/bin/python x`: the environment of whoever wrote that is not uploaded, and the one that is made here
/// is on the `PATH`.
fn without_environment(project: &Project<'_>, command: &str) -> String {
    let path = shell::words(command).next().filter(|word| {
        word.contains("/bin/")
            && runtime_of(word) == Some(Runtime::Python)
            && !project.has(word.trim_start_matches("./"))
    });
    match path.and_then(|path| Some((path, shell::program(path)?))) {
        Some((path, program)) => command.replacen(path, program, 1),
        None => command.to_owned(),
    }
}

/// An entrypoint is a file, a Python `module:app`, or a command.
fn entry(project: &Project<'_>, entrypoint: &str, source: &str) -> Wish {
    let command =
        |command: String| Wish { start: Some(Start { command, source: source.to_owned() }), entry: None };
    let file = |path: &str, attribute: Option<&str>| Wish {
        start: None,
        entry: Some(EntryFile {
            path: path.to_owned(),
            attribute: attribute.map(str::to_owned),
            source: source.to_owned(),
        }),
    };
    let path = entrypoint.trim_start_matches("./");
    if !project.has(path) {
        if let Some((module, attribute)) = path.split_once(':')
            && shell::is_variable(attribute)
        {
            let path = format!("{}.py", module.replace('.', "/"));
            if offers_app(project, &path) {
                return file(&path, Some(attribute));
            }
        }
        return command(entrypoint.to_owned());
    }
    match extension(path) {
        "py" if offers_app(project, path) => file(path, None),
        "py" => command(format!("python {}", shell::word(path))),
        "js" | "mjs" | "cjs" | "ts" => file(path, None),
        // The binary that comes of it is known from Cargo.toml.
        "rs" => Wish::default(),
        "sh" => command(format!("sh {}", shell::word(path))),
        _ => command(shell::word(&format!("./{path}"))),
    }
}

fn offers_app(project: &Project<'_>, path: &str) -> bool {
    project.source(path).is_some_and(|source| scan(&source).best_app().is_some())
}

/// Makes a start command that was written for another place, such as `bin/server` or `/app/main`, start the program that
/// the draft builds: where the project has no file of that name, nothing else can be meant.
pub(crate) fn point_to_built(command: &str, project: &Project<'_>, draft: &mut Draft) {
    let Some(built) = draft.start.clone() else { return };
    let Some(word) = shell::words(command).next().filter(|_| !shell::is_compound(command)) else { return };
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let is_place = word.starts_with('/')
        || ["bin/", "./", "build/", "dist/", "out/"].iter().any(|start| word.starts_with(start));
    let is_there = project.has(word.trim_start_matches("./"));
    let is_known = runtime_of(word).is_some() || word.contains("target/release/");
    if !is_there && !is_known && (is_place || name(word) == name(&built)) {
        draft.built_start = Some(command.replacen(word, &built, 1));
    }
}

/// The runtime whose program the command starts with; of several commands in a row the last one counts.
pub(crate) fn runtime_of(command: &str) -> Option<Runtime> {
    let last = shell::sequence(command).and_then(|steps| steps.last().map(|step| step.command));
    let command = last.unwrap_or(command);
    match shell::program(command)? {
        "python" | "python3" | "uvicorn" | "gunicorn" | "hypercorn" | "granian" | "daphne" | "flask"
        | "fastapi" | "waitress-serve" | "uv" | "django-admin" | "celery" | "streamlit" | "poetry"
        | "pdm" | "pipenv" | "chainlit" | "sanic" | "litestar" | "quart" | "uwsgi" | "newrelic-admin" => {
            Some(Runtime::Python)
        }
        "node" | "nodejs" | "npm" | "npx" | "pnpm" | "yarn" | "tsx" | "ts-node" | "next" | "nest"
        | "nuxt" | "nodemon" | "remix-serve" | "react-router-serve" | "strapi" | "astro" | "pm2"
        | "pm2-runtime" => Some(Runtime::Node),
        "cargo" => Some(Runtime::Rust),
        "go" => Some(Runtime::Go),
        "ruby" | "bundle" | "rails" | "puma" | "rackup" | "unicorn" | "thin" | "rake" | "passenger" => {
            Some(Runtime::Ruby)
        }
        "php" | "frankenphp" | "artisan" | "heroku-php-apache2" | "heroku-php-nginx" => Some(Runtime::Php),
        "java" | "mvn" | "mvnw" | "gradle" | "gradlew" => Some(Runtime::Java),
        "dotnet" => Some(Runtime::Dotnet),
        "mix" | "elixir" | "iex" => Some(Runtime::Elixir),
        "bun" | "bunx" => Some(Runtime::Bun),
        "deno" => Some(Runtime::Deno),
        _ if command.contains(".backend-im/bin/") || command.contains("target/release/") => {
            Some(Runtime::Rust)
        }
        _ => None,
    }
}

/// The command of a server that would listen at an address of its own, told where it is to listen.
pub(crate) fn with_address(command: &str) -> String {
    /// The words that start a server, the option for its host and the one for its port.
    const SERVERS: &[(&[&str], &str, &str)] = &[
        (&["uvicorn"], "--host", "--port"),
        (&["fastapi", "run"], "--host", "--port"),
        (&["litestar", "run"], "--host", "--port"),
        (&["flask", "run"], "--host", "--port"),
        (&["streamlit", "run"], "--server.address", "--server.port"),
    ];
    let Some(last) = shell::sequence(command).and_then(|steps| steps.last().map(|step| step.command)) else {
        return command.to_owned();
    };
    let words: Vec<&str> = shell::words(last).collect();
    let Some((_, host, port)) = SERVERS.iter().find(|(start, ..)| words.starts_with(start)) else {
        return command.to_owned();
    };
    let has = |names: &[&str]| {
        words.iter().any(|word| names.iter().any(|name| word.split('=').next() == Some(*name)))
    };
    let is_elsewhere = has(&["--fd", "--uds"]);
    let host = if is_elsewhere || has(&[host, "-h"]) { String::new() } else { format!(" {host} $HOST") };
    let port = if is_elsewhere || has(&[port, "-p"]) { String::new() } else { format!(" {port} $PORT") };
    format!("{command}{host}{port}")
}

/// The port that a command names although `$PORT` decides.
pub(crate) fn literal_port(command: &str) -> Option<&str> {
    if command.contains("PORT") {
        return None;
    }
    let digits = |text: &str| (2..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let words: Vec<&str> = command.split_whitespace().collect();
    words.iter().enumerate().find_map(|(at, word)| {
        let next = words.get(at + 1).copied().unwrap_or_default();
        let value = match *word {
            "--port" | "-p" | "--listen" => next,
            "-b" | "--bind" | "--addr" | "--address" => next.rsplit(':').next().unwrap_or_default(),
            _ => ["--port=", "--bind=", "--addr=", "--listen=", "-p", "-b"]
                .iter()
                .find_map(|option| word.strip_prefix(option))
                .and_then(|value| value.rsplit(':').next())
                .unwrap_or_default(),
        };
        digits(value).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_written_down_is_found() {
        for (command, port) in [
            ("uvicorn main:app --port 8000", Some("8000")),
            ("gunicorn -b 0.0.0.0:5000 app:app", Some("5000")),
            ("gunicorn --bind=:5000 app:app", Some("5000")),
            ("serve -p 3000", Some("3000")),
            ("uvicorn main:app --port $PORT", None),
            ("python main.py", None),
            ("mkdir -p 2024x", None),
        ] {
            assert_eq!(literal_port(command), port, "{command}");
        }
    }

    #[test]
    fn a_server_without_an_address_is_given_one() {
        for (command, expected) in [
            ("uvicorn main:app", "uvicorn main:app --host $HOST --port $PORT"),
            ("fastapi run app/main.py", "fastapi run app/main.py --host $HOST --port $PORT"),
            ("uvicorn main:app --port $PORT", "uvicorn main:app --port $PORT --host $HOST"),
            ("uvicorn main:app --host=:: --port=80", "uvicorn main:app --host=:: --port=80"),
            ("uvicorn main:app --uds x", "uvicorn main:app --uds x"),
            ("gunicorn main:app", "gunicorn main:app"),
            ("uvicorn a:b && true", "uvicorn a:b && true"),
            ("uvicorn a:b | tee log", "uvicorn a:b | tee log"),
            (
                "sh setup.sh && streamlit run app.py",
                "sh setup.sh && streamlit run app.py --server.address $HOST --server.port $PORT",
            ),
        ] {
            assert_eq!(with_address(command), expected);
        }
    }

    #[test]
    fn a_command_tells_its_runtime() {
        for (command, runtime) in [
            ("A=1 exec gunicorn a:b", Some(Runtime::Python)),
            ("/usr/bin/node x", Some(Runtime::Node)),
            ("./target/release/x", Some(Runtime::Rust)),
            ("./run.sh", None),
            ("cd api && gunicorn a:b", Some(Runtime::Python)),
        ] {
            assert_eq!(runtime_of(command), runtime, "{command}");
        }
    }
}
