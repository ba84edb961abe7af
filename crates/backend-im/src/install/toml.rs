//! TOML: everything but the one entry stays as it was written.
//!
//! The entry is cut out and put in as text: a comment belongs to whatever a reader takes it for, and an editor of tables
//! would let those above the entry go with it. Only entries that are written inline are left to that editor.

use std::ops::Range;

use serde_json::{Value, json};
use toml_edit::{Array, Document, DocumentMut, Item, Table, TableLike, Value as Toml};

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
    let written = inserted(&mut DocumentMut::new(), servers, entry)?;
    let written = if text.contains("\r\n") { written.replace('\n', "\r\n") } else { written };
    let edited = match find(text, servers, &entry.name)? {
        None => appended(text, &written),
        Some(_) => replaced(text, &regions_of(text, servers, &entry.name)?, &written),
    };
    if find(&edited, servers, &entry.name).ok().flatten().as_ref() == Some(&entry.value) {
        return Ok(edited);
    }
    let mut document: DocumentMut = text.parse().map_err(|error| syntax(&error))?;
    inserted(&mut document, servers, entry)
}

pub(super) fn remove(text: &str, servers: &str, name: &str) -> Result<String, Unreadable> {
    let edited = replaced(text, &regions_of(text, servers, name)?, "");
    if find(&edited, servers, name)?.is_none() {
        return Ok(edited);
    }
    let mut document: DocumentMut = text.parse().map_err(|error| syntax(&error))?;
    if let Some(held) = document.get_mut(servers).and_then(Item::as_table_like_mut) {
        held.remove(name);
    }
    Ok(document.to_string())
}

fn parse(text: &str) -> Result<Document<&str>, Unreadable> {
    Document::parse(text).map_err(|error| syntax(&error))
}

fn syntax(error: &toml_edit::TomlError) -> Unreadable {
    Unreadable::Syntax(error.to_string())
}

fn no_table(name: &str) -> Unreadable {
    Unreadable::NoTable(format!("`{name}`"))
}

fn table<'a>(item: &'a Item, name: &str) -> Result<&'a dyn TableLike, Unreadable> {
    item.as_table_like().ok_or_else(|| no_table(name))
}

/// The text with the entry at its end.
fn appended(text: &str, written: &str) -> String {
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let gap = match text {
        "" => String::new(),
        text if text.ends_with('\n') => line_end.to_owned(),
        _ => line_end.repeat(2),
    };
    format!("{text}{gap}{written}")
}

/// Where the entry stands: a region for its own header and values, and one for each table inside it. Nothing if it is
/// written inline.
fn regions_of(text: &str, servers: &str, name: &str) -> Result<Vec<Range<usize>>, Unreadable> {
    let document = parse(text)?;
    let held = document.get(servers).and_then(Item::as_table).and_then(|held| held.get(name));
    let mut regions = Vec::new();
    if let Some(Item::Table(entry)) = held {
        collect(entry, &mut regions);
    }
    regions.sort_by_key(|region| region.start);
    Ok(regions)
}

fn collect(table: &Table, regions: &mut Vec<Range<usize>>) {
    let mut own = table.span().filter(|_| !table.is_implicit());
    for (_, item) in table {
        match item {
            Item::Table(inner) if !inner.is_dotted() => collect(inner, regions),
            Item::ArrayOfTables(inner) => inner.iter().for_each(|table| collect(table, regions)),
            item => {
                if let (Some(own), Some(value)) = (&mut own, item.span()) {
                    own.end = own.end.max(value.end);
                }
            }
        }
    }
    regions.extend(own);
}

/// The text with `written` where the first region was, and without the others. Regions are whole lines.
fn replaced(text: &str, regions: &[Range<usize>], written: &str) -> String {
    let mut edited = String::with_capacity(text.len() + written.len());
    let mut rest = 0;
    for (index, region) in regions.iter().enumerate() {
        let start = text[..region.start].rfind('\n').map_or(0, |end| end + 1);
        edited.push_str(text.get(rest..start).unwrap_or_default());
        if index == 0 {
            edited.push_str(written);
        }
        rest = text[region.end..].find('\n').map_or(text.len(), |end| region.end + end + 1);
    }
    edited.push_str(&text[rest..]);
    // The gap that was above an entry at the end.
    if rest == text.len() && written.is_empty() && !regions.is_empty() {
        let line_end = if edited.ends_with("\r\n\r\n") { "\r\n" } else { "\n" };
        if let Some(closed) = edited.strip_suffix(line_end).filter(|closed| closed.ends_with('\n')) {
            return closed.to_owned();
        }
    }
    edited
}

/// The document with the entry in it, as text.
fn inserted(document: &mut DocumentMut, servers: &str, entry: &Entry) -> Result<String, Unreadable> {
    // Without a header of its own: only the entry's is written.
    let mut parent = Table::new();
    parent.set_implicit(true);
    let held = document.entry(servers).or_insert(Item::Table(parent));
    let is_inline = held.is_inline_table();
    let held = held.as_table_like_mut().ok_or_else(|| no_table(servers))?;
    let members = entry.value.as_object().into_iter().flatten();
    let table: Table = members.map(|(name, value)| (name.as_str(), Item::Value(toml_of(value)))).collect();
    let item = if is_inline { Item::Value(table.into_inline_table().into()) } else { Item::Table(table) };
    held.insert(&entry.name, item);
    Ok(document.to_string())
}

/// Our entries are texts, numbers and lists of texts.
fn toml_of(value: &Value) -> Toml {
    match value {
        Value::Array(items) => items.iter().map(toml_of).collect::<Array>().into(),
        Value::Number(number) => number.as_i64().unwrap_or_default().into(),
        value => value.as_str().unwrap_or_default().into(),
    }
}

/// What is written, as far as it can be compared with an entry of ours; dates are their text.
fn json_of(item: &Item) -> Value {
    match (item.as_table_like(), item.as_value()) {
        (Some(table), _) => table.iter().map(|(name, item)| (name.to_owned(), json_of(item))).collect(),
        (None, Some(value)) => json_of_value(value),
        (None, None) => Value::Null,
    }
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
