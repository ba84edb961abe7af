//! A client's file as text: what it says of one server, and the smallest edit that changes that.

use serde_json::Value;

use super::entry::Entry;
use super::{jsonc, toml};

/// Some editors begin a file with this.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// What a file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// JSON, with comments and trailing commas where the client takes them.
    Json,
    /// TOML.
    Toml,
}

/// A text that cannot be edited without guessing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// It does not parse.
    #[error("it does not parse: {0}")]
    Syntax(String),
    /// Something that holds other things is no such thing.
    #[error("{0} holds something other than named entries")]
    NoTable(String),
}

/// A text, and which of its members holds the servers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Document<'a> {
    format: Format,
    mark: &'static str,
    text: &'a str,
    servers: &'static str,
}

impl<'a> Document<'a> {
    /// The document of a client's file.
    pub(crate) fn new(format: Format, servers: &'static str, text: &'a str) -> Self {
        let (mark, text) = match text.strip_prefix(BYTE_ORDER_MARK) {
            Some(text) => ("\u{feff}", text),
            None => ("", text),
        };
        Self { format, mark, text, servers }
    }

    /// What it says of the server `name`.
    ///
    /// # Errors
    /// [`Unreadable`] when that cannot be known.
    pub(crate) fn find(&self, name: &str) -> Result<Option<Value>, Unreadable> {
        match self.format {
            Format::Json => jsonc::find(self.text, self.servers, name),
            Format::Toml => toml::find(self.text, self.servers, name),
        }
    }

    /// The text with the entry in it, in place of one of the same name.
    ///
    /// # Errors
    /// [`Unreadable`] when there is no place for it.
    pub(crate) fn put(&self, entry: &Entry) -> Result<String, Unreadable> {
        let is_empty = self.text.trim().is_empty();
        let text = if is_empty { "" } else { self.text };
        let edited = match self.format {
            Format::Json => jsonc::put(text, self.servers, entry),
            Format::Toml => toml::put(text, self.servers, entry),
        }?;
        let end = if is_empty && !edited.ends_with('\n') { "\n" } else { "" };
        Ok(format!("{}{edited}{end}", self.mark))
    }

    /// The text without the server `name`.
    ///
    /// # Errors
    /// As [`Document::find`].
    pub(crate) fn remove(&self, name: &str) -> Result<String, Unreadable> {
        let edited = match self.format {
            Format::Json => jsonc::remove(self.text, self.servers, name),
            Format::Toml => toml::remove(self.text, self.servers, name),
        }?;
        Ok(format!("{}{edited}", self.mark))
    }
}

#[cfg(test)]
mod tests;
