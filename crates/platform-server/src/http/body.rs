//! Request bodies, bounded in size and in how long they may stand still.

use std::io::{self, Read};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt};
use platform_api::Code;
use secrecy::zeroize::Zeroizing;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::platform::Refusal;
use crate::source::SourceError;

/// How long the next piece of a body may take.
const IDLE: Duration = Duration::from_secs(30);
/// How many pieces wait for whoever reads them.
const PIECES_MAX: usize = 8;

/// The whole body.
pub(super) async fn collect(body: Body, bytes_max: usize) -> Result<Bytes, Refusal> {
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(too_large(bytes_max as u64));
    }
    collect_stream(body.into_data_stream(), bytes_max).await
}

/// The whole of a body that holds a secret, which no copy outlives.
pub(super) async fn collect_secret(body: Body, bytes_max: usize) -> Result<Vec<u8>, Refusal> {
    let over = || Refusal::new(Code::TOO_LARGE, format!("the value is over the limit of {bytes_max} bytes"));
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(over());
    }
    let mut stream = body.into_data_stream();
    // Large enough from the start: growing would leave copies behind.
    let mut whole = Zeroizing::new(Vec::with_capacity(bytes_max));
    while let Some(piece) = next(&mut stream).await? {
        if whole.len() + piece.len() > bytes_max {
            return Err(over());
        }
        whole.extend_from_slice(&piece);
    }
    Ok(std::mem::take(&mut *whole))
}

/// The whole of a stream, such as one part of a multipart body.
pub(super) async fn collect_stream<E: std::fmt::Display>(
    stream: impl Stream<Item = Result<Bytes, E>>,
    bytes_max: usize,
) -> Result<Bytes, Refusal> {
    let mut stream = std::pin::pin!(stream);
    let mut whole = Vec::new();
    while let Some(piece) = next(&mut stream).await? {
        if whole.len() + piece.len() > bytes_max {
            return Err(too_large(bytes_max as u64));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.into())
}

async fn next<E: std::fmt::Display>(
    stream: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
) -> Result<Option<Bytes>, Refusal> {
    match timeout(IDLE, stream.next()).await {
        Err(_) => {
            Err(Refusal::malformed(format!("the body stood still for {} s", IDLE.as_secs())).retryable())
        }
        Ok(None) => Ok(None),
        Ok(Some(Ok(piece))) => Ok(Some(piece)),
        Ok(Some(Err(error))) => Err(Refusal::malformed(format!("the body ended early: {error}")).retryable()),
    }
}

/// Runs `work`, which may block, with a reader of the stream. The reader fails when the stream does, is too long or stands
/// still.
pub(super) async fn read_with<T, E>(
    stream: impl Stream<Item = Result<Bytes, E>>,
    bytes_max: u64,
    work: impl FnOnce(Reader) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal>
where
    T: Send + 'static,
    E: std::fmt::Display,
{
    let (pieces, rest) = mpsc::channel(PIECES_MAX);
    let work = tokio::task::spawn_blocking(move || work(Reader { pieces: rest, current: Bytes::new() }));
    let (fed, worked) = tokio::join!(feed(stream, bytes_max, pieces), work);
    let worked = worked.unwrap_or_else(|error| Err(Refusal::internal(&error)));
    // What broke the stream explains better than what that did to its reader.
    fed.and(worked)
}

async fn feed<E: std::fmt::Display>(
    stream: impl Stream<Item = Result<Bytes, E>>,
    bytes_max: u64,
    pieces: mpsc::Sender<Result<Bytes, io::Error>>,
) -> Result<(), Refusal> {
    let mut stream = std::pin::pin!(stream);
    let mut bytes = 0;
    loop {
        let piece = match next(&mut stream).await {
            Ok(Some(piece)) => piece,
            Ok(None) => return Ok(()),
            Err(refusal) => {
                // The reader may be gone already, and then does not need to know.
                pieces.send(Err(io::ErrorKind::UnexpectedEof.into())).await.ok();
                return Err(refusal);
            }
        };
        bytes += piece.len() as u64;
        if bytes > bytes_max {
            let over =
                SourceError::TooLarge { what: "the upload".to_owned(), limit: format!("{bytes_max} bytes") };
            pieces.send(Err(io::Error::other(over))).await.ok();
            return Err(too_large(bytes_max));
        }
        if pieces.send(Ok(piece)).await.is_err() {
            // The reader has seen enough; its own answer counts.
            return Ok(());
        }
    }
}

/// The blocking end of a body.
pub(super) struct Reader {
    pieces: mpsc::Receiver<Result<Bytes, io::Error>>,
    current: Bytes,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.current = piece?,
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

fn too_large(bytes_max: u64) -> Refusal {
    Refusal::new(Code::TOO_LARGE, format!("the body is over the limit of {bytes_max} bytes")).hint(
        "Leave out what the app does not need; large projects travel as a manifest and POST /api/blobs.",
    )
}
