//! What never travels, whatever the ignore files say: version control, secrets and installed dependencies.

/// Why an entry of this name never travels, if so.
pub(crate) fn never_travels(name: &str) -> Option<&'static str> {
    if DEPENDENCY_FOLDERS.contains(&name) {
        return Some("installed dependencies and caches are made anew on the platform");
    }
    if VERSION_CONTROL.contains(&name) {
        return Some("version control stays here");
    }
    if name.starts_with(".env") && !ENV_EXAMPLES.contains(&name) {
        return Some("environment files may hold secrets");
    }
    if KEY_NAMES.contains(&name) || has_extension(name, KEY_EXTENSIONS) {
        return Some("private keys stay here");
    }
    if CREDENTIALS.contains(&name) {
        return Some("credentials stay here");
    }
    (name == ".DS_Store").then_some("the desktop's own file")
}

/// Why a folder that contains an entry of this name never travels, if so. Only folders below the workspace's root.
pub(crate) fn marks_folder(entry: &str) -> Option<&'static str> {
    match entry {
        "pyvenv.cfg" => Some("a virtual environment of Python is made anew on the platform"),
        "CACHEDIR.TAG" => Some("it is tagged as a cache"),
        _ => None,
    }
}

/// Whether a file of this name has to be looked into before it may travel.
pub(crate) fn needs_look(name: &str) -> bool {
    name == ".npmrc" || has_extension(name, &["pem", "crt", "cer"])
}

/// Why a file that [`needs_look`] never travels, if so.
pub(crate) fn content_never_travels(name: &str, content: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(content);
    if name == ".npmrc" {
        let literal = |line: &str| {
            line.split_once('=').is_some_and(|(key, value)| {
                let key = key.trim();
                ["_authToken", "_auth", "_password"].iter().any(|end| key.ends_with(end))
                    && !value.trim().trim_matches('"').starts_with("${")
            })
        };
        return text.lines().any(literal).then_some("it holds a token for a package registry");
    }
    text.contains("PRIVATE KEY-----").then_some("private keys stay here")
}

fn has_extension(name: &str, extensions: &[&str]) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| {
        extensions.iter().any(|candidate| candidate.eq_ignore_ascii_case(extension))
    })
}

const DEPENDENCY_FOLDERS: &[&str] = &[
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
];
const VERSION_CONTROL: &[&str] = &[".git", ".hg", ".svn", ".jj"];
const ENV_EXAMPLES: &[&str] = &[".env.example", ".env.sample", ".env.template"];
const KEY_NAMES: &[&str] = &["id_rsa", "id_dsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk"];
const KEY_EXTENSIONS: &[&str] = &["key", "p12", "pfx", "jks", "keystore", "ppk", "kdbx"];
const CREDENTIALS: &[&str] = &[".netrc", ".pypirc", ".git-credentials", ".ssh", ".gnupg", ".aws"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_dependencies_never_travel() {
        for name in [
            ".git",
            ".env",
            ".env.local",
            ".envrc",
            "id_rsa",
            "server.key",
            "store.P12",
            "node_modules",
            ".venv",
            "__pycache__",
            ".netrc",
        ] {
            assert!(never_travels(name).is_some(), "{name}");
        }
        for name in [
            ".env.example",
            ".env.sample",
            ".env.template",
            ".gitignore",
            ".github",
            "id_rsa.pub",
            "keys.py",
            "environment.py",
            "cert.pem",
            "dist",
            "target",
            "key",
        ] {
            assert_eq!(never_travels(name), None, "{name}");
        }
    }

    #[test]
    fn what_never_travels_never_gets_into_an_image() {
        let plan = build_plan::Plan::bare(build_plan::Runtime::Static);
        let image = build_plan::image(&plan, &build_plan::Listing::default(), &|_| None, &[]);
        let lists = [DEPENDENCY_FOLDERS, VERSION_CONTROL, KEY_NAMES, CREDENTIALS, &[".env*", ".DS_Store"]];
        let endings = KEY_EXTENSIONS.iter().map(|extension| format!("*.{extension}"));
        for name in lists.concat().into_iter().map(str::to_owned).chain(endings) {
            let pattern = format!("**/{name}");
            assert!(image.dockerignore.lines().any(|line| line == pattern), "{pattern}");
        }
    }

    #[test]
    fn keys_and_tokens_are_recognised_by_what_is_in_the_file() {
        let key = b"-----BEGIN RSA PRIVATE KEY-----\nMII";
        assert!(content_never_travels("tls.pem", key).is_some());
        assert_eq!(content_never_travels("ca.pem", b"-----BEGIN CERTIFICATE-----\nMII"), None);
        assert!(content_never_travels(".npmrc", b"//r.example/:_authToken=abc\n").is_some());
        assert_eq!(content_never_travels(".npmrc", b"registry=x\n//r.example/:_authToken=${TOKEN}\n"), None);
    }
}
