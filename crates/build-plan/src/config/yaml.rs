//! YAML as a tree that knows its lines. Numbers and booleans stay the text that was written, so that `3.10` is not 3.1.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use super::Complaint;

/// A value with the line it starts on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) line: u64,
    pub(crate) value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One key of a mapping, with the line it stands on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) line: u64,
    pub(crate) value: Node,
}

impl Value {
    /// The value of a key, where this is a mapping.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => {
                entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value.value)
            }
            _ => None,
        }
    }

    /// The text, where this is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The kind of value, for people.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// Parses one document within a budget: depth, nodes and aliases are bounded, so that a few bytes cannot become many.
pub(crate) fn parse(text: &str) -> Result<Node, Complaint> {
    if text.trim().is_empty() {
        return Ok(Node { line: 1, value: Value::Null });
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 16,
            max_nodes: 4_000,
            max_events: 20_000,
            max_aliases: 64,
            max_anchors: 64,
            max_documents: 1,
            max_merge_keys: 16,
            flow_nesting_limit: 16,
            max_recorded_anchor_events: 4_000,
            max_recorded_anchor_bytes: 256 << 10,
            max_total_scalar_bytes: 256 << 10,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 4_000,
            max_replay_stack_depth: 8,
            max_alias_expansions_per_anchor: 64,
        },
        with_snippet: false,
    };
    let parsed = serde_saphyr::from_str_with_options::<Spanned<Raw>>(text, options);
    let raw = parsed.map_err(|error| {
        let line = error.location().map(|location| location.line()).filter(|line| *line > 0);
        let said = error.render_with_formatter(&serde_saphyr::UserMessageFormatter);
        Complaint { line, message: format!("not valid YAML: {}", first_line(&said)), hint: None }
            .hint("the file is YAML: `key: value` lines, two spaces per level, no tabs")
    })?;
    Ok(raw_node(&raw, text))
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// What the parser hands over: a scalar that is not a string says only so, and its text is cut from the source.
enum Raw {
    Null,
    Text(String),
    Unquoted(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

fn raw_node(raw: &Spanned<Raw>, source: &str) -> Node {
    let line = raw.referenced.line();
    let value = match &raw.value {
        Raw::Null => Value::Null,
        Raw::Text(text) => Value::Text(text.clone()),
        Raw::Unquoted(shown) => Value::Text(written(raw, source).unwrap_or_else(|| shown.clone())),
        Raw::List(items) => Value::List(items.iter().map(|item| raw_node(item, source)).collect()),
        Raw::Map(entries) => Value::Map(entries.iter().map(|entry| raw_entry(entry, source)).collect()),
    };
    Node { line, value }
}

fn raw_entry((key, value): &(Spanned<String>, Spanned<Raw>), source: &str) -> Entry {
    Entry { key: key.value.clone(), line: key.referenced.line(), value: raw_node(value, source) }
}

/// The source text of a scalar.
fn written(raw: &Spanned<Raw>, source: &str) -> Option<String> {
    let span = raw.defined.span();
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let length = usize::try_from(span.byte_len()?).ok()?;
    let text = source.get(start..start.checked_add(length)?)?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a list or a mapping")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Unquoted(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Unquoted(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Unquoted(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Unquoted(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Raw, E> {
        Ok(Raw::Unquoted(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Unquoted(value.to_string()))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Raw, E> {
        if value.contains('\0') {
            return Err(E::custom("a text with a NUL character"));
        }
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = entries.next_key::<Spanned<String>>()? {
            if key.value.is_empty() {
                return Err(A::Error::custom("an empty key"));
            }
            map.push((key, entries.next_value()?));
        }
        Ok(Raw::Map(map))
    }
}
