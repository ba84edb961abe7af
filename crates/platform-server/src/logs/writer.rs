//! Appending: lines are collected and written together, one `write` for a batch.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use platform_api::limits::LOG_LINE_BYTES_MAX;
use platform_api::{LogSource, LogStream};

use super::Retention;
use super::segment::{Raw, Segment, end_of, list};

/// Lines collected beyond this are written without being asked, in bytes.
const BUFFER_BYTES_MAX: usize = 256 << 10;

/// Writes the lines of one build step or one instance into segments of its own. A segment comes into being with its
/// first lines, so none is empty.
#[derive(Debug)]
pub(crate) struct SegmentWriter {
    dir: PathBuf,
    source: LogSource,
    retention: Retention,
    open: Option<OpenSegment>,
    next_seq: u64,
    buffer: Vec<u8>,
}

#[derive(Debug)]
struct OpenSegment {
    segment: Segment,
    file: File,
    /// What of the file holds complete lines.
    written_bytes: u64,
}

impl SegmentWriter {
    pub(super) fn create(dir: &Path, source: LogSource, retention: Retention) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let next_seq = next_seq(dir)?;
        Ok(Self { dir: dir.to_owned(), source, retention, open: None, next_seq, buffer: Vec::new() })
    }

    /// Takes one line, given without its end. A line over [`LOG_LINE_BYTES_MAX`] continues on the next ones, and so
    /// does a text that holds line feeds. Readers see it after the next [`flush`](Self::flush).
    ///
    /// # Errors
    /// As `flush`, when the collected lines had to be written.
    pub(crate) fn push(&mut self, stream: LogStream, time_ms: u64, text: &[u8]) -> io::Result<()> {
        for line in text.split(|&byte| byte == b'\n') {
            if line.is_empty() {
                self.push_piece(stream, time_ms, line)?;
            }
            for piece in line.chunks(LOG_LINE_BYTES_MAX) {
                self.push_piece(stream, time_ms, piece)?;
            }
        }
        Ok(())
    }

    fn push_piece(&mut self, stream: LogStream, time_ms: u64, text: &[u8]) -> io::Result<()> {
        let before = self.buffer.len();
        Raw { seq: self.next_seq, time_ms, stream, text }.encode(&mut self.buffer);
        self.next_seq += 1;
        let written_bytes = self.open.as_ref().map_or(0, |open| open.written_bytes);
        let filled_bytes = written_bytes + self.buffer.len() as u64;
        if filled_bytes > self.retention.segment_bytes && written_bytes + before as u64 > 0 {
            let line = self.buffer.split_off(before);
            let flushed = self.flush();
            self.open = None;
            self.buffer = line;
            flushed?;
        }
        if self.buffer.len() > BUFFER_BYTES_MAX { self.flush() } else { Ok(()) }
    }

    /// Writes what was collected, in one call.
    ///
    /// # Errors
    /// When the disk takes it only in part: those lines are lost, their numbers show it, and no half line stays.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let written = self.write_buffer();
        self.buffer.clear();
        written
    }

    fn write_buffer(&mut self) -> io::Result<()> {
        let open = match &mut self.open {
            Some(open) => open,
            none => none.insert(OpenSegment::create(&self.dir, self.source)?),
        };
        if let Err(error) = open.file.write_all(&self.buffer) {
            open.file.set_len(open.written_bytes)?;
            return Err(error);
        }
        let is_new = open.written_bytes == 0;
        open.written_bytes += self.buffer.len() as u64;
        if is_new { prune(&self.dir, open.segment, self.retention) } else { Ok(()) }
    }
}

impl OpenSegment {
    /// Makes the next segment; a file that exists belongs to another writer.
    fn create(dir: &Path, source: LogSource) -> io::Result<Self> {
        let mut number = list(dir)?.last().map_or(1, |last| last.number + 1);
        loop {
            let segment = Segment { number, source };
            let path = segment.path(dir);
            match OpenOptions::new().append(true).create_new(true).mode(0o600).open(path) {
                Ok(file) => return Ok(Self { segment, file, written_bytes: 0 }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

/// Removes the oldest segments of `newest`'s source beyond what is kept. Called once `newest` holds lines, so that the
/// number of the last line is always on disk.
fn prune(dir: &Path, newest: Segment, retention: Retention) -> io::Result<()> {
    let mut kept_bytes = retention.segment_bytes;
    let older = list(dir)?.into_iter().rev().filter(|other| other.source == newest.source);
    for (index, segment) in older.skip_while(|other| other.number >= newest.number).enumerate() {
        let path = segment.path(dir);
        kept_bytes += std::fs::metadata(&path)?.len();
        if kept_bytes > retention.total_bytes || index + 1 >= retention.segments_max {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

impl Drop for SegmentWriter {
    /// Lines still collected are written; where the disk refuses them here, nobody is left to be told.
    fn drop(&mut self) {
        self.flush().ok();
    }
}

/// The number of the next line.
fn next_seq(dir: &Path) -> io::Result<u64> {
    for segment in list(dir)?.iter().rev() {
        let Some(file) = segment.open(dir)? else { continue };
        if let (_, Some(seq)) = end_of(&file)? {
            return Ok(seq + 1);
        }
    }
    Ok(1)
}
