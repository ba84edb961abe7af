//! One output stream of a program, cut into lines and without the secrets that the program was given.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use platform_api::LogStream;
use platform_api::limits::LOG_LINE_BYTES_MAX;
use tokio::net::unix::pipe;

use crate::secrets::Redactor;

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
    pub(super) fn new(stream: LogStream, pipe: OwnedFd, redactor: Arc<Redactor>) -> io::Result<Self> {
        let pipe = Some(pipe::Receiver::from_owned_fd(pipe)?);
        Ok(Self { stream, pipe, lines: LineBuffer::new(redactor), chunk: vec![0; READ_BYTES] })
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
#[derive(Debug)]
struct LineBuffer {
    unfinished: Vec<u8>,
    redactor: Arc<Redactor>,
}

impl LineBuffer {
    fn new(redactor: Arc<Redactor>) -> Self {
        Self { unfinished: Vec::new(), redactor }
    }

    fn feed(&mut self, mut chunk: &[u8], mut line: impl FnMut(&[u8])) {
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            if self.unfinished.is_empty() {
                line(&self.redactor.bytes(&chunk[..end]));
            } else {
                self.unfinished.extend_from_slice(&chunk[..end]);
                self.finish(&mut line);
            }
            chunk = &chunk[end + 1..];
        }
        self.unfinished.extend_from_slice(chunk);
        // What never ends is handed on in pieces about as large as the log keeps anyway; a secret that has begun waits for
        // its end.
        while self.unfinished.len() > LOG_LINE_BYTES_MAX + self.redactor.reach() {
            let (piece, taken) = self.redactor.settled(&self.unfinished, LOG_LINE_BYTES_MAX);
            line(&piece);
            self.unfinished.drain(..taken);
        }
    }

    fn finish(&mut self, mut line: impl FnMut(&[u8])) {
        if !self.unfinished.is_empty() {
            line(&self.redactor.bytes(&self.unfinished));
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
            let (mut buffer, mut got, mut rest) = (LineBuffer::new(Arc::default()), Vec::new(), text.as_bytes());
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
    fn a_secret_that_the_pipe_or_the_limit_cut_is_not_shown() {
        let value = "canary-7f3e91-secret";
        let secret = crate::secrets::SecretValue::new(value.to_owned()).unwrap();
        let redactor = Arc::new(Redactor::new([("KEY", &secret)]));
        for before in (LOG_LINE_BYTES_MAX - 30)..(LOG_LINE_BYTES_MAX + 10) {
            let text = ["x".repeat(before).as_str(), value, &"y".repeat(LOG_LINE_BYTES_MAX)].concat();
            let (mut buffer, mut got) = (LineBuffer::new(redactor.clone()), Vec::new());
            for chunk in text.as_bytes().chunks(4099) {
                buffer.feed(chunk, |line| got.extend_from_slice(line));
            }
            buffer.finish(|line| got.extend_from_slice(line));
            let got = String::from_utf8(got).unwrap();
            assert_eq!(got.matches("[secret KEY]").count(), 1, "{before}");
            assert_eq!(got.len(), text.len() - value.len() + "[secret KEY]".len());
        }
    }

    #[test]
    fn a_line_without_end_is_cut_at_the_limit() {
        let (mut buffer, mut lengths) = (LineBuffer::new(Arc::default()), Vec::new());
        for _ in 0..5 {
            buffer.feed(&vec![b'x'; LOG_LINE_BYTES_MAX / 2], |line| lengths.push(line.len()));
        }
        buffer.feed(b"\n", |line| lengths.push(line.len()));
        assert_eq!(lengths, [LOG_LINE_BYTES_MAX, LOG_LINE_BYTES_MAX, LOG_LINE_BYTES_MAX / 2]);
    }
}
