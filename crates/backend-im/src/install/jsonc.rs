//! JSON with comments and trailing commas: everything but the one entry stays as it was written.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstObject, CstRootNode};
use serde_json::Value;

use super::document::Unreadable;
use super::entry::Entry;

pub(super) fn find(text: &str, servers: &str, name: &str) -> Result<Option<Value>, Unreadable> {
    let root = parse(text)?;
    if root.value().is_none() {
        return Ok(None);
    }
    let file = root.object_value().ok_or_else(no_object)?;
    let Some(servers) = inner(&file, servers)? else { return Ok(None) };
    Ok(servers.get(name).and_then(|entry| entry.value()?.to_serde_value()))
}

pub(super) fn put(text: &str, servers: &str, entry: &Entry) -> Result<String, Unreadable> {
    let root = parse(text)?;
    let file = root.object_value_or_create().ok_or_else(no_object)?;
    let servers = file.object_value_or_create(servers).ok_or_else(|| no_table(servers))?;
    let value = input(&entry.value);
    match servers.get(&entry.name) {
        Some(existing) => existing.set_value(value),
        None => drop(servers.append(&entry.name, value)),
    }
    Ok(root.to_string())
}

pub(super) fn remove(text: &str, servers: &str, name: &str) -> Result<String, Unreadable> {
    let root = parse(text)?;
    if let Some(file) = root.object_value()
        && let Some(servers) = inner(&file, servers)?
        && let Some(entry) = servers.get(name)
    {
        entry.remove();
    }
    Ok(root.to_string())
}

/// Comments and trailing commas are what clients take beyond JSON; anything else is a mistake that a person should see.
fn parse(text: &str) -> Result<CstRootNode, Unreadable> {
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    CstRootNode::parse(text, &options).map_err(|error| Unreadable::Syntax(error.to_string()))
}

/// The object that `name` holds, if there is one.
fn inner(file: &CstObject, name: &str) -> Result<Option<CstObject>, Unreadable> {
    match file.get(name) {
        Some(member) => member.object_value().map(Some).ok_or_else(|| no_table(name)),
        None => Ok(None),
    }
}

fn no_object() -> Unreadable {
    Unreadable::NoTable("the file".to_owned())
}

fn no_table(name: &str) -> Unreadable {
    Unreadable::NoTable(format!("`{name}`"))
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(value) => CstInputValue::Bool(*value),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(items) => CstInputValue::Array(items.iter().map(input).collect()),
        Value::Object(members) => {
            CstInputValue::Object(members.iter().map(|(name, value)| (name.clone(), input(value))).collect())
        }
    }
}
