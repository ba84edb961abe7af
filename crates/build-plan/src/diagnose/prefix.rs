//! What stands before a line that a tool or an app printed: the marks of package managers, of image builds and of whoever
//! runs several processes, and the time.

/// How many prefixes one line may have.
const PREFIXES_MAX: usize = 4;
/// How long the name of a process before ` | ` may be, with what stands around it, in bytes.
const SOURCE_BYTES_MAX: usize = 48;

/// What tools write before each line of their own.
const TOOLS: &[&str] =
    &["npm ERR! ", "npm error ", " ERROR  ", "➤ ", "error   ", "!!  ", "[11ty] ", "remote: "];

/// The line without what stands before it.
pub(super) fn without(line: &str) -> &str {
    let mut rest = line;
    for _ in 0..PREFIXES_MAX {
        let Some(shorter) = once(rest) else { break };
        rest = shorter;
    }
    // pytest marks the lines of an exception.
    match rest.strip_prefix("E   ") {
        Some(exception) => exception.trim_start(),
        None => rest,
    }
}

fn once(line: &str) -> Option<&str> {
    TOOLS
        .iter()
        .find_map(|prefix| line.strip_prefix(prefix))
        .or_else(|| step_of_image(line))
        .or_else(|| time(line))
        .or_else(|| dyno(line))
        .or_else(|| source(line))
        .or_else(|| branch(line))
}

/// `#12 0.258 ` and `0.258 `: a line within a step of an image's build.
fn step_of_image(line: &str) -> Option<&str> {
    let seconds = match line.strip_prefix('#') {
        Some(rest) => rest.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix(' ')?,
        None => line,
    };
    let (number, rest) = seconds.split_once(' ')?;
    let (whole, part) = number.split_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (is_number(whole) && is_number(part) && (2..=3).contains(&part.len())).then_some(rest)
}

/// A date, a time, or both, in brackets or bare.
fn time(line: &str) -> Option<&str> {
    let (inner, is_bracketed) = match line.strip_prefix('[') {
        Some(inner) => (inner, true),
        None => (line, false),
    };
    let is_part =
        |c: char| c.is_ascii_digit() || matches!(c, '-' | '/' | ':' | '.' | ',' | 'T' | 'Z' | '+' | ' ');
    let end = inner.find(|c: char| !is_part(c)).unwrap_or(inner.len());
    let stamp = &inner[..end];
    let is_time = |part: &str| {
        part.matches(':').count() >= 2 && part.starts_with(|c: char| c.is_ascii_digit()) && part.len() >= 8
    };
    if !stamp.split(' ').any(is_time) {
        return None;
    }
    if is_bracketed {
        return inner[end..].strip_prefix("] ");
    }
    // The blanks behind the time may be the line's own, such as those of a frame; one belongs to the time.
    let rest = inner[stamp.trim_end().len()..].strip_prefix(' ')?;
    let word = rest.trim_start();
    let is_level = ["INFO", "WARN", "ERROR", "DEBUG", "TRACE", "FATAL", "LOG"]
        .iter()
        .any(|level| word.starts_with(level));
    Some(if is_level { word } else { rest })
}

/// `web.1  | `, `app-1  | `, `@shop/api:build: `, `[1] ` and `.../node_modules/x install: `: which process says it.
fn source(line: &str) -> Option<&str> {
    if let Some((name, rest)) = line.split_once(" | ")
        && name.len() <= SOURCE_BYTES_MAX
        && is_process(name.trim())
    {
        return Some(rest);
    }
    if let Some((name, rest)) = line.split_once(": ")
        && name.len() <= SOURCE_BYTES_MAX
        && is_script(name)
    {
        return Some(rest);
    }
    let number = line.strip_prefix('[')?.split_once("] ")?;
    (number.0.len() <= 2 && number.0.bytes().all(|b| b.is_ascii_digit())).then_some(number.1)
}

/// `app[web.1]: `: which process of which app says it.
fn dyno(line: &str) -> Option<&str> {
    let rest = ["app[", "heroku["].iter().find_map(|start| line.strip_prefix(start))?;
    let (name, rest) = rest.split_once("]: ")?;
    is_process(name).then_some(rest)
}

/// A process's name with its number, such as `web.1` and `app-1`.
fn is_process(name: &str) -> bool {
    let number = name.rsplit(['.', '-']).next().unwrap_or_default();
    number.len() < name.len()
        && !number.is_empty()
        && number.bytes().all(|b| b.is_ascii_digit())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

/// A script of one package of many: `@shop/api:build`, `packages/api build`, `.../node_modules/bcrypt install`.
fn is_script(name: &str) -> bool {
    const SCRIPTS: &[&str] = &[
        "build",
        "install",
        "postinstall",
        "preinstall",
        "prepare",
        "test",
        "start",
        "lint",
        "compile",
        "prebuild",
    ];
    let Some((package, script)) = name.rsplit_once([':', ' ']) else { return false };
    SCRIPTS.contains(&script)
        && !package.contains(' ')
        && (package.starts_with('@') || package.contains('/') || name.contains(':'))
}

/// `    | `: a line of one of several exceptions, which Python draws as a tree.
fn branch(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches(' ');
    (rest.len() < line.len()).then_some(rest)?.strip_prefix("| ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_a_line_goes() {
        for (line, said) in [
            ("npm error code E404", "code E404"),
            ("#12 0.258 go: too old", "go: too old"),
            ("0.742 npm error code EUSAGE", "code EUSAGE"),
            ("2026-01-02T10:00:00.123Z     at f (x.js:1:1)", "    at f (x.js:1:1)"),
            ("[2025-11-02 10:00:00 +0000] [8] [ERROR] x", "[ERROR] x"),
            ("2025/11/02 10:00:00 listen: x", "listen: x"),
            ("2025-11-02T10:00:00.000Z  INFO 1 --- x", "INFO 1 --- x"),
            ("10:00:01 web.1  | Error: x", "Error: x"),
            ("app-1  | Error: x", "Error: x"),
            ("2026-03-01T10:00:00.093002+00:00 app[web.1]:   File \"x\"", "  File \"x\""),
            ("@shop/api:build: src/a.ts(1,1): error TS1: x", "src/a.ts(1,1): error TS1: x"),
            (".../node_modules/bcrypt install: gyp ERR! x", "gyp ERR! x"),
            ("[1] Error: x", "Error: x"),
            ("    | KeyError: 'X'", "KeyError: 'X'"),
            ("E   KeyError: 'X'", "KeyError: 'X'"),
        ] {
            assert_eq!(without(line), said, "{line}");
        }
    }

    #[test]
    fn what_a_line_says_stays() {
        for line in [
            "error: x",
            "a | b",
            "12 | let x = 1;",
            "1.5 MB of 3 MB",
            "10:30 is when it starts",
            "src/a.ts: error",
            "name: value",
            "",
        ] {
            assert_eq!(without(line), line);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_left_is_the_end_of_the_line(line in "(#1 |0\\.12 |\\[|10:00:00 |a\\.1 \\| |E   |@a/b:build: |\\PC){0,6}") {
            proptest::prop_assert!(line.ends_with(without(&line)));
        }
    }
}
