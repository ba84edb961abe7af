//! What a client already has, and which part it wants: conditions and ranges of a request, pure.

use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, RANGE};

/// What tells one version of a file from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) etag: String,
    pub(super) modified: SystemTime,
}

impl Version {
    pub(super) fn new(bytes: u64, modified: SystemTime) -> Self {
        let age = modified.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self { etag: format!("\"{:x}-{:x}\"", age.as_nanos(), bytes), modified }
    }

    /// The date as HTTP writes it.
    pub(super) fn date(&self) -> String {
        httpdate::fmt_http_date(self.modified)
    }

    fn is_newer_than(&self, date: &str) -> bool {
        let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
        httpdate::parse_http_date(date).is_ok_and(|date| seconds(self.modified) > seconds(date))
    }
}

/// Which part of a file to send.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Nothing: the client has it.
    Unchanged,
    /// All of it.
    Whole,
    /// These bytes.
    Bytes(Range<u64>),
    /// None: the wanted bytes do not exist.
    Unsatisfiable,
}

/// Reads what `request` wants of a file of `bytes` bytes.
pub(super) fn wanted(request: &HeaderMap, version: &Version, bytes: u64) -> Part {
    let text = |name| request.get(name).and_then(|value| value.to_str().ok());
    let unchanged = match text(IF_NONE_MATCH) {
        Some(tags) => matches(tags, &version.etag),
        None => text(IF_MODIFIED_SINCE)
            .is_some_and(|date| httpdate::parse_http_date(date).is_ok() && !version.is_newer_than(date)),
    };
    if unchanged {
        return Part::Unchanged;
    }
    let same = text(IF_RANGE).is_none_or(|known| known == version.etag || known == version.date());
    match text(RANGE).filter(|_| same).and_then(|range| range.strip_prefix("bytes=")) {
        Some(range) => part(range, bytes),
        None => Part::Whole,
    }
}

fn matches(tags: &str, etag: &str) -> bool {
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// One range; several, or a malformed one, mean the whole file.
fn part(range: &str, bytes: u64) -> Part {
    let Some((first, last)) = range.trim().split_once('-') else { return Part::Whole };
    let number = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    let (Some(first_number), Some(last_number)) = (number(first), number(last)) else { return Part::Whole };
    let range = match (first.is_empty(), last.is_empty()) {
        (true, true) => return Part::Whole,
        (true, false) if last_number == 0 => return Part::Unsatisfiable,
        (true, false) => bytes.saturating_sub(last_number)..bytes,
        (false, true) => first_number..bytes,
        (false, false) if last_number < first_number => return Part::Whole,
        (false, false) => first_number..last_number.saturating_add(1).min(bytes),
    };
    if range.is_empty() { Part::Unsatisfiable } else { Part::Bytes(range) }
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    fn check(headers: &[(HeaderName, &str)]) -> Part {
        let version = Version::new(100, UNIX_EPOCH + Duration::from_secs(1_000_000_000));
        let request = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        wanted(&request, &version, 100)
    }

    #[test]
    fn ranges() {
        for (range, expected) in [
            ("bytes=0-9", Part::Bytes(0..10)),
            ("bytes=90-", Part::Bytes(90..100)),
            ("bytes=-5", Part::Bytes(95..100)),
            ("bytes=-500", Part::Bytes(0..100)),
            ("bytes=99-1000", Part::Bytes(99..100)),
            ("bytes=0-99999999999999999999999", Part::Bytes(0..100)),
            ("bytes=100-", Part::Unsatisfiable),
            ("bytes=-0", Part::Unsatisfiable),
            ("bytes=9-0", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("lines=0-1", Part::Whole),
        ] {
            assert_eq!(check(&[(RANGE, range)]), expected, "{range}");
        }
    }

    #[test]
    fn conditions() {
        let etag = Version::new(100, UNIX_EPOCH + Duration::from_secs(1_000_000_000)).etag;
        let (same, before) = ("Sun, 09 Sep 2001 01:46:40 GMT", "Sun, 09 Sep 2001 01:46:39 GMT");
        assert_eq!(check(&[(IF_NONE_MATCH, &etag)]), Part::Unchanged);
        assert_eq!(check(&[(IF_NONE_MATCH, &format!("\"x\", W/{etag}"))]), Part::Unchanged);
        assert_eq!(check(&[(IF_NONE_MATCH, "*")]), Part::Unchanged);
        assert_eq!(check(&[(IF_NONE_MATCH, "\"x\""), (IF_MODIFIED_SINCE, same)]), Part::Whole);
        assert_eq!(check(&[(IF_MODIFIED_SINCE, same)]), Part::Unchanged);
        assert_eq!(check(&[(IF_MODIFIED_SINCE, before)]), Part::Whole);
        assert_eq!(check(&[(IF_MODIFIED_SINCE, "yesterday")]), Part::Whole);
        assert_eq!(check(&[(RANGE, "bytes=0-0"), (IF_RANGE, &etag)]), Part::Bytes(0..1));
        assert_eq!(check(&[(RANGE, "bytes=0-0"), (IF_RANGE, same)]), Part::Bytes(0..1));
        assert_eq!(check(&[(RANGE, "bytes=0-0"), (IF_RANGE, "\"x\"")]), Part::Whole);
    }

    proptest::proptest! {
        #[test]
        fn a_part_always_lies_within_the_file(range in "bytes=[0-9]{0,3}-[0-9]{0,3}", bytes in 0_u64..200) {
            let request = HeaderMap::from_iter([(RANGE, range.parse().unwrap())]);
            if let Part::Bytes(part) = wanted(&request, &Version::new(bytes, UNIX_EPOCH), bytes) {
                proptest::prop_assert!(part.start < part.end && part.end <= bytes);
            }
        }
    }
}
