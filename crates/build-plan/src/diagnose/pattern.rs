//! A small pattern language for lines of output: literal text with `{}` for what is wanted, `^` for the line's start.
//!
//! `^ModuleNotFoundError: No module named '{}'` takes the shortest text up to the next literal, and a `{}` at the end
//! takes the rest of the line. Blanks and quotes around a capture go. Linear in the line; nothing to escape and nothing to explode.

/// How many bytes one capture may have; more is no name of anything.
const CAPTURE_BYTES_MAX: usize = 300;

/// Matches the line against a pattern and returns what the `{}` stand for.
pub(super) fn capture<'l>(line: &'l str, pattern: &str) -> Option<Vec<&'l str>> {
    let (pattern, is_anchored) = match pattern.strip_prefix('^') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut literals = pattern.split("{}");
    let first = literals.next().unwrap_or_default();
    let mut rest =
        if is_anchored { line.strip_prefix(first)? } else { line.split_once(first).map(|(_, rest)| rest)? };
    let mut found = Vec::new();
    for literal in literals {
        let (captured, after) = if literal.is_empty() { (rest, "") } else { rest.split_once(literal)? };
        if captured.len() > CAPTURE_BYTES_MAX {
            return None;
        }
        found.push(captured.trim().trim_matches(['\'', '"', '`']));
        rest = after;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_take_the_shortest_text() {
        let line = "ImportError: cannot import name 'x' from 'a.b' (/srv/a.py)";
        assert_eq!(capture(line, "^ImportError: cannot import name '{}' from '{}'"), Some(vec!["x", "a.b"]));
        assert_eq!(capture(line, "^cannot import"), None);
        assert_eq!(capture("x: no such file ", "x: {}"), Some(vec!["no such file"]));
        assert_eq!(capture("x", "x{}y"), None);
        assert_eq!(capture(&format!("a{}b", "x".repeat(400)), "a{}b"), None);
    }

    proptest::proptest! {
        #[test]
        fn every_capture_is_part_of_the_line(line in "\\PC{0,60}", pattern in "\\^?[a-c ]{0,4}(\\{\\}[a-c]{0,2}){0,3}") {
            for captured in capture(&line, &pattern).into_iter().flatten() {
                proptest::prop_assert!(line.contains(captured));
            }
        }
    }
}
