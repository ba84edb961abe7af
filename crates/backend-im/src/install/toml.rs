//! TOML: everything but the one entry stays as it was written.

use serde_json::{Map, Value, json};
use toml_edit::{Array, DocumentMut, Item, Table, TableLike, Value as Toml};

use super::document::Unreadable;
use super::entry::Entry;

pub(super) fn find(text: &str, servers: &str, name: &str) -> Result<Option<Value>, Unreadable> {
    let document = parse(text)?;
    let Some(servers) = document.get(servers).map(|item| table(item, servers)).transpose()? else {
        return Ok(None);
    };
    Ok(servers.get(name).map(json_of))
}

pub(super) fn put(text: &str, servers: &str, entry: &Entry) -> Result<String, Unreadable> {
    let mut document = parse(text)?;
    // Without a header of its own: only the entry's is written.
    let mut parent = Table::new();
    parent.set_implicit(true);
    let held = document.entry(servers).or_insert(Item::Table(parent));
    let no_table = || Unreadable::NoTable(format!("`{servers}`"));
    let is_inline = held.is_inline_table();
    let held = held.as_table_like_mut().ok_or_else(no_table)?;
    let table = written(&entry.value);
    let item = if is_inline { Item::Value(table.into_inline_table().into()) } else { Item::Table(table) };
    held.insert(&entry.name, item);
    Ok(document.to_string())
}

pub(super) fn remove(text: &str, servers: &str, name: &str) -> Result<String, Unreadable> {
    let mut document = parse(text)?;
    if let Some(held) = document.get_mut(servers).and_then(Item::as_table_like_mut) {
        held.remove(name);
    }
    Ok(document.to_string())
}

fn parse(text: &str) -> Result<DocumentMut, Unreadable> {
    text.parse().map_err(|error: toml_edit::TomlError| Unreadable::Syntax(error.to_string()))
}

fn table<'a>(item: &'a Item, name: &str) -> Result<&'a dyn TableLike, Unreadable> {
    item.as_table_like().ok_or_else(|| Unreadable::NoTable(format!("`{name}`")))
}

/// Our entries are texts, numbers and lists of texts.
fn written(value: &Value) -> Table {
    let members = value.as_object().into_iter().flatten();
    members.map(|(name, value)| (name.as_str(), Item::Value(toml_of(value)))).collect()
}

fn toml_of(value: &Value) -> Toml {
    match value {
        Value::Array(items) => items.iter().map(toml_of).collect::<Array>().into(),
        Value::Number(number) => number.as_i64().unwrap_or_default().into(),
        value => value.as_str().unwrap_or_default().into(),
    }
}

/// What is written, as far as it can be compared with an entry of ours; dates are their text.
fn json_of(item: &Item) -> Value {
    if let Some(table) = item.as_table_like() {
        return Value::Object(
            table.iter().map(|(name, item)| (name.to_owned(), json_of(item))).collect::<Map<_, _>>(),
        );
    }
    item.as_value().map_or(Value::Null, json_of_value)
}

fn json_of_value(value: &Toml) -> Value {
    match value {
        Toml::String(text) => json!(text.value()),
        Toml::Integer(number) => json!(number.value()),
        Toml::Float(number) => json!(number.value()),
        Toml::Boolean(value) => json!(value.value()),
        Toml::Array(items) => items.iter().map(json_of_value).collect(),
        value => json!(value.to_string()),
    }
}
