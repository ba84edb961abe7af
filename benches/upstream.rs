//! A tiny HTTP server to stand behind the gateway and nginx: this very program, deployed as an app.

use std::convert::Infallible;
use std::net::SocketAddr;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What makes this program the upstream.
pub(crate) const ARGUMENT: &str = "--serve-upstream";

const BODY: &[u8] = br#"{"hello":"world","items":[1,2,3,4,5,6,7,8]}"#;

/// Serves on `$PORT` until it is killed.
pub(crate) fn serve() {
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).expect("a PORT");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(listen(([127, 0, 0, 1], port).into()));
}

async fn listen(address: SocketAddr) {
    let listener = TcpListener::bind(address).await.expect("a free port");
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        stream.set_nodelay(true).expect("a TCP socket");
        let service = service_fn(|_: Request<_>| async {
            let response = Response::builder().header("content-type", "application/json");
            Ok::<_, Infallible>(response.body(Full::new(Bytes::from_static(BODY))).expect("a response"))
        });
        connections.spawn(async move {
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await
        });
    }
}
