use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use platform_api::Code;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::harness::Served;
use crate::http::{Bound, ListenError, Tls, body};

#[tokio::test]
async fn a_head_that_does_not_end_is_not_waited_for() {
    let served = Served::start().await;
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, served.port)).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: local").await.unwrap();
    let begun = tokio::time::Instant::now();
    tokio::time::pause();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let waited = tokio::time::Instant::now() - begun;
    assert!(waited >= Duration::from_secs(9) && waited < Duration::from_secs(30), "{waited:?}");
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn heads_over_their_limit_are_refused() {
    let served = Served::start().await;
    for head in [
        format!(
            "GET /healthz HTTP/1.1\r\nHost: localhost:{}\r\nX: {}\r\n\r\n",
            served.port,
            "x".repeat(100_000)
        ),
        format!("GET /healthz HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(200)),
    ] {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, served.port)).await.unwrap();
        // The server may hang up before it has read everything.
        stream.write_all(head.as_bytes()).await.ok();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok();
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stands_still_is_not_waited_for() {
    let stuck = futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>();
    let refusal = body::collect_stream(stuck, 10).await.unwrap_err();
    assert_eq!(refusal.code, Code::MALFORMED);
    assert!(refusal.retryable);
    let stuck = futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>();
    let read = body::read_with(stuck, 10, |mut reader| {
        std::io::copy(&mut reader, &mut std::io::sink()).expect_err("a reader hears of it");
        Ok(())
    });
    // A thread that works keeps the paused clock from running ahead by itself.
    let (read, ()) = tokio::join!(read, tokio::time::advance(Duration::from_secs(31)));
    assert!(read.is_err());
    let long = || {
        let piece = bytes::Bytes::from_static(b"12345678");
        futures_util::stream::iter([Ok::<_, std::io::Error>(piece.clone()), Ok(piece)])
    };
    assert_eq!(body::collect_stream(long(), 10).await.unwrap_err().code, Code::TOO_LARGE);
    let read = body::read_with(long(), 10, |mut reader| {
        std::io::copy(&mut reader, &mut std::io::sink()).ok();
        Ok(())
    });
    assert_eq!(read.await.unwrap_err().code, Code::TOO_LARGE);
}

#[tokio::test]
async fn off_loopback_there_is_no_plain_http() {
    let anywhere = "0.0.0.0:0".parse().unwrap();
    let refused = Bound::bind(anywhere, None).await.err().expect("must be refused");
    assert!(matches!(refused, ListenError::PlainOffLoopback { .. }));
    assert_eq!(refused.code(), Code::INSECURE_URL);
    let none = Tls { cert: "/nonexistent.pem".into(), key: "/nonexistent.pem".into() };
    let refused = none.open().expect_err("must be refused");
    assert!(matches!(refused, ListenError::Certificate { .. }));
    let taken = Bound::bind("127.0.0.1:0".parse().unwrap(), None).await.unwrap();
    let address = ([127, 0, 0, 1], taken.port()).into();
    let refused = Bound::bind(address, None).await.err().expect("must be refused");
    assert_eq!(refused.code(), Code::PORT_TAKEN);
}

#[tokio::test]
async fn a_certificate_gives_https() {
    let home = TempDir::new().unwrap();
    let tls = Tls { cert: home.path().join("cert.pem"), key: home.path().join("key.pem") };
    if !make_certificate(&tls) {
        return;
    }
    let served = Served::start_with(Some(&tls)).await;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&tls.cert).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, served.port)).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, stream).await.unwrap();
    let request =
        format!("GET /healthz HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n", served.port);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
}

/// Makes a certificate for localhost, where there is a program for it.
#[expect(
    clippy::disallowed_methods,
    reason = "the test needs a certificate, and nothing in the product makes any"
)]
fn make_certificate(tls: &Tls) -> bool {
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", &path(&tls.key), "-out", &path(&tls.cert)])
        .output()
        .is_ok_and(|output| output.status.success())
}
