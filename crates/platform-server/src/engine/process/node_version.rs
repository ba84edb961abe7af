//! Versions as JavaScript projects ask for them: `>=18`, `^20.1`, `20.x || 22`, `lts/jod`.

use std::cmp::Ordering;

/// Names of the lines of Node that get support for long.
const LINES: &[(&str, &str)] = &[("hydrogen", "18"), ("iron", "20"), ("jod", "22"), ("krypton", "24")];
/// What `lts/*` and its like stand for.
const LTS: &str = "22";

type Version = [u64; 3];

/// The range in the words of a registry: names of lines become their number.
pub(super) fn range(wanted: &str) -> String {
    let text = wanted.trim().trim_start_matches('v');
    let lower = text.to_ascii_lowercase();
    if let Some(name) = lower.strip_prefix("lts/").or_else(|| lower.strip_prefix("lts-")) {
        return LINES.iter().find(|(line, _)| *line == name).map_or(LTS, |(_, number)| number).to_owned();
    }
    match lower.as_str() {
        "lts" | "stable" | "node" | "current" | "latest" | "" => LTS.to_owned(),
        _ => text.to_owned(),
    }
}

/// Whether this version is in the range. A range that nobody can read allows everything.
pub(super) fn satisfies(version: &str, range: &str) -> bool {
    let Some((version, _)) = parse(version) else { return false };
    range.split("||").any(|alternative| is_in(version, alternative.trim()))
}

/// Whether this version can stand in for the exact one that is asked for: the same line, and not older.
pub(super) fn stands_in(version: &str, exact: &str) -> bool {
    match (parse(version), parse(exact)) {
        (Some((version, _)), Some((exact, 3))) => version[0] == exact[0] && version >= exact,
        _ => false,
    }
}

/// The numbers of a version, and how many were given.
fn parse(text: &str) -> Option<(Version, usize)> {
    let text = text.trim().trim_start_matches(['v', '=']).trim();
    let core = text.split(['-', '+', ' ']).next().unwrap_or_default();
    let mut version = [0; 3];
    let mut given = 0;
    for part in core.split('.').take(3) {
        match part {
            "x" | "X" | "*" => break,
            part => version[given] = part.parse().ok()?,
        }
        given += 1;
    }
    Some((version, given))
}

fn is_in(version: Version, alternative: &str) -> bool {
    if let Some((low, high)) = alternative.split_once(" - ") {
        return compares(version, low, Ordering::is_ge) && compares(version, high, Ordering::is_le);
    }
    // An operator may stand apart from its version.
    let mut joined = alternative.to_owned();
    for operator in ["<", ">", "=", "~", "^"] {
        joined = joined.replace(&format!("{operator} "), operator);
    }
    joined.split([' ', ',']).filter(|part| !part.is_empty()).all(|part| allows(version, part))
}

fn allows(version: Version, part: &str) -> bool {
    if let Some(low) = part.strip_prefix(">=") {
        return compares(version, low, Ordering::is_ge);
    }
    if let Some(high) = part.strip_prefix("<=") {
        return compares(version, high, Ordering::is_le);
    }
    if let Some(low) = part.strip_prefix('>') {
        return compares(version, low, Ordering::is_gt);
    }
    if let Some(high) = part.strip_prefix('<') {
        return compares(version, high, Ordering::is_lt);
    }
    let (text, kept) = match part.as_bytes().first() {
        Some(b'^') => (&part[1..], 1),
        Some(b'~') => (&part[1..], 2),
        _ => (part, 3),
    };
    let Some((wanted, given)) = parse(text) else { return true };
    let same = kept.min(given);
    version[..same] == wanted[..same] && version >= wanted
}

/// Compares as far as numbers are given: 20.5 is `<=20` and not `>20`.
fn compares(version: Version, text: &str, is_right: impl Fn(Ordering) -> bool) -> bool {
    let Some((wanted, given)) = parse(text) else { return true };
    is_right(version[..given].cmp(&wanted[..given]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_allow_what_the_registry_would() {
        for (version, range, is_allowed) in [
            ("v20.20.2", ">=18", true),
            ("20.20.2", ">=20.19 <21 || >=22.12", true),
            ("20.18.0", ">=20.19 <21 || >=22.12", false),
            ("22.11.0", "^20.19.0 || >=22.12.0", false),
            ("20.20.2", "20.x", true),
            ("20.20.2", "20", true),
            ("20.20.2", "22", false),
            ("20.20.2", "^18.0.0", false),
            ("20.20.2", "~20.20", true),
            ("20.20.2", ">= 18.0.0 <= 22.x.x", true),
            ("20.20.2", "18 - 20", true),
            ("21.0.0", "18 - 20", false),
            ("20.20.2", "*", true),
            ("20.20.2", ">20", false),
            ("20.20.2", "banana", true),
        ] {
            assert_eq!(satisfies(version, range), is_allowed, "{version} in {range}");
        }
    }

    #[test]
    fn names_become_numbers_and_patches_stand_in() {
        assert_eq!(
            [range("lts/jod"), range("lts/*"), range("v20.1.0"), range("node")],
            ["22", "22", "20.1.0", "22"]
        );
        assert!(stands_in("v20.20.2", "20.11.0") && !stands_in("v20.2.0", "20.11.0"));
        assert!(!stands_in("v22.0.0", "20.11.0") && !stands_in("v20.20.2", ">=18"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(version in "v?[0-9.x-]{0,12}", range in "([<>=^~|*x. -]|[0-9]{1,2}|\\PC){0,16}") {
            satisfies(&version, &range);
            stands_in(&version, &range);
        }
    }
}
