//! The corpus: what an app may print and a project may contain, each entry with a mark that is found again.

use std::path::Path;

use serde::Deserialize;

/// How long a file's name may be, in bytes, with the prefix that this test adds.
const NAME_BYTES_MAX: usize = 240;

/// An entry of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    kind: String,
    /// What it says.
    #[serde(default)]
    text: String,
    /// Or its bytes, where they are no text.
    #[serde(default)]
    hex: String,
    /// How often it is repeated in one line.
    #[serde(default = "once")]
    repeat: usize,
    /// How many such lines there are.
    #[serde(default = "once")]
    lines: usize,
    #[serde(skip)]
    number: usize,
}

fn once() -> usize {
    1
}

/// All of it.
pub(super) struct Corpus(Vec<Entry>);

impl Corpus {
    pub(super) fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/hostile/corpus.json");
        let text = std::fs::read_to_string(path).expect("the corpus");
        let mut entries: Vec<Entry> = serde_json::from_str(&text).expect("entries");
        assert!(entries.len() >= 200, "{}", entries.len());
        for (number, entry) in entries.iter_mut().enumerate() {
            entry.number = number;
        }
        Self(entries)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }

    pub(super) fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.0.iter().filter(move |entry| entry.kind == kind)
    }

    /// What can be found again in a log: of everything at least the mark in front of it.
    pub(super) fn printable(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }

    /// The output of an app that prints all of it.
    pub(super) fn printed(&self) -> Vec<u8> {
        self.0.iter().flat_map(Entry::lines).collect()
    }
}

impl Entry {
    /// What stands in front of the entry wherever it is used.
    pub(super) fn mark(&self) -> String {
        format!("canary{:03}:", self.number)
    }

    /// The entry itself.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let pairs = self.hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("hex"));
        let bytes = pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hex"));
        bytes.chain(self.text.repeat(self.repeat).into_bytes()).collect()
    }

    /// The entry as lines of an app, each of them marked.
    pub(super) fn lines(&self) -> Vec<u8> {
        let mut line = Vec::new();
        for part in self.bytes().split(|byte| *byte == b'\n') {
            // Lines that name a cause do so only from their first letter on.
            let behind = self.kind == "cause";
            let mark = self.mark().into_bytes();
            let parts = if behind { [part.to_vec(), mark] } else { [mark, part.to_vec()] };
            line.extend(parts.concat());
            line.push(b'\n');
        }
        line.repeat(self.lines)
    }

    /// The entry as text with its mark in front.
    pub(super) fn marked_text(&self) -> String {
        format!("{}{}", self.mark(), String::from_utf8_lossy(&self.bytes()))
    }

    /// The entry as the name of a file, if it can be one.
    pub(super) fn file_name(&self) -> Option<String> {
        let text = self.marked_text();
        let usable = text.len() <= NAME_BYTES_MAX && !text.contains(['/', '\0']);
        usable.then_some(text)
    }

    /// What of it would be advice, if it were repeated: any three words in a row.
    pub(super) fn phrases(&self) -> Vec<String> {
        let words: Vec<&str> = self.text.split_whitespace().collect();
        words.windows(3).map(|words| words.join(" ")).collect()
    }
}
