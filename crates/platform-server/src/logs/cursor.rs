//! Where a reader stands, as the opaque text that clients keep: `{segment}:{byte offset}:{last line's number}`. The
//! offset makes resuming a single read; the number makes what was lost in between countable.

use std::io;

use platform_api::LogCursor;

/// A place between two lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    /// The segment's number; 0 is before every segment.
    pub(super) segment: u64,
    /// The byte in it at which the next line begins.
    pub(super) offset: u64,
    /// The number of the last line before this place.
    pub(super) seq: u64,
}

impl Position {
    pub(super) const START: Self = Self { segment: 0, offset: 0, seq: 0 };

    pub(super) fn to_cursor(self) -> LogCursor {
        LogCursor(format!("{}:{}:{}", self.segment, self.offset, self.seq))
    }

    pub(super) fn parse(cursor: &LogCursor) -> io::Result<Self> {
        let mut numbers = cursor.0.split(':').map(str::parse::<u64>);
        match (numbers.next(), numbers.next(), numbers.next(), numbers.next()) {
            (Some(Ok(segment)), Some(Ok(offset)), Some(Ok(seq)), None) => Ok(Self { segment, offset, seq }),
            _ => Err(Self::foreign()),
        }
    }

    /// The error for a cursor that this log never handed out.
    pub(super) fn foreign() -> io::Error {
        io::Error::new(io::ErrorKind::InvalidInput, "this is no cursor of this log")
    }
}
