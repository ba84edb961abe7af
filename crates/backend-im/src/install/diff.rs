//! What an edit changes, line by line.

use std::fmt::Write as _;

/// The lines that go and come, with the number of the first one. No line around them is shown: it could hold a secret of
/// somebody else's.
pub(crate) fn diff(path: &str, before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same_head = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = old.len().min(new.len()) - same_head;
    let tails = old.iter().rev().zip(new.iter().rev());
    let same_tail = tails.take(rest).take_while(|(old, new)| old == new).count();
    let gone = &old[same_head..old.len() - same_tail];
    let come = &new[same_head..new.len() - same_tail];
    let place = |lines: &[&str]| match lines.len() {
        0 => format!("{same_head},0"),
        count => format!("{},{count}", same_head + 1),
    };
    let mut text = format!("--- {path}\n+++ {path}\n@@ -{} +{} @@\n", place(gone), place(come));
    for (mark, lines) in [('-', gone), ('+', come)] {
        for line in lines {
            writeln!(text, "{mark}{line}").expect("writing to a string");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_is_shown() {
        for (before, after, shown) in [
            ("", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n"),
            ("a\nsecret\nc\n", "a\nsecret\nb\nc\n", "@@ -2,0 +3,1 @@\n+b\n"),
            ("a\nb\nc\n", "a\nx\nc\n", "@@ -2,1 +2,1 @@\n-b\n+x\n"),
            ("a\na\n", "a\n", "@@ -2,1 +1,0 @@\n-a\n"),
            ("a\n", "a\n", "@@ -1,0 +1,0 @@\n"),
        ] {
            assert_eq!(diff("f", before, after), format!("--- f\n+++ f\n{shown}"), "{before:?} → {after:?}");
        }
    }
}
