//! Python source as logical lines: comments gone, strings emptied, brackets and continuations joined.
//!
//! Enough of the language to tell `app = FastAPI()` in code from the same words in a docstring. One pass, linear in the
//! source, bounded by [`LINES_MAX`].

/// How many logical lines of one file are looked at.
const LINES_MAX: usize = 20_000;
/// How much of one logical line is kept, in bytes; the rest of a huge literal decides nothing.
const LINE_BYTES_MAX: usize = 4_000;

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The physical line it starts on, counted from one.
    pub(crate) number: usize,
    /// The column of its first character.
    pub(crate) indent: usize,
    /// Its text; every string literal is `""`.
    pub(crate) text: String,
}

/// Cuts the source into logical lines; blank ones and comments are left out.
pub(crate) fn logical_lines(source: &str) -> Vec<Line> {
    Cutter { rest: source, number: 1, depth: 0, lines: Vec::new(), line: None }.run()
}

struct Cutter<'a> {
    rest: &'a str,
    number: usize,
    depth: usize,
    lines: Vec<Line>,
    line: Option<Line>,
}

impl Cutter<'_> {
    fn run(mut self) -> Vec<Line> {
        while self.lines.len() < LINES_MAX {
            if self.line.is_none() {
                self.begin();
            }
            let Some(c) = self.rest.chars().next() else { break };
            match c {
                '#' => self.skip_comment(),
                '"' | '\'' => self.skip_string(c),
                '\\' if self.rest[1..].starts_with(['\n', '\r']) => {
                    self.advance(1);
                    self.newline();
                    self.push(' ');
                }
                '\n' if self.depth == 0 => {
                    self.newline();
                    self.end();
                }
                '\n' => {
                    self.newline();
                    self.push(' ');
                }
                _ => {
                    match c {
                        '(' | '[' | '{' => self.depth += 1,
                        ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
                        _ => {}
                    }
                    self.advance(c.len_utf8());
                    self.push(c);
                }
            }
        }
        self.end();
        self.lines
    }

    /// Measures the indentation; a tab goes to the next multiple of eight.
    fn begin(&mut self) {
        let mut indent = 0;
        while let Some(c) = self.rest.chars().next() {
            match c {
                ' ' => indent += 1,
                '\t' => indent = (indent / 8 + 1) * 8,
                '\u{c}' | '\r' => indent = 0,
                _ => break,
            }
            self.advance(1);
        }
        self.line = Some(Line { number: self.number, indent, text: String::new() });
    }

    fn end(&mut self) {
        if let Some(mut line) = self.line.take() {
            line.text.truncate(line.text.trim_end().len());
            if !line.text.is_empty() {
                self.lines.push(line);
            }
        }
    }

    fn push(&mut self, c: char) {
        if let Some(line) = &mut self.line
            && line.text.len() < LINE_BYTES_MAX
        {
            line.text.push(c);
        }
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    /// Steps over `\n`, or over `\r\n` behind a backslash.
    fn newline(&mut self) {
        let end = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
        self.advance(end);
        self.number += 1;
    }

    fn skip_comment(&mut self) {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        self.advance(end);
    }

    /// Steps over a string literal. One that is not closed ends with its line, or with the file when it is a long one.
    fn skip_string(&mut self, quote: char) {
        let long: String = [quote; 3].iter().collect();
        let is_long = self.rest.starts_with(&long);
        self.push('"');
        self.push('"');
        self.advance(if is_long { 3 } else { 1 });
        while let Some(c) = self.rest.chars().next() {
            match c {
                '\\' => {
                    let escaped = self.rest[1..].chars().next();
                    self.number += usize::from(escaped == Some('\n'));
                    self.advance(1 + escaped.map_or(0, char::len_utf8));
                    continue;
                }
                '\n' if !is_long => return,
                '\n' => self.number += 1,
                _ if is_long && self.rest.starts_with(&long) => return self.advance(3),
                _ if !is_long && c == quote => return self.advance(1),
                _ => {}
            }
            self.advance(c.len_utf8());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(source: &str) -> Vec<(usize, usize, String)> {
        logical_lines(source).into_iter().map(|line| (line.number, line.indent, line.text)).collect()
    }

    #[test]
    fn strings_comments_and_brackets_are_understood() {
        let source = "\"\"\"doc\napp = FastAPI()\n\"\"\"\n# app = FastAPI()\nx = 'it''s # no'  # yes\napp = FastAPI(\n    title=\"a)\",\n)\nif y:\n\tz = 1 + \\\n  2\n";
        let expected = [
            (1, 0, "\"\""),
            (5, 0, "x = \"\"\"\""),
            (6, 0, "app = FastAPI(     title=\"\", )"),
            (9, 0, "if y:"),
            (10, 8, "z = 1 +    2"),
        ];
        assert_eq!(cut(source), expected.map(|(n, i, t)| (n, i, t.to_owned())));
    }

    #[test]
    fn windows_line_ends_and_open_ends_do_no_harm() {
        assert_eq!(
            cut("a\r\nb = 'x\r\nc = '''never"),
            [(1, 0, "a".to_owned()), (2, 0, "b = \"\"".to_owned()), (3, 0, "c = \"\"".to_owned())]
        );
        assert_eq!(cut("((((\n\\"), [(1, 0, "(((( \\".to_owned())]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_cut_into_lines_that_exist(source in "(\\PC|[\n\r\t'\"#\\\\(){}]){0,300}") {
            let count = source.matches('\n').count() + 1;
            for line in logical_lines(&source) {
                proptest::prop_assert!((1..=count).contains(&line.number));
            }
        }
    }
}
