//! The server of a static site: files of one folder over HTTP, and nothing outside of it. It runs as an app of its own,
//! behind the gateway like any other.

mod beneath;
mod condition;

use std::convert::Infallible;
use std::fs::File;
use std::future::poll_fn;
use std::io::{self, Read, Seek, SeekFrom};
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::TryStreamExt;
use http::header::{
    ACCEPT, ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED, LOCATION, X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Body, Frame};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::io::ReaderStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::beneath::{Root, SitePath};
use self::condition::{Part, Version};

/// What is read of a file at once, in bytes; a smaller file is one piece.
const PIECE_BYTES: u64 = 64 << 10;
/// How long a request's head may take, and how long a connection may stay idle, in seconds.
const HEAD_S: u64 = 30;
/// How long answers on their way may take to finish when the server stops, in seconds.
const STOP_GRACE_S: u64 = 5;
/// How long accepting rests when the system has no more file descriptors, in milliseconds.
const EXHAUSTED_MS: u64 = 50;

/// What a path gets that no file is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pages {
    /// The site's page for what is missing: every page is a file.
    #[default]
    Files,
    /// `index.html`, where a browser may be asking for a page: the one page there is has a router of its own.
    Single,
}

/// A site: its files, and what stands for those that are not there.
struct Served {
    root: Root,
    pages: Pages,
}

/// Serves the files in `root` at `address` until `shutdown`; answers on their way then get some seconds to finish.
///
/// # Errors
/// When `root` is no readable folder or `address` cannot be opened.
pub async fn serve_static(
    root: PathBuf,
    pages: Pages,
    address: SocketAddr,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let site = Arc::new(Served { root: Root::open(&root)?, pages });
    let listener = TcpListener::bind(address).await?;
    serve(site, listener, shutdown).await;
    Ok(())
}

async fn serve(site: Arc<Served>, listener: TcpListener, shutdown: CancellationToken) {
    let connections = TaskTracker::new();
    while let Some(accepted) = shutdown.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, _peer)) => {
                connections.spawn(converse(stream, Arc::clone(&site), shutdown.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection now");
                tokio::time::sleep(Duration::from_millis(EXHAUSTED_MS)).await;
            }
        }
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(Duration::from_secs(STOP_GRACE_S), connections.wait()).await.is_err() {
        let left = connections.len();
        tracing::warn!(left, "stopped with {left} connections still busy");
    }
}

async fn converse(stream: TcpStream, site: Arc<Served>, shutdown: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a client left before it was served");
        return;
    }
    let service = service_fn(|request| answer(Arc::clone(&site), request));
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(HEAD_S));
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let (mut stopping, mut is_stopping) = (pin!(shutdown.cancelled()), false);
    let ended = poll_fn(|cx| {
        loop {
            if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                return Poll::Ready(ended);
            }
            if is_stopping || stopping.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            is_stopping = true;
            connection.as_mut().graceful_shutdown();
        }
    });
    if let Err(error) = ended.await {
        tracing::debug!(%error, "a client's connection broke");
    }
}

type Answer = Response<UnsyncBoxBody<Bytes, io::Error>>;

async fn answer<B: Body>(site: Arc<Served>, request: Request<B>) -> Result<Answer, Infallible> {
    let (request, _body) = request.into_parts();
    if request.method != Method::GET && request.method != Method::HEAD {
        let mut refusal = text(StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD are served here.\n");
        refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Ok(refusal);
    }
    let found = tokio::task::spawn_blocking(move || find(&site, &request)).await;
    Ok(found.map_err(io::Error::other).and_then(|found| found).unwrap_or_else(|error| {
        tracing::warn!(%error, "a file could not be read");
        text(StatusCode::INTERNAL_SERVER_ERROR, "The file could not be read.\n")
    }))
}

/// Finds the file that a request names: itself, a folder's `index.html`, the same name with `.html`, else what stands
/// for a missing one.
fn find(site: &Served, request: &http::request::Parts) -> io::Result<Answer> {
    let root = &site.root;
    let Some(mut wanted) = SitePath::parse(request.uri.path()) else { return missing(root) };
    if wanted.is_folder {
        wanted.path.push("index.html");
    }
    match open(root, &wanted.path)? {
        Some(Found::File(file)) => return file.answer(&request.headers),
        Some(Found::Folder) if !wanted.is_folder => return Ok(moved(&wanted, request.uri.query())),
        Some(Found::Folder) => return missing(root),
        None => {}
    }
    let is_page = wanted.is_folder || wanted.path.extension().is_none() || asks_for_page(&request.headers);
    if !wanted.is_folder && wanted.path.extension().is_none() {
        wanted.path.set_extension("html");
        if let Some(Found::File(file)) = open(root, &wanted.path)? {
            return file.answer(&request.headers);
        }
    }
    if site.pages == Pages::Single
        && is_page
        && let Some(Found::File(page)) = open(root, Path::new("index.html"))?
    {
        return page.answer(&request.headers);
    }
    missing(root)
}

/// Whether a browser asks for something to show, and not for a part of a page.
fn asks_for_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

enum Found {
    File(SiteFile),
    Folder,
}

/// An open file, and what its answer says of it.
struct SiteFile {
    file: File,
    bytes: u64,
    version: Version,
    kind: String,
}

fn open(root: &Root, path: &Path) -> io::Result<Option<Found>> {
    let file = match root.file(path) {
        Ok(file) => file,
        Err(error) if is_absence(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let meta = file.metadata()?;
    if meta.is_dir() {
        return Ok(Some(Found::Folder));
    }
    if !meta.is_file() {
        return Ok(None);
    }
    let version = Version::new(meta.len(), meta.modified().unwrap_or(UNIX_EPOCH));
    Ok(Some(Found::File(SiteFile { file, bytes: meta.len(), version, kind: kind(path) })))
}

/// Whether there is nothing to show at a path: no file, one that the path cannot reach, or one that is not for reading.
fn is_absence(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let absences = [
        Errno::NOENT,
        Errno::NOTDIR,
        Errno::XDEV,
        Errno::LOOP,
        Errno::ACCESS,
        Errno::NAMETOOLONG,
        Errno::NXIO,
    ];
    absences.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

fn kind(path: &Path) -> String {
    // Browsers run modules only under the name that the web's standards settled on.
    let kind = match mime_guess::from_path(path).first_raw() {
        Some("application/javascript") => "text/javascript",
        Some(kind) => kind,
        None => "application/octet-stream",
    };
    let is_text = kind.starts_with("text/") || matches!(kind, "application/json" | "application/xml");
    if is_text { format!("{kind}; charset=utf-8") } else { kind.to_owned() }
}

impl SiteFile {
    fn answer(self, request: &HeaderMap) -> io::Result<Answer> {
        let part = condition::wanted(request, &self.version, self.bytes);
        let mut headers = self.headers()?;
        let all = self.bytes;
        let (status, range) = match part {
            Part::Unchanged => (StatusCode::NOT_MODIFIED, None),
            Part::Whole => (StatusCode::OK, Some(0..all)),
            Part::Bytes(range) => {
                let (first, last) = (range.start, range.end - 1);
                headers.insert(CONTENT_RANGE, header(format!("bytes {first}-{last}/{all}"))?);
                (StatusCode::PARTIAL_CONTENT, Some(range))
            }
            Part::Unsatisfiable => {
                headers.insert(CONTENT_RANGE, header(format!("bytes */{all}"))?);
                (StatusCode::RANGE_NOT_SATISFIABLE, None)
            }
        };
        if let Some(range) = &range {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
            headers.insert(CONTENT_TYPE, header(self.kind)?);
        }
        let body = range.map_or_else(|| Ok(empty()), |range| content(self.file, range))?;
        let mut answer = Response::new(body);
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }

    /// What every answer about the file carries. Clients ask again every time: a redeploy shows at once.
    fn headers(&self) -> io::Result<HeaderMap> {
        Ok(HeaderMap::from_iter([
            (ETAG, header(self.version.etag.clone())?),
            (LAST_MODIFIED, header(self.version.date())?),
            (ACCEPT_RANGES, HeaderValue::from_static("bytes")),
            (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            NO_SNIFFING,
        ]))
    }
}

const NO_SNIFFING: (HeaderName, HeaderValue) = (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));

fn header(text: String) -> io::Result<HeaderValue> {
    HeaderValue::try_from(text).map_err(io::Error::other)
}

/// The bytes in `range` of `file`: at once when they are few, else piece by piece as the client takes them.
fn content(mut file: File, range: Range<u64>) -> io::Result<UnsyncBoxBody<Bytes, io::Error>> {
    let length = range.end - range.start;
    file.seek(SeekFrom::Start(range.start))?;
    if length <= PIECE_BYTES {
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes)?;
        return Ok(whole(bytes));
    }
    let file = tokio::fs::File::from_std(file).take(length);
    let capacity = usize::try_from(PIECE_BYTES).unwrap_or(usize::MAX);
    Ok(StreamBody::new(ReaderStream::with_capacity(file, capacity).map_ok(Frame::data)).boxed_unsync())
}

fn whole(bytes: impl Into<Bytes>) -> UnsyncBoxBody<Bytes, io::Error> {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

fn empty() -> UnsyncBoxBody<Bytes, io::Error> {
    whole(Bytes::new())
}

fn text(status: StatusCode, text: &'static str) -> Answer {
    let mut answer = Response::new(whole(text));
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().extend([(CONTENT_TYPE, kind), NO_SNIFFING]);
    answer
}

/// The site's own page for what is missing, else one line.
fn missing(root: &Root) -> io::Result<Answer> {
    let Some(Found::File(page)) = open(root, Path::new("404.html"))? else {
        return Ok(text(StatusCode::NOT_FOUND, "Nothing is here.\n"));
    };
    let mut answer = page.answer(&HeaderMap::new())?;
    *answer.status_mut() = StatusCode::NOT_FOUND;
    for name in [ETAG, LAST_MODIFIED, ACCEPT_RANGES] {
        answer.headers_mut().remove(name);
    }
    Ok(answer)
}

fn moved(site: &SitePath, query: Option<&str>) -> Answer {
    let mut location = site.folder_url();
    if let Some(query) = query {
        location.push('?');
        location.push_str(query);
    }
    let mut answer = text(StatusCode::MOVED_PERMANENTLY, "A folder's address ends with a slash.\n");
    if let Ok(location) = HeaderValue::try_from(location) {
        answer.headers_mut().insert(LOCATION, location);
    }
    answer
}

#[cfg(test)]
mod tests;
