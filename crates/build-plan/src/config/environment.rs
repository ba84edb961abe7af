//! The `env` key: plain values are configuration; references to secrets stay references until the app starts.

use super::yaml::{Entry, Node, Value};
use super::{Complaint, Settings};
use crate::secret;
use crate::shell::is_variable;

/// How many variables a project may have.
const VARIABLES_MAX: usize = 256;
/// The largest value, in bytes.
const VALUE_BYTES_MAX: usize = 32 << 10;
/// Variables that the platform gives to every app.
const GIVEN: &[&str] = &["PORT", "HOST", "DATA_DIR"];

/// Reads a mapping (`NAME: value`), or a list of `NAME=value` and `{name, value}`.
pub(super) fn read(settings: &mut Settings, node: &Node) -> Result<(), Complaint> {
    match &node.value {
        Value::Null => {}
        Value::Map(entries) => {
            for Entry { key, line, value } in entries {
                variable(settings, *line, key, value)?;
            }
        }
        Value::List(items) => {
            for item in items {
                listed(settings, item)?;
            }
        }
        Value::Text(_) => {
            return Err(Complaint::at(node.line, "`env` is a text, not a mapping")
                .hint("write one `NAME: value` line per variable below `env:`"));
        }
    }
    if settings.env.len() > VARIABLES_MAX {
        return Err(Complaint::at(node.line, format!("more than {VARIABLES_MAX} variables in `env`")));
    }
    Ok(())
}

fn listed(settings: &mut Settings, item: &Node) -> Result<(), Complaint> {
    let malformed = || {
        Complaint::at(item.line, "an entry of `env` is neither `NAME=value` nor `{name, value}`")
            .hint("write `NAME: value` lines below `env:`")
    };
    match &item.value {
        Value::Text(text) => {
            let (name, value) = text.split_once('=').ok_or_else(malformed)?;
            variable(settings, item.line, name, &text_node(item.line, value))
        }
        Value::Map(entries) => {
            let get = |key: &str| entries.iter().find(|entry| entry.key == key);
            let (Some(Entry { value: Node { value: Value::Text(name), .. }, .. }), true) =
                (get("name"), entries.len() == 2)
            else {
                return Err(malformed());
            };
            match (get("value"), get("secret")) {
                (Some(value), None) => variable(settings, item.line, name, &value.value),
                (None, Some(secret)) => variable(settings, item.line, name, &referring(secret)?),
                _ => Err(malformed()),
            }
        }
        Value::Null | Value::List(_) => Err(malformed()),
    }
}

fn text_node(line: u64, text: &str) -> Node {
    Node { line, value: Value::Text(text.to_owned()) }
}

fn variable(settings: &mut Settings, line: u64, name: &str, value: &Node) -> Result<(), Complaint> {
    if !is_variable(name) {
        return Err(Complaint::at(line, format!("`{name}` cannot be the name of a variable"))
            .hint("names are letters, digits and underscores, and start with no digit"));
    }
    let text = match &value.value {
        Value::Null => String::new(),
        Value::Text(text) => text.clone(),
        Value::Map(entries) if entries.len() == 1 && entries[0].key == "secret" => {
            return variable(settings, line, name, &referring(&entries[0])?);
        }
        Value::Map(entries) if entries.len() == 1 && entries[0].key == "value" => {
            return variable(settings, line, name, &entries[0].value);
        }
        other => {
            return Err(Complaint::at(value.line, format!("`env.{name}` is {}, not a text", other.kind())));
        }
    };
    let text = secret::canonical(&text).map_err(|error| malformed(line, &error))?;
    if text.len() > VALUE_BYTES_MAX {
        return Err(Complaint::at(
            line,
            format!("`env.{name}` has {} bytes; at most {VALUE_BYTES_MAX}", text.len()),
        ));
    }
    if GIVEN.contains(&name) {
        settings
            .warnings
            .push(format!("`env.{name}` is not applied: the platform gives every app its {name}"));
        return Ok(());
    }
    if let Some(why) = secret::resembles(name, &text) {
        settings.warnings.push(format!(
            "`env.{name}` looks like a secret ({why}), and everybody who sees this file sees it: set it as a secret and \
             write `{name}: secret:{}`",
            name.to_ascii_uppercase()
        ));
    }
    settings.env.insert(name.to_owned(), text);
    Ok(())
}

/// The value for `secret: NAME`.
fn referring(entry: &Entry) -> Result<Node, Complaint> {
    let Value::Text(name) = &entry.value.value else {
        return Err(malformed(entry.line, &secret::InvalidReference));
    };
    let text = secret::whole(name).map_err(|error| malformed(entry.line, &error))?;
    Ok(text_node(entry.line, &text))
}

fn malformed(line: u64, error: &secret::InvalidReference) -> Complaint {
    Complaint::at(line, error.to_string())
        .hint("write `secret:NAME` for the whole value or `${SECRET:NAME}` within it; `backend-im secret set NAME` gives it its value")
}
