//! Lists of words, written as text.

/// Words with blanks between them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words(pub &'static str);

impl Words {
    /// Whether the word is one of them.
    pub(super) fn has(self, word: &str) -> bool {
        !word.is_empty() && self.0.split_ascii_whitespace().any(|known| known == word)
    }
}
