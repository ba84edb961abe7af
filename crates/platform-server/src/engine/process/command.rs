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
        StartCommand::StaticSite | StartCommand::SinglePage => {
            let root = static_root.unwrap_or(Path::new("."));
            let words = [program, "serve-static".as_ref(), "--root".as_ref(), root];
            let mut words = words.map(|word| word.to_string_lossy().into_owned()).to_vec();
            if *start == StartCommand::SinglePage {
                words.push("--single-page".to_owned());
            }
            words
        }
    }
}

/// How a start command is shown to people.
pub(super) fn shown(start: &StartCommand) -> &str {
    match start {
        StartCommand::Shell(text) => text,
        StartCommand::StaticSite => "static site",
        StartCommand::SinglePage => "single page",
    }
}

/// `text` for the shell. A single command takes the shell's place, so that signals and the exit status are its own.
pub(super) fn shell(text: &str) -> Vec<String> {
    let text = text.trim();
    let text = match single_command(text) {
        Some(Single::Plain) => format!("exec {text}"),
        // `exec` takes no assignments; `env` does, and the shell has expanded them by then either way.
        Some(Single::WithVariables) => format!("exec env {text}"),
        None => text.to_owned(),
    };
    vec!["/bin/sh".to_owned(), "-c".to_owned(), text]
}

/// A text that is one command.
enum Single {
    Plain,
    /// With assignments before it.
    WithVariables,
}

fn single_command(text: &str) -> Option<Single> {
    let mut words = text.split_ascii_whitespace().skip_while(|word| is_assignment(word));
    let program = words.next()?;
    if SHELL_WORDS.contains(&program) || has_operator(text) {
        return None;
    }
    if text.starts_with(program) {
        return Some(Single::Plain);
    }
    // Quotes in an assignment may hold spaces, and then the words above are not the shell's.
    let before = &text[..text.find(program)?];
    (!before.contains(['\'', '"', '\\'])).then_some(Single::WithVariables)
}

fn is_assignment(word: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    word.split_once('=').is_some_and(|(name, _)| is_name(name))
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
        for text in ["A=1 python x.py", "ROCKET_ADDRESS=$HOST ROCKET_PORT=$PORT .backend-im/bin/x"] {
            assert_eq!(shell(text)[2], format!("exec env {text}"));
        }
        for text in [
            "a && b",
            "a; b",
            "a | b",
            "a &",
            "A=1",
            "A='1 2' x",
            "A=1 cd x",
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
