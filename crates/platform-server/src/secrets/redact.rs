//! Taking secrets out of output: every form of a known value becomes `[secret NAME]`.
//!
//! One automaton looks for all of them at once. It knows only how each form begins; the rest is compared where it has
//! found one, so that a value of 64 KiB costs no more than one of 64 bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use arc_swap::ArcSwap;
use platform_api::Failure;
use serde_json::Value;

use super::{SecretValue, forms};

/// How much of a form the automaton knows, in bytes.
const ANCHOR_BYTES: usize = 64;

/// Knows the values of one project and takes them out of texts.
#[derive(Default)]
pub(crate) struct Redactor {
    anchors: Option<AhoCorasick>,
    /// The forms that begin with each anchor.
    begun: Vec<Vec<Form>>,
    reach: usize,
}

/// One form of a value, and what takes its place.
struct Form {
    bytes: Vec<u8>,
    mark: Arc<str>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("anchors", &self.begun.len()).finish_non_exhaustive()
    }
}

impl Redactor {
    /// For these names and values.
    pub(crate) fn new<'v>(secrets: impl IntoIterator<Item = (&'v str, &'v SecretValue)>) -> Self {
        let mut begun: BTreeMap<Vec<u8>, Vec<Form>> = BTreeMap::new();
        let mut reach = 0;
        for (name, value) in secrets {
            let mark: Arc<str> = format!("[secret {name}]").into();
            for bytes in forms::of(value.expose()) {
                reach = reach.max(bytes.len());
                let anchor = bytes[..bytes.len().min(ANCHOR_BYTES)].to_vec();
                begun.entry(anchor).or_default().push(Form { bytes, mark: mark.clone() });
            }
        }
        if begun.is_empty() {
            return Self::default();
        }
        let anchors = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(begun.keys());
        let anchors = anchors.expect("the limits on secrets keep the automaton small");
        Self { anchors: Some(anchors), begun: begun.into_values().collect(), reach }
    }

    /// How long the longest form is, in bytes: a text that ends earlier than this behind a place says nothing final about
    /// that place.
    pub(crate) fn reach(&self) -> usize {
        self.reach
    }

    /// The bytes without secrets.
    pub(crate) fn bytes<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        self.settled(text, text.len()).0
    }

    /// The text without secrets.
    pub(crate) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            // What is taken out begins and ends between characters, or within the escapes of one.
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// The beginning of a text that goes on, without secrets, and how many bytes of the text that is: at least those
    /// before `until`, and those of any secret that has begun there.
    pub(crate) fn settled<'t>(&self, text: &'t [u8], until: usize) -> (Cow<'t, [u8]>, usize) {
        let Some(anchors) = &self.anchors else { return (Cow::Borrowed(&text[..until]), until) };
        let mut redacted = Vec::new();
        let mut done = 0;
        let mut at = 0;
        while let Some(found) = anchors.find(Input::new(text).range(at..)) {
            if found.start() >= until {
                break;
            }
            let (form, length) = self.longest(found.pattern().as_usize(), &text[found.start()..]);
            redacted.extend_from_slice(&text[done..found.start()]);
            redacted.extend_from_slice(form.mark.as_bytes());
            done = found.start() + length;
            at = done;
        }
        if done == 0 {
            return (Cow::Borrowed(&text[..until]), until);
        }
        let end = until.max(done);
        redacted.extend_from_slice(&text[done..end]);
        (Cow::Owned(redacted), end)
    }

    /// The form that goes furthest along `text`, which begins with its anchor, and how far: where none is there as a
    /// whole, the part that is there is still part of a secret.
    fn longest(&self, anchor: usize, text: &[u8]) -> (&Form, usize) {
        let common =
            |form: &Form| form.bytes.iter().zip(text).take_while(|(one, other)| one == other).count();
        let forms = self.begun[anchor].iter();
        forms
            .map(|form| (form, common(form)))
            .max_by_key(|(_, length)| *length)
            .expect("an anchor is of some form")
    }

    /// Takes secrets out of every text in a JSON value.
    pub(crate) fn json(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(redacted) = self.text(text) {
                    *text = redacted;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Value::Object(fields) => fields.iter_mut().for_each(|(_, field)| self.json(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Takes secrets out of what a failure tells.
    pub(crate) fn failure(&self, failure: &mut Failure) {
        failure.message = self.text(&failure.message).into_owned();
        failure.hint = failure.hint.take().map(|hint| self.text(&hint).into_owned());
        if let Some(diagnosis) = &mut failure.diagnosis {
            self.json(diagnosis);
        }
    }
}

/// The redactor of a project as it is at any moment. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Redaction(Arc<ArcSwap<Redactor>>);

impl Redaction {
    /// The redactor as it is now.
    pub(crate) fn now(&self) -> Arc<Redactor> {
        self.0.load_full()
    }

    /// Goes on with another one.
    pub(super) fn replace(&self, redactor: Redactor) {
        self.0.store(Arc::new(redactor));
    }

    /// Whether nobody but the owner knows of it.
    pub(super) fn is_idle(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    use super::*;

    fn redactor(secrets: &[(&str, &str)]) -> Redactor {
        let values: Vec<_> = secrets
            .iter()
            .map(|(name, value)| (*name, SecretValue::new((*value).to_owned()).unwrap()))
            .collect();
        Redactor::new(values.iter().map(|(name, value)| (*name, value)))
    }

    #[test]
    fn a_value_is_named_instead_of_shown_and_short_ones_are_left() {
        let redactor = redactor(&[
            ("DB", "hunter2-hunter2"),
            ("PIN", "1234567"),
            ("LONGER", "hunter2-hunter2-and-more"),
        ]);
        assert_eq!(redactor.text("url=x:hunter2-hunter2@db"), "url=x:[secret DB]@db");
        assert_eq!(redactor.text("hunter2-hunter2-and-more"), "[secret LONGER]");
        assert_eq!(redactor.text("hunter2-hunter2hunter2-hunter2"), "[secret DB][secret DB]");
        assert_eq!(redactor.text("PIN 1234567, hunter2"), "PIN 1234567, hunter2");
        assert!(matches!(redactor.text("nothing to see"), Cow::Borrowed(_)));
        assert!(matches!(Redactor::default().text("hunter2-hunter2"), Cow::Borrowed(_)));
    }

    #[test]
    fn encodings_hide_nothing() {
        let value = "p@ss/wörd +\"x\"\n\\end of it";
        let redactor = redactor(&[("S", value)]);
        let python = "p%40ss/w%C3%B6rd%20%2B%22x%22%0A%5Cend%20of%20it";
        let form = "p%40ss%2Fw%c3%b6rd+%2b%22x%22%0a%5cend+of+it".replace("%2F", "%2f");
        let javascript = "p%40ss%2Fw%C3%B6rd%20%2B%22x%22%0A%5Cend%20of%20it";
        let ascii = r#"{"a":"p@ss/w\u00f6rd +\"x\"\n\\end of it"}"#;
        let json = serde_json::json!({ "a": value }).to_string();
        let php = json.replace('/', "\\/");
        for text in [python, &form, javascript, ascii, &json, &php] {
            let shown = redactor.text(text).into_owned();
            assert!(shown.contains("[secret S]") && !shown.contains("end"), "{text}: {shown}");
        }
        assert_eq!(redactor.json_text(value), "[secret S]");
    }

    impl Redactor {
        fn json_text(&self, text: &str) -> String {
            let mut value = serde_json::json!([{ "k": text }]);
            self.json(&mut value);
            value[0]["k"].as_str().unwrap().to_owned()
        }
    }

    #[test]
    fn a_key_of_many_lines_is_found_line_by_line_and_as_wrapped_base64() {
        let body = [
            "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
            "BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj",
            "MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3S",
        ];
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", body.join("\n"));
        let redactor = redactor(&[("KEY", &pem)]);
        for line in body {
            assert_eq!(redactor.text(line), "[secret KEY]");
        }
        assert_eq!(redactor.text("-----BEGIN PRIVATE KEY-----"), "-----BEGIN PRIVATE KEY-----");
        let encoded = STANDARD.encode(&pem);
        for wrapped in encoded.as_bytes().chunks(76).chain(encoded.as_bytes().chunks(64)) {
            let shown = redactor.bytes(wrapped);
            assert!(wrapped.len() < 8 || shown.starts_with(b"[secret KEY]"), "{:?}", wrapped.len());
        }
    }

    proptest! {
        #[test]
        fn no_neighbour_and_no_encoding_lets_a_value_through(
            value in "[ -~äü]{8,200}", before in "[a-z]{0,5}", after in "[a-z]{0,5}",
        ) {
            let value = format!("S{}E", value.trim());
            let redactor = redactor(&[("S", &value)]);
            let text = format!("{before}{value}{after}");
            prop_assert!(redactor.text(&text).contains("[secret S]"));
            for encoded in [STANDARD.encode(&text), URL_SAFE.encode(&text)] {
                let shown = redactor.text(&encoded).into_owned();
                prop_assert!(shown.contains("[secret S]"), "{} in {}", value, encoded);
                // What is left beside the mark are neighbours and the two shared characters.
                let left = shown.len() - "[secret S]".len();
                prop_assert!(left <= (before.len() + after.len()) * 4 / 3 + 8, "{}", shown);
            }
        }

        #[test]
        fn where_a_text_is_cut_makes_no_difference(
            words in prop::collection::vec(
                prop_oneof!["[a-c]{1,6}", Just("secret-one".to_owned()), Just("secret-one-and-two".to_owned())], 0..12,
            ),
            cut in 0..80_usize,
        ) {
            let redactor = redactor(&[("A", "secret-one"), ("B", "secret-one-and-two"), ("C", "abcabcabc")]);
            let text = words.concat();
            let until = cut.min(text.len().saturating_sub(redactor.reach()));
            let (head, taken) = redactor.settled(text.as_bytes(), until);
            let rest = redactor.bytes(&text.as_bytes()[taken..]);
            let whole = redactor.bytes(text.as_bytes());
            prop_assert_eq!([head.as_ref(), rest.as_ref()].concat(), whole.as_ref());
        }
    }
}
