//! Lines of a client, each in one piece up to a limit; of a longer one only a glance is kept.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use super::glance::Glance;

/// The longest line that is read, in bytes (8 MiB): as much as all environment variables that a project may have. While a
/// message is read it takes several times its length.
pub(super) const LINE_BYTES_MAX: usize = 8 << 20;
/// How much is read at once, in bytes.
const READ_BYTES: usize = 64 << 10;
/// How much room for a line is kept for the next one, in bytes.
const KEPT_BYTES_MAX: usize = 256 << 10;

/// What the client said next.
#[derive(Debug)]
pub(super) enum Said {
    /// A line, without its end.
    Line(Vec<u8>),
    /// A line over the limit, thrown away.
    TooLong(Glance),
}

/// The lines that arrive on `read`.
#[derive(Debug)]
pub(super) struct Lines<R> {
    read: BufReader<R>,
    line: Vec<u8>,
    too_long: Option<Glance>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(read: R) -> Self {
        Self { read: BufReader::with_capacity(READ_BYTES, read), line: Vec::new(), too_long: None }
    }

    /// The next line that is not blank; nothing once the client has closed. A last line without an end is no message.
    ///
    /// # Cancel safety
    /// Nothing is lost: what was read of a line is kept here until its end comes.
    pub(super) async fn next(&mut self) -> io::Result<Option<Said>> {
        loop {
            let bytes = self.read.fill_buf().await?;
            if bytes.is_empty() {
                return Ok(None);
            }
            let end = memchr::memchr(b'\n', bytes);
            let part = &bytes[..end.unwrap_or(bytes.len())];
            match &mut self.too_long {
                Some(glance) => glance.see(part),
                None if self.line.len() + part.len() > LINE_BYTES_MAX => {
                    let mut glance = Glance::of(&std::mem::take(&mut self.line));
                    glance.see(part);
                    self.too_long = Some(glance);
                }
                None => self.line.extend_from_slice(part),
            }
            let used = part.len() + usize::from(end.is_some());
            self.read.consume(used);
            if end.is_some()
                && let Some(said) = self.finish()
            {
                return Ok(Some(said));
            }
        }
    }

    /// What was read up to a line's end, unless it is blank.
    fn finish(&mut self) -> Option<Said> {
        if let Some(glance) = self.too_long.take() {
            return Some(Said::TooLong(glance));
        }
        if self.line.trim_ascii().is_empty() {
            self.line.clear();
            return None;
        }
        Some(Said::Line(std::mem::take(&mut self.line)))
    }

    /// Takes a line's room back for the next one, unless it is worth giving away.
    pub(super) fn reuse(&mut self, mut line: Vec<u8>) {
        if self.line.capacity() == 0 && line.capacity() <= KEPT_BYTES_MAX {
            line.clear();
            self.line = line;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::io::AsyncWriteExt;

    use super::*;

    async fn all(input: &[u8]) -> Vec<String> {
        let mut lines = Lines::new(input);
        let mut said = Vec::new();
        while let Some(next) = lines.next().await.unwrap() {
            said.push(match next {
                Said::Line(line) => {
                    let text = String::from_utf8_lossy(&line).into_owned();
                    lines.reuse(line);
                    text
                }
                Said::TooLong(glance) => format!("too long: {:?}", glance.id()),
            });
        }
        said
    }

    #[tokio::test]
    async fn lines_come_whole_and_blank_ones_not_at_all() {
        assert_eq!(all(b"one\n\n \r\ntwo\r\nunfinished").await, ["one", "two\r"]);
        let long = "x".repeat(READ_BYTES * 2 + 1);
        assert_eq!(all(format!("{long}\n{long}\n").as_bytes()).await, [long.clone(), long]);
    }

    #[tokio::test]
    async fn a_line_over_the_limit_is_thrown_away_and_the_next_one_is_read() {
        let input = format!(r#"{{"a":"{}","id":7}}{}"#, "x".repeat(LINE_BYTES_MAX), "\nnext\n");
        assert_eq!(all(input.as_bytes()).await, ["too long: Some(Number(7))", "next"]);
        let fits = format!("{}\n", "x".repeat(LINE_BYTES_MAX));
        assert_eq!(all(fits.as_bytes()).await[0].len(), LINE_BYTES_MAX);
    }

    #[tokio::test]
    async fn a_read_that_was_given_up_loses_nothing() {
        let (mut ours, theirs) = tokio::io::duplex(64);
        let mut lines = Lines::new(theirs);
        for part in ["be", "gin", "ning"] {
            ours.write_all(part.as_bytes()).await.unwrap();
            assert!(lines.next().now_or_never().is_none(), "no line yet");
        }
        ours.write_all(b"\n").await.unwrap();
        assert!(matches!(lines.next().await.unwrap(), Some(Said::Line(line)) if line == b"beginning"));
    }
}
