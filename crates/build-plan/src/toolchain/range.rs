//! Which versions a project takes, in the many ways in which projects say so.

use serde::{Deserialize, Serialize};

use super::version::Numbers;

/// How many alternatives and conditions are read.
const CONDITIONS_MAX: usize = 16;
/// Operators, the longer ones first.
const OPERATORS: &[&str] = &["===", "~=", "~>", "==", "!=", ">=", "<=", "^", "~", ">", "<", "="];
/// Names of the lines of Node that get support for long.
const NODE_LINES: &[(&str, &str)] = &[("hydrogen", "18"), ("iron", "20"), ("jod", "22"), ("krypton", "24")];
/// What `lts/*` and its like stand for.
const NODE_LTS: &str = "22";

/// In whose words a range is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// npm's: `>=18`, `^20.1`, `20.x || 22`, `lts/jod`.
    Npm,
    /// Python's: `>=3.11,<4`, `~=3.11`, `3.12`, of which a patch is a fix.
    Python,
    /// Those of Ruby and Elixir: `~> 3.2`.
    Gem,
    /// Composer's: `^8.1|^8.2`.
    Composer,
    /// A version that stands for itself and everything newer: go.mod, `rust-version`.
    Minimum,
    /// A version of which the first number counts: Java's `17.0.2`.
    Major,
    /// A version of which the first two numbers count: `.ruby-version`.
    Minor,
}

/// How a version stands to a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// It is in it.
    Fits,
    /// It is another one, and not too old.
    Other,
    /// It is older than all that is in it.
    TooOld,
}

/// A range: alternatives of conditions that hold together. Text that nobody can read allows everything.
#[derive(Debug, PartialEq, Eq)]
pub struct Range(Vec<Vec<Condition>>);

#[derive(Debug, PartialEq, Eq)]
struct Condition {
    operator: Operator,
    version: Numbers,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    AtLeast,
    Above,
    AtMost,
    Below,
    Not,
    /// Not older, and the first numbers are the same.
    Compatible {
        kept: usize,
    },
    /// The first numbers are the same.
    Same {
        kept: usize,
    },
}

impl Range {
    /// Reads a range.
    pub fn parse(text: &str, dialect: Dialect) -> Self {
        let text = match dialect {
            Dialect::Npm => in_registry_words(text),
            _ => text.trim().to_ascii_lowercase(),
        };
        let text = text.replace(" or ", "||").replace(" and ", ",");
        let alternatives = text.split("||").flat_map(|part| match dialect {
            Dialect::Composer => part.split('|').collect(),
            _ => vec![part],
        });
        let read = alternatives.take(CONDITIONS_MAX).map(|alternative| conditions(alternative, dialect));
        Self(read.collect())
    }

    /// Whether this version is in it.
    pub fn allows(&self, version: &str) -> bool {
        self.judge(&Numbers::parse(version)) == Verdict::Fits
    }

    pub(super) fn judge(&self, found: &Numbers) -> Verdict {
        if self.0.iter().any(|conditions| conditions.iter().all(|one| one.allows(found))) {
            return Verdict::Fits;
        }
        let is_older = |conditions: &Vec<Condition>| {
            least(conditions).is_some_and(|least| {
                let given = least.0.len();
                found.padded()[..given] < least.0[..]
            })
        };
        if self.0.iter().all(is_older) { Verdict::TooOld } else { Verdict::Other }
    }

    /// The oldest version that is in it, where it says one.
    pub(super) fn lowest(&self) -> Option<&Numbers> {
        self.0.iter().filter_map(|conditions| least(conditions)).min_by_key(|version| version.padded())
    }
}

/// The newest lower bound of conditions that hold together.
fn least(conditions: &[Condition]) -> Option<&Numbers> {
    let bounds = conditions
        .iter()
        .filter(|one| !matches!(one.operator, Operator::AtMost | Operator::Below | Operator::Not));
    bounds.map(|one| &one.version).max_by_key(|version| version.padded())
}

fn conditions(alternative: &str, dialect: Dialect) -> Vec<Condition> {
    if let Some((low, high)) = alternative.split_once(" - ") {
        let bound = |operator, text| Condition { operator, version: Numbers::parse(text) };
        let bounds = [bound(Operator::AtLeast, low), bound(Operator::AtMost, high)];
        return bounds.into_iter().filter(|one| !one.version.0.is_empty()).collect();
    }
    let parts = alternative.split([',', ' ']).filter(|part| !part.is_empty()).take(CONDITIONS_MAX);
    // An operator may stand apart from its version.
    let mut operator = "";
    let mut conditions = Vec::new();
    for part in parts {
        let found = OPERATORS.iter().find(|operator| part.starts_with(**operator)).copied();
        operator = found.unwrap_or(operator);
        let version = Numbers::parse(bare(&part[found.map_or(0, str::len)..], dialect));
        if !version.0.is_empty() {
            let version = normal(version, dialect);
            conditions.push(Condition { operator: meaning(operator, dialect, &version), version });
            operator = "";
        }
    }
    conditions
}

/// `3.11.9` of `python-3.11.9`, `21.0.2` of `temurin-21.0.2`: the version without who made it.
fn bare(text: &str, dialect: Dialect) -> &str {
    // These count by a scheme of their own.
    let is_other = ["graal", "mandrel", "nik", "jruby", "truffle", "pypy", "conda"];
    if is_other.iter().any(|other| text.contains(other)) {
        return "";
    }
    match dialect {
        Dialect::Npm | Dialect::Composer => text,
        _ => text.split('-').find(|part| part.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(text),
    }
}

/// Java 8 used to be called 1.8.
fn normal(version: Numbers, dialect: Dialect) -> Numbers {
    match version.0.as_slice() {
        [1, rest @ ..] if dialect == Dialect::Major && !rest.is_empty() => Numbers(rest.to_vec()),
        _ => version,
    }
}

fn meaning(operator: &str, dialect: Dialect, version: &Numbers) -> Operator {
    let given = version.0.len();
    let all_but_last = given.saturating_sub(1).max(1);
    match (operator, dialect) {
        (">=", _) => Operator::AtLeast,
        (">", _) => Operator::Above,
        ("<=", _) => Operator::AtMost,
        ("<", _) => Operator::Below,
        ("!=", _) => Operator::Not,
        ("^", _) if version.0.first() == Some(&0) => Operator::Compatible { kept: 2.min(given) },
        ("^", _) => Operator::Compatible { kept: 1 },
        ("~>" | "~=", _) | ("~", Dialect::Composer) => Operator::Compatible { kept: all_but_last },
        ("~", Dialect::Npm) => Operator::Compatible { kept: 2.min(given) },
        // A later one of the same line stands in for an exact one.
        (_, Dialect::Npm) if given == 3 => Operator::Compatible { kept: 1 },
        (_, Dialect::Npm | Dialect::Gem | Dialect::Composer) => Operator::Same { kept: given },
        (_, Dialect::Python | Dialect::Minor) => Operator::Same { kept: 2.min(given) },
        (_, Dialect::Major) => Operator::Same { kept: 1 },
        (_, Dialect::Minimum) => Operator::AtLeast,
    }
}

impl Condition {
    /// Compares as far as numbers are given: 20.5 is `<=20` and not `>20`.
    fn allows(&self, found: &Numbers) -> bool {
        let (found, wanted) = (found.padded(), self.version.0.as_slice());
        let given = &found[..wanted.len()];
        match self.operator {
            Operator::AtLeast => given >= wanted,
            Operator::Above => given > wanted,
            Operator::AtMost => given <= wanted,
            Operator::Below => given < wanted,
            Operator::Not => given != wanted,
            Operator::Compatible { kept } => given >= wanted && given[..kept] == wanted[..kept],
            Operator::Same { kept } => given[..kept] == wanted[..kept],
        }
    }
}

/// A range of Node versions in the words of npm's registry: names of lines become their number.
pub fn in_registry_words(wanted: &str) -> String {
    let text = wanted.trim().trim_start_matches('v');
    let lower = text.to_ascii_lowercase();
    if let Some(name) = lower.strip_prefix("lts/").or_else(|| lower.strip_prefix("lts-")) {
        let line = NODE_LINES.iter().find(|(line, _)| *line == name);
        return line.map_or(NODE_LTS, |(_, number)| number).to_owned();
    }
    match lower.as_str() {
        "lts" | "stable" | "node" | "current" | "latest" | "" => NODE_LTS.to_owned(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(dialect: Dialect, text: &str, allowed: &[&str], refused: &[&str]) {
        let range = Range::parse(text, dialect);
        for version in allowed {
            assert!(range.allows(version), "{dialect:?} {text} allows {version}");
        }
        for version in refused {
            assert!(!range.allows(version), "{dialect:?} {text} refuses {version}");
        }
    }

    #[test]
    fn ranges_of_npm_allow_what_its_registry_would() {
        for (range, allowed, refused) in [
            (">=18", &["v20.20.2"][..], &["16.0.0"][..]),
            (">=20.19 <21 || >=22.12", &["20.20.2", "22.12.0"], &["20.18.0"]),
            ("^20.19.0 || >=22.12.0", &["20.20.2"], &["22.11.0"]),
            ("20.x", &["20.20.2"], &["22.0.0"]),
            ("20", &["20.20.2"], &["22.0.0"]),
            ("^18.0.0", &["18.2.0"], &["20.20.2"]),
            ("~20.20", &["20.20.2"], &["20.21.0"]),
            (">= 18.0.0 <= 22.x.x", &["20.20.2", "22.9.0"], &["23.0.0"]),
            ("18 - 20", &["20.20.2"], &["21.0.0"]),
            ("*", &["20.20.2"], &[]),
            (">20", &["21.0.0"], &["20.20.2"]),
            ("banana", &["20.20.2"], &[]),
            ("20.11.0", &["20.11.0", "20.20.2"], &["20.2.0", "22.0.0"]),
            ("lts/jod", &["22.3.0"], &["20.20.2"]),
        ] {
            check(Dialect::Npm, range, allowed, refused);
        }
        assert_eq!(["lts/*", "v20.1.0", "node"].map(in_registry_words), ["22", "20.1.0", "22"]);
    }

    #[test]
    fn versions_of_python_are_allowed_as_their_projects_mean_them() {
        for (text, allowed, refused) in [
            ("3.12", &["3.12.0", "3.12.9"][..], &["3.11.7", "3.13.0"][..]),
            ("3.12.4", &["3.12.1"], &["3.13.0"]),
            (">=3.11", &["3.11.0", "3.13.1"], &["3.10.9"]),
            (">=3.11,<3.13", &["3.12.8"], &["3.13.0"]),
            (">= 3.11, < 3.13", &["3.12.8"], &["3.13.0"]),
            ("^3.10", &["3.12.0"], &["3.9.1", "4.0.0"]),
            ("~=3.11.2", &["3.11.9"], &["3.12.0"]),
            ("~=3.11", &["3.12.0"], &["4.0.0"]),
            ("==3.11.*", &["3.11.4"], &["3.12.0"]),
            ("!=3.12.*,>=3.11", &["3.13.0"], &["3.12.1"]),
            ("<=3.12", &["3.12.5"], &["3.13.0"]),
            ("python-3.11.9", &["3.11.2"], &["3.12.0"]),
            ("pypy3.10-7.3.12", &["3.12.0"], &[]),
            ("", &["3.8.0"], &[]),
        ] {
            check(Dialect::Python, text, allowed, refused);
        }
    }

    #[test]
    fn the_words_of_other_tools_are_understood() {
        for (dialect, text, allowed, refused) in [
            (Dialect::Gem, "~> 3.2", &["3.2.1", "3.4.0"][..], &["3.1.2", "4.0.0"][..]),
            (Dialect::Gem, "~> 3.2.0", &["3.2.9"], &["3.3.0"]),
            (Dialect::Gem, ">= 3.1, < 3.4", &["3.3.0"], &["3.4.1"]),
            (Dialect::Gem, "~> 1.14 or ~> 2.0", &["1.17.0", "2.1.0"], &["1.13.0"]),
            (Dialect::Composer, "^8.1|^8.2", &["8.1.2", "8.4.0"], &["8.0.3", "9.0.0"]),
            (Dialect::Composer, "~8.1.0 || ~8.2.0", &["8.2.4"], &["8.3.0"]),
            (Dialect::Composer, "~8.1", &["8.4.0"], &["9.0.0"]),
            (Dialect::Composer, ">=7.4", &["8.3.0"], &["7.3.33"]),
            (Dialect::Composer, "8.2.*", &["8.2.1"], &["8.3.0"]),
            (Dialect::Minimum, "1.22.5", &["1.22.5", "1.24.0"], &["1.22.4"]),
            (Dialect::Minimum, "1.24", &["1.24.0"], &["1.19.8"]),
            (Dialect::Major, "temurin-21.0.2+13", &["21.0.9"], &["17.0.15", "22.0.0"]),
            (Dialect::Major, "1.8", &["8.0.392"], &["11.0.2"]),
            (Dialect::Major, "graalvm-ce-22.3.0", &["17.0.15"], &[]),
            (Dialect::Minor, "3.2.1", &["3.2.0", "3.2.9"], &["3.3.0"]),
            (Dialect::Minor, "ruby-3.2.1", &["3.2.6"], &["3.1.0"]),
            (Dialect::Minor, "jruby-9.4.0.0", &["3.1.2"], &[]),
        ] {
            check(dialect, text, allowed, refused);
        }
    }

    #[test]
    fn what_is_too_old_is_told_from_what_is_merely_another() {
        for (dialect, text, found, verdict) in [
            (Dialect::Composer, "^8.3", "8.2.29", Verdict::TooOld),
            (Dialect::Composer, "^8.3", "9.0.0", Verdict::Other),
            (Dialect::Gem, "3.2.1", "3.2.0", Verdict::TooOld),
            (Dialect::Gem, "3.2.1", "3.2.2", Verdict::Other),
            (Dialect::Python, ">=3.9,<3.11", "3.11.7", Verdict::Other),
            (Dialect::Python, "<3.11", "3.11.7", Verdict::Other),
            (Dialect::Npm, "^18 || ^20", "16.0.0", Verdict::TooOld),
            (Dialect::Npm, "^18 || ^22", "20.0.0", Verdict::Other),
        ] {
            let range = Range::parse(text, dialect);
            assert_eq!(range.judge(&Numbers::parse(found)), verdict, "{found} for {text}");
        }
        let range = Range::parse("^8.1 || ^8.3", Dialect::Composer);
        assert_eq!(range.lowest().map(Numbers::text).as_deref(), Some("8.1"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(
            text in "(>=|~=|~>|\\^|==|,|\\.|3|\\*|\\||-| |or|v|x|[0-9]{1,22}|\\PC){0,24}",
            version in "v?[0-9.x-]{0,12}",
        ) {
            use Dialect::{Composer, Gem, Major, Minimum, Minor, Npm, Python};
            for dialect in [Npm, Python, Gem, Composer, Minimum, Major, Minor] {
                let range = Range::parse(&text, dialect);
                range.allows(&version);
                range.judge(&Numbers::parse(&version));
                range.lowest();
            }
        }
    }
}
