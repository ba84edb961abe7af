//! From a patch to the texts that it leaves: strict, because the patch may be tried without a person reading it.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::SplitInclusive;

use crate::project::Read;

/// The side of a diff that has no file.
const NOWHERE: &str = "/dev/null";

/// Why a patch does not fit a project.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// Not a unified diff.
    #[error("the patch is no unified diff")]
    Unreadable,
    /// It does something else than to change or to make a file, or names a file twice.
    #[error("the patch does more than change each of its files once")]
    Unsupported,
    /// It names a file outside of the project.
    #[error("the patch names `{path}`, which is no file of the project")]
    Outside {
        /// Which.
        path: String,
    },
    /// The file is not there, or is no text.
    #[error("the patch changes `{path}`, which is no text file of the project")]
    Missing {
        /// Which.
        path: String,
    },
    /// The file that it makes is there.
    #[error("the patch makes `{path}`, which is there already")]
    Exists {
        /// Which.
        path: String,
    },
    /// The file has other lines than the patch says.
    #[error("the patch does not fit `{path}`")]
    Mismatch {
        /// Which.
        path: String,
    },
}

/// The files that a patch in the form of a unified diff changes or makes, with the texts that it leaves. `read` lends the project's files.
///
/// # Errors
/// [`PatchError`] when any part of the patch does not fit: nothing is looked for elsewhere.
pub fn patched(diff: &str, read: Read<'_>) -> Result<BTreeMap<String, String>, PatchError> {
    let mut texts = BTreeMap::new();
    let mut lines: Lines<'_> = diff.split_inclusive('\n').peekable();
    while lines.peek().is_some() {
        let (path, old) = file(&mut lines, read)?;
        let new = rewritten(&path, &old, &mut lines)?;
        if texts.insert(path, new).is_some() {
            return Err(PatchError::Unsupported);
        }
    }
    if texts.is_empty() { Err(PatchError::Unreadable) } else { Ok(texts) }
}

type Lines<'a> = Peekable<SplitInclusive<'a, char>>;

/// The file that the next lines are about, and its text.
fn file(lines: &mut Lines<'_>, read: Read<'_>) -> Result<(String, String), PatchError> {
    let mut side = |start| lines.next()?.strip_suffix('\n')?.strip_prefix(start);
    let (Some(old), Some(new)) = (side("--- "), side("+++ ")) else { return Err(PatchError::Unreadable) };
    if new == NOWHERE {
        return Err(PatchError::Unsupported);
    }
    let path = inside(new, "b/")?;
    if old == NOWHERE {
        return if read(&path).is_none() {
            Ok((path, String::new()))
        } else {
            Err(PatchError::Exists { path })
        };
    }
    if inside(old, "a/")? != path {
        return Err(PatchError::Unsupported);
    }
    match read(&path).map(String::from_utf8) {
        Some(Ok(text)) => Ok((path, text)),
        _ => Err(PatchError::Missing { path }),
    }
}

/// The text after the hunks that follow.
fn rewritten(path: &str, old: &str, lines: &mut Lines<'_>) -> Result<String, PatchError> {
    let mismatch = || PatchError::Mismatch { path: path.to_owned() };
    let old: Vec<&str> = old.split_inclusive('\n').collect();
    let mut new = String::new();
    let mut done = 0;
    while let Some(line) = lines.next_if(|line| line.starts_with("@@ ")) {
        let hunk = Hunk::of(line).ok_or(PatchError::Unreadable)?;
        new.extend(old.get(done..hunk.first).ok_or_else(mismatch)?.iter().copied());
        done = hunk.first;
        let (mut old_left, mut new_left) = (hunk.old, hunk.new);
        while (old_left, new_left) != (0, 0) {
            let (kind, text) = step(lines).ok_or(PatchError::Unreadable)?;
            if kind != '+' {
                let is_named = old.get(done).is_some_and(|line| *line == text);
                done = is_named.then_some(done + 1).ok_or_else(mismatch)?;
                old_left = old_left.checked_sub(1).ok_or(PatchError::Unreadable)?;
            }
            if kind != '-' {
                new.push_str(text);
                new_left = new_left.checked_sub(1).ok_or(PatchError::Unreadable)?;
            }
        }
    }
    new.extend(old[done..].iter().copied());
    Ok(new)
}

/// Where a hunk begins, and how many lines of each side it has.
struct Hunk {
    /// The first old line, counted from zero.
    first: usize,
    old: usize,
    new: usize,
}

impl Hunk {
    fn of(header: &str) -> Option<Self> {
        let (old, new) = header.trim_end().strip_prefix("@@ -")?.strip_suffix(" @@")?.split_once(" +")?;
        let side = |text: &str| -> Option<(usize, usize)> {
            let (start, count) = text.split_once(',')?;
            Some((start.parse().ok()?, count.parse().ok()?))
        };
        let ((start, old), (_, new)) = (side(old)?, side(new)?);
        // By convention an empty side starts at the line before.
        let first = if old == 0 { start } else { start.checked_sub(1)? };
        Some(Self { first, old, new })
    }
}

/// The next line of a hunk: whether it stays, goes or comes, and its text.
fn step<'a>(lines: &mut Lines<'a>) -> Option<(char, &'a str)> {
    let line = lines.next()?;
    let kind = line.chars().next().filter(|kind| matches!(kind, ' ' | '-' | '+'))?;
    let text = &line[1..];
    let has_no_end = lines.next_if(|next| next.starts_with('\\')).is_some();
    Some((kind, if has_no_end { text.strip_suffix('\n')? } else { text }))
}

/// The path of a file of the project.
fn inside(path: &str, prefix: &str) -> Result<String, PatchError> {
    let inner = path.strip_prefix(prefix).unwrap_or_default();
    let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.eq_ignore_ascii_case(".git");
    if inner.split('/').all(is_plain) && !inner.contains(['\\', '\0']) {
        return Ok(inner.to_owned());
    }
    Err(PatchError::Outside { path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::diff::Change;
    use super::*;

    const DIFF: &str = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n";

    fn in_project(path: &str, text: &'static str) -> impl Fn(&str) -> Option<Vec<u8>> {
        let path = path.to_owned();
        move |asked| (asked == path).then(|| text.as_bytes().to_vec())
    }

    fn path() -> String {
        "x".to_owned()
    }

    #[test]
    fn a_patch_that_does_not_fit_is_refused() {
        for (text, error) in [
            ("a\nb", PatchError::Mismatch { path: path() }),
            ("a\nx\n", PatchError::Mismatch { path: path() }),
            ("x\nb\n", PatchError::Mismatch { path: path() }),
            ("before\na\nb\n", PatchError::Mismatch { path: path() }),
        ] {
            assert_eq!(patched(DIFF, &in_project("x", text)), Err(error), "{text:?}");
        }
        assert_eq!(patched(DIFF, &|_| None), Err(PatchError::Missing { path: path() }));
        let made = "--- /dev/null\n+++ b/x\n@@ -0,0 +1,1 @@\n+a\n";
        assert_eq!(patched(made, &|_| None).unwrap(), BTreeMap::from([(path(), "a\n".to_owned())]));
        assert_eq!(patched(made, &in_project("x", "")), Err(PatchError::Exists { path: path() }));
        assert_eq!(patched("words", &|_| None), Err(PatchError::Unreadable));
        let gone = "--- a/x\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a\n";
        assert_eq!(patched(gone, &in_project("x", "a\n")), Err(PatchError::Unsupported));
        assert_eq!(patched(&DIFF.repeat(2), &in_project("x", "a\nb\n")), Err(PatchError::Unsupported));
        let moved = DIFF.replace("b/x", "b/y");
        assert_eq!(patched(&moved, &in_project("x", "a\nb\n")), Err(PatchError::Unsupported));
    }

    #[test]
    fn no_patch_names_what_is_outside_of_the_project() {
        for path in
            ["../x", "/etc/x", "sub/../../x", "./x", "sub//x", ".git/config", "sub/.GIT/x", "", "a\\x"]
        {
            for diff in [
                DIFF.replace("a/x", &format!("a/{path}")).replace("b/x", &format!("b/{path}")),
                format!("--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,1 @@\n+a\n"),
            ] {
                assert!(patched(&diff, &|_| Some(b"a\nb\n".to_vec())).is_err(), "{diff}");
            }
        }
        let bare = DIFF.replace("a/x", "x").replace("b/x", "x");
        let outside = PatchError::Outside { path: path() };
        assert_eq!(patched(&bare, &in_project("x", "a\nb\n")), Err(outside));
    }

    proptest! {
        #[test]
        fn a_change_that_is_shown_and_applied_is_the_change(
            old in "([ab+-]{0,3}\n){0,20}[ab-]?", new in "([ab+-]{0,3}\n){0,20}[ab-]?",
        ) {
            let changes = [Change::of("sub/x", old.clone(), new.clone()), Change::new_file("y", new.clone())];
            let diff: String = changes.iter().filter_map(Change::shown).collect();
            prop_assume!(!diff.is_empty());
            let texts = patched(&diff, &|path| (path == "sub/x").then(|| old.clone().into_bytes())).unwrap();
            let kept = |path: &str| texts.get(path).cloned();
            prop_assert_eq!(kept("sub/x").unwrap_or(old), new.clone());
            prop_assert_eq!(kept("y").unwrap_or_default(), new);
        }

        #[test]
        fn whatever_it_is_given_it_answers(diff in "([-+@ a/]{0,9}\n){0,9}", old in "[a\n]{0,9}") {
            drop(patched(&diff, &|_| Some(old.clone().into_bytes())));
        }
    }
}
