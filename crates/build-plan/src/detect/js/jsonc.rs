//! JSON as tsconfig.json and deno.jsonc are written: with comments and trailing commas.

use serde_json::Value;

/// Parses the text; nothing when it is no JSON even so. What only refines a plan is not worth failing for.
pub(crate) fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&plain(text))).ok()
}

/// The text without comments and without commas before a closing bracket.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            '"' => string(rest),
            '/' if rest.starts_with("//") => {
                rest = rest.find('\n').map_or("", |end| &rest[end..]);
                continue;
            }
            '/' if rest.starts_with("/*") => {
                rest = rest[2..].find("*/").map_or("", |end| &rest[end + 4..]);
                continue;
            }
            '}' | ']' => {
                let kept = out.trim_end().len();
                if out[..kept].ends_with(',') {
                    out.truncate(kept - 1);
                }
                1
            }
            c => c.len_utf8(),
        };
        out.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    out
}

/// The length of the string at the text's beginning, quotes included.
fn string(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_trailing_commas_go() {
        let text = "{ // a\n \"a\": \"/* no */ // no\", /* b */ \"b\": [1, 2,], \"c\\\"\": 1,\n}";
        assert_eq!(parse(text).unwrap(), serde_json::json!({"a": "/* no */ // no", "b": [1, 2], "c\"": 1}));
        assert!(parse("{").is_none());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(//|/\\*|\\*/|\"|,|\\}|\\]|\\\\|\\PC|\n){0,60}") {
            drop(parse(&text));
        }
    }
}
