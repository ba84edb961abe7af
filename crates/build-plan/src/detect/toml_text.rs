//! TOML manifests, with errors that name file and line.

use serde::de::DeserializeOwned;

use crate::PlanError;

/// Parses a manifest.
///
/// # Errors
/// [`PlanError::InvalidManifest`].
pub(crate) fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, PlanError> {
    toml::from_str(text).map_err(|error| PlanError::InvalidManifest {
        file: file.to_owned(),
        line: error.span().map(|span| line_at(text, span.start)),
        message: format!("not valid TOML: {}", error.message().lines().next().unwrap_or_default()),
    })
}

/// The line, counted from one, of a byte of the text.
fn line_at(text: &str, byte: usize) -> u64 {
    let before = text.as_bytes().iter().take(byte).filter(|b| **b == b'\n').count();
    before as u64 + 1
}
