//! Small readers for manifests that are programs or markup: enough to find a word, and nothing that can loop or nest.

/// What stands between the first `open` and the next `close`.
pub(crate) fn between<'t>(text: &'t str, open: &str, close: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(open)?;
    let (inner, _) = rest.split_once(close)?;
    Some(inner)
}

/// The first text in quotes, single or double.
pub(crate) fn quoted(text: &str) -> Option<&str> {
    let start = text.find(['"', '\''])?;
    let quote = text[start..].chars().next()?;
    let rest = &text[start + 1..];
    rest.find(quote).map(|end| &rest[..end])
}

/// The content of the first such element of an XML text, trimmed.
pub(crate) fn element<'t>(xml: &'t str, tag: &str) -> Option<&'t str> {
    between(xml, &format!("<{tag}>"), &format!("</{tag}>")).map(str::trim).filter(|text| !text.is_empty())
}

/// The XML text without elements of these names; one that is not closed ends the text.
pub(crate) fn without_elements(xml: &str, tags: &[&str]) -> String {
    tags.iter().fold(xml.to_owned(), |text, tag| without(&text, &format!("<{tag}>"), &format!("</{tag}>")))
}

/// The text without what stands between the two words, the words included.
pub(crate) fn without(text: &str, open: &str, close: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, inner)) = rest.split_once(open) {
        kept.push_str(before);
        let Some((_, after)) = inner.split_once(close) else { return kept };
        rest = after;
    }
    kept.push_str(rest);
    kept
}

/// Whether a text can stand in a command as it is: a name, a version, a dotted or slashed path.
pub(crate) fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./".contains(&b))
}

/// The folder of a path; empty at the top.
pub(crate) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path within a folder, which may be empty.
pub(crate) fn at(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_and_elements_left_out() {
        assert_eq!(quoted("ruby '3.3.0', x: \"y\""), Some("3.3.0"));
        assert_eq!(quoted("it's"), None);
        let xml = "<p><parent><version>1</version></parent><version> 2 </version></p>";
        assert_eq!(element(xml, "version"), Some("1"));
        assert_eq!(element(&without_elements(xml, &["parent"]), "version"), Some("2"));
        assert_eq!(without("a<!-- b --c", "<!--", "-->"), "a");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(<a>|</a>|\"|'|\\PC|\n){0,60}") {
            quoted(&text);
            element(&text, "a");
            without_elements(&text, &["a"]);
        }
    }
}
