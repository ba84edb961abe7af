//! From the tree to settings: each key applied, warned about, or refused.

use super::runtimes::RUNTIMES;
use super::yaml::{Entry, Node, Value};
use super::{Complaint, Settings, environment, keys};

/// Reads the whole file.
pub(super) fn settings(root: &Node) -> Result<Settings, Complaint> {
    let entries = match &root.value {
        Value::Null => return Ok(Settings::default()),
        Value::Map(entries) => entries,
        other => {
            return Err(Complaint::at(root.line, format!("the file is {}, not a mapping", other.kind()))
                .hint("write `key: value` lines, such as `start: python main.py`"));
        }
    };
    let mut settings = Settings::default();
    for entry in entries {
        apply(&mut settings, entry)?;
    }
    Ok(settings)
}

fn apply(settings: &mut Settings, entry: &Entry) -> Result<(), Complaint> {
    match entry.key.as_str() {
        "name" => settings.name = text(entry)?,
        "url" => settings.url = url(entry)?,
        "root" => settings.root = folder(entry)?.filter(|root| root != "."),
        "runtime" => runtime(settings, entry)?,
        "version" => settings.version = text(entry)?,
        "install" => settings.install = command(entry)?,
        "build" => build(settings, entry)?,
        "test" => settings.test = command(entry)?,
        "release" => settings.release = command(entry)?,
        "start" => settings.start = command(entry)?,
        "entrypoint" => settings.entrypoint = command(entry)?,
        "static_root" => settings.static_root = folder(entry)?,
        "health_path" => settings.health_path = path(entry)?,
        "health_check" => health(settings, entry)?,
        "port" => settings.port = port(entry)?,
        "env" => environment::read(settings, &entry.value)?,
        key => match keys::NOT_APPLIED.iter().find(|(known, _)| *known == key) {
            Some((_, instead)) => {
                settings
                    .warnings
                    .push(format!("`{key}` is known but not applied by this version: {instead}"));
            }
            None => return Err(keys::unknown(entry)),
        },
    }
    Ok(())
}

/// A text of one line; nothing when the key has no value.
fn text(entry: &Entry) -> Result<Option<String>, Complaint> {
    match &entry.value.value {
        Value::Null => Ok(None),
        Value::Text(text) if text.trim().is_empty() => Ok(None),
        Value::Text(text) if text.trim().contains(['\n', '\r']) => {
            Err(Complaint::at(entry.value.line, format!("`{}` has more than one line", entry.key)))
        }
        Value::Text(text) => Ok(Some(text.trim().to_owned())),
        other => Err(wrong_kind(entry, other, "a text")),
    }
}

fn wrong_kind(entry: &Entry, value: &Value, expected: &str) -> Complaint {
    Complaint::at(entry.value.line, format!("`{}` is {}, not {expected}", entry.key, value.kind()))
}

/// A command: a text, or a list of commands of which each must succeed.
fn command(entry: &Entry) -> Result<Option<String>, Complaint> {
    let Value::List(items) = &entry.value.value else {
        return match &entry.value.value {
            // A block of several lines is a shell text of several lines.
            Value::Text(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
            _ => text(entry),
        };
    };
    let mut commands = Vec::new();
    for item in items {
        match &item.value {
            Value::Text(text) if !text.trim().is_empty() => commands.push(text.trim()),
            other => {
                return Err(Complaint::at(
                    item.line,
                    format!("a command of `{}` is {}, not a text", entry.key, other.kind()),
                ));
            }
        }
    }
    Ok(Some(commands.join(" && ")).filter(|text| !text.is_empty()))
}

fn url(entry: &Entry) -> Result<Option<String>, Complaint> {
    let url = text(entry)?;
    if let Some(url) = &url
        && !["https://", "http://"].iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme))
    {
        return Err(Complaint::at(entry.value.line, format!("`url: {url}` is no http or https URL"))
            .hint("`url` is the platform to deploy to, such as https://backend.example.com"));
    }
    Ok(url)
}

/// `node`, or with a version `node:20`, `python@3.12`.
fn runtime(settings: &mut Settings, entry: &Entry) -> Result<(), Complaint> {
    let Some(text) = text(entry)? else { return Ok(()) };
    let (name, version) = match text.split_once([':', '@']) {
        Some((name, version)) => (name.trim(), Some(version.trim())),
        None => (text.as_str(), None),
    };
    let lower = name.to_ascii_lowercase();
    let Some((_, runtime)) = RUNTIMES.iter().find(|(known, _)| *known == lower) else {
        return Err(Complaint::at(
            entry.value.line,
            format!("`runtime: {name}` is not a runtime of this version"),
        )
        .hint("known: python, node, bun, deno, go, rust, ruby, php, java, dotnet, elixir, static; for anything else `runtime: command` with `start` and, where needed, `install` and `build`"));
    };
    settings.runtime = Some(*runtime);
    if let Some(version) = version.filter(|version| !version.is_empty()) {
        settings.version = Some(version.to_owned());
    }
    Ok(())
}

fn build(settings: &mut Settings, entry: &Entry) -> Result<(), Complaint> {
    let Value::Map(entries) = &entry.value.value else {
        settings.build = command(entry)?;
        return Ok(());
    };
    for inner in entries {
        match inner.key.as_str() {
            "command" => settings.build = command(inner)?,
            "install" => settings.install = command(inner)?,
            _ => return Err(keys::unknown_within("build", inner, keys::BUILD)),
        }
    }
    Ok(())
}

fn health(settings: &mut Settings, entry: &Entry) -> Result<(), Complaint> {
    let Value::Map(entries) = &entry.value.value else {
        settings.health_path = path(entry)?;
        return Ok(());
    };
    for inner in entries {
        match inner.key.as_str() {
            "path" => settings.health_path = path(inner)?,
            key if keys::HEALTH.contains(&key) => settings.warnings.push(format!(
                "`health_check.{key}` is known but not applied by this version: the platform probes until the app \
                 answers or a time limit is over"
            )),
            _ => return Err(keys::unknown_within("health_check", inner, keys::HEALTH)),
        }
    }
    Ok(())
}

/// The path part of a URL. One without the leading slash gets it.
fn path(entry: &Entry) -> Result<Option<String>, Complaint> {
    let Some(text) = text(entry)? else { return Ok(None) };
    let path = if text.starts_with('/') { text } else { format!("/{text}") };
    let is_plain = path.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'#' | b'\\'));
    if path.contains("://") || !is_plain {
        return Err(Complaint::at(entry.value.line, format!("`{}` is no path of a URL", entry.key))
            .hint("give a path of the app, such as /healthz"));
    }
    Ok(Some(path))
}

/// A folder within the project, without `./` in front and `/` behind; the project itself is `.`.
fn folder(entry: &Entry) -> Result<Option<String>, Complaint> {
    let Some(text) = text(entry)? else { return Ok(None) };
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if text.starts_with('/') || text.contains('\\') || parts.contains(&"..") {
        return Err(Complaint::at(entry.value.line, format!("`{}: {text}` leaves the project", entry.key))
            .hint("give a folder within the project, such as public"));
    }
    Ok(Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") }))
}

fn port(entry: &Entry) -> Result<Option<u16>, Complaint> {
    let Some(text) = text(entry)? else { return Ok(None) };
    match text.parse::<u16>() {
        Ok(port) if port > 0 => Ok(Some(port)),
        _ => Err(Complaint::at(entry.value.line, format!("`port: {text}` is no port"))
            .hint("a port is a number from 1 to 65535")),
    }
}
