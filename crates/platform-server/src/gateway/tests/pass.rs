use super::app::{App, Client};
use super::{Running, project};

async fn with_app() -> (Running, App, Client, String) {
    let running = Running::start().await;
    let todo = project("todo");
    let app = App::start("app").await;
    drop(running.route(&todo, &app));
    let (client, host) = (Client::connect(running.gateway.port()).await, running.host(&todo));
    (running, app, client, host)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_learns_who_asked_and_no_lies() {
    let (_running, _app, mut client, host) = with_app().await;
    client
        .send(&format!(
            "GET /head?a=%2f&b HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: 6.6.6.6\r\nConnection: keep-alive, x-drop\r\n\
             X-Drop: 1\r\nCookie: a=b\r\n\r\n"
        ))
        .await;
    let got = client.read().await;
    let expected = [
        "GET /head?a=%2f&b HTTP/1.1",
        &format!("host: {host}"),
        "cookie: a=b",
        &format!("x-forwarded-host: {host}"),
        "x-forwarded-for: 127.0.0.1",
        "x-forwarded-proto: http",
    ];
    assert_eq!(got.body.lines().collect::<Vec<_>>(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absolute_target_reaches_the_app_as_a_path() {
    let (_running, _app, mut client, host) = with_app().await;
    client.send(&format!("GET http://{host}/head?x HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
    assert!(client.read().await.body.starts_with("GET /head?x HTTP/1.1\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_streams_without_being_gathered() {
    let (_running, app, mut client, host) = with_app().await;
    client.send(&format!("GET /stream HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
    client.read_head().await;
    assert_eq!(client.chunk().await.unwrap(), b"first");
    app.has_begun().await;
    app.finish.add_permits(1);
    assert_eq!(client.chunk().await.unwrap(), b"second");
    assert_eq!(client.chunk().await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_streams_without_being_gathered() {
    let (_running, _app, mut client, host) = with_app().await;
    client
        .send(&format!("POST /first-part HTTP/1.1\r\nHost: {host}\r\nContent-Length: 10\r\n\r\nfirst"))
        .await;
    assert_eq!(client.read().await.body, "first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_of_any_framing_and_size_arrive_whole() {
    let (_running, _app, mut client, host) = with_app().await;
    let large = "0123456789abcdef".repeat(1 << 17);
    let got = client.post(&host, "/echo", &large).await;
    assert!(got.body == large, "{} bytes", got.body.len());
    for method in ["POST", "GET", "DELETE"] {
        let head = format!("{method} /echo HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n");
        client.send(&format!("{head}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")).await;
        assert_eq!(client.read().await.body, "abcde", "{method}");
    }
    client
        .send(&format!(
            "POST /echo HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        ))
        .await;
    assert!(client.read_head().await.starts_with("HTTP/1.1 100"));
    client.send("ok").await;
    assert_eq!(client.read().await.body, "ok");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgraded_connection_carries_bytes_both_ways() {
    let (_running, _app, mut client, host) = with_app().await;
    client
        .send(&format!(
            "GET /upgrade HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"
        ))
        .await;
    let head = client.read_head().await.to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 101") && head.contains("upgrade: websocket"), "{head}");
    client.send("there").await;
    assert_eq!(client.bytes(11).await, "hello there");
}

/// Two framings of one request: what hides behind the shorter reading must never become a request of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_smuggled_request_is_no_request() {
    let (running, _app, mut client, host) = with_app().await;
    client
        .send(&format!(
            "POST /echo HTTP/1.1\r\nHost: {host}\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\nHost: {host}\r\n\r\n"
        ))
        .await;
    assert_eq!(client.read().await.body, "");
    assert_eq!(client.rest().await, "", "the connection ends after a request with two framings");

    for framing in [
        "Content-Length: 1\r\nContent-Length: 2",
        "Content-Length: +1",
        "Content-Length: 1, 2",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "X: y\r\n folded: 1",
    ] {
        let mut client = Client::connect(running.gateway.port()).await;
        client.send(&format!("POST /echo HTTP/1.1\r\nHost: {host}\r\n{framing}\r\n\r\n0\r\n\r\n")).await;
        let got = client.read().await;
        assert_eq!(got.status, 400, "{framing}");
        assert_eq!(client.rest().await, "", "{framing}");
    }
}
