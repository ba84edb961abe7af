//! Reading: pages from a cursor on, and the last lines.

use std::fs::File;
use std::io;
use std::path::Path;

use platform_api::{LogLine, LogPage, LogSource};

use super::cursor::Position;
use super::segment::{CHUNK_BYTES, Raw, Segment, end_of, list, read_at};

/// What of a log a reader wants.
#[derive(Debug, Clone)]
pub(crate) struct ReadQuery {
    /// Only lines of this source.
    pub(crate) source: Option<LogSource>,
    /// At most so many lines.
    pub(crate) lines_max: usize,
    /// At most so many bytes of text, but at least one line.
    pub(crate) bytes_max: usize,
}

impl ReadQuery {
    fn wants(&self, segment: Segment) -> bool {
        self.source.is_none_or(|source| source == segment.source)
    }
}

/// Why reading a segment ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stopped {
    /// Nothing more is in it now.
    AtEnd,
    /// The page is full, or the next line does not follow the last one.
    PageDone,
}

pub(super) fn read(dir: &Path, after: Position, query: &ReadQuery) -> io::Result<LogPage> {
    let mut page = Page { query, at: after, lines: Vec::new(), bytes: 0, omitted: 0 };
    let segments = list(dir)?;
    if segments.last().map_or(0, |last| last.number) < after.segment {
        return Err(Position::foreign());
    }
    let first = segments.partition_point(|segment| segment.number < after.segment);
    for (index, &segment) in segments.iter().enumerate().skip(first) {
        // Only a segment with a successor is finished: its writer made that one after its own last line.
        let is_finished = index + 1 < segments.len();
        if !query.wants(segment) && !is_finished {
            break;
        }
        let Some(file) = segment.open(dir)? else { continue };
        if query.wants(segment) {
            if page.take_segment(&file, segment)? == Stopped::PageDone {
                break;
            }
        } else {
            page.pass_segment(&file, segment)?;
        }
    }
    Ok(page.finish())
}

/// A page being filled.
struct Page<'q> {
    query: &'q ReadQuery,
    at: Position,
    lines: Vec<LogLine>,
    bytes: usize,
    omitted: u64,
}

impl Page<'_> {
    /// Reads the lines of `segment` from where the reader stands.
    fn take_segment(&mut self, file: &File, segment: Segment) -> io::Result<Stopped> {
        if self.at.segment == segment.number {
            check_offset(file, self.at.offset)?;
        } else {
            self.at = Position { segment: segment.number, offset: 0, seq: self.at.seq };
        }
        loop {
            let chunk = read_at(file, self.at.offset, CHUNK_BYTES.min(self.room_bytes()))?;
            let Some(end) = memchr::memrchr(b'\n', &chunk) else { return Ok(Stopped::AtEnd) };
            for line in chunk[..end].split(|&byte| byte == b'\n') {
                if self.take_line(line, segment.source) == Stopped::PageDone {
                    return Ok(Stopped::PageDone);
                }
            }
        }
    }

    /// How much to read at once: a page that wants few bytes need not read a whole chunk, but always one whole line.
    fn room_bytes(&self) -> usize {
        CHUNK_BYTES / 2 + 64 + self.query.bytes_max.saturating_sub(self.bytes)
    }

    fn take_line(&mut self, line: &[u8], source: LogSource) -> Stopped {
        let length = line.len() as u64 + 1;
        let Some(raw) = Raw::decode(line) else {
            self.at.offset += length;
            return Stopped::AtEnd;
        };
        let gap = raw.seq.saturating_sub(self.at.seq + 1);
        let is_full = self.lines.len() >= self.query.lines_max
            || (!self.lines.is_empty() && self.bytes + raw.text.len() > self.query.bytes_max);
        if is_full || (gap > 0 && !self.lines.is_empty()) {
            return Stopped::PageDone;
        }
        self.omitted += gap;
        self.bytes += raw.text.len();
        self.lines.push(raw.to_line(source));
        self.at.offset += length;
        self.at.seq = raw.seq;
        Stopped::AtEnd
    }

    /// Goes past a finished segment of the other source. A hole before it is that source's loss, not the reader's.
    fn pass_segment(&mut self, file: &File, segment: Segment) -> io::Result<()> {
        let (offset, seq) = end_of(file)?;
        self.at = Position { segment: segment.number, offset, seq: seq.unwrap_or(self.at.seq) };
        Ok(())
    }

    fn finish(self) -> LogPage {
        LogPage {
            lines: self.lines,
            next_cursor: self.at.to_cursor(),
            complete: false,
            omitted: self.omitted,
        }
    }
}

/// A cursor comes from outside: it must point behind a line feed of this very file.
fn check_offset(file: &File, offset: u64) -> io::Result<()> {
    let Some(before) = offset.checked_sub(1) else { return Ok(()) };
    match read_at(file, before, 1)?.as_slice() {
        b"\n" => Ok(()),
        _ => Err(Position::foreign()),
    }
}

pub(super) fn end(dir: &Path) -> io::Result<Position> {
    let segments = list(dir)?;
    let mut at = None;
    for segment in segments.iter().rev() {
        let Some(file) = segment.open(dir)? else { continue };
        let (offset, seq) = end_of(&file)?;
        let place = at.get_or_insert(Position { segment: segment.number, offset, seq: 0 });
        if let Some(seq) = seq {
            place.seq = seq;
            break;
        }
    }
    Ok(at.unwrap_or(Position::START))
}

pub(super) fn tail(dir: &Path, lines: usize, source: Option<LogSource>) -> io::Result<Vec<LogLine>> {
    let mut newest_first = Vec::new();
    for segment in list(dir)?.into_iter().rev() {
        let missing = lines - newest_first.len();
        if missing == 0 {
            break;
        }
        if source.is_some_and(|source| source != segment.source) {
            continue;
        }
        if let Some(file) = segment.open(dir)? {
            newest_first.extend(tail_of(&file, segment.source, missing)?);
        }
    }
    newest_first.reverse();
    Ok(newest_first)
}

/// The last `lines` lines of one segment, newest first, read from its end backwards.
fn tail_of(file: &File, source: LogSource, lines: usize) -> io::Result<Vec<LogLine>> {
    let (end, _) = end_of(file)?;
    let mut window = CHUNK_BYTES as u64;
    loop {
        let start = end.saturating_sub(window);
        let bytes = usize::try_from(end - start).expect("a segment fits memory");
        let chunk = read_at(file, start, bytes)?;
        // The window may begin inside a line; that one is not counted unless the file begins there.
        let whole = match memchr::memchr(b'\n', &chunk) {
            Some(first) if start > 0 => &chunk[first + 1..],
            _ => &chunk[..],
        };
        let found = memchr::memchr_iter(b'\n', whole).count();
        if found >= lines || start == 0 {
            let complete = whole.strip_suffix(b"\n").unwrap_or_default();
            let newest_first = complete.rsplit(|&byte| byte == b'\n').filter_map(Raw::decode);
            return Ok(newest_first.take(lines).map(|raw| raw.to_line(source)).collect());
        }
        window *= 4;
    }
}
