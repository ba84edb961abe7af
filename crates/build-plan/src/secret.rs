//! References to secrets in the values of environment variables: `secret:NAME` as a whole value, `${SECRET:NAME}` anywhere
//! in one. A plan holds the second form only; nothing here ever sees a secret's value but [`fill`], which puts it in.

mod likeness;

use std::collections::BTreeSet;

pub use likeness::resembles;

/// What a reference inside a value begins with.
const BEGIN: &str = "${SECRET:";
/// What a value that is nothing but a reference begins with.
const WHOLE: &str = "secret:";
/// The longest name of a secret, in bytes.
const NAME_BYTES_MAX: usize = 128;

/// A reference that names no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a reference to a secret is `${{SECRET:NAME}}`, with letters, digits and underscores in the name")]
pub struct InvalidReference;

/// The text with every reference in the form `${SECRET:NAME}`. Names are upper case, and a hyphen or a dot in one stands
/// for an underscore: older files write `secret:database-url` and mean `DATABASE_URL`.
///
/// # Errors
/// [`InvalidReference`] when one is cut short or names no secret.
pub fn canonical(text: &str) -> Result<String, InvalidReference> {
    if let Some(name) = text.strip_prefix(WHOLE).map(str::trim)
        && let Some(name) = named(name)
    {
        return Ok(reference(&name));
    }
    let mut canonical = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(BEGIN) {
        let (name, after) = behind.split_once('}').ok_or(InvalidReference)?;
        canonical.push_str(before);
        canonical.push_str(&reference(&named(name.trim()).ok_or(InvalidReference)?));
        rest = after;
    }
    Ok(canonical + rest)
}

/// The value that is this secret and nothing else.
pub(crate) fn whole(name: &str) -> Result<String, InvalidReference> {
    named(name.trim()).map(|name| reference(&name)).ok_or(InvalidReference)
}

/// The names of the secrets that a value in canonical form refers to.
pub fn names(text: &str) -> BTreeSet<&str> {
    text.split(BEGIN).skip(1).filter_map(|behind| Some(behind.split_once('}')?.0)).collect()
}

/// Whether a value refers to any secret.
pub fn is_reference(text: &str) -> bool {
    text.contains(BEGIN)
}

/// The value with every secret in its place; none where `value` knows not all of them.
pub fn fill<'v>(text: &str, value: impl Fn(&str) -> Option<&'v str>) -> Option<String> {
    let mut pieces = text.split(BEGIN);
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, after) = piece.split_once('}')?;
        filled.push_str(value(name)?);
        filled.push_str(after);
    }
    Some(filled)
}

fn reference(name: &str) -> String {
    format!("{BEGIN}{name}}}")
}

fn named(written: &str) -> Option<String> {
    let name: String =
        written.chars().map(|c| if matches!(c, '-' | '.') { '_' } else { c.to_ascii_uppercase() }).collect();
    let fits = !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    fits.then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_spelling_becomes_one() {
        for (written, canonical_form) in [
            ("plain", "plain"),
            ("", ""),
            ("secret:DB", "${SECRET:DB}"),
            ("secret: database-url", "${SECRET:DATABASE_URL}"),
            ("${SECRET:api.key}", "${SECRET:API_KEY}"),
            (
                "postgres://u:${SECRET:P}@h/${SECRET:D}?x=${HOME}",
                "postgres://u:${SECRET:P}@h/${SECRET:D}?x=${HOME}",
            ),
            ("secret: no name at all", "secret: no name at all"),
            ("top-secret:DB", "top-secret:DB"),
        ] {
            assert_eq!(canonical(written).as_deref(), Ok(canonical_form), "{written}");
            assert_eq!(canonical(canonical_form).as_deref(), Ok(canonical_form), "{written}");
        }
        for bad in [
            "${SECRET:}",
            "${SECRET:A",
            "${SECRET:1A}",
            "x${SECRET:A B}",
            "${SECRET:${SECRET:A}}",
            "${SECRET:ä}",
        ] {
            assert_eq!(canonical(bad), Err(InvalidReference), "{bad}");
        }
    }

    #[test]
    fn a_value_is_filled_only_with_all_of_its_secrets() {
        let text = "postgres://u:${SECRET:P}@h/${SECRET:D}";
        assert_eq!(names(text), BTreeSet::from(["P", "D"]));
        let known = |name: &str| match name {
            "P" => Some("${SECRET:D}"),
            "D" => Some("app"),
            _ => None,
        };
        // What a secret says is never read as a reference itself.
        assert_eq!(fill(text, known).as_deref(), Some("postgres://u:${SECRET:D}@h/app"));
        assert_eq!(fill("${SECRET:X}", known), None);
        assert_eq!(fill("plain", known).as_deref(), Some("plain"));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reading(text in "(\\$\\{SECRET:|secret:|[A-Z_a-z]|\\}|.){0,20}") {
            if let Ok(canonical_form) = canonical(&text) {
                prop_assert_eq!(canonical(&canonical_form).unwrap(), canonical_form.clone());
                let filled = fill(&canonical_form, |name| names(&canonical_form).contains(name).then_some("v"));
                prop_assert!(!is_reference(&filled.unwrap()));
            }
        }
    }
}
