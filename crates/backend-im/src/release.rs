//! Versions of the program, so that a newer and an older one can tell who gives way.

use std::cmp::Ordering;
use std::str::FromStr;

/// This program's version.
pub(crate) const THIS: &str = env!("CARGO_PKG_VERSION");

/// A version such as `1.4.0` or `1.4.0-rc.1`; what follows a `+` says nothing about the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Release {
    numbers: [u64; 3],
    /// Parts of the pre-release; empty for a release proper, which comes after all of its pre-releases.
    pre: Vec<Part>,
}

/// One part of a pre-release. Numbers come before words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Word(String),
}

/// Not a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a version such as 1.4.0")]
pub(crate) struct InvalidRelease;

impl FromStr for Release {
    type Err = InvalidRelease;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.split('+').next().unwrap_or_default();
        let (numbers, pre) = text.split_once('-').map_or((text, None), |(numbers, pre)| (numbers, Some(pre)));
        let mut parsed = [0; 3];
        let mut parts = numbers.split('.');
        for number in &mut parsed {
            *number = parts.next().and_then(|part| part.parse().ok()).ok_or(InvalidRelease)?;
        }
        if parts.next().is_some() {
            return Err(InvalidRelease);
        }
        let part = |text: &str| text.parse().map_or_else(|_| Part::Word(text.to_owned()), Part::Number);
        Ok(Self {
            numbers: parsed,
            pre: pre.map(|pre| pre.split('.').map(part).collect()).unwrap_or_default(),
        })
    }
}

impl Ord for Release {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            _ => self.pre.cmp(&other.pre),
        })
    }
}

impl PartialOrd for Release {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// How `ours` compares with `theirs`. A version that nobody can read counts as equal: refusing to talk would help no one.
pub(crate) fn compare(ours: &str, theirs: &str) -> Ordering {
    match (ours.parse::<Release>(), theirs.parse::<Release>()) {
        (Ok(ours), Ok(theirs)) => ours.cmp(&theirs),
        _ => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_ordered_by_number_and_after_their_pre_releases() {
        let ascending = [
            "0.1.0-alpha",
            "0.1.0-rc.2",
            "0.1.0-rc.10",
            "0.1.0",
            "0.1.1",
            "0.2.0",
            "0.10.0",
            "1.0.0",
            "10.0.0",
        ];
        for pair in ascending.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(compare(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
        }
        assert_eq!(compare("1.0.0+built.today", "1.0.0"), Ordering::Equal);
    }

    #[test]
    fn what_is_no_version_is_not_ordered() {
        for bad in ["", "1", "1.2", "1.2.3.4", "one.two.three", "1.2.x"] {
            assert!(bad.parse::<Release>().is_err(), "{bad}");
            assert_eq!(compare("1.0.0", bad), Ordering::Equal);
        }
    }

    #[test]
    fn this_program_has_a_version_that_parses() {
        assert!(THIS.parse::<Release>().is_ok());
    }
}
