//! A file's change as a unified diff.

use std::fmt::Write as _;

/// How many unchanged lines stand around a change.
const CONTEXT: usize = 3;

/// A file before and after.
pub(super) struct Change {
    path: String,
    /// Nothing for a file that the change makes.
    old: Option<String>,
    new: String,
}

impl Change {
    pub(super) fn of(path: &str, old: String, new: String) -> Self {
        Self { path: path.to_owned(), old: Some(old), new }
    }

    pub(super) fn new_file(path: &str, new: String) -> Self {
        Self { path: path.to_owned(), old: None, new }
    }

    /// The change as a diff; nothing when nothing changes.
    pub(super) fn shown(&self) -> Option<String> {
        let old: Vec<&str> = self.old.as_deref().map(|old| lines(old)).unwrap_or_default();
        let new = lines(&self.new);
        let steps = steps(&old, &new);
        if steps.iter().all(|step| step.kind == ' ') {
            return None;
        }
        let path = &self.path;
        let mut text = match self.old {
            Some(_) => format!("--- a/{path}\n+++ b/{path}\n"),
            None => format!("--- /dev/null\n+++ b/{path}\n"),
        };
        for hunk in hunks(&steps) {
            write_hunk(&mut text, &steps[hunk]);
        }
        Some(text)
    }
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// One line of the whole comparison.
struct Step<'a> {
    kind: char,
    text: &'a str,
    /// The line's number on each side, counted from one; where it is missing on a side, that of the next line there.
    old: usize,
    new: usize,
}

/// Walks both sides. Changes are few and small, so the nearest line that both have in common is the one that is meant.
fn steps<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            steps.push(Step { kind: ' ', text: old[i], old: i + 1, new: j + 1 });
            (i, j) = (i + 1, j + 1);
            continue;
        }
        let (removed, added) = distance(&old[i..], &new[j..]);
        for line in &old[i..i + removed] {
            steps.push(Step { kind: '-', text: line, old: i + 1, new: j + 1 });
            i += 1;
        }
        for line in &new[j..j + added] {
            steps.push(Step { kind: '+', text: line, old: i + 1, new: j + 1 });
            j += 1;
        }
    }
    steps
}

/// How many lines of each side lie before the nearest line that both have.
fn distance(old: &[&str], new: &[&str]) -> (usize, usize) {
    for sum in 1..old.len() + new.len() {
        for removed in sum.saturating_sub(new.len())..=sum.min(old.len()) {
            let added = sum - removed;
            if let (Some(a), Some(b)) = (old.get(removed), new.get(added))
                && a == b
            {
                return (removed, added);
            }
        }
    }
    (old.len(), new.len())
}

/// The ranges of steps that are shown together.
fn hunks(steps: &[Step<'_>]) -> Vec<std::ops::Range<usize>> {
    let mut hunks: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, _) in steps.iter().enumerate().filter(|(_, step)| step.kind != ' ') {
        let range = at.saturating_sub(CONTEXT)..steps.len().min(at + CONTEXT + 1);
        match hunks.last_mut() {
            Some(last) if range.start <= last.end => last.end = range.end,
            _ => hunks.push(range),
        }
    }
    hunks
}

fn write_hunk(text: &mut String, steps: &[Step<'_>]) {
    let count = |without: char| steps.iter().filter(|step| step.kind != without).count();
    let (old, new) = (count('+'), count('-'));
    // By convention an empty side starts at the line before.
    let start = |line: usize, count: usize| if count == 0 { line - 1 } else { line };
    let (old_start, new_start) = (start(steps[0].old, old), start(steps[0].new, new));
    writeln!(text, "@@ -{old_start},{old} +{new_start},{new} @@").expect("writing to a String");
    for step in steps {
        text.push(step.kind);
        text.push_str(step.text);
        if !step.text.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_shown_with_their_surroundings() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n";
        let new = "a\nB\nc\nd\ne\nf\ng\nh\ni\nj\nk";
        let diff = Change::of("x/y.txt", old.to_owned(), new.to_owned()).shown().unwrap();
        assert_eq!(
            diff,
            "--- a/x/y.txt\n+++ b/x/y.txt\n@@ -1,5 +1,5 @@\n a\n-b\n+B\n c\n d\n e\n@@ -8,3 +8,4 @@\n h\n i\n j\n+k\n\\ No newline at end of file\n"
        );
        let made = Change::new_file("n", "1\n2\n".to_owned()).shown().unwrap();
        assert_eq!(made, "--- /dev/null\n+++ b/n\n@@ -0,0 +1,2 @@\n+1\n+2\n");
        assert!(Change::of("x", "a\n".to_owned(), "a\n".to_owned()).shown().is_none());
    }

    proptest::proptest! {
        #[test]
        fn the_steps_make_both_sides(old in "([abc]?\n){0,8}[ab]?", new in "([abc]?\n){0,8}[ab]?") {
            let (left, right) = (lines(&old), lines(&new));
            let steps = steps(&left, &right);
            let side = |without: char| steps.iter().filter(|s| s.kind != without).map(|s| s.text).collect::<String>();
            proptest::prop_assert_eq!(side('+'), old.clone());
            proptest::prop_assert_eq!(side('-'), new.clone());
        }
    }
}
