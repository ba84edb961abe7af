//! Decompression that cannot be made to fill the memory: what comes out is counted against what went in.

use std::io::{self, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

use super::SourceError;

/// How an upload is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    /// As its first bytes say.
    Detect,
    /// Not at all.
    Identity,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// Up to this many bytes nobody asks about the ratio.
const RATIO_FREE_BYTES: u64 = 32 << 20;
/// Beyond them, this many times the compressed size may come out. Source code reaches about 10.
const RATIO_MAX: u64 = 200;
/// The largest window that a zstd stream may ask for, as a power of two (64 MiB).
const ZSTD_WINDOW_LOG_MAX: u32 = 26;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// What comes out of `source`, at most `bytes_max` of it.
pub(super) fn decompress<'a>(
    source: impl Read + 'a,
    compression: Compression,
    bytes_max: u64,
) -> Result<impl Read + 'a, SourceError> {
    let taken = Arc::new(AtomicU64::new(0));
    let mut source = Counted { inner: source, taken: Arc::clone(&taken) };
    let mut magic = Vec::with_capacity(ZSTD_MAGIC.len());
    source.by_ref().take(ZSTD_MAGIC.len() as u64).read_to_end(&mut magic).map_err(error)?;
    let compression = match compression {
        Compression::Detect if magic.starts_with(&GZIP_MAGIC) => Compression::Gzip,
        Compression::Detect if magic == ZSTD_MAGIC => Compression::Zstd,
        Compression::Detect => Compression::Identity,
        given => given,
    };
    let source = BufReader::with_capacity(64 << 10, Cursor::new(magic).chain(source));
    let inner: Box<dyn Read + 'a> = match compression {
        Compression::Gzip => Box::new(MultiGzDecoder::new(source)),
        Compression::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(source).map_err(error)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(error)?;
            Box::new(decoder)
        }
        Compression::Identity | Compression::Detect => Box::new(source),
    };
    Ok(Capped { inner, taken, given: 0, bytes_max })
}

/// Counts what goes in.
struct Counted<R> {
    inner: R,
    taken: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Counts what comes out, and stops at a limit.
struct Capped<R> {
    inner: R,
    taken: Arc<AtomicU64>,
    given: u64,
    bytes_max: u64,
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.given += count as u64;
        let over = |what: &str, limit: String| {
            io::Error::other(SourceError::TooLarge { what: what.to_owned(), limit })
        };
        if self.given > self.bytes_max {
            return Err(over("the unpacked archive", format!("{} bytes", self.bytes_max)));
        }
        if self.given > RATIO_FREE_BYTES.max(self.taken.load(Ordering::Relaxed).saturating_mul(RATIO_MAX)) {
            return Err(over("the archive's compression", format!("{RATIO_MAX} times its size")));
        }
        Ok(count)
    }
}

/// What reading an archive failed with: a limit of ours, or bytes that are no archive.
pub(super) fn error(error: io::Error) -> SourceError {
    match error.downcast::<SourceError>() {
        Ok(ours) => ours,
        Err(error) => SourceError::Malformed { reason: error.to_string() },
    }
}
