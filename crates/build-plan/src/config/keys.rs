//! The keys that the settings file may hold: the one list from which the parser, its errors, the schema for editors and
//! the file that `backend-im init` writes are made.

use super::Complaint;
use super::yaml::Entry;

/// A key of the top level that is applied.
#[derive(Debug)]
pub struct Key {
    /// What is written before the colon.
    pub name: &'static str,
    /// What it is for, in one or two sentences.
    pub purpose: &'static str,
    /// A value as it may stand in the file.
    pub example: &'static str,
    /// What the value may be.
    pub(super) form: Form,
}

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Url,
    Folder,
    Runtime,
    Command,
    Path,
    Port,
    Environment,
    Build,
    Health,
}

/// Keys of the top level that are applied, in the order of a deployment.
pub const KEYS: &[Key] = &[
    Key {
        name: "name",
        purpose: "What the project is called; its URL begins with it.",
        example: "my-app",
        form: Form::Text,
    },
    Key {
        name: "url",
        purpose: "The platform to deploy to, where that is not the one on this machine.",
        example: "https://platform.example.com",
        form: Form::Url,
    },
    Key {
        name: "root",
        purpose: "The folder that is the project, where that is not all of it; every other path is relative to it.",
        example: "backend",
        form: Form::Folder,
    },
    Key {
        name: "runtime",
        purpose: "What it is: python, node, bun, deno, go, rust, ruby, php, java, dotnet, elixir, static or command.",
        example: "python",
        form: Form::Runtime,
    },
    Key { name: "version", purpose: "The runtime's version.", example: "\"3.12\"", form: Form::Text },
    Key {
        name: "install",
        purpose: "Installs dependencies; runs again only when the files that decide them change.",
        example: "make deps",
        form: Form::Command,
    },
    Key { name: "build", purpose: "Builds the app after that.", example: "npm run build", form: Form::Build },
    Key {
        name: "test",
        purpose: "Must succeed before the new version gets its first request.",
        example: "pytest -q",
        form: Form::Command,
    },
    Key {
        name: "release",
        purpose: "Runs once per deployment, before the switch, with the app's data: migrations.",
        example: "python manage.py migrate --noinput",
        form: Form::Command,
    },
    Key {
        name: "start",
        purpose: "Starts the app. It listens on $HOST:$PORT and keeps its data in $DATA_DIR.",
        example: "python main.py",
        form: Form::Command,
    },
    Key {
        name: "entrypoint",
        purpose: "Another way to say what starts: a file of the project, a Python `module:app`, or a command.",
        example: "server.js",
        form: Form::Command,
    },
    Key {
        name: "static_root",
        purpose: "The folder of a static site, instead of a start command.",
        example: "public",
        form: Form::Folder,
    },
    Key {
        name: "health_path",
        purpose: "Must answer with 2xx before the new version gets its first request.",
        example: "/healthz",
        form: Form::Path,
    },
    Key {
        name: "health_check",
        purpose: "Another way to write `health_path`: the path, or a mapping with `path`.",
        example: "{path: /healthz}",
        form: Form::Health,
    },
    Key {
        name: "port",
        purpose: "The port on which the app listens in a container. Elsewhere it is told a free one in $PORT.",
        example: "8080",
        form: Form::Port,
    },
    Key {
        name: "env",
        purpose: "Environment variables for the app. Not for secrets: this file is committed.",
        example: "{LOG_LEVEL: info}",
        form: Form::Environment,
    },
];

/// Keys of the top level that are known, and what to say about them instead of applying them.
pub(super) const NOT_APPLIED: &[(&str, &str)] = &[
    ("resources", NO_LIMITS),
    ("memory", NO_LIMITS),
    ("cpu", NO_LIMITS),
    ("scaling", ONE_INSTANCE),
    ("autoscaling", ONE_INSTANCE),
    ("replicas", ONE_INSTANCE),
    ("instances", ONE_INSTANCE),
    ("min_instances", ONE_INSTANCE),
    ("max_instances", ONE_INSTANCE),
    ("cpu_threshold", ONE_INSTANCE),
    ("memory_threshold", ONE_INSTANCE),
    ("domain", OWN_URL),
    ("domains", OWN_URL),
    ("region", "the app runs where its platform is"),
    ("regions", "the app runs where its platform is"),
    ("volumes", "what the app writes below $DATA_DIR outlives every deployment"),
    ("secrets", "the app gets every secret of its project; `env` says which it cannot do without"),
];

const NO_LIMITS: &str = "the app runs without limits of its own";
const ONE_INSTANCE: &str = "one instance runs";
const OWN_URL: &str = "the app answers at the URL that the deploy prints";

/// Keys of `build`, when it is a mapping.
pub(super) const BUILD: &[&str] = &["command", "install"];

/// Keys of `health_check`, when it is a mapping; only the path is applied.
pub(super) const HEALTH: &[&str] = &[
    "path",
    "interval",
    "timeout",
    "retries",
    "port",
    "initial_delay",
    "start_period",
    "grace_period",
    "healthy_threshold",
    "unhealthy_threshold",
    "success_threshold",
    "failure_threshold",
];

/// What people write for a key of the top level, and what it is called here.
const SYNONYMS: &[(&str, &str)] = &[
    ("command", "start"),
    ("cmd", "start"),
    ("run", "start"),
    ("start_command", "start"),
    ("startcommand", "start"),
    ("build_command", "build"),
    ("install_command", "install"),
    ("healthcheck", "health_path"),
    ("health", "health_path"),
    ("environment", "env"),
    ("variables", "env"),
    ("language", "runtime"),
    ("framework", "runtime"),
    ("project", "name"),
    ("app", "name"),
    ("publish", "static_root"),
    ("output", "static_root"),
    ("public", "static_root"),
];

/// An error for a key of the top level that nobody knows; it names the nearest one that somebody does.
pub(super) fn unknown(entry: &Entry) -> Complaint {
    let applied = KEYS.iter().map(|key| key.name);
    let known: Vec<&str> = applied.chain(NOT_APPLIED.iter().map(|(key, _)| *key)).collect();
    let written = entry.key.to_ascii_lowercase().replace('-', "_");
    let synonym = SYNONYMS.iter().find(|(other, _)| *other == written).map(|(_, key)| *key);
    complaint(entry, synonym.or_else(|| nearest(&written, &known)), &known)
}

/// An error for a key within `parent` that nobody knows.
pub(super) fn unknown_within(parent: &str, entry: &Entry, known: &[&str]) -> Complaint {
    let complaint = complaint(entry, nearest(&entry.key.to_ascii_lowercase(), known), known);
    Complaint { message: format!("unknown key `{parent}.{}`", entry.key), ..complaint }
}

fn complaint(entry: &Entry, nearest: Option<&str>, known: &[&str]) -> Complaint {
    let complaint = Complaint::at(entry.line, format!("unknown key `{}`", entry.key));
    match nearest {
        Some(key) => complaint.hint(format!("did you mean `{key}`?")),
        None => complaint.hint(format!("known keys: {}", known.join(", "))),
    }
}

/// How alike two keys must be for one to be offered for the other.
const SIMILARITY_MIN: f64 = 0.75;

fn nearest<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    known
        .iter()
        .map(|key| (strsim::jaro_winkler(written, key), *key))
        .filter(|(similarity, _)| *similarity >= SIMILARITY_MIN)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, key)| key)
}
