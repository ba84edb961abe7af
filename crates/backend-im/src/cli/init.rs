//! `backend-im init`: a commented configuration file with what was detected.

mod schema;

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use build_plan::config::{FILE_NAMES, KEYS, Key};
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
/// No project needs the file: it is for what detection cannot know. Everything in it is commented out but the name. Its
/// first line names the schema with which editors complete it.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The folder
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The project's name [default: the folder's]
    #[arg(long, short)]
    project: Option<String>,
    /// Print the JSON Schema of the file, for an editor, and write nothing
    #[arg(long, exclusive = true)]
    schema: bool,
}

/// Runs the command. stdout carries the file's path alone.
///
/// # Errors
/// [`Code::WOULD_OVERWRITE`] when the folder has a configuration file.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<(), Error> {
    if arguments.schema {
        return render::data(&schema::text());
    }
    let folder = arguments.path;
    if let Some(existing) = FILE_NAMES.iter().find(|name| folder.join(name).symlink_metadata().is_ok()) {
        return Err(exists(&folder.join(existing)));
    }
    let work = context.work_in(&folder)?;
    let options = PlanOptions { path: folder.clone(), project: arguments.project.clone() };
    let detected = match work.backend.plan(options).await {
        Ok(preview) => Some(preview.report.plan),
        Err(error) if is_undecided(&error.code) => {
            render::tell(&format!("nothing was detected ({error}); say it in the file"));
            None
        }
        Err(error) => return Err(error.into()),
    };
    let name = work.backend.project_of(&folder, arguments.project.as_deref())?;
    let schema = schema::address(&work.settings)?;
    let path = folder.join(NEW_FILE);
    create(&path, &content(&name, &schema, detected.as_ref())).map_err(|error| match error.kind() {
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

/// What was detected for a key.
fn detected(plan: &Plan, key: &str) -> Option<String> {
    match key {
        "root" => plan.root.clone(),
        "runtime" => Some(text::word(&plan.runtime)),
        "version" => plan.version.clone(),
        "install" => plan.install.as_ref().map(|install| install.command.clone()),
        "build" => plan.build.clone(),
        "test" => plan.test.clone(),
        "release" => plan.release.clone(),
        "start" => plan.start.clone(),
        "static_root" => plan.static_root.clone(),
        "health_path" => plan.health_path.clone(),
        "port" => Some(plan.port.to_string()),
        _ => None,
    }
}

/// Keys that a new file has no need of: other ways to write what stands there too.
const OLDER_KEYS: &[&str] = &["entrypoint", "health_check"];

/// The file: the name, then every key with what it is for and what was detected.
fn content(name: &str, schema: &str, plan: Option<&Plan>) -> String {
    let entry = |key: &Key| {
        let detected = plan.and_then(|plan| detected(plan, key.name));
        let origin = if detected.is_some() { "Detected" } else { "For example" };
        let is_number = key.name == "port";
        let written = |value: String| if is_number { value } else { scalar(&value) };
        let value = detected.map_or_else(|| key.example.to_owned(), written);
        format!("# {} {origin}:\n# {}: {value}\n\n", key.purpose, key.name)
    };
    let is_offered = |key: &&Key| key.name != "name" && !OLDER_KEYS.contains(&key.name);
    let entries: String = KEYS.iter().filter(is_offered).map(entry).collect();
    format!(
        "# yaml-language-server: $schema={schema}\n\
         # Settings for backend-im. Flags and BACKEND_IM_* variables come first, then this file, then what\n\
         # is detected: nothing here is needed, and the lines below that are commented out change nothing.\n\n\
         # What the project is called; its URL begins with it.\nname: {}\n\n{}",
        scalar(name),
        entries.trim_end()
    ) + "\n"
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
    fn file_parses_and_shows_every_key_that_is_not_an_older_way_to_write_another() {
        let text = content("my-shop", "https://x/schema", None);
        let settings = build_plan::config::parse(NEW_FILE, &text).unwrap();
        assert_eq!(settings.name.as_deref(), Some("my-shop"));
        assert!(text.starts_with("# yaml-language-server: $schema=https://x/schema\n"), "{text}");
        for Key { name, example, .. } in KEYS.iter().filter(|key| key.name != "name") {
            let is_shown = text.contains(&format!("\n# {name}: {example}\n"));
            assert_eq!(is_shown, !OLDER_KEYS.contains(name), "{name}: {text}");
        }
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
