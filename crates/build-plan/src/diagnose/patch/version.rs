//! Changes that say which version of a runtime the project needs, where the failure itself names it.

use super::diff::Change;
use super::{Files, json};

const PYTHON: &str = ".python-version";
const MANIFEST: &str = "package.json";

/// Asks for the newest Python that a package was made for.
pub(super) fn older_python(files: &Files<'_>, captured: &[String]) -> Option<Change> {
    let [installed, newest, ..] = captured else { return None };
    let is_version = |text: &str| text.split('.').count() == 2 && text.split('.').all(is_number);
    let bound = files.text("pyproject.toml").and_then(|text| {
        text.lines().find(|line| line.trim_start().starts_with("requires-python")).map(str::to_owned)
    });
    // Where the project itself insists on the new one, a person decides.
    if !is_version(newest) || bound.is_some_and(|line| line.contains(&format!(">={installed}"))) {
        return None;
    }
    let new = format!("{newest}\n");
    match files.text(PYTHON) {
        Some(old) => Some(Change::of(PYTHON, old, new)),
        None => Some(Change::new_file(PYTHON, new)),
    }
}

/// Says which Node the packages need, where the project says nothing yet.
pub(super) fn needed_node(files: &Files<'_>, captured: &str) -> Option<Change> {
    if [".nvmrc", ".node-version"].iter().any(|file| files.has(file)) {
        return None;
    }
    let range = range(captured)?;
    let text = files.text(MANIFEST)?;
    let new = json::with_member(&text, "engines", "node", &range)?;
    Some(Change::of(MANIFEST, text, new))
}

/// The range in `{"node":">=24"}`, in `>=22.12.0` itself, or the last one of `20.19+ or 22.12+.`
fn range(captured: &str) -> Option<String> {
    let text = match captured.split_once("\"node\":\"") {
        Some((_, rest)) => rest.split('"').next()?,
        None => captured,
    };
    let is_range = text.starts_with(['>', '^', '~']) || text.starts_with(|c: char| c.is_ascii_digit());
    let is_plain =
        |c: char| c.is_ascii_digit() || matches!(c, '.' | '>' | '=' | '<' | '^' | '~' | '|' | ' ' | 'x');
    if is_range && text.chars().all(is_plain) {
        return Some(text.trim().to_owned());
    }
    let mut words =
        text.split(|c: char| !(c.is_ascii_digit() || c == '.')).map(|word| word.trim_matches('.'));
    let last = words.rfind(|word| !word.is_empty() && word.split('.').all(is_number))?;
    Some(format!(">={last}"))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_from_what_tools_say() {
        for (captured, expected) in [
            ("{\"node\":\">=24\"}", Some(">=24")),
            ("{\"node\":\"^20.19.0 || >=22.12.0\"}", Some("^20.19.0 || >=22.12.0")),
            (">=22.12.0", Some(">=22.12.0")),
            ("20.19+ or 22.12+. Please upgrade your Node.js version.", Some(">=22.12")),
            ("v20.19 or v22.12.", Some(">=22.12")),
            ("", None),
            ("$(rm)", None),
        ] {
            assert_eq!(range(captured).as_deref(), expected, "{captured}");
        }
    }
}
