//! From a start command to the words that are executed.

use std::path::Path;

use crate::engine::StartCommand;

/// The shell's words that begin a line and are no programs, as far as people start apps with them.
const SHELL_WORDS: &[&str] = &[
    "!", ".", ":", "[", "alias", "break", "case", "cd", "command", "continue", "eval", "exec", "exit",
    "export", "for", "function", "if", "read", "readonly", "return", "set", "shift", "source", "test",
    "times", "trap", "type", "ulimit", "umask", "unalias", "unset", "until", "wait", "while", "{", "}", "(",
];

/// What is executed for `start`, in the release's folder.
pub(super) fn to_argv(start: &StartCommand, static_root: Option<&Path>, program: &Path) -> Vec<String> {
    match start {
        StartCommand::Shell(text) => shell(text),
        StartCommand::StaticSite => {
            let root = static_root.unwrap_or(Path::new("."));
            let words = [program, "serve-static".as_ref(), "--root".as_ref(), root];
            words.map(|word| word.to_string_lossy().into_owned()).to_vec()
        }
    }
}

/// How a start command is shown to people.
pub(super) fn shown(start: &StartCommand) -> &str {
    match start {
        StartCommand::Shell(text) => text,
        StartCommand::StaticSite => "static site",
    }
}

/// `text` for the shell. A single command takes the shell's place, so that signals and the exit status are its own.
pub(super) fn shell(text: &str) -> Vec<String> {
    let text = text.trim();
    let text = if is_single_command(text) { format!("exec {text}") } else { text.to_owned() };
    vec!["/bin/sh".to_owned(), "-c".to_owned(), text]
}

fn is_single_command(text: &str) -> bool {
    let first = text.split_ascii_whitespace().next().unwrap_or("");
    let is_assignment = first.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    !first.is_empty() && !is_assignment && !SHELL_WORDS.contains(&first) && !has_operator(text)
}

/// Whether anything outside quotes makes more of the text than one command with arguments and redirections.
fn has_operator(text: &str) -> bool {
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None | Some('"'), '\\') => {
                characters.next();
            }
            (None, ';' | '&' | '|' | '\n' | '(' | ')' | '#') => return true,
            _ => {}
        }
    }
    // An open quote is for the shell to complain about, in its own words.
    quote.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_single_command_takes_the_shells_place() {
        for text in [
            "uvicorn main:app --host $HOST --port $PORT",
            "node 'a;b.js' \"x|y\" a\\;b",
            "./server > out.txt",
            "gunicorn -b \"${HOST}:$PORT\" app:app",
        ] {
            assert_eq!(shell(text)[2], format!("exec {text}"));
        }
        for text in [
            "a && b",
            "a; b",
            "a | b",
            "a &",
            "A=1 python x.py",
            "cd app && x",
            "cd app",
            "exec x",
            "(x)",
            "if x",
            "python $(find)",
            "a\nb",
            "say 'open",
            "",
        ] {
            assert_eq!(shell(text)[2], text);
        }
    }
}
