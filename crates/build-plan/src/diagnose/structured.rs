//! Log lines that are JSON: their level and what they say, as a line that anybody would print.

use serde_json::Value;

/// The longest line that is read as JSON, in bytes.
const LINE_BYTES_MAX: usize = 16 << 10;

/// What a structured log line says: `ERROR could not start: connect ECONNREFUSED 127.0.0.1:5432`.
pub(super) fn said(line: &str) -> Option<String> {
    let line = line.trim();
    if !line.starts_with("{\"") || line.len() > LINE_BYTES_MAX {
        return None;
    }
    let fields: Value = serde_json::from_str(line).ok()?;
    let level = level(&fields)?;
    let message = ["msg", "message", "event"].iter().find_map(|key| fields[*key].as_str());
    let error =
        ["err", "error", "exception", "exc_info", "cause"].iter().find_map(|key| error(&fields[*key]));
    match (message, error) {
        (Some(message), Some(error)) if message.contains(&error) => Some(format!("{level} {message}")),
        (Some(message), Some(error)) => Some(format!("{level} {message}: {error}")),
        (Some(message), None) => Some(format!("{level} {message}")),
        (None, Some(error)) => Some(format!("{level} {error}")),
        (None, None) => None,
    }
}

/// The level, in the words by which other lines are told apart.
fn level(fields: &Value) -> Option<&'static str> {
    let level = ["level", "severity", "levelname", "lvl"].iter().find_map(|key| fields.get(*key))?;
    // Pino and bunyan count in tens.
    let by_number = |number: u64| match number {
        0..=39 => "INFO",
        40..=49 => "WARN",
        _ => "ERROR",
    };
    if let Some(number) = level.as_u64() {
        return Some(by_number(number));
    }
    Some(match level.as_str()?.to_ascii_lowercase().as_str() {
        "trace" | "debug" | "info" | "notice" | "information" | "verbose" => "INFO",
        "warn" | "warning" => "WARN",
        _ => "ERROR",
    })
}

/// The message of an error: a text, or the field of an object that holds it.
fn error(value: &Value) -> Option<String> {
    let text = value.as_str().or_else(|| value["message"].as_str()).or_else(|| value["stack"].as_str())?;
    // A traceback ends with the exception, a stack begins with it.
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let line = if text.starts_with("Traceback") { lines.next_back() } else { lines.next() };
    line.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn level_and_message_are_read() {
        for (line, expected) in [
            (r#"{"level":30,"msg":"starting"}"#, Some("INFO starting")),
            (
                r#"{"level":60,"err":{"type":"Error","message":"x y"},"msg":"no start"}"#,
                Some("ERROR no start: x y"),
            ),
            (r#"{"level":"fatal","message":"boom"}"#, Some("ERROR boom")),
            (r#"{"severity":"WARNING","message":"m","error":"e"}"#, Some("WARN m: e")),
            (
                r#"{"level":"error","exception":"Traceback (most recent call last):\n  File\nKeyError: 'X'"}"#,
                Some("ERROR KeyError: 'X'"),
            ),
            (r#"{"a":1}"#, None),
            (r#"{"level":"error"}"#, None),
            ("plain", None),
        ] {
            assert_eq!(said(line).as_deref(), expected, "{line}");
        }
    }
}
