//! The .dockerignore: at least what an upload leaves out.

use std::fmt::Write as _;

use super::quote::comment;
use super::subject::Subject;

/// What never travels, by what it is. Names of any depth.
const NEVER: &[(&str, &[&str])] = &[
    ("Version control.", &[".git", ".hg", ".svn", ".jj"]),
    (
        "Installed dependencies and caches: the build makes its own.",
        &[
            "node_modules",
            "bower_components",
            ".venv",
            "venv",
            "__pycache__",
            ".pytest_cache",
            ".mypy_cache",
            ".ruff_cache",
            ".tox",
            ".nox",
            ".direnv",
            ".pnpm-store",
        ],
    ),
    (
        "Secrets. An image keeps whatever was copied into it, even if a later step deletes it.",
        &[
            ".env*",
            "id_rsa",
            "id_dsa",
            "id_ecdsa",
            "id_ecdsa_sk",
            "id_ed25519",
            "id_ed25519_sk",
            "*.key",
            "*.p12",
            "*.pfx",
            "*.jks",
            "*.keystore",
            "*.ppk",
            "*.kdbx",
            ".netrc",
            ".pypirc",
            ".git-credentials",
            ".ssh",
            ".gnupg",
            ".aws",
        ],
    ),
    ("The desktop's own.", &[".DS_Store"]),
];
/// Examples of environment files hold no secrets.
const EXAMPLES: &[&str] = &[".env.example", ".env.sample", ".env.template"];

/// The text. The project's own ignore files come first, because what never travels has the last word.
pub(super) fn text(subject: &Subject<'_>, left_out: &[String]) -> String {
    let mut text = format!("# {}: what neither the image nor an upload gets.\n", super::SIGNATURE);
    let own = [".gitignore", ".backendimignore"].map(|name| (name, subject.ignore_files(name)));
    for (name, files) in &own {
        for (folder, content) in files {
            let patterns: Vec<String> = content.lines().filter_map(|line| translated(folder, line)).collect();
            if !patterns.is_empty() {
                let from = if folder.is_empty() { (*name).to_owned() } else { format!("{folder}/{name}") };
                section(&mut text, &format!("From {from}."), &patterns);
            }
        }
    }
    for (what, names) in NEVER {
        let mut patterns: Vec<String> = names.iter().map(|name| format!("**/{name}")).collect();
        if names.contains(&".env*") {
            patterns.extend(EXAMPLES.iter().map(|name| format!("!**/{name}")));
        }
        section(&mut text, what, &patterns);
    }
    if !left_out.is_empty() {
        let paths: Vec<String> = left_out.iter().map(|path| path.trim_end_matches('/').to_owned()).collect();
        section(&mut text, "Left out for what is in them.", &paths);
    }
    section(
        &mut text,
        "What describes the image is not part of it.",
        &["Dockerfile".to_owned(), ".dockerignore".to_owned()],
    );
    text
}

fn section(text: &mut String, what: &str, patterns: &[String]) {
    writeln!(text, "\n{}", comment(what)).expect("writing to a String");
    for pattern in patterns {
        writeln!(text, "{pattern}").expect("writing to a String");
    }
}

/// A line of Git's syntax in Docker's: a pattern there holds at any depth unless it has a slash, here only at the top.
fn translated(folder: &str, line: &str) -> Option<String> {
    let line = line.trim_start_matches('\u{feff}').trim_end();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (sign, pattern) = line.strip_prefix('!').map_or(("", line), |rest| ("!", rest));
    let pattern = pattern.trim_end_matches('/');
    let is_anchored = pattern.contains('/');
    let pattern = pattern.trim_start_matches('/');
    if pattern.is_empty() {
        return None;
    }
    let depth = if is_anchored || pattern.starts_with("**") { "" } else { "**/" };
    let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    Some(format!("{sign}{folder}{depth}{pattern}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_git_mean_the_same_to_docker() {
        for (folder, line, pattern) in [
            ("", "*.log", Some("**/*.log")),
            ("", "/build/", Some("build")),
            ("", "dist/", Some("**/dist")),
            ("", "a/b", Some("a/b")),
            ("", "!keep.log", Some("!**/keep.log")),
            ("", "**/tmp", Some("**/tmp")),
            ("api", "*.db", Some("api/**/*.db")),
            ("", "# no", None),
            ("", "", None),
            ("", "/", None),
        ] {
            assert_eq!(translated(folder, line).as_deref(), pattern, "{line}");
        }
    }
}
