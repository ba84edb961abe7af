//! The output of builds and apps: one folder per deployment, holding numbered, append-only segments.
//!
//! ```text
//! launcher ──push──► SegmentWriter ──one write per batch──► 000001-build.log, 000002-runtime.log, …
//!                                                                │ inotify
//! LogPage ◄── LogDir::read(cursor) ◄── LogWatch::changed ◄───────┘
//! ```
//! A writer owns the segments it makes, so no two processes ever append to one file, and a reader trusts only what
//! ends in a line feed, so it never sees half a line. Lines are numbered over all segments: whatever retention or a
//! full disk took away shows as an exact count. Nothing in here knows deployments or HTTP; lines never go into `SQLite`.

mod cursor;
mod reader;
mod segment;
mod watch;
mod writer;

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use platform_api::{LogCursor, LogLine, LogPage, LogSource};

use cursor::Position;
pub(crate) use reader::ReadQuery;
pub(crate) use watch::{LogWatch, LogWatches};
pub(crate) use writer::SegmentWriter;

use crate::secrets::Redaction;

/// When a segment ends and how much of a source is kept.
#[derive(Debug, Clone, Copy)]
struct Retention {
    /// A segment that would grow beyond this is followed by the next one, in bytes.
    segment_bytes: u64,
    /// How much of each source is kept at most, in bytes; the oldest segments go first.
    total_bytes: u64,
    /// How many segments of each source are kept at most.
    segments_max: usize,
}

impl Retention {
    const DEFAULT: Self = Self { segment_bytes: 8 << 20, total_bytes: 64 << 20, segments_max: 64 };
}

/// The log folder of one deployment.
#[derive(Debug, Clone)]
pub(crate) struct LogDir {
    path: PathBuf,
    retention: Retention,
    /// What readers do not get to see, even where a line lies on the disk with it.
    redaction: Redaction,
}

impl LogDir {
    /// The log in `path`, which need not exist yet.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, retention: Retention::DEFAULT, redaction: Redaction::default() }
    }

    /// The same log, read without these secrets. Its writers already leave out those that they know; one that is set later
    /// is left out here.
    pub(crate) fn without(self, redaction: Redaction) -> Self {
        Self { redaction, ..self }
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Starts the next segment. There is one writer at a time: builds and instances of a deployment follow each other.
    ///
    /// # Errors
    /// When the folder or the segment cannot be made.
    pub(crate) fn writer(&self, source: LogSource) -> io::Result<SegmentWriter> {
        SegmentWriter::create(&self.path, source, self.retention)
    }

    /// The place before the first line.
    pub(crate) fn start() -> LogCursor {
        Position::START.to_cursor()
    }

    /// The place after the last complete line.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub(crate) fn end(&self) -> io::Result<LogCursor> {
        reader::end(&self.path).map(Position::to_cursor)
    }

    /// Reads on from `after`. The page is empty only when there is nothing newer; a gap always begins a page, so that
    /// `omitted` says exactly how many lines before its first one are gone. `complete` is for the caller to set.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for a cursor that no read of this log returned; else what the disk says.
    pub(crate) fn read(&self, after: &LogCursor, query: &ReadQuery) -> io::Result<LogPage> {
        let mut page = reader::read(&self.path, Position::parse(after)?, query)?;
        self.redact(&mut page.lines);
        Ok(page)
    }

    /// The last `lines` lines, oldest first.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub(crate) fn tail(&self, lines: usize, source: Option<LogSource>) -> io::Result<Vec<LogLine>> {
        let mut lines = reader::tail(&self.path, lines, source)?;
        self.redact(&mut lines);
        Ok(lines)
    }

    fn redact(&self, lines: &mut [LogLine]) {
        let redactor = self.redaction.now();
        for line in lines {
            if let Cow::Owned(text) = redactor.text(&line.text) {
                line.text = text;
            }
        }
    }
}

#[cfg(test)]
mod tests;
