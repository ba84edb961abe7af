use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;

fn entry(value: Value) -> Entry {
    Entry { name: "backend-im".to_owned(), value }
}

fn ours() -> Entry {
    entry(json!({"command": "backend-im", "args": ["mcp"], "timeout": 600}))
}

fn json(text: &str) -> Document<'_> {
    Document::new(Format::Json, "mcpServers", text)
}

fn toml(text: &str) -> Document<'_> {
    Document::new(Format::Toml, "mcp_servers", text)
}

const WRITTEN: &str = r#"{
  "mcpServers": {
    "backend-im": {
      "command": "backend-im",
      "args": ["mcp"],
      "timeout": 600
    }
  }
}
"#;

#[test]
fn a_new_file_holds_the_entry_alone() {
    for empty in ["", " \n", "{}\n", "{}"] {
        assert_eq!(json(empty).put(&ours()).unwrap().trim_end(), WRITTEN.trim_end(), "{empty:?}");
    }
    assert_eq!(json("").put(&ours()).unwrap(), WRITTEN, "and ends with a line end");
    assert_eq!(
        toml("").put(&ours()).unwrap(),
        "[mcp_servers.backend-im]\ncommand = \"backend-im\"\nargs = [\"mcp\"]\ntimeout = 600\n"
    );
}

#[test]
fn comments_order_indents_and_line_ends_stay() {
    let before = "// mine\n{\n\t\"theme\": \"dark\", // do not touch\n\t\"mcpServers\": {\n\t\t/* a */ \"other\": {\"command\": \"x\"}, // trailing\n\t},\n\t\"last\": [1, 2,],\n}\n";
    let after = json(before).put(&ours()).unwrap();
    assert_eq!(
        after,
        "// mine\n{\n\t\"theme\": \"dark\", // do not touch\n\t\"mcpServers\": {\n\t\t/* a */ \"other\": {\"command\": \"x\"}, // trailing\n\t\t\"backend-im\": {\n\t\t\t\"command\": \"backend-im\",\n\t\t\t\"args\": [\"mcp\"],\n\t\t\t\"timeout\": 600,\n\t\t},\n\t},\n\t\"last\": [1, 2,],\n}\n"
    );
    assert_eq!(json(&after).remove("backend-im").unwrap(), before, "and back");
    let windows = "\u{feff}{\r\n  \"a\": 1\r\n}\r\n";
    let after = json(windows).put(&ours()).unwrap();
    assert!(after.starts_with("\u{feff}{\r\n  \"a\": 1,\r\n  \"mcpServers\": {\r\n"), "{after:?}");
    assert!(!after.replace("\r\n", "").contains('\n'), "{after:?}");
}

#[test]
fn toml_keeps_everything_around_the_entry() {
    let before = "# mine\nmodel = \"o5\" # best\n\n[mcp_servers.other]\ncommand = 'x'\nenv = { A = \"1\" }\n\n[tui]\ntheme = \"dark\"\n";
    let after = toml(before).put(&ours()).unwrap();
    let added = "[mcp_servers.backend-im]\ncommand = \"backend-im\"\nargs = [\"mcp\"]\ntimeout = 600\n";
    assert!(after.contains(added), "{after}");
    for line in before.lines() {
        assert!(after.contains(line), "{line} is lost: {after}");
    }
    assert_eq!(toml(&after).find("backend-im").unwrap(), Some(ours().value));
    assert_eq!(toml(&after).remove("backend-im").unwrap().trim_end(), before.trim_end());
    let inline = toml("mcp_servers = { other = { command = \"x\" } }\n").put(&ours()).unwrap();
    assert_eq!(toml(&inline).find("backend-im").unwrap(), Some(ours().value), "{inline}");
    assert!(toml(&inline).find("other").unwrap().is_some(), "{inline}");
}

#[test]
fn an_entry_of_the_same_name_is_replaced_where_it_stands() {
    let before = "{\"mcpServers\": {\"backend-im\": {\"command\": \"old\"}, \"other\": {}}}";
    let after = json(before).put(&ours()).unwrap();
    assert_eq!(json(&after).find("backend-im").unwrap(), Some(ours().value));
    assert_eq!(after.matches("backend-im\":").count(), 1, "{after}");
    let before = "[mcp_servers.backend-im]\ncommand = \"old\"\n[mcp_servers.backend-im.env]\nA = \"1\"\n";
    let after = toml(before).put(&ours()).unwrap();
    assert_eq!(toml(&after).find("backend-im").unwrap(), Some(ours().value), "{after}");
    assert_eq!(after.matches("backend-im]").count(), 1, "{after}");
}

#[test]
fn what_cannot_be_read_is_said_and_nothing_is_guessed() {
    for text in
        ["{", "{\"a\": 1 \"b\": 2}", "[]", "{'a': 1}", "{\"mcpServers\": []}", "{\"mcpServers\": null}"]
    {
        assert!(json(text).find("x").is_err() && json(text).put(&ours()).is_err(), "{text}");
    }
    for text in ["a = ", "[a", "mcp_servers = 1", "[[mcp_servers]]\na = 1"] {
        assert!(toml(text).find("x").is_err() && toml(text).put(&ours()).is_err(), "{text}");
    }
    let told = json("{\n  \"a\": }").find("x").unwrap_err().to_string();
    assert!(told.contains("line 2"), "{told}");
    let told = json("{\"mcpServers\": []}").find("x").unwrap_err().to_string();
    assert_eq!(told, "`mcpServers` holds something other than named entries");
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,6}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_object() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(".{0,6}", any_value(), 0..5).prop_map(|members| members.into_iter().collect())
}

/// JSON with a comment after every line.
fn commented(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap();
    text.lines().map(|line| format!("{line} // kept\n")).collect()
}

/// The data of such a text, read by a parser that knows no comments.
fn plain(text: &str) -> Value {
    serde_json::from_str(&text.replace(" // kept", "")).unwrap_or_else(|error| panic!("{error}: {text}"))
}

proptest! {
    #[test]
    fn an_edit_of_json_changes_nothing_else(mut file in any_object(), servers in any_object(), compact: bool) {
        file.insert("mcpServers".to_owned(), Value::Object(servers));
        let file = Value::Object(file);
        let before = if compact { file.to_string() } else { commented(&file) };
        let after = json(&before).put(&ours()).unwrap();
        prop_assert_eq!(json(&after).find("backend-im").unwrap(), Some(ours().value));
        prop_assert_eq!(after.matches("// kept").count(), before.matches("// kept").count());
        prop_assert_eq!(&json(&after).put(&ours()).unwrap(), &after);

        let mut expected = file.clone();
        expected["mcpServers"]["backend-im"] = ours().value;
        prop_assert_eq!(plain(&after), expected);
        let back = json(&after).remove("backend-im").unwrap();
        prop_assert_eq!(plain(&back), file);
    }

    #[test]
    fn an_edit_of_toml_changes_nothing_else(
        servers in prop::collection::btree_map("[a-z\" .]{1,6}", ".{0,12}", 0..4),
        top in prop::collection::btree_map("[a-z]{1,6}", any::<i32>(), 0..4),
    ) {
        let mut file = toml_edit::DocumentMut::new();
        for (name, number) in &top {
            file[name] = toml_edit::value(i64::from(*number));
        }
        for (name, command) in &servers {
            file["mcp_servers"][name]["command"] = toml_edit::value(command);
        }
        let before = file.to_string();
        let after = toml(&before).put(&ours()).unwrap();
        prop_assert_eq!(toml(&after).find("backend-im").unwrap(), Some(ours().value));
        for name in servers.keys() {
            prop_assert_eq!(toml(&after).find(name).unwrap(), toml(&before).find(name).unwrap());
        }
        prop_assert_eq!(&toml(&after).put(&ours()).unwrap(), &after);
    }

    #[test]
    fn no_text_is_too_odd(text in ".{0,80}") {
        for document in [json(&text), toml(&text)] {
            if let Ok(after) = document.put(&ours()) {
                let read = Document { text: &after, ..document };
                prop_assert_eq!(read.find("backend-im").unwrap(), Some(ours().value));
            }
        }
    }
}
