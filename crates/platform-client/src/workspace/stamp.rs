//! What the file system says of a file without reading it, and when that is too young to be trusted.

use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{FileType, Stat};

/// How far the clock that stamps files may lag behind the one that we read: a scheduler tick, with room to spare.
const TICK_NS: i64 = 50_000_000;
/// Some file systems keep whole seconds, or two, only.
const COARSE_TICK_NS: i64 = 2_000_000_000;
const NS_PER_S: i64 = 1_000_000_000;

/// Equal stamps mean an equal file, unless the file was [racy](Stamp::is_racy) when it was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) mtime_ns: i64,
    pub(crate) ctime_ns: i64,
    pub(crate) inode: u64,
    pub(crate) size: u64,
    pub(crate) mode: u32,
}

impl Stamp {
    pub(crate) fn of(stat: &Stat) -> Self {
        Self {
            mtime_ns: nanoseconds(stat.st_mtime, stat.st_mtime_nsec),
            ctime_ns: nanoseconds(stat.st_ctime, stat.st_ctime_nsec),
            inode: integer(stat.st_ino),
            size: integer(stat.st_size),
            mode: integer(stat.st_mode),
        }
    }

    pub(crate) fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.mode)
    }

    pub(crate) fn is_executable(&self) -> bool {
        self.mode & 0o100 != 0
    }

    /// Whether the file may change after `now` and keep this stamp: its last change lies within the tick of the clock
    /// that stamps files, or ahead of it. Git calls such entries racily clean.
    pub(crate) fn is_racy(&self, now_ns: i64) -> bool {
        [self.mtime_ns, self.ctime_ns].into_iter().any(|time_ns| {
            let tick_ns = if time_ns % NS_PER_S == 0 { COARSE_TICK_NS } else { TICK_NS };
            time_ns.saturating_add(tick_ns) >= now_ns
        })
    }
}

/// The wall clock, in nanoseconds since the Unix epoch.
pub(crate) fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

fn nanoseconds(seconds: impl TryInto<i64>, nanoseconds: impl TryInto<i64>) -> i64 {
    let (seconds, nanoseconds): (i64, i64) = (integer(seconds), integer(nanoseconds));
    seconds.saturating_mul(NS_PER_S).saturating_add(nanoseconds)
}

/// The widths and signs of these fields differ between systems; what does not fit is no value that occurs.
fn integer<T: Default>(value: impl TryInto<T>) -> T {
    value.try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_changed_within_the_clocks_tick_is_racy() {
        let stamp = |mtime_ns, ctime_ns| Stamp { mtime_ns, ctime_ns, ..Stamp::default() };
        let now = 1_000 * NS_PER_S + 500_000_001;
        assert!(!stamp(now - TICK_NS - 1, now - TICK_NS - 1).is_racy(now));
        assert!(stamp(now - TICK_NS, 1).is_racy(now), "written just now");
        assert!(stamp(1, now).is_racy(now), "its times were set back just now");
        assert!(stamp(now + NS_PER_S, 1).is_racy(now), "from the future");
        assert!(stamp(999 * NS_PER_S, 1).is_racy(now), "whole seconds may hide two");
        assert!(!stamp(998 * NS_PER_S, 1).is_racy(now));
    }
}
