//! Segments by name, and lines as they stand in them: `{seq} {time_ms} {o|e|p} {text}\n`.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use platform_api::limits::LOG_LINE_BYTES_MAX;
use platform_api::{LogLine, LogSource, LogStream};

/// More than the longest line with its head, so that a full chunk always holds the end of a line.
pub(super) const CHUNK_BYTES: usize = LOG_LINE_BYTES_MAX * 2;

/// One file of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) number: u64,
    pub(super) source: LogSource,
}

impl Segment {
    pub(super) fn path(self, dir: &Path) -> PathBuf {
        let source = match self.source {
            LogSource::Build => "build",
            LogSource::Runtime => "runtime",
        };
        dir.join(format!("{:06}-{source}.log", self.number))
    }

    fn parse(name: &str) -> Option<Self> {
        let (number, source) = name.strip_suffix(".log")?.split_once('-')?;
        let source = match source {
            "build" => LogSource::Build,
            "runtime" => LogSource::Runtime,
            _ => return None,
        };
        Some(Self { number: number.parse().ok()?, source })
    }

    /// Opens it for reading; `None` when retention took it away.
    pub(super) fn open(self, dir: &Path) -> io::Result<Option<File>> {
        match File::open(self.path(dir)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The segments of a folder, oldest first. A folder that does not exist has none.
pub(super) fn list(dir: &Path) -> io::Result<Vec<Segment>> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut segments = Vec::new();
    for entry in entries {
        segments.extend(entry?.file_name().to_str().and_then(Segment::parse));
    }
    segments.sort_unstable_by_key(|segment| segment.number);
    Ok(segments)
}

/// Where a segment's complete lines end, and the number of the last one.
pub(super) fn end_of(file: &File) -> io::Result<(u64, Option<u64>)> {
    let bytes = file.metadata()?.len();
    let start = bytes.saturating_sub(CHUNK_BYTES as u64);
    let chunk = read_at(file, start, CHUNK_BYTES)?;
    let Some(end) = memchr::memrchr(b'\n', &chunk) else { return Ok((start, None)) };
    let begin = memchr::memrchr(b'\n', &chunk[..end]).map_or(0, |before| before + 1);
    let seq = Raw::decode(&chunk[begin..end]).map(|line| line.seq);
    Ok((start + end as u64 + 1, seq))
}

/// Up to `bytes_max` bytes from `offset` on; fewer only at the end of the file.
pub(super) fn read_at(file: &File, offset: u64, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut chunk = vec![0; bytes_max];
    let mut filled = 0;
    while filled < bytes_max {
        match file.read_at(&mut chunk[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    chunk.truncate(filled);
    Ok(chunk)
}

/// A line as it lies on disk: any bytes but a line feed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Raw<'a> {
    pub(super) seq: u64,
    pub(super) time_ms: u64,
    pub(super) stream: LogStream,
    pub(super) text: &'a [u8],
}

impl<'a> Raw<'a> {
    pub(super) fn encode(&self, into: &mut Vec<u8>) {
        let stream = match self.stream {
            LogStream::Stdout => 'o',
            LogStream::Stderr => 'e',
            LogStream::Platform => 'p',
        };
        write!(into, "{} {} {stream} ", self.seq, self.time_ms).expect("writing to memory does not fail");
        into.extend_from_slice(self.text);
        into.push(b'\n');
    }

    /// The line without its line feed; `None` for bytes that no writer of ours left.
    pub(super) fn decode(line: &'a [u8]) -> Option<Self> {
        let (seq, rest) = number(line)?;
        let (time_ms, rest) = number(rest)?;
        let stream = match rest.first()? {
            b'o' => LogStream::Stdout,
            b'e' => LogStream::Stderr,
            b'p' => LogStream::Platform,
            _ => return None,
        };
        Some(Self { seq, time_ms, stream, text: rest.get(1..)?.strip_prefix(b" ")? })
    }

    pub(super) fn to_line(self, source: LogSource) -> LogLine {
        let text = String::from_utf8_lossy(self.text).into_owned();
        LogLine { seq: self.seq, time_ms: self.time_ms, source, stream: self.stream, text }
    }
}

/// A decimal number and what follows the space behind it.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let end = memchr::memchr(b' ', text.get(..text.len().min(24))?)?;
    let value = std::str::from_utf8(&text[..end]).ok()?.parse().ok()?;
    Some((value, &text[end + 1..]))
}
