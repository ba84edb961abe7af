//! Adding a member to an object of a JSON text without touching how the rest of it is written.

/// The text with `"key": value` as the first member of the object `object` at the top level; `""` is the top level
/// itself. An object that is missing is made. Nothing when the text is no object or has the member.
pub(super) fn with_member(text: &str, object: &str, key: &str, value: &str) -> Option<String> {
    let parsed: serde_json::Value = serde_json::from_str(text).ok()?;
    let top = parsed.as_object()?;
    let member = format!("{}: {}", quoted(key), quoted(value));
    let indent = indent(text);
    let brace = text.find('{')?;
    if object.is_empty() {
        return (!top.contains_key(key)).then(|| insert(text, brace, &member, &indent));
    }
    match top.get(object) {
        Some(serde_json::Value::Object(members)) if !members.contains_key(key) => {
            let brace = object_brace(text, object)?;
            Some(insert(text, brace, &member, &indent.repeat(2)))
        }
        Some(_) => None,
        None => {
            let inner = indent.repeat(2);
            let whole = format!("{}: {{\n{inner}{member}\n{indent}}}", quoted(object));
            Some(insert(text, brace, &whole, &indent))
        }
    }
}

/// The text that is the member of an object at the top level, as it is written.
pub(super) fn member(text: &str, object: &str, key: &str) -> Option<String> {
    let parsed: serde_json::Value = serde_json::from_str(text).ok()?;
    let value = parsed[object][key].as_str()?.to_owned();
    text.contains(&quoted(&value)).then_some(value)
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What the first member is indented with.
fn indent(text: &str) -> String {
    let line = text.lines().find(|line| line.trim_start().starts_with('"'));
    let blank = line.map(|line| &line[..line.len() - line.trim_start().len()]).unwrap_or_default();
    if blank.is_empty() { "  ".to_owned() } else { blank.to_owned() }
}

fn insert(text: &str, brace: usize, member: &str, indent: &str) -> String {
    let (before, after) = text.split_at(brace + 1);
    let is_multiline = after.trim_start_matches(' ').starts_with('\n');
    let is_empty = after.trim_start().starts_with('}');
    match (is_multiline, is_empty) {
        (true, false) => format!("{before}\n{indent}{member},{after}"),
        (false, false) => format!("{before} {member},{after}"),
        (true, true) => format!("{before}\n{indent}{member}{after}"),
        (false, true) => {
            let outer = &indent[..indent.len() / 2];
            format!("{before}\n{indent}{member}\n{outer}{}", after.trim_start_matches(' '))
        }
    }
}

/// Where the brace of the object stands that is the value of a key at the top level.
fn object_brace(text: &str, key: &str) -> Option<usize> {
    let wanted = quoted(key);
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        match text.as_bytes()[at] {
            b'"' => {
                let end = string_end(text, at)?;
                if depth == 1 && text[at..end] == wanted {
                    let after = text[end..].trim_start();
                    if let Some(value) = after.strip_prefix(':').map(str::trim_start)
                        && value.starts_with('{')
                    {
                        return Some(text.len() - value.len());
                    }
                }
                at = end;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    None
}

/// The place behind the string that starts here.
fn string_end(text: &str, start: usize) -> Option<usize> {
    let mut is_escaped = false;
    for (offset, byte) in text.bytes().enumerate().skip(start + 1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(offset + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_added_where_they_belong() {
        let text = "{\n    \"name\": \"x\",\n    \"scripts\": {\n        \"dev\": \"vite\"\n    }\n}\n";
        let with = with_member(text, "scripts", "start", "node a.js").unwrap();
        assert_eq!(
            with,
            "{\n    \"name\": \"x\",\n    \"scripts\": {\n        \"start\": \"node a.js\",\n        \"dev\": \"vite\"\n    }\n}\n"
        );
        let made = with_member("{\n  \"name\": \"x\"\n}", "scripts", "start", "s").unwrap();
        assert_eq!(made, "{\n  \"scripts\": {\n    \"start\": \"s\"\n  },\n  \"name\": \"x\"\n}");
        assert_eq!(
            with_member("{\"scripts\": {}}", "scripts", "a", "b").map(|t| t.replace('\n', "")),
            Some("{\"scripts\": {    \"a\": \"b\"  }}".to_owned())
        );
        assert!(with_member(text, "scripts", "dev", "x").is_none());
        assert!(with_member(text, "name", "dev", "x").is_none());
        assert!(with_member("[]", "", "dev", "x").is_none());
    }

    proptest::proptest! {
        #[test]
        fn what_comes_out_is_json_with_the_member(inner in "(\"[a-c{}\\\\\\\\]\": [1-3], ){0,3}", object in "[a-c]?", key in "[a-e]") {
            let text = format!("{{{inner}\"z\": {{\"a\": {{}}}}}}");
            if let Some(with) = with_member(&text, &object, &key, "v") {
                let value: serde_json::Value = serde_json::from_str(&with).unwrap();
                let place = if object.is_empty() { &value[&key] } else { &value[&object][&key] };
                proptest::prop_assert_eq!(place, "v");
            }
        }
    }
}
