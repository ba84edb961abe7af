//! The start command: as plain words where it needs no shell, else by a shell whose place it takes, so that signals reach it.

use super::quote::words;
use crate::shell;

/// The instruction.
pub(super) fn instruction(start: &str) -> String {
    let plain = plain_words(start);
    match &plain {
        Some(plain) => format!("CMD {}", words(plain)),
        None => format!("CMD {}", words(&["sh", "-c", &shell::handed_over(start)])),
    }
}

/// The words of a command in which a shell would change nothing.
fn plain_words(start: &str) -> Option<Vec<&str>> {
    let is_known = |b: u8| b.is_ascii_alphanumeric() || b"_-./:@%+=, ".contains(&b);
    let found: Vec<&str> = start.split_whitespace().collect();
    let begins = shell::words(start).next()? == *found.first()? && !shell::is_of_shell(found[0]);
    (begins && start.trim().bytes().all(is_known)).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_comes_in_only_where_it_is_needed_and_leaves_again() {
        for (start, instruction_of_it) in [
            ("node server.js", r#"CMD ["node", "server.js"]"#),
            ("uvicorn a:b --port $PORT", r#"CMD ["sh", "-c", "exec uvicorn a:b --port $PORT"]"#),
            ("A=1 node x", r#"CMD ["sh", "-c", "exec env A=1 node x"]"#),
            ("cd api && node x", r#"CMD ["sh", "-c", "cd api && exec node x"]"#),
            ("exec node x", r#"CMD ["sh", "-c", "exec node x"]"#),
            ("say 'it'", r#"CMD ["sh", "-c", "exec say 'it'"]"#),
        ] {
            assert_eq!(instruction(start), instruction_of_it);
        }
    }
}
