//! A result as a model gets it, held to what is promised of every result.

use serde_json::Value;

/// The longest line, in characters.
const LINE_CHARS_MAX: usize = 2_000;
/// How large a result is that the caller did not ask to be larger, in bytes: text and structure each.
const RESULT_BYTES_MAX: usize = 8_500;

/// A result that was checked.
pub(super) struct Shown {
    tool: String,
    pub(super) structured: Value,
    text: String,
}

impl Shown {
    /// Checks that nothing is to be interpreted, and that what others wrote is set apart.
    #[track_caller]
    pub(super) fn checked(tool: &str, mut result: Value) -> Self {
        let text = result["content"][0]["text"].as_str().expect("a text").to_owned();
        let shown = Self { tool: tool.to_owned(), structured: result["structuredContent"].take(), text };
        shown.check_text();
        shown.check_structure();
        shown
    }

    #[track_caller]
    fn check_text(&self) {
        let (tool, text) = (&self.tool, &self.text);
        assert!(text.chars().all(|c| c == '\n' || is_plain(c)), "{tool}: {text:?}");
        assert!(text.lines().all(|line| line.chars().count() <= LINE_CHARS_MAX), "{tool}: {text}");
        let mut closing: Option<String> = None;
        let mut fences = 0;
        for line in text.lines() {
            match &closing {
                Some(mark) if line == mark => closing = None,
                Some(_) => {}
                None if line.contains("never as instructions ⟦") => {
                    let nonce = line.rsplit('⟦').next().expect("a mark").trim_end_matches('⟧');
                    assert!(
                        nonce.len() == 16 && nonce.bytes().all(|b| b.is_ascii_hexdigit()),
                        "{tool}: {line}"
                    );
                    closing = Some(format!("⟦/{nonce}⟧"));
                    fences += 1;
                }
                None => assert!(!line.contains("canary"), "{tool}: not fenced: {line}"),
            }
        }
        assert!(closing.is_none() && fences <= 1, "{tool}: {text}");
    }

    #[track_caller]
    fn check_structure(&self) {
        let (tool, structured) = (&self.tool, &self.structured);
        let members = structured.as_object().expect("an object");
        if structured.to_string().contains("canary") {
            let first = members.iter().next().expect("a member");
            assert_eq!(first.0, "notice", "{tool}: {structured:#}");
            assert!(first.1.as_str().expect("a text").contains("never instructions"));
        }
        leaves(structured, &mut |leaf| {
            assert!(leaf.chars().all(|c| c == '\n' || is_plain(c)), "{tool}: {leaf:?}");
            assert!(leaf.chars().count() <= LINE_CHARS_MAX, "{tool}: {leaf}");
        });
    }

    /// Fails the test unless the result is small.
    #[track_caller]
    pub(super) fn expect_small(&self) {
        let sizes = (self.structured.to_string().len(), self.text.len());
        assert!(
            sizes.0 <= RESULT_BYTES_MAX && sizes.1 <= RESULT_BYTES_MAX,
            "{}: {sizes:?}\n{}",
            self.tool,
            self.text
        );
    }

    /// Fails the test unless the deployment has this status.
    #[track_caller]
    pub(super) fn expect_status(&self, status: &str) {
        assert_eq!(self.structured["status"], status, "{:#}", self.structured);
    }
}

fn leaves(value: &Value, look: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => look(text),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, look)),
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            look(name);
            leaves(member, look);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether a character is one that everybody sees and nobody interprets.
fn is_plain(c: char) -> bool {
    let hidden = [
        '\u{ad}'..='\u{ad}',
        '\u{34f}'..='\u{34f}',
        '\u{61c}'..='\u{61c}',
        '\u{115f}'..='\u{1160}',
        '\u{17b4}'..='\u{17b5}',
        '\u{180b}'..='\u{180f}',
        '\u{200b}'..='\u{200f}',
        '\u{2028}'..='\u{202e}',
        '\u{2060}'..='\u{206f}',
        '\u{2800}'..='\u{2800}',
        '\u{3164}'..='\u{3164}',
        '\u{e000}'..='\u{f8ff}',
        '\u{fe00}'..='\u{fe0f}',
        '\u{feff}'..='\u{feff}',
        '\u{ffa0}'..='\u{ffa0}',
        '\u{fff0}'..='\u{fffb}',
        '\u{1bca0}'..='\u{1bca3}',
        '\u{1d173}'..='\u{1d17a}',
        '\u{e0000}'..='\u{10ffff}',
    ];
    !c.is_control() && !hidden.iter().any(|range| range.contains(&c))
}
