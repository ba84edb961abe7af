//! Words for a shell, and what a shell command starts with.

/// The text as one word of a POSIX shell. File names come from the project and are not to be trusted.
pub(crate) fn word(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-./:@%+=,".contains(&b);
    // A leading hyphen would be read as an option, whatever the quotes.
    let text = if text.starts_with('-') { format!("./{text}") } else { text.to_owned() };
    if !text.is_empty() && text.bytes().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The words of the command that are programs or arguments, without assignments in front (`A=b cmd`) and `exec`.
pub(crate) fn words(command: &str) -> impl Iterator<Item = &str> {
    command
        .split_whitespace()
        .skip_while(|word| *word == "exec" || word.split_once('=').is_some_and(|(name, _)| is_variable(name)))
}

/// Whether this can be the name of an environment variable.
pub(crate) fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The file name of the program that the command starts.
pub(crate) fn program(command: &str) -> Option<&str> {
    words(command).next().map(|word| word.rsplit('/').next().unwrap_or(word))
}

/// Whether the command names this program or module as a word of its own.
pub(crate) fn mentions(command: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    command.split(|c| !is_part(c)).any(|part| part == name)
}

/// Whether the command asks a shell for more than running one program.
pub(crate) fn is_compound(command: &str) -> bool {
    command.contains(|c: char| "|&;<>()`\n".contains(c))
}

/// One command of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step<'t> {
    pub(crate) command: &'t str,
    /// What joins it to the next one: `&&`, `;`, or nothing behind the last.
    pub(crate) joined: &'t str,
}

/// The commands that `&&` and `;` put one behind the other; nothing where the text is more than that.
pub(crate) fn sequence(text: &str) -> Option<Vec<Step<'_>>> {
    let mut steps = Vec::new();
    let mut quote = None;
    let (mut start, mut at) = (0, 0);
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let mut joined = "";
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            None if rest.starts_with("&&") => joined = "&&",
            None if c == ';' && !rest.starts_with(";;") => joined = ";",
            None if matches!(c, '&' | '|' | ';' | '(' | ')' | '`' | '\n') => return None,
            _ => {}
        }
        if !joined.is_empty() {
            steps.push(Step { command: text[start..at].trim(), joined });
            start = at + joined.len();
        }
        at += joined.len().max(c.len_utf8());
    }
    steps.push(Step { command: text[start..].trim(), joined: "" });
    let is_control = |step: &Step<'_>| {
        let first = step.command.split_whitespace().next().unwrap_or_default();
        matches!(
            first,
            "" | "if" | "then" | "else" | "fi" | "for" | "while" | "until" | "do" | "done" | "case"
        )
    };
    (quote.is_none() && !steps.iter().any(is_control)).then_some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_one_word() {
        assert_eq!(word("src/index.js"), "src/index.js");
        assert_eq!(word("a b.js"), "'a b.js'");
        assert_eq!(word("$(reboot).js"), "'$(reboot).js'");
        assert_eq!(word("it's.js"), r"'it'\''s.js'");
        assert_eq!(word("--eval.js"), "./--eval.js");
        assert_eq!(word(""), "''");
    }

    #[test]
    fn the_program_stands_behind_assignments_and_exec() {
        assert_eq!(program("A=1 exec /usr/bin/gunicorn -b :1 app:app"), Some("gunicorn"));
        assert_eq!(program("   "), None);
        assert!(mentions("gunicorn -k uvicorn.workers.UvicornWorker", "uvicorn"));
        assert!(!mentions("./run-uvicorn.sh", "uvicorn"));
    }
}
