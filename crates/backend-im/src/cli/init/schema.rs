//! The JSON Schema of the settings file, and where editors find it.

use std::io::Write as _;

use build_plan::config::{SCHEMA_FILE, schema};
use platform_client::ClientError;
use url::Url;

use super::super::error::Error;
use crate::config::{PlatformAt, Settings};
use crate::home::Home;

/// The schema as text.
pub(super) fn text() -> String {
    serde_json::to_string_pretty(&schema()).expect("a schema is plain data")
}

/// The address of the schema: the platform serves it; the embedded one, whose port changes, keeps it in its home.
///
/// # Errors
/// When it cannot be written there.
pub(super) fn address(settings: &Settings) -> Result<String, Error> {
    if let PlatformAt::Remote { url, .. } = &settings.platform {
        let base = url.as_str().trim_end_matches('/');
        return Ok(format!("{base}/api/{SCHEMA_FILE}"));
    }
    let home = Home::new(settings.home.clone());
    home.create().map_err(ClientError::from)?;
    let path = home.root().join(SCHEMA_FILE);
    let written = tempfile::NamedTempFile::new_in(home.root()).and_then(|mut file| {
        file.write_all(text().as_bytes())?;
        file.persist(&path).map_err(|error| error.error)
    });
    written.map_err(|error| Error::machine(format!("cannot write {}", path.display()), error))?;
    Ok(Url::from_file_path(&path).map_or_else(|()| path.display().to_string(), String::from))
}
