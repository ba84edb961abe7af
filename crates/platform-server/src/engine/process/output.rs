//! One output stream of a program, cut into lines.

use std::io;
use std::os::fd::OwnedFd;

use platform_api::LogStream;
use platform_api::limits::LOG_LINE_BYTES_MAX;
use tokio::net::unix::pipe;

/// How much is read at once, in bytes: what a pipe holds.
const READ_BYTES: usize = 64 << 10;
/// How many reads make one batch for the log.
const READS_MAX: usize = 4;

/// A pipe, until its last writer is gone.
#[derive(Debug)]
pub(super) struct Output {
    stream: LogStream,
    pipe: Option<pipe::Receiver>,
    lines: LineBuffer,
    chunk: Vec<u8>,
}

impl Output {
    pub(super) fn new(stream: LogStream, pipe: OwnedFd) -> io::Result<Self> {
        let pipe = Some(pipe::Receiver::from_owned_fd(pipe)?);
        Ok(Self { stream, pipe, lines: LineBuffer::default(), chunk: vec![0; READ_BYTES] })
    }

    pub(super) fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    /// Resolves when there is something to take; never once the stream has ended.
    pub(super) async fn readable(&self) {
        match &self.pipe {
            // An error shows again, and is handled, when the pipe is read.
            Some(pipe) => pipe.readable().await.unwrap_or_default(),
            None => std::future::pending().await,
        }
    }

    /// Takes what is there and hands on its complete lines; at the end of the stream an unfinished one, too.
    pub(super) fn take(&mut self, mut line: impl FnMut(LogStream, &[u8])) {
        for _ in 0..READS_MAX {
            let Some(pipe) = &self.pipe else { return };
            match pipe.try_read(&mut self.chunk) {
                Ok(0) => self.close(&mut line),
                Ok(count) => self.lines.feed(&self.chunk[..count], |text| line(self.stream, text)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.close(&mut line),
            }
        }
    }

    /// Ends the stream, whoever still holds its other end.
    pub(super) fn close(&mut self, mut line: impl FnMut(LogStream, &[u8])) {
        self.pipe = None;
        self.lines.finish(|text| line(self.stream, text));
    }
}

/// Puts the pieces that a pipe yields together again.
#[derive(Debug, Default)]
struct LineBuffer {
    unfinished: Vec<u8>,
}

impl LineBuffer {
    fn feed(&mut self, mut chunk: &[u8], mut line: impl FnMut(&[u8])) {
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            if self.unfinished.is_empty() {
                line(&chunk[..end]);
            } else {
                self.unfinished.extend_from_slice(&chunk[..end]);
                line(&self.unfinished);
                self.unfinished.clear();
            }
            chunk = &chunk[end + 1..];
        }
        self.unfinished.extend_from_slice(chunk);
        // What never ends is handed on in pieces as large as the log keeps anyway.
        while self.unfinished.len() > LOG_LINE_BYTES_MAX {
            line(&self.unfinished[..LOG_LINE_BYTES_MAX]);
            self.unfinished.drain(..LOG_LINE_BYTES_MAX);
        }
    }

    fn finish(&mut self, mut line: impl FnMut(&[u8])) {
        if !self.unfinished.is_empty() {
            line(&self.unfinished);
            self.unfinished.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lines_do_not_depend_on_how_the_pipe_cut_them(
            lines in prop::collection::vec("[a-z]{0,9}", 0..20), cuts in prop::collection::vec(1..12_usize, 1..40),
        ) {
            let text = lines.join("\n");
            let (mut buffer, mut got, mut rest) = (LineBuffer::default(), Vec::new(), text.as_bytes());
            for cut in cuts.into_iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (chunk, tail) = rest.split_at(cut.min(rest.len()));
                buffer.feed(chunk, |line| got.push(String::from_utf8(line.to_vec()).unwrap()));
                rest = tail;
            }
            buffer.finish(|line| got.push(String::from_utf8(line.to_vec()).unwrap()));
            let expected: Vec<&str> = text.lines().collect();
            prop_assert_eq!(got, expected);
        }
    }

    #[test]
    fn a_line_without_end_is_cut_at_the_limit() {
        let (mut buffer, mut lengths) = (LineBuffer::default(), Vec::new());
        for _ in 0..5 {
            buffer.feed(&vec![b'x'; LOG_LINE_BYTES_MAX / 2], |line| lengths.push(line.len()));
        }
        buffer.feed(b"\n", |line| lengths.push(line.len()));
        assert_eq!(lengths, [LOG_LINE_BYTES_MAX, LOG_LINE_BYTES_MAX, LOG_LINE_BYTES_MAX / 2]);
    }
}
