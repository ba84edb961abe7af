//! What one look at a line of JSON tells without building anything of it: its members, its id, how deep and how many.
//!
//! It never fails and never grows: what it sees of a broken or endless line is as good as the line. Only the line's first
//! level matters, so that an `id` deep inside the parameters is not taken for the message's own.

use rmcp::model::RequestId;

use super::ID_BYTES_MAX;

/// Room for the longest member name that matters, `method`, its quotes and one byte more.
const NAME_BYTES_MAX: usize = 9;

/// A look at a line, part by part.
#[derive(Debug, Default)]
pub(super) struct Glance {
    depth: usize,
    text: Text,
    place: Place,
    name: Token<NAME_BYTES_MAX>,
    value: Token<ID_BYTES_MAX>,
    id: Id,
    has_method: bool,
    has_answer: bool,
    is_object: bool,
    deepest: usize,
    values: usize,
}

/// Whether a byte belongs to a text between quotes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Text {
    #[default]
    Outside,
    Inside,
    /// Behind a backslash.
    Escaped,
}

/// Where on the first level a byte lies.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Elsewhere,
    Name,
    Value,
}

/// The id that the first level has.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
enum Id {
    #[default]
    None,
    Known(RequestId),
    /// Of a kind that ids do not have, too long, or more than one.
    Unusable,
}

/// The bytes of a name or a value up to a limit.
#[derive(Debug, Default)]
struct Token<const BYTES_MAX: usize>(Vec<u8>);

impl<const BYTES_MAX: usize> Token<BYTES_MAX> {
    fn push(&mut self, bytes: &[u8]) {
        // One byte more than the limit tells that it was passed.
        let room = (BYTES_MAX + 1).saturating_sub(self.0.len());
        self.0.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn take(&mut self) -> Option<Vec<u8>> {
        Some(std::mem::take(&mut self.0)).filter(|bytes| bytes.len() <= BYTES_MAX)
    }
}

impl Glance {
    /// A look at a whole line.
    pub(super) fn of(line: &[u8]) -> Self {
        let mut glance = Self::default();
        glance.see(line);
        glance
    }

    /// Looks at the next part.
    pub(super) fn see(&mut self, mut bytes: &[u8]) {
        while let Some((byte, rest)) = bytes.split_first() {
            if self.text == Text::Inside {
                let plain = memchr::memchr2(b'"', b'\\', bytes).unwrap_or(bytes.len());
                self.note(&bytes[..plain]);
                bytes = &bytes[plain..];
                if plain > 0 {
                    continue;
                }
            }
            self.see_byte(*byte);
            bytes = rest;
        }
    }

    /// The message's id, if it has one that an answer can carry.
    pub(super) fn id(&self) -> Option<RequestId> {
        match &self.id {
            Id::Known(id) => Some(id.clone()),
            Id::None | Id::Unusable => None,
        }
    }

    /// Whether nobody waits for an answer: a notification, or an answer itself.
    pub(super) fn wants_no_answer(&self) -> bool {
        self.is_object && (self.has_answer || (self.has_method && self.id == Id::None))
    }

    /// Whether it is a batch of messages.
    pub(super) fn is_batch(&self) -> bool {
        !self.is_object && self.deepest > 0
    }

    /// How deep it is nested.
    pub(super) fn deepest(&self) -> usize {
        self.deepest
    }

    /// About how many values it holds.
    pub(super) fn values(&self) -> usize {
        self.values
    }

    fn see_byte(&mut self, byte: u8) {
        match (self.text, byte) {
            (Text::Escaped, _) | (Text::Outside, b'"') => self.text = Text::Inside,
            (Text::Inside, b'\\') => self.text = Text::Escaped,
            (Text::Inside, b'"') => self.text = Text::Outside,
            (Text::Outside, b'{' | b'[') => return self.open(byte),
            (Text::Outside, b'}' | b']') => return self.close(byte),
            (Text::Outside, b',') => {
                self.values += 1;
                if self.depth == 1 {
                    return self.end_member(Place::Name);
                }
            }
            (Text::Outside, b':') if self.depth == 1 && self.place == Place::Name => {
                self.place = Place::Value;
                return;
            }
            (Text::Inside | Text::Outside, _) => {}
        }
        self.note(&[byte]);
    }

    fn open(&mut self, byte: u8) {
        self.note(&[byte]);
        self.depth += 1;
        self.values += 1;
        self.deepest = self.deepest.max(self.depth);
        if self.depth == 1 && byte == b'{' {
            self.is_object = true;
            self.place = Place::Name;
        }
    }

    fn close(&mut self, byte: u8) {
        self.depth = self.depth.saturating_sub(1);
        match self.depth {
            0 => self.end_member(Place::Elsewhere),
            _ => self.note(&[byte]),
        }
    }

    /// Keeps bytes of a name or a value of the first level.
    fn note(&mut self, bytes: &[u8]) {
        if self.text == Text::Outside && bytes.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        match self.place {
            Place::Name => self.name.push(bytes),
            Place::Value => self.value.push(bytes),
            Place::Elsewhere => {}
        }
    }

    /// A member of the first level is over.
    fn end_member(&mut self, next: Place) {
        let was = self.place;
        if was != Place::Elsewhere {
            self.place = next;
        }
        let (name, value) = (self.name.take(), self.value.take());
        match name.as_deref() {
            _ if was != Place::Value => {}
            Some(br#""id""#) => self.meet_id(value),
            Some(br#""method""#) => self.has_method = true,
            Some(br#""result""# | br#""error""#) => self.has_answer = true,
            _ => {}
        }
    }

    fn meet_id(&mut self, value: Option<Vec<u8>>) {
        let id = value.and_then(|value| serde_json::from_slice(&value).ok());
        self.id = match (&self.id, id) {
            (Id::None, Some(id)) => Id::Known(id),
            _ => Id::Unusable,
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn id(text: &str) -> Option<Value> {
        Glance::of(text.as_bytes()).id().map(|id| serde_json::to_value(id).unwrap())
    }

    #[test]
    fn the_id_is_that_of_the_first_level_wherever_it_stands() {
        for (line, found) in [
            (r#"{"id":1,"method":"x"}"#, Some(json!(1))),
            (
                r#"{"method":"x","params":{"id":7,"a":[{"id":8}]},"jsonrpc":"2.0","id":"a\"b"}"#,
                Some(json!("a\"b")),
            ),
            (r#" { "params" : {"id": 5} , "id" : -3 } "#, Some(json!(-3))),
            (r#"{"params":"\"id\":9,","id":2"#, None), // cut off: the value may go on
            (r#"{"params":{"id":5}}"#, None),
            (r#"{"id":null}"#, None),
            (r#"{"id":1.5}"#, None),
            (r#"{"id":[1]}"#, None),
            (r#"{"id":1,"id":2}"#, None),
            (r#"[{"id":1}]"#, None),
            (r#"{"id":1,"params":{"a":"#, Some(json!(1))), // cut off behind it
            ("", None),
            ("}}]],,::\"\\", None),
        ] {
            assert_eq!(id(line), found, "{line}");
        }
        let long = format!(r#"{{"id":"{}"}}"#, "x".repeat(ID_BYTES_MAX));
        assert_eq!(id(&long), None);
    }

    #[test]
    fn what_nobody_waits_for_is_told_from_what_is_broken() {
        let glance = |line: &str| Glance::of(line.as_bytes());
        for quiet in [
            r#"{"method":"notifications/x"}"#,
            r#"{"id":1,"result":{}}"#,
            r#"{"error":{"code":1},"id":null}"#,
        ] {
            assert!(glance(quiet).wants_no_answer(), "{quiet}");
        }
        for asking in
            [r#"{"method":"x","id":1}"#, r#"{"method":"x","id":null}"#, "{}", "[]", "1", r#"["method"]"#]
        {
            assert!(!glance(asking).wants_no_answer(), "{asking}");
        }
        assert!(glance("[{}]").is_batch() && !glance("{}").is_batch() && !glance("1").is_batch());
        assert_eq!(glance(&"[".repeat(500)).deepest(), 500);
        assert_eq!(glance("[1,2,3,{}]").values(), 5);
    }

    proptest! {
        #[test]
        fn it_is_the_same_in_one_part_and_in_many(line in "[\\[\\]{}:,\"\\\\idmethod0-9 ]{0,80}", cut in 0_usize..80) {
            let (bytes, cut) = (line.as_bytes(), cut.min(line.len()));
            let mut parts = Glance::default();
            parts.see(&bytes[..cut]);
            parts.see(&bytes[cut..]);
            let whole = Glance::of(bytes);
            prop_assert_eq!(format!("{parts:?}"), format!("{whole:?}"));
        }

        #[test]
        fn ids_of_whole_messages_are_found(id in any::<i64>(), name in "\\PC{0,20}", id_first in any::<bool>()) {
            let params = json!({ name: {"id": "other", "text": "}\",\"id\":1{"} });
            let line = if id_first {
                format!(r#"{{"id":{id},"method":"x","params":{params}}}"#)
            } else {
                format!(r#"{{"method":"x","params":{params},"id":{id}}}"#)
            };
            prop_assert_eq!(Glance::of(line.as_bytes()).id(), Some(RequestId::Number(id)));
        }
    }
}
