//! The JSON Schema of the settings file, with which editors complete it and mark what the parser would refuse.
//!
//! Draft 7, the newest that the YAML language server reads in full. It is a little more lenient than the parser: what
//! depends on the rest of the project, or on how many variables there are, only the parser knows.

use serde_json::{Map, Value, json};

use super::keys::{BUILD, Form, HEALTH, KEYS, Key, NOT_APPLIED};
use super::runtimes::RUNTIMES;

/// The name under which the schema is kept and served.
pub const SCHEMA_FILE: &str = "backend-im.schema.json";

/// The JSON Schema of the settings file.
pub fn schema() -> Value {
    let applied = KEYS.iter().map(|key| (key.name.to_owned(), described(key)));
    let known = NOT_APPLIED.iter().map(|(name, instead)| {
        (
            (*name).to_owned(),
            json!({ "description": format!("Known but not applied by this version: {instead}.") }),
        )
    });
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Settings of backend-im",
        "description": "backend-im.yml. Every key is optional: what is not said here is detected.",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": applied.chain(known).collect::<Map<_, _>>(),
    })
}

fn described(key: &Key) -> Value {
    let mut schema = of(key.form);
    schema["description"] = key.purpose.into();
    schema["examples"] = json!([serde_saphyr::from_str::<Value>(key.example).expect("examples are YAML")]);
    schema
}

fn of(form: Form) -> Value {
    match form {
        Form::Text => scalar(),
        Form::Url => matching("^https?://."),
        // Within the project: no way up, not from the root of the disk.
        Form::Folder => named(r"^\s*(?!/)(?!([^\n]*/)?\.\.(/|\s*$))[^\\\n]*$"),
        Form::Runtime => runtime(),
        Form::Command => command(),
        Form::Path => named(r"^(?!.*://)[^\s#\\]*$"),
        Form::Port => json!({ "anyOf": [
            { "type": "integer", "minimum": 1, "maximum": 65535 },
            { "type": "string", "pattern": "^\\s*[0-9]{1,5}\\s*$" },
            { "type": "null" },
        ] }),
        Form::Environment => environment(),
        Form::Build => either(&command(), BUILD.iter().map(|key| ((*key).to_owned(), command()))),
        Form::Health => {
            let inner = |key: &&str| {
                let schema = if *key == "path" { of(Form::Path) } else { Value::Bool(true) };
                ((*key).to_owned(), schema)
            };
            either(&of(Form::Path), HEALTH.iter().map(inner))
        }
    }
}

/// A text; a number or a boolean is the text that was written.
fn scalar() -> Value {
    json!({ "type": ["string", "number", "boolean", "null"] })
}

/// A scalar whose text has this form. A number or a boolean always has it: `0` may well be a folder.
fn named(pattern: &str) -> Value {
    let mut schema = scalar();
    schema["pattern"] = pattern.into();
    schema
}

/// A text of this form, which no number or boolean has.
fn matching(pattern: &str) -> Value {
    json!({ "type": ["string", "null"], "pattern": pattern })
}

fn command() -> Value {
    json!({ "anyOf": [
        scalar(),
        { "type": "array", "items": { "type": ["string", "number", "boolean"] } },
    ] })
}

/// A plain value, or a mapping of these keys.
fn either(plain: &Value, keys: impl Iterator<Item = (String, Value)>) -> Value {
    json!({ "anyOf": [
        plain,
        { "type": "object", "additionalProperties": false, "properties": keys.collect::<Map<_, _>>() },
    ] })
}

/// A runtime, for completion, or with its version: `node:20`.
fn runtime() -> Value {
    let names: Vec<&str> = RUNTIMES.iter().map(|(name, _)| *name).collect();
    let any_case = |name: &&str| name.chars().map(letter).collect::<String>();
    let pattern = names.iter().map(any_case).collect::<Vec<_>>().join("|");
    json!({ "anyOf": [
        { "enum": names },
        matching(&format!(r"^\s*({pattern})\s*([:@][^\n]*)?$")),
    ] })
}

/// A pattern for one character in either case.
fn letter(c: char) -> String {
    match c {
        'a'..='z' => format!("[{c}{}]", c.to_ascii_uppercase()),
        '.' => r"\.".to_owned(),
        c => c.to_string(),
    }
}

fn environment() -> Value {
    const NAME: &str = "^[A-Za-z_][A-Za-z0-9_]*$";
    let reference = json!({ "type": ["string", "number", "boolean"] });
    let only = |key: &str, value: &Value| json!({ "type": "object", "additionalProperties": false, "required": [key], "properties": { key: value } });
    let entry = |key: &str, value: &Value| {
        json!({
            "type": "object", "additionalProperties": false, "required": ["name", key],
            "properties": { "name": { "type": "string", "pattern": NAME }, key: value },
        })
    };
    let value = json!({ "anyOf": [scalar(), only("secret", &reference), only("value", &scalar())] });
    json!({ "anyOf": [
        { "type": "null" },
        { "type": "object", "propertyNames": { "pattern": NAME }, "additionalProperties": value },
        { "type": "array", "items": { "anyOf": [
            { "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*=" },
            entry("value", &scalar()),
            entry("secret", &reference),
        ] } },
    ] })
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::super::parse;
    use super::*;

    static VALIDATOR: LazyLock<jsonschema::Validator> =
        LazyLock::new(|| jsonschema::draft7::new(&schema()).expect("the schema is one"));

    /// Whether the editor would accept the text, and whether the parser does.
    fn verdicts(text: &str) -> (bool, bool) {
        let value = serde_saphyr::from_str::<Value>(text);
        (value.is_ok_and(|value| VALIDATOR.is_valid(&value)), parse("backend-im.yml", text).is_ok())
    }

    #[test]
    fn the_schema_is_one() {
        assert!(jsonschema::meta::is_valid(&schema()));
    }

    #[test]
    fn every_example_passes_both() {
        for key in KEYS {
            let text = format!("{}: {}\n", key.name, key.example);
            assert_eq!(verdicts(&text), (true, true), "{text}");
        }
        for (key, _) in NOT_APPLIED {
            let text = format!("{key}: {{a: [1]}}\n");
            assert_eq!(verdicts(&text), (true, true), "{text}");
        }
    }

    #[test]
    fn what_the_parser_refuses_the_editor_marks() {
        for text in [
            "strat: x",
            "port: 0",
            "port: 70000",
            "port: http",
            "url: example.com",
            "root: ../x",
            "static_root: /srv",
            "static_root: a/..",
            "health_path: http://x/y",
            "health_path: /a b",
            "runtime: cobol",
            "runtime: nodes",
            "name: [a]",
            "start: {a: b}",
            "start: [[a]]",
            "build: {comand: x}",
            "health_check: {pth: /x}",
            "env: text",
            "env: {1A: x}",
            "env: {A: {b: c}}",
            "env: [A]",
            "env: [{name: A}]",
            "- a",
            "just a text",
        ] {
            assert_eq!(verdicts(text), (false, false), "{text}");
        }
    }

    proptest! {
        /// Nothing is marked that the parser takes: a person would mend what is right.
        #[test]
        fn what_the_parser_accepts_the_editor_does(
            key in 0..KEYS.len(),
            value in "(- )?(\\{(name|path|command|A|secret|value): )?[a-z0-9:@./=$ _-]{0,12}\\}?|[NRPpDdyt]ode(js)?[:@]?[0-9]{0,2}|\\.?/?[a-z./]{0,9}",
        ) {
            let text = format!("{}: {value}\n", KEYS[key].name);
            let (editor, parser) = verdicts(&text);
            prop_assert!(editor || !parser, "{text}");
        }
    }
}
