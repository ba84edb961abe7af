//! Texts of the project in a Dockerfile: names, variables and commands stay what they are, whatever is in them.

use serde_json::Value;

/// Whether a path can stand in an instruction as it is.
pub(super) fn is_plain(path: &str) -> bool {
    let is_known = |b: u8| b.is_ascii_alphanumeric() || b"_-./@+".contains(&b);
    !path.is_empty() && !path.starts_with('-') && path.bytes().all(is_known)
}

/// The value of an `ENV`, quoted where it has to be.
pub(super) fn value(text: &str) -> String {
    let is_bare = |b: u8| b.is_ascii_alphanumeric() || b"_-./:@%+=,".contains(&b);
    if !text.is_empty() && text.bytes().all(is_bare) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '$') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// A list of words as the exec form of an instruction.
pub(super) fn words(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| Value::from(*word).to_string()).collect();
    format!("[{}]", quoted.join(", "))
}

/// A command for `RUN`: as it is, or in exec form where the parser of Dockerfiles would read something else in it.
pub(super) fn command(text: &str) -> String {
    let text = text.trim();
    let is_special =
        text.contains('\n') || text.contains('\r') || text.contains("<<") || text.ends_with('\\');
    if is_special || text.starts_with(['[', '-', '#']) {
        return words(&["/bin/sh", "-c", text]);
    }
    text.to_owned()
}

/// Commands for one `RUN`, each only if those before it went well.
pub(super) fn commands(all: &[String]) -> String {
    match all {
        [only] => command(only),
        // Lines of a text are commands too, which `&&` would not bind together.
        many if many
            .iter()
            .any(|text| text.contains('\n') && !text.contains("\\\n") || text.contains("<<")) =>
        {
            command(&format!("set -e\n{}", many.join("\n")))
        }
        many => many.join(" \\\n    && "),
    }
}

/// One line of a comment.
pub(super) fn comment(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("# {}", line.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_commands_survive_the_parser() {
        assert_eq!(value("production"), "production");
        assert_eq!(value(r#"say "$HOME" \n"#), r#""say \"\$HOME\" \\n""#);
        assert_eq!(value(""), "\"\"");
        assert_eq!(command("npm run build && ls $HOME"), "npm run build && ls $HOME");
        assert_eq!(command("a\nb"), r#"["/bin/sh", "-c", "a\nb"]"#);
        assert_eq!(command("[ -f x ] || exit"), r#"["/bin/sh", "-c", "[ -f x ] || exit"]"#);
        assert_eq!(comment("a\nRUN reboot"), "# a RUN reboot");
        assert!(is_plain("apps/api/package.json") && !is_plain("a b") && !is_plain("$X") && !is_plain("-x"));
    }
}
