//! A real server to route to, and a client that sees every byte.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long anything here may take, in seconds.
pub(super) const LIMIT_S: u64 = 20;

pub(super) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(LIMIT_S), future).await.expect("within the limit")
}

/// A server with the endpoints that the tests ask for. Ends with its value.
pub(super) struct App {
    pub(super) address: SocketAddr,
    /// Requests at `/slow` and `/stream` that have begun.
    pub(super) begun: Arc<Semaphore>,
    /// One permit lets one of them finish.
    pub(super) finish: Arc<Semaphore>,
    _tasks: JoinSet<()>,
}

#[derive(Clone)]
struct Site {
    name: &'static str,
    begun: Arc<Semaphore>,
    finish: Arc<Semaphore>,
}

impl App {
    pub(super) async fn start(name: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let site = Site { name, begun: Arc::new(Semaphore::new(0)), finish: Arc::new(Semaphore::new(0)) };
        let (begun, finish) = (Arc::clone(&site.begun), Arc::clone(&site.finish));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                let site = site.clone();
                connections.spawn(async move {
                    let service = service_fn(|request| site.answer(request));
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .with_upgrades()
                        .await
                });
            }
        });
        Self { address, begun, finish, _tasks: tasks }
    }

    /// Waits until a request at `/slow` or `/stream` has begun.
    pub(super) async fn has_begun(&self) {
        soon(self.begun.acquire()).await.unwrap().forget();
    }
}

type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

fn full(text: impl Into<Bytes>) -> Answer {
    Response::new(Full::new(text.into()).boxed_unsync())
}

impl Site {
    async fn wait(&self) {
        self.begun.add_permits(1);
        self.finish.acquire().await.unwrap().forget();
    }

    async fn answer(&self, mut request: Request<Incoming>) -> Result<Answer, Infallible> {
        Ok(match request.uri().path() {
            "/slow" => {
                self.wait().await;
                full(self.name)
            }
            "/stream" => {
                let site = self.clone();
                let first = stream::iter([Ok(Frame::data(Bytes::from_static(b"first")))]);
                let second = stream::once(async move {
                    site.wait().await;
                    Ok(Frame::data(Bytes::from_static(b"second")))
                });
                Response::new(StreamBody::new(first.chain(second)).boxed_unsync())
            }
            "/first-part" => {
                let part = request.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
                full(part)
            }
            "/echo" => full(request.into_body().collect().await.unwrap().to_bytes()),
            "/head" => full(head_of(&request)),
            "/upgrade" => upgrade(request),
            _ => full(self.name),
        })
    }
}

fn head_of(request: &Request<Incoming>) -> String {
    use std::fmt::Write;
    let mut text = format!("{} {} {:?}\n", request.method(), request.uri(), request.version());
    for (name, value) in request.headers() {
        writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
    }
    text
}

fn upgrade(request: Request<Incoming>) -> Answer {
    let mut answer = full("");
    let mut echo = JoinSet::new();
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    answer.headers_mut().insert("upgrade", request.headers()["upgrade"].clone());
    answer.headers_mut().insert("connection", "upgrade".parse().unwrap());
    echo.spawn(async move {
        let mut stream = TokioIo::new(hyper::upgrade::on(request).await.unwrap());
        stream.write_all(b"hello ").await.unwrap();
        let mut bytes = [0; 64];
        while let Ok(count @ 1..) = stream.read(&mut bytes).await {
            stream.write_all(&bytes[..count]).await.unwrap();
        }
    });
    echo.detach_all();
    answer
}

/// A client's connection.
pub(super) struct Client(pub(super) BufReader<TcpStream>);

/// An answer as it stood on the wire, its body decoded.
#[derive(Debug)]
pub(super) struct Got {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Client {
    pub(super) async fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    pub(super) async fn send(&mut self, raw: &str) {
        self.0.get_mut().write_all(raw.as_bytes()).await.unwrap();
    }

    /// Asks for `path` of `host` and reads the whole answer.
    pub(super) async fn get(&mut self, host: &str, path: &str) -> Got {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
        self.read().await
    }

    pub(super) async fn post(&mut self, host: &str, path: &str, body: &str) -> Got {
        let length = body.len();
        self.send(&format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n{body}"))
            .await;
        self.read().await
    }

    pub(super) async fn read(&mut self) -> Got {
        let head = self.read_head().await;
        let status = head.split(' ').nth(1).expect("a status").parse().unwrap();
        let lower = head.to_ascii_lowercase();
        let length = lower.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = Vec::new();
        if let Some(length) = length {
            body.resize(length.trim().parse().unwrap(), 0);
            soon(self.0.read_exact(&mut body)).await.unwrap();
        } else if lower.contains("transfer-encoding: chunked") {
            while let Some(chunk) = self.chunk().await {
                body.extend(chunk);
            }
        }
        Got { status, head, body: String::from_utf8(body).unwrap() }
    }

    pub(super) async fn read_head(&mut self) -> String {
        let mut head = String::new();
        loop {
            let line = self.line().await;
            assert!(!line.is_empty(), "the connection ended after {head:?}");
            if line == "\r\n" {
                return head;
            }
            head.push_str(&line);
        }
    }

    /// One chunk of a chunked body; `None` at its end.
    pub(super) async fn chunk(&mut self) -> Option<Vec<u8>> {
        let size = usize::from_str_radix(self.line().await.trim(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        soon(self.0.read_exact(&mut chunk)).await.unwrap();
        chunk.truncate(size);
        (size > 0).then_some(chunk)
    }

    /// The next `count` bytes.
    pub(super) async fn bytes(&mut self, count: usize) -> String {
        let mut bytes = vec![0; count];
        soon(self.0.read_exact(&mut bytes)).await.unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// Whatever still comes until the connection ends.
    pub(super) async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        // A reset is an end as well.
        soon(self.0.read_to_end(&mut rest)).await.ok();
        String::from_utf8_lossy(&rest).into_owned()
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        soon(self.0.read_line(&mut line)).await.unwrap();
        line
    }
}
