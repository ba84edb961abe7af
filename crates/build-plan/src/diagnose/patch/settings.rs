//! Changes of the settings file.

use super::Files;
use super::diff::Change;
use crate::config::FILE_NAMES;

/// Sets a variable.
pub(super) fn set_env(files: &Files<'_>, name: &str, value: &str) -> Option<Change> {
    let line = format!("  {name}: {value}\n");
    let Some((file, text)) = files.first(FILE_NAMES) else {
        return Some(Change::new_file(FILE_NAMES[0], format!("env:\n{line}")));
    };
    if text.contains(&format!("{name}:")) {
        return None;
    }
    let new = match text.lines().position(|line| line.trim_end() == "env:") {
        Some(at) => inserted(&text, at + 1, &line),
        // Written on one line, or as a list: that is for a person to extend.
        None if text.lines().any(|line| line.starts_with("env:")) => return None,
        None => format!("{}env:\n{line}", with_end(&text)),
    };
    Some(Change::of(file, text, new))
}

/// Sets a key of the top level that is not set yet.
pub(super) fn set_key(files: &Files<'_>, key: &str, value: &str) -> Option<Change> {
    let line = format!("{key}: {value}\n");
    let Some((file, text)) = files.first(FILE_NAMES) else {
        return Some(Change::new_file(FILE_NAMES[0], line));
    };
    if text.lines().any(|line| line.starts_with(&format!("{key}:"))) {
        return None;
    }
    let new = format!("{}{line}", with_end(&text));
    Some(Change::of(file, text, new))
}

/// The text with these lines before the line of this number, counted from zero.
pub(super) fn inserted(text: &str, at: usize, lines: &str) -> String {
    let mut new = String::new();
    let mut count = 0;
    for line in text.split_inclusive('\n') {
        if count == at {
            new.push_str(lines);
        }
        new.push_str(line);
        count += 1;
    }
    if count <= at {
        new = with_end(&new);
        new.push_str(lines);
    }
    new
}

/// The text with an end to its last line.
pub(super) fn with_end(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}
