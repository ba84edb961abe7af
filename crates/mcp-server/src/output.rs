//! What apps print and files contain, made safe to show to a model: no escape sequences, no control, bidi or invisible
//! characters, short lines, repeats folded.
//!
//! Everything that leaves a tool passes through [`clean_json`] and [`clean_text`]; nothing here is lossy for plain text.

use std::iter::Peekable;
use std::str::Chars;

use serde_json::Value;

/// The longest line that is shown, in characters; a longer one is cut and says so.
pub(crate) const LINE_CHARS_MAX: usize = 2_000;
/// How many combining marks one character keeps; no language needs more, and towers of them hide what is around.
const MARKS_MAX: usize = 3;
/// How large the untrusted part of a result may grow unless the caller asked for more, in bytes.
pub(crate) const RESULT_BYTES_MAX: usize = 7_000;
/// How much of a log a status shows, in bytes.
pub(crate) const TAIL_BYTES_MAX: usize = 3_000;

/// One line without anything a terminal or a reader would interpret, at most [`LINE_CHARS_MAX`] characters long.
pub(crate) fn clean_line(text: &str) -> String {
    cut(&strip(text), LINE_CHARS_MAX)
}

/// Text of several lines, each as [`clean_line`] makes it.
pub(crate) fn clean_text(text: &str) -> String {
    text.split('\n').map(clean_line).collect::<Vec<_>>().join("\n")
}

/// Cleans every text inside a JSON value, names of members included. Each is as long as one line may be.
pub(crate) fn clean_json(value: &mut Value) {
    match value {
        Value::String(text) => *text = cut(&clean_text(text), LINE_CHARS_MAX),
        Value::Array(items) => items.iter_mut().for_each(clean_json),
        Value::Object(members) => {
            let cleaned = std::mem::take(members).into_iter().map(|(name, mut member)| {
                clean_json(&mut member);
                (clean_line(&name), member)
            });
            *members = cleaned.collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// At most `chars_max` characters; what is left out is counted in the text.
pub(crate) fn cut(text: &str, chars_max: usize) -> String {
    let length = text.chars().count();
    if length <= chars_max {
        return text.to_owned();
    }
    // The note is part of the limit, so that a line that was cut once is not cut again.
    let note = |kept: usize| format!(" … (+{} characters)", length - kept);
    let room = chars_max.saturating_sub(note(0).chars().count());
    let mut kept: String = text.chars().take(room).collect();
    kept.push_str(&note(room));
    kept
}

/// How often something came in a row, appended to what it was.
pub(crate) fn repeated(text: &str, times: usize) -> String {
    if times > 1 { format!("{text} … ×{times}") } else { text.to_owned() }
}

/// The newest of `lines` that fit `lines_max` and `bytes_max`, oldest first; at least one if there is one.
pub(crate) fn tail<T>(
    lines: Vec<T>,
    lines_max: usize,
    bytes_max: usize,
    bytes: impl Fn(&T) -> usize,
) -> Vec<T> {
    let mut used = 0;
    let fitting = lines.iter().rev().take(lines_max).enumerate().take_while(|(index, line)| {
        used += bytes(line);
        *index == 0 || used <= bytes_max
    });
    let first = lines.len() - fitting.count();
    lines.into_iter().skip(first).collect()
}

/// Removes escape sequences and invisible characters; what separates words stays as a space.
fn strip(text: &str) -> String {
    let mut stripped = String::with_capacity(text.len());
    let mut marks = 0;
    let mut rest = text.trim_end_matches(['\r', '\n']).chars().peekable();
    while let Some(c) = rest.next() {
        marks = if is_mark(c) { marks + 1 } else { 0 };
        match c {
            '\u{1b}' => skip_escape(&mut rest),
            '\u{9b}' => skip_control_sequence(&mut rest),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut rest),
            '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => stripped.push(' '),
            c if c.is_control() || is_invisible(c) || marks > MARKS_MAX => {}
            c => stripped.push(c),
        }
    }
    stripped
}

/// Skips what follows an escape character.
fn skip_escape(rest: &mut Peekable<Chars<'_>>) {
    match rest.peek() {
        Some('[') => {
            rest.next();
            skip_control_sequence(rest);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            rest.next();
            skip_string(rest);
        }
        _ => {
            while rest.next_if(|c| matches!(c, ' '..='/')).is_some() {}
            rest.next_if(|c| matches!(c, '0'..='~'));
        }
    }
}

/// Skips the parameters and the last character of a control sequence such as a colour.
fn skip_control_sequence(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|c| matches!(c, ' '..='?')).is_some() {}
    rest.next_if(|c| matches!(c, '@'..='~'));
}

/// Skips a string command such as a title or a link up to its end. One that never ends loses only its introducer:
/// showing too much is harmless here, hiding the rest of a line is not.
fn skip_string(rest: &mut Peekable<Chars<'_>>) {
    let mut ahead = rest.clone();
    while let Some(c) = ahead.next() {
        let ends = match c {
            '\u{7}' | '\u{9c}' => true,
            '\u{1b}' => ahead.next_if_eq(&'\\').is_some(),
            _ => false,
        };
        if ends {
            *rest = ahead;
            return;
        }
    }
}

/// Marks that stand above, below or on the character before them.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}'
    )
}

/// Characters that show nothing or change how their neighbours are shown.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' // zero width, left and right marks
        | '\u{202a}'..='\u{202e}' // bidi embeddings and overrides
        | '\u{2060}'..='\u{206f}' // word joiner, invisible operators, bidi isolates
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fe00}'..='\u{fe0f}' // variation selectors
        | '\u{fff0}'..='\u{fffb}'
        | '\u{2800}' | '\u{13430}'..='\u{1343f}'
        | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' // private use: whatever a font makes of it
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' // tags: a whole hidden alphabet
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_terminals_interpret_is_removed_and_the_words_stay() {
        for (printed, shown) in [
            ("plain text", "plain text"),
            ("\u{1b}[1;31mred\u{1b}[0m text", "red text"),
            ("\u{1b}]0;a title\u{7}after", "after"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{9b}2Jcleared", "cleared"),
            ("\u{1b}]0;never ends", "0;never ends"),
            ("\u{1b}(Bcharset", "charset"),
            ("50%\r100%\r\n", "50% 100%"),
            ("a\tb\u{0}c\u{8}d", "a bcd"),
            ("user\u{202e}nimda", "usernimda"),
            ("ig\u{200b}nore\u{feff} \u{e0041}\u{e0042}this", "ignore this"),
            ("one\u{2028}two", "one two"),
            ("grün 日本 🙂", "grün 日本 🙂"),
            ("z\u{300}\u{301}\u{302}\u{303}\u{304}y\u{301}", "z\u{300}\u{301}\u{302}y\u{301}"),
        ] {
            assert_eq!(clean_line(printed), shown, "{printed:?}");
        }
    }

    #[test]
    fn a_tail_keeps_the_newest_lines_that_fit_and_at_least_one() {
        let lines = |n: usize| vec!["x".repeat(10); n];
        assert_eq!(tail(lines(50), 20, 1000, String::len).len(), 20);
        assert_eq!(tail(lines(50), 20, 35, String::len).len(), 3);
        assert_eq!(tail(lines(3), 20, 5, String::len).len(), 1);
        assert_eq!(tail(lines(0), 20, 5, String::len).len(), 0);
        assert_eq!(tail(vec!["old".to_owned(), "new".to_owned()], 1, 99, String::len), ["new"]);
    }

    #[test]
    fn json_is_cleaned_to_its_leaves_and_keeps_its_lines() {
        let mut value = json!({"a\u{200b}": ["x\u{1b}[2Jy", {"b": "one\ntwo\u{7}"}], "n": 1});
        clean_json(&mut value);
        assert_eq!(value, json!({"a": ["xy", {"b": "one\ntwo"}], "n": 1}));
    }

    proptest! {
        #[test]
        fn cleaned_lines_hold_nothing_to_interpret(text in any::<String>()) {
            let line = clean_line(&text);
            prop_assert!(!line.chars().any(|c| c.is_control() || is_invisible(c) || c == '\n'));
            prop_assert!(line.chars().count() <= LINE_CHARS_MAX);
            prop_assert_eq!(clean_line(&line), line);
        }

        #[test]
        fn hostile_lines_too(text in "[\u{1b}\u{9b}\u{90}\\]\\[;m0-9\u{7}\u{200b}\u{202e}\\\\a-c]{0,60}") {
            let line = clean_line(&text);
            prop_assert!(!line.chars().any(|c| c.is_control() || is_invisible(c)));
            prop_assert_eq!(clean_line(&line), line);
        }

        #[test]
        fn plain_text_is_untouched(text in "[ -~äöü日本]{0,300}") {
            prop_assert_eq!(clean_line(&text), text);
        }

        #[test]
        fn a_cut_line_is_within_the_limit_and_says_what_is_missing(length in 0_usize..6_000) {
            let line = clean_line(&"ä".repeat(length));
            prop_assert!(line.chars().count() <= LINE_CHARS_MAX);
            prop_assert_eq!(line.contains("characters)"), length > LINE_CHARS_MAX);
            prop_assert_eq!(clean_line(&line), line);
        }
    }
}
