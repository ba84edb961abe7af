//! `backend-im init`: a commented configuration file with what was detected.

mod dockerfile;

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use build_plan::config::FILE_NAMES;
use clap::Args;
use platform_api::Code;
use platform_client::{ClientError, Plan, PlanOptions};

use super::context::Context;
use super::error::Error;
use super::{render, text};

/// The name a new file gets.
const NEW_FILE: &str = "backend-im.yml";

/// Write a commented backend-im.yml with what was detected; never over an existing one.
///
/// No project needs the file: it is for what detection cannot know. Everything in it is commented out but the name.
/// With --dockerfile it is the plan itself that is written, as a Dockerfile for production, with a .dockerignore.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  backend-im init
  backend-im init --dockerfile && docker build --tag my-app .")]
pub(crate) struct Arguments {
    /// The folder
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The project's name [default: the folder's]
    #[arg(long, short)]
    project: Option<String>,
    /// Write a Dockerfile and a .dockerignore instead; an existing one stays as it is
    #[arg(long)]
    dockerfile: bool,
}

/// Runs the command. stdout carries the file's path alone.
///
/// # Errors
/// [`Code::WOULD_OVERWRITE`] when the folder has a configuration file.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<(), Error> {
    let folder = arguments.path;
    if arguments.dockerfile {
        return dockerfile::run(context, folder, arguments.project).await;
    }
    if let Some(existing) = FILE_NAMES.iter().find(|name| folder.join(name).symlink_metadata().is_ok()) {
        return Err(exists(&folder.join(existing)));
    }
    let work = context.work_in(&folder)?;
    let options = PlanOptions { path: folder.clone(), project: arguments.project.clone() };
    let detected = match work.backend.plan(options).await {
        Ok(report) => Some(report.plan),
        Err(error) if is_undecided(&error.code) => {
            render::tell(&format!("nothing was detected ({error}); say it in the file"));
            None
        }
        Err(error) => return Err(error.into()),
    };
    let name = work.backend.project_of(&folder, arguments.project.as_deref())?;
    let path = folder.join(NEW_FILE);
    create(&path, &content(&name, detected.as_ref())).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(&path),
        _ => Error::machine(format!("cannot write {}", path.display()), error),
    })?;
    render::data(&path.display().to_string())
}

/// Whether detection simply had no answer, which the file can give.
fn is_undecided(code: &Code) -> bool {
    [Code::UNRECOGNISED_PROJECT, Code::AMBIGUOUS_PROJECT, Code::EMPTY_FOLDER].contains(code)
}

fn exists(path: &Path) -> Error {
    ClientError::new(Code::WOULD_OVERWRITE, format!("{} is there already", path.display()))
        .hint("edit it, or delete it first")
        .into()
}

fn create(path: &Path, content: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()
}

/// A key of the file.
struct Key {
    name: &'static str,
    purpose: &'static str,
    detected: fn(&Plan) -> Option<String>,
    example: &'static str,
}

/// Every key but the name and the environment, in the order of a deployment.
const KEYS: &[Key] = &[
    Key {
        name: "root",
        purpose: "The folder that is the project, where that is not all of it; every other path is relative to it.",
        detected: |plan| plan.root.clone(),
        example: "backend",
    },
    Key {
        name: "runtime",
        purpose: "What it is: python, node, bun, deno, go, rust, ruby, php, java, dotnet, elixir, static or command.",
        detected: |plan| Some(text::word(&plan.runtime)),
        example: "python",
    },
    Key {
        name: "version",
        purpose: "The runtime's version.",
        detected: |plan| plan.version.clone(),
        example: "\"3.12\"",
    },
    Key {
        name: "install",
        purpose: "Installs dependencies; runs again only when the files that decide them change.",
        detected: |plan| plan.install.as_ref().map(|install| install.command.clone()),
        example: "make deps",
    },
    Key {
        name: "build",
        purpose: "Builds the app after that.",
        detected: |plan| plan.build.clone(),
        example: "npm run build",
    },
    Key {
        name: "test",
        purpose: "Must succeed before the new version gets its first request.",
        detected: |plan| plan.test.clone(),
        example: "pytest -q",
    },
    Key {
        name: "release",
        purpose: "Runs once per deployment, before the switch, with the app's data: migrations.",
        detected: |plan| plan.release.clone(),
        example: "python manage.py migrate --noinput",
    },
    Key {
        name: "start",
        purpose: "Starts the app. It listens on $HOST:$PORT and keeps its data in $DATA_DIR.",
        detected: |plan| plan.start.clone(),
        example: "python main.py",
    },
    Key {
        name: "static_root",
        purpose: "The folder of a static site, instead of a start command.",
        detected: |plan| plan.static_root.clone(),
        example: "public",
    },
    Key {
        name: "health_path",
        purpose: "Must answer with 2xx before the new version gets its first request.",
        detected: |plan| plan.health_path.clone(),
        example: "/healthz",
    },
];

/// The file: the name, then every key with what it is for and what was detected.
fn content(name: &str, plan: Option<&Plan>) -> String {
    let key = |key: &Key| {
        let detected = plan.and_then(key.detected);
        let origin = if detected.is_some() { "Detected" } else { "For example" };
        let value = detected.map_or_else(|| key.example.to_owned(), |value| scalar(&value));
        format!("# {} {origin}:\n# {}: {value}\n\n", key.purpose, key.name)
    };
    format!(
        "# Settings for backend-im. Flags and BACKEND_IM_* variables come first, then this file, then what\n\
         # is detected: nothing here is needed, and the lines below that are commented out change nothing.\n\n\
         # What the project is called; its URL begins with it.\nname: {}\n\n\
         {}\
         # Environment variables for the app. Not for secrets: this file is committed.\n\
         # env:\n#   LOG_LEVEL: info\n",
        scalar(name),
        KEYS.iter().map(key).collect::<String>()
    )
}

/// A text as a YAML scalar: plain where nobody could read it as anything else, else in double quotes.
fn scalar(value: &str) -> String {
    let is_plain = value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && value.chars().all(|c| c.is_ascii_alphanumeric() || " -_./=+@$".contains(c))
        && !value.ends_with(' ')
        && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
            .contains(&value.to_ascii_lowercase().as_str());
    if is_plain { value.to_owned() } else { serde_json::Value::from(value).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_parses_and_every_key_in_it_is_known() {
        let text = content("my-shop", None);
        let settings = build_plan::config::parse(NEW_FILE, &text).unwrap();
        assert_eq!(settings.name.as_deref(), Some("my-shop"));
        for Key { name, example, .. } in KEYS {
            assert!(text.contains(&format!("\n# {name}: {example}\n")), "{text}");
            build_plan::config::parse(NEW_FILE, &format!("{name}: {example}\n")).unwrap();
        }
        build_plan::config::parse(NEW_FILE, "env:\n  LOG_LEVEL: info\n").unwrap();
    }

    #[test]
    fn scalars_stay_what_they_are() {
        for (value, written) in [
            ("shop", "shop"),
            ("uvicorn main:app", "\"uvicorn main:app\""),
            ("npm run build", "npm run build"),
            ("3.12", "\"3.12\""),
            ("yes", "\"yes\""),
            ("say \"hi\" # now", "\"say \\\"hi\\\" # now\""),
            ("", "\"\""),
        ] {
            assert_eq!(scalar(value), written);
        }
    }

    #[test]
    fn nothing_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NEW_FILE);
        create(&path, "mine").unwrap();
        assert_eq!(create(&path, "theirs").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    }
}
