//! Which plain values look as if they should have been secrets.

/// The shortest value that is taken for a secret by its variable's name, in characters.
const CHARS_MIN: usize = 8;
/// The shortest token of a service, in characters.
const TOKEN_CHARS_MIN: usize = 16;

/// How tokens of well-known services begin.
const TOKENS: &[&str] = &[
    "sk-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "whsec_",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "AKIA",
    "ASIA",
    "AIza",
    "ya29.",
    "npm_",
    "pypi-",
    "dop_v1_",
    "hf_",
    "shpat_",
    "SG.",
];

/// How names of secret variables end.
const NAMES: &[&str] = &[
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "SECRET_KEY",
    "TOKEN",
    "API_KEY",
    "APIKEY",
    "ACCESS_KEY",
    "PRIVATE_KEY",
    "ENCRYPTION_KEY",
    "SIGNING_KEY",
    "CREDENTIALS",
];

/// Why the plain value of a variable looks like a secret, if it does. A reference to one is none.
pub fn resembles(name: &str, value: &str) -> Option<&'static str> {
    let value = value.trim();
    if super::is_reference(value) {
        return None;
    }
    if value.contains("PRIVATE KEY-----") {
        return Some("it holds a private key");
    }
    let visible = value.bytes().all(|byte| byte.is_ascii_graphic());
    if visible && value.len() >= TOKEN_CHARS_MIN && TOKENS.iter().any(|begin| value.starts_with(begin)) {
        return Some("it begins like a service's token");
    }
    if visible && value.starts_with("eyJ") && value.split('.').count() == 3 {
        return Some("it is a signed token");
    }
    if has_password(value) {
        return Some("it is an address with a password in it");
    }
    (is_named(name) && is_opaque(value)).then_some("its name says that it is one")
}

/// `scheme://user:password@host`.
fn has_password(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Some((user, _)) = authority.rsplit_once('@') else { return false };
    user.split_once(':').is_some_and(|(_, password)| !password.is_empty() && !password.starts_with('$'))
}

fn is_named(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    NAMES.iter().any(|end| name.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('_')))
}

/// Whether a value could be a password: no path, no address, no number, no other variable.
fn is_opaque(value: &str) -> bool {
    value.chars().count() >= CHARS_MIN
        && !value.starts_with(['/', '.', '$'])
        && !value.contains("://")
        && !value.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_recognised_by_what_they_are_and_by_what_they_are_called() {
        for (name, value) in [
            ("X", "sk-proj-0123456789abcdef"),
            ("X", "ghp_0123456789abcdefABCDEF"),
            ("X", "AKIAIOSFODNN7EXAMPLE"),
            ("X", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"),
            ("DATABASE_URL", "postgres://app:hunter22@db/app"),
            ("KEY", "-----BEGIN RSA PRIVATE KEY-----\nMII"),
            ("DB_PASSWORD", "correct horse battery"),
            ("password", "hunter22hunter"),
            ("STRIPE_API_KEY", "whatever-it-is"),
        ] {
            assert!(resembles(name, value).is_some(), "{name}={value}");
        }
        for (name, value) in [
            ("LOG_LEVEL", "debug"),
            ("TOKEN_LIMIT", "1000000000"),
            ("DB_PASSWORD", "${SECRET:DB_PASSWORD}"),
            ("DATABASE_URL", "postgres://app:${SECRET:PW}@db/app"),
            ("DATABASE_URL", "postgres://db/app"),
            ("DATABASE_URL", "sqlite:////data/a:b@c.db"),
            ("JWT_SECRET", "dev"),
            ("GOOGLE_CREDENTIALS", "/run/secrets/google.json"),
            ("SECRET", "12345678901"),
            ("GREETING", "skip to my lou, my darling"),
            ("SECRETARY", "Mrs. Moneypenny"),
        ] {
            assert_eq!(resembles(name, value), None, "{name}={value}");
        }
    }
}
