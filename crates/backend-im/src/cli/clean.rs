//! Makes a line of an app's output safe to show: a terminal must not obey what an app printed.

/// The longest line that is shown, in characters.
const LINE_CHARS_MAX: usize = 2_000;

/// `text` without escape sequences, control characters, text-direction overrides and invisible characters. Of a line
/// that was rewritten with carriage returns, as progress bars do, the last state stays.
pub(crate) fn line(text: &str) -> String {
    let visible = strip(text);
    let last = visible.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default();
    let mut cleaned: String = last
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .filter(|&c| !is_hidden(c))
        .take(LINE_CHARS_MAX + 1)
        .collect();
    if let Some((cut, _)) = cleaned.char_indices().nth(LINE_CHARS_MAX) {
        cleaned.truncate(cut);
        cleaned.push('…');
    }
    cleaned.truncate(cleaned.trim_end().len());
    cleaned
}

/// Several texts, each of which may hold several lines, without the empty ones at the end.
pub(crate) fn lines<T: AsRef<str>>(texts: &[T]) -> Vec<String> {
    let mut cleaned: Vec<String> =
        texts.iter().flat_map(|text| text.as_ref().split('\n')).map(line).collect();
    while cleaned.last().is_some_and(String::is_empty) {
        cleaned.pop();
    }
    cleaned
}

/// Removes escape sequences: `ESC [ … letter`, `ESC ] … BEL` or `ESC \`, the other string sequences, and `ESC x`. The
/// eight-bit forms of the same begin with a single character.
fn strip(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => match chars.next() {
                Some('[') => skip_control(&mut chars),
                Some(']' | 'P' | 'X' | '^' | '_') => skip_string(&mut chars),
                // Character sets and the like: the intermediate bytes, then one that ends it.
                Some(' '..='/') => skip_intermediate(&mut chars),
                _ => {}
            },
            '\u{9b}' => skip_control(&mut chars),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut chars),
            _ => kept.push(c),
        }
    }
    kept
}

fn skip_intermediate(chars: &mut std::str::Chars<'_>) {
    chars.find(|c| !matches!(c, ' '..='/'));
}

fn skip_control(chars: &mut std::str::Chars<'_>) {
    chars.find(|c| matches!(c, '@'..='~'));
}

/// A string sequence ends with BEL, ST or `ESC \`. One without an end hides nothing but itself: the rest of the line.
fn skip_string(chars: &mut std::str::Chars<'_>) {
    while let Some(c) = chars.next() {
        match c {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                chars.next();
                return;
            }
            _ => {}
        }
    }
}

/// Control characters, and characters that show nothing or turn text around.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0e}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_gone() {
        for (printed, shown) in [
            ("plain", "plain"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;title\u{7}after", "after"),
            ("\u{1b}]8;;http://evil\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}(Bset", "set"),
            ("\u{9b}2Jcleared", "cleared"),
            ("\u{1b}Pq#0\u{1b}\\picture", "picture"),
            ("10 %\r50 %\r100 %\r", "100 %"),
            ("a\tb\u{8}\u{0}", "a b"),
            ("user\u{202e}txt.exe", "usertxt.exe"),
            ("in\u{200b}vis\u{e0041}ible\u{feff}", "invisible"),
            ("cut\u{1b}[", "cut"),
            ("trailing   ", "trailing"),
            ("smile 🙂 ünïcode", "smile 🙂 ünïcode"),
        ] {
            assert_eq!(line(printed), shown, "{printed:?}");
        }
    }

    #[test]
    fn long_lines_are_cut_and_empty_ends_dropped() {
        let long = line(&"x".repeat(5_000));
        assert_eq!((long.chars().count(), long.ends_with('…')), (LINE_CHARS_MAX + 1, true));
        assert_eq!(lines(&["a\nb", "", "\u{1b}[0m"]), ["a", "b"]);
    }

    proptest::proptest! {
        #[test]
        fn no_control_character_survives(text in "[\\u{0}-\\u{ff}\\u{200b}-\\u{206f}]{0,200}") {
            proptest::prop_assert!(!line(&text).chars().any(is_hidden));
        }
    }
}
