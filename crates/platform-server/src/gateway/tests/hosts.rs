use tokio::net::TcpListener;

use super::app::{App, Client};
use super::{Running, commit, healthy, project};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_port_answers_only_its_own_hosts() {
    let running = Running::start().await;
    let (todo, shop) = (project("todo"), project("shop"));
    let (one, two) = (App::start("todo").await, App::start("shop").await);
    drop(running.route(&todo, &one));
    drop(running.route(&shop, &two));
    let own = running.gateway.open_port(&todo, 0).await.unwrap();
    let shared = running.gateway.port();
    for (port, host, status, body) in [
        (shared, running.host(&todo), 200, "todo"),
        (shared, running.host(&shop), 200, "shop"),
        (shared, running.host(&todo).to_uppercase(), 200, "todo"),
        (shared, format!("{}.{}", commit(1), running.host(&todo)), 200, "todo"),
        (own, format!("127.0.0.1:{own}"), 200, "todo"),
        (own, format!("localhost:{own}"), 200, "todo"),
        (own, format!("[::1]:{own}"), 200, "todo"),
        (shared, format!("127.0.0.1:{shared}"), 421, ""),
        (shared, format!("localhost:{shared}"), 421, ""),
        (shared, "evil.example".to_owned(), 421, ""),
        (shared, format!("evil.example:{shared}"), 421, ""),
        (shared, format!("{todo}.localhost"), 421, ""),
        (own, format!("evil.example:{own}"), 421, ""),
        (own, running.host(&todo), 421, ""),
        (own, format!("{shop}.localhost:{own}"), 421, ""),
    ] {
        let got = Client::connect(port).await.get(&host, "/").await;
        assert_eq!(got.status, status, "{host} at {port}");
        assert!(status != 200 || got.body == body, "{host} at {port}: {}", got.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_without_one_clear_host_is_refused() {
    let running = Running::start().await;
    let todo = project("todo");
    let app = App::start("todo").await;
    drop(running.route(&todo, &app));
    let host = running.host(&todo);
    for (raw, status) in [
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        (format!("GET / HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n\r\n"), 400),
        (format!("GET http://evil.example/ HTTP/1.1\r\nHost: {host}\r\n\r\n"), 400),
        (format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n"), 501),
    ] {
        let mut client = Client::connect(running.gateway.port()).await;
        client.send(&raw).await;
        assert_eq!(client.read().await.status, status, "{raw}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_stays_with_its_project_and_a_taken_one_is_replaced() {
    let running = Running::start().await;
    let (todo, shop) = (project("todo"), project("shop"));
    assert_eq!(running.gateway.direct_url(&todo), None);
    let port = running.gateway.open_port(&todo, 0).await.unwrap();
    assert_eq!(running.gateway.open_port(&todo, 0).await.unwrap(), port);
    assert_eq!(running.gateway.direct_url(&todo), Some(format!("http://127.0.0.1:{port}")));

    let stranger = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = stranger.local_addr().unwrap().port();
    let other = running.gateway.open_port(&shop, taken).await.unwrap();
    assert!(other != taken && other != port);

    // What is free again comes back to whoever had it.
    let other_gateway = Running::start().await;
    running.stop().await;
    assert_eq!(other_gateway.gateway.open_port(&todo, port).await.unwrap(), port);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_absence_says_what_it_is() {
    let running = Running::start().await;
    let todo = project("todo");
    let host = running.host(&todo);
    let mut client = Client::connect(running.gateway.port()).await;
    let got = client.get(&host, "/").await;
    assert!(got.status == 503 && got.body.contains("No project `ana-todo` is known here"), "{got:?}");

    running.gateway.known(&todo, &[commit(1)]);
    let got = client.get(&host, "/").await;
    assert!(got.body.contains("No project `ana-todo` is known here"), "what is deleted stays so: {got:?}");

    running.gateway.open_port(&todo, 0).await.unwrap();
    running.gateway.known(&todo, &[commit(1), commit(2)]);
    let got = client.get(&host, "/").await;
    assert!(got.status == 503 && got.body.contains("no live version yet"), "{got:?}");
    assert!(got.head.to_ascii_lowercase().contains("retry-after: 1"), "{got:?}");

    let app = App::start("app").await;
    drop(running.gateway.switch(&todo, &commit(2), healthy(app.address)));
    assert_eq!(client.get(&format!("{}.{host}", commit(2)), "/").await.body, "app");
    let got = client.get(&format!("{}.{host}", commit(1)), "/").await;
    assert!(got.status == 410 && got.body.contains("rollback ana-todo --to 000000000001"), "{got:?}");
    let got = client.get(&format!("{}.{host}", commit(9)), "/").await;
    assert!(got.status == 410 && got.body.contains("no longer, kept"), "{got:?}");

    assert!(running.gateway.withdraw(&todo).is_some_and(|switched| switched.old.is_some()));
    let got = client.get(&host, "/").await;
    assert!(got.status == 503 && got.body.contains("is stopped"), "{got:?}");
    assert!(running.gateway.remove(&todo).is_none());
    assert!(client.get(&host, "/").await.body.contains("No project"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_gets_a_page_and_a_head_request_only_its_head() {
    let running = Running::start().await;
    let host = running.host(&project("todo"));
    let mut client = Client::connect(running.gateway.port()).await;
    client.send(&format!("GET / HTTP/1.1\r\nHost: {host}\r\nAccept: text/html,*/*\r\n\r\n")).await;
    let got = client.read().await;
    assert!(got.body.starts_with("<!doctype html>") && got.body.contains("<code>ana-todo</code>"), "{got:?}");
    client.send(&format!("HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await;
    assert!(client.read_head().await.starts_with("HTTP/1.1 503"));
    assert_eq!(client.rest().await, "");
}
