//! Small pieces of Python text: literals, calls and signatures that wrap as formatters do.

use std::collections::BTreeSet;

use crate::generation::blueprint::Literal;

/// The longest line, in characters.
pub(super) const LINE_CHARS_MAX: usize = 88;

/// A string literal, in the quotes that need the fewest escapes.
pub(super) fn string(text: &str) -> String {
    let quote = if text.contains('"') && !text.contains('\'') { '\'' } else { '"' };
    let mut literal = String::from(quote);
    for c in text.chars() {
        match c {
            c if c == quote => literal.extend(['\\', c]),
            '\\' => literal.push_str("\\\\"),
            c if c.is_control() || !c.is_ascii() => literal.extend([format!("\\U{:08x}", u32::from(c))]),
            c => literal.push(c),
        }
    }
    literal.push(quote);
    literal
}

/// A default value.
pub(super) fn value(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) => string(text),
        Literal::Integer(number) => number.to_string(),
        Literal::Number(number) => number.clone(),
        Literal::Boolean(true) => "True".to_owned(),
        Literal::Boolean(false) => "False".to_owned(),
    }
}

/// `head(arguments)tail`, indented: on one line, else the arguments on a line of their own, else one line for each.
pub(super) fn call(indent: usize, head: &str, arguments: &[String], tail: &str) -> String {
    let pad = " ".repeat(indent);
    let joined = arguments.join(", ");
    let one_line = format!("{pad}{head}({joined}){tail}");
    if one_line.chars().count() <= LINE_CHARS_MAX {
        return one_line;
    }
    let inner = format!("{pad}    {joined}");
    if inner.chars().count() <= LINE_CHARS_MAX {
        return format!("{pad}{head}(\n{inner}\n{pad}){tail}");
    }
    call_in_lines(indent, head, arguments, tail)
}

/// As [`call`], but always one line for each argument.
pub(super) fn call_in_lines(indent: usize, head: &str, arguments: &[String], tail: &str) -> String {
    let pad = " ".repeat(indent);
    let lines: Vec<String> = arguments.iter().map(|argument| format!("{pad}    {argument},\n")).collect();
    format!("{pad}{head}(\n{}{pad}){tail}", lines.concat())
}

/// The names that a text uses as whole words, out of those that could be imported.
pub(super) fn used<'a>(text: &str, names: &[&'a str]) -> Vec<&'a str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let words: BTreeSet<&str> = text.split(|c| !is_part(c)).collect();
    names.iter().copied().filter(|name| words.contains(name)).collect()
}

/// `from module import names`, in parentheses when it is too long; nothing without names.
pub(super) fn import(module: &str, names: &[&str]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let line = format!("from {module} import {}\n", names.join(", "));
    if line.len() <= LINE_CHARS_MAX + 1 {
        return line;
    }
    let names: Vec<String> = names.iter().map(|name| format!("    {name},\n")).collect();
    format!("from {module} import (\n{})\n", names.concat())
}

/// Groups of imports with a blank line between them; empty groups leave none.
pub(super) fn groups(groups: &[String]) -> String {
    let present: Vec<&str> = groups.iter().map(String::as_str).filter(|group| !group.is_empty()).collect();
    present.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_cannot_end_early() {
        assert_eq!(string("a\"b\\"), r#"'a"b\\'"#);
        assert_eq!(string("a\"b'"), r#""a\"b'""#);
        assert_eq!(string("a\nü"), "\"a\\U0000000a\\U000000fc\"");
    }

    #[test]
    fn calls_wrap_like_a_formatter() {
        let short = call(0, "f", &["a".to_owned()], ":");
        assert_eq!(short, "f(a):");
        let long = call(4, "function", &vec!["x".repeat(18); 4], "");
        assert_eq!(long.lines().count(), 3);
        let longer = call(4, "f", &vec!["x".repeat(30); 4], "");
        assert_eq!(longer.lines().count(), 6);
    }
}
