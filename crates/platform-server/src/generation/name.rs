//! Names of what is generated: words that are safe as identifiers, whatever the prompt held.

use super::nouns;
use super::words::Words;

/// The longest name of an entity or a field, in characters: with a table's name before it, it still fits what
/// databases take.
pub(super) const NAME_CHARS_MAX: usize = 40;

/// Words that Python keeps for itself, and names that the generated modules use inside class bodies.
const RESERVED_FIELDS: Words = Words(
    "and as assert async await break class continue def del elif else except false finally for from
     global if import in is lambda none nonlocal not or pass raise return true try while with yield bool
     decimal dt enum float int list dict sa str uuid construct copy fields from_orm json metadata
     parse_file parse_obj parse_raw registry schema schema_json update_forward_refs validate",
);

/// Class names that the generated modules import, or that every Python has.
const RESERVED_CLASSES: Words = Words(
    "Annotated Any Base ConfigDict Exception False Field Mapped None NotImplemented Optional True
     UtcDateTime Warning Ellipsis",
);

/// An entity's name: its words in lower case, the last one singular.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name(Vec<String>);

impl Name {
    /// A name from any words; `None` when nothing usable is in them.
    pub(super) fn new(text: &str) -> Option<Self> {
        let mut words = words(text);
        let last = words.pop()?;
        words.push(nouns::singular(&last));
        if words[0].starts_with(|c: char| c.is_ascii_digit()) {
            words.insert(0, "item".to_owned());
        }
        shorten(&mut words);
        Some(Self(words))
    }

    /// `order_item`
    pub(super) fn snake(&self) -> String {
        self.0.join("_")
    }

    /// `order_items`: the table, the module and the list.
    pub(super) fn plural(&self) -> String {
        self.plural_words().join("_")
    }

    /// `OrderItem`
    pub(super) fn class(&self) -> String {
        let class = class_case(&self.0);
        if RESERVED_CLASSES.has(class.as_str()) { format!("{class}Record") } else { class }
    }

    /// `order item`
    pub(super) fn label(&self) -> String {
        self.0.join(" ")
    }

    /// `order items`
    pub(super) fn plural_label(&self) -> String {
        self.plural_words().join(" ")
    }

    /// `order-items`: the path.
    pub(super) fn route(&self) -> String {
        self.plural_words().join("-")
    }

    /// The last word, singular: what kind of thing it is.
    pub(super) fn head(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    fn plural_words(&self) -> Vec<String> {
        let mut words = self.0.clone();
        if let Some(last) = words.last_mut() {
            *last = nouns::plural(last);
        }
        words
    }
}

/// `OrderItem` of `order`, `item`.
pub(super) fn class_case(words: &[String]) -> String {
    words.iter().map(|word| capitalised(word)).collect()
}

/// The text with its first letter in upper case.
pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

/// A field's name from any words, and whether it had to be changed because Python or a library keeps that name.
pub(super) fn field_name(text: &str) -> Option<(String, Taken)> {
    let mut words = words(text);
    if words.first()?.starts_with(|c: char| c.is_ascii_digit()) {
        words.insert(0, "field".to_owned());
    }
    shorten(&mut words);
    let name = words.join("_");
    let taken = RESERVED_FIELDS.has(name.as_str()) || name.starts_with("model_") || name == "id";
    Some(if taken { (format!("{name}_value"), Taken::Yes) } else { (name, Taken::No) })
}

/// Whether a wanted name was already taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is free.
    No,
    /// It is not.
    Yes,
}

/// The lower-case ASCII words of a text: split at anything else, at an inner capital (`publishedAt`), and after folding
/// the accents of Latin letters.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut previous_lower = false;
    for c in text.chars() {
        let folded = fold(c);
        if folded.is_empty() {
            words.push(String::new());
            previous_lower = false;
            continue;
        }
        if c.is_uppercase() && previous_lower {
            words.push(String::new());
        }
        previous_lower = c.is_lowercase() || c.is_ascii_digit();
        if let Some(word) = words.last_mut() {
            word.push_str(&folded.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The character as ASCII letters and digits; empty when it has no such form.
fn fold(c: char) -> String {
    const ACCENTS: &[(&str, &str)] = &[
        ("a", "àáâãåāăą"),
        ("ae", "äæ"),
        ("c", "çćč"),
        ("d", "ďđ"),
        ("e", "èéêëēėęě"),
        ("g", "ğģ"),
        ("i", "ìíîïīį"),
        ("l", "łľ"),
        ("n", "ñńňņ"),
        ("o", "òóôõøō"),
        ("oe", "öœ"),
        ("r", "řŕ"),
        ("s", "śšş"),
        ("ss", "ß"),
        ("t", "ťţ"),
        ("u", "ùúûūůų"),
        ("ue", "ü"),
        ("y", "ýÿ"),
        ("z", "źżž"),
    ];
    if c.is_ascii_alphanumeric() {
        return c.to_string();
    }
    let lower = c.to_lowercase().next().unwrap_or(c);
    ACCENTS.iter().find(|(_, from)| from.contains(lower)).map_or_else(String::new, |(to, _)| (*to).to_owned())
}

/// Drops words from the front, then letters from the end, until the name fits [`NAME_CHARS_MAX`].
fn shorten(words: &mut Vec<String>) {
    while words.len() > 1 && words.join("_").len() > NAME_CHARS_MAX {
        words.remove(0);
        while words.len() > 1 && words[0].starts_with(|c: char| c.is_ascii_digit()) {
            words.remove(0);
        }
    }
    if words.join("_").len() > NAME_CHARS_MAX || words[0].starts_with(|c: char| c.is_ascii_digit()) {
        words[0] = format!("x{}", words[0]);
        words[0].truncate(NAME_CHARS_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_every_form_that_code_needs() {
        let name = Name::new("OrderItems").unwrap();
        assert_eq!(name.snake(), "order_item");
        assert_eq!(name.plural(), "order_items");
        assert_eq!(name.class(), "OrderItem");
        assert_eq!(name.label(), "order item");
        assert_eq!(name.route(), "order-items");
        assert_eq!(Name::new("Cafés").unwrap().snake(), "cafe");
        assert_eq!(Name::new("exceptions").unwrap().class(), "ExceptionRecord");
        assert_eq!(Name::new("日本"), None);
    }

    #[test]
    fn names_that_python_keeps_are_changed() {
        assert_eq!(field_name("from"), Some(("from_value".to_owned(), Taken::Yes)));
        assert_eq!(field_name("metadata"), Some(("metadata_value".to_owned(), Taken::Yes)));
        assert_eq!(field_name("publishedAt"), Some(("published_at".to_owned(), Taken::No)));
        assert_eq!(field_name("2fa enabled"), Some(("field_2fa_enabled".to_owned(), Taken::No)));
        assert_eq!(field_name("\"; DROP"), Some(("drop".to_owned(), Taken::No)));
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_in_an_identifier_comes_out(text in "\\PC{0,90}") {
            let is_identifier = |name: &str| {
                name.starts_with(|c: char| c.is_ascii_lowercase())
                    && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
                    && name.len() <= NAME_CHARS_MAX + 10
            };
            if let Some((name, _)) = field_name(&text) {
                proptest::prop_assert!(is_identifier(&name), "{}", name);
                proptest::prop_assert!(!RESERVED_FIELDS.has(name.as_str()));
            }
            if let Some(name) = Name::new(&text) {
                proptest::prop_assert!(is_identifier(&name.snake()) && is_identifier(&name.plural()));
                proptest::prop_assert!(name.class().starts_with(|c: char| c.is_ascii_uppercase()));
            }
        }
    }
}
