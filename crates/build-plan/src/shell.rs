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

/// The shell's words that begin or end a line and are no programs, as far as people start apps with them.
const SHELL_WORDS: &[&str] = &[
    "!", ".", ":", "[", "alias", "break", "case", "cd", "command", "continue", "do", "done", "elif", "else",
    "esac", "eval", "exec", "exit", "export", "fi", "for", "function", "if", "read", "readonly", "return",
    "set", "shift", "source", "test", "then", "times", "trap", "type", "ulimit", "umask", "unalias", "unset",
    "until", "wait", "while", "{", "}", "(",
];

/// Whether this word is the shell's own and no program.
pub(crate) fn is_of_shell(word: &str) -> bool {
    SHELL_WORDS.contains(&word)
}

/// The text for a shell so that its last command takes the shell's place: signals and the exit status are then that
/// command's own. A text that does more than one thing at a time stays as it is.
pub fn handed_over(text: &str) -> String {
    let text = text.trim();
    let Some((before, last)) = last_command(text).map(|start| text.split_at(start)) else {
        return text.to_owned();
    };
    let space = &last[..last.len() - last.trim_start().len()];
    let last = last.trim_start();
    match single(last) {
        Some(Single::Plain) => format!("{before}{space}exec {last}"),
        // `exec` takes no assignments; `env` does, and the shell has expanded them by then either way.
        Some(Single::WithVariables) => format!("{before}{space}exec env {last}"),
        None => text.to_owned(),
    }
}

/// A text that is one command.
enum Single {
    Plain,
    /// With assignments before it.
    WithVariables,
}

fn single(text: &str) -> Option<Single> {
    let is_assignment = |word: &str| word.split_once('=').is_some_and(|(name, _)| is_variable(name));
    let program = text.split_ascii_whitespace().find(|word| !is_assignment(word))?;
    if is_of_shell(program) {
        return None;
    }
    if text.starts_with(program) {
        return Some(Single::Plain);
    }
    // Quotes and substitutions in an assignment may hold spaces, and then the words above are not the shell's.
    let before = &text[..text.find(program)?];
    let is_one_word_each = !before.contains(['\'', '"', '\\', '`']) && !before.contains("$(");
    is_one_word_each.then_some(Single::WithVariables)
}

/// Where the last of the commands starts that run one after the other; nothing where there is more to the text. An open
/// quote is for the shell to complain about, in its own words.
fn last_command(text: &str) -> Option<usize> {
    let mut open: Vec<char> = Vec::new();
    let mut start = 0;
    let mut before = ' ';
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        match (open.last().copied(), character) {
            (Some(end), character) if character == end => drop(open.pop()),
            (Some('\''), _) => {}
            (_, '\\') => drop(characters.next()),
            (_, '$') if next == Some('(') => {
                characters.next();
                open.push(')');
            }
            (Some('"'), _) => {}
            (_, quote @ ('\'' | '"')) => open.push(quote),
            (Some(_), '(') => open.push(')'),
            (None, ';' | '\n') => start = at + 1,
            (None, '&') if next == Some('&') => {
                characters.next();
                start = at + 2;
            }
            // Of a redirection, as in `2>&1`.
            (None, '&') if matches!(before, '>' | '<') => {}
            (None, '&' | '|' | '(' | ')' | '#' | '`') => return None,
            _ => {}
        }
        before = character;
    }
    open.is_empty().then_some(start)
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

    #[test]
    fn the_last_command_takes_the_shells_place() {
        for text in [
            "uvicorn main:app --host $HOST --port $PORT",
            "node 'a;b.js' \"x|y\" a\\;b",
            "./server > out.txt 2>&1",
            "gunicorn -b \"${HOST}:$PORT\" app:app",
            "java -jar $(ls build/*.jar | grep -v -- '-plain)' | head -n 1) -port=$PORT",
        ] {
            assert_eq!(handed_over(text), format!("exec {text}"));
        }
        for text in ["A=1 python x.py", "ROCKET_ADDRESS=$HOST ROCKET_PORT=$PORT .backend-im/bin/x"] {
            assert_eq!(handed_over(text), format!("exec env {text}"));
        }
        for (text, handed) in [
            ("flask db upgrade; gunicorn app:app", "flask db upgrade; exec gunicorn app:app"),
            ("a && b", "a && exec b"),
            ("cd apps/api && A=1 node x", "cd apps/api && exec env A=1 node x"),
            ("set -e\na\nb", "set -e\na\nexec b"),
        ] {
            assert_eq!(handed_over(text), handed);
        }
        for text in [
            "a | b",
            "a || b",
            "a &",
            "A=1",
            "A='1 2' x",
            "A=1 cd x",
            "cd app",
            "exec x",
            "(x)",
            "if x; then y; fi",
            "cd apps/web && exec next start",
            "say 'open",
            "a;",
            "",
        ] {
            assert_eq!(handed_over(text), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_command_makes_it_panic(text in "([a-z]{1,3}|[$()'\"`;&|\\\\#=<>]| |\n|\\PC){0,30}") {
            handed_over(&text);
        }
    }
}
