use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::app::{App, Client, soon};
use super::{DRAIN, Running, commit, healthy, project};

/// Fifty switches under clients that never pause, GET and POST: each old instance ends as soon as it is drained, and
/// nobody notices.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_switches_under_load_lose_no_request() {
    let running = Running::start().await;
    let todo = project("todo");
    let mut app = App::start("app").await;
    drop(running.route(&todo, &app));
    let (over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut clients = JoinSet::new();
    for number in 0..16 {
        let (over, answered, host) = (Arc::clone(&over), Arc::clone(&answered), running.host(&todo));
        let port = running.gateway.port();
        clients.spawn(async move {
            let mut client = Client::connect(port).await;
            while !over.load(Ordering::Relaxed) {
                let got = match number % 2 {
                    0 => client.get(&host, "/").await,
                    _ => client.post(&host, "/echo", "app").await,
                };
                assert_eq!((got.status, got.body.as_str()), (200, "app"), "{}", got.head);
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let (mut requests, mut failed) = (0, 0);
    for number in 2..52 {
        let next = App::start("app").await;
        let receipt =
            running.gateway.switch(&todo, &commit(number), healthy(next.address)).drained(DRAIN).await;
        requests += receipt.requests;
        failed += receipt.failed;
        let before = answered.load(Ordering::Relaxed);
        // The old one is gone from here on: whoever still went there would see it.
        app = next;
        soon(async {
            while answered.load(Ordering::Relaxed) < before + 64 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    over.store(true, Ordering::Relaxed);
    while let Some(client) = soon(clients.join_next()).await {
        client.unwrap();
    }
    assert_eq!(failed, 0);
    assert!(requests > 0 && requests <= answered.load(Ordering::Relaxed), "{requests}");
    drop(app);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_waits_for_a_slow_request_and_the_receipt_counts_it() {
    let running = Running::start().await;
    let todo = project("todo");
    let (old, new) = (App::start("old").await, App::start("new").await);
    let first = running.route(&todo, &old).drained(DRAIN).await;
    assert_eq!((first.requests, first.in_flight, first.failed), (0, 0, 0));
    let (port, host) = (running.gateway.port(), running.host(&todo));

    let mut slow = Client::connect(port).await;
    slow.send(&format!("GET /slow HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
    old.has_begun().await;
    let switched = running.gateway.switch(&todo, &commit(2), healthy(new.address));
    assert_eq!(switched.old.as_ref().map(|old| old.address), Some(old.address));
    let mut draining = JoinSet::new();
    draining.spawn(switched.drained(DRAIN));

    let mut other = Client::connect(port).await;
    assert_eq!(other.get(&host, "/").await.body, "new");
    assert!(draining.try_join_next().is_none(), "the slow request is in flight");
    old.finish.add_permits(1);
    assert_eq!(slow.read().await.body, "old");
    let receipt = soon(draining.join_next()).await.unwrap().unwrap();
    assert_eq!((receipt.requests, receipt.in_flight, receipt.failed), (1, 1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_ends_at_its_limit_and_counts_what_was_left_as_failed() {
    let running = Running::start().await;
    let todo = project("todo");
    let (old, new) = (App::start("old").await, App::start("new").await);
    drop(running.route(&todo, &old));
    let mut slow = Client::connect(running.gateway.port()).await;
    slow.send(&format!("GET /slow HTTP/1.1\r\nHost: {}\r\n\r\n", running.host(&todo))).await;
    old.has_begun().await;
    let limit = Duration::from_millis(50);
    let receipt = soon(running.gateway.switch(&todo, &commit(2), healthy(new.address)).drained(limit)).await;
    assert_eq!((receipt.in_flight, receipt.failed), (1, 1));
    assert!(receipt.drain_ms >= 50, "{}", receipt.drain_ms);
    // It is left to the instance's own end, which may still be a good one.
    old.finish.add_permits(1);
    assert_eq!(slow.read().await.body, "old");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_waits_for_no_upgraded_connection_and_cuts_it() {
    let running = Running::start().await;
    let todo = project("todo");
    let (old, new) = (App::start("old").await, App::start("new").await);
    drop(running.route(&todo, &old));
    let mut socket = Client::connect(running.gateway.port()).await;
    socket
        .send(&format!(
            "GET /upgrade HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n",
            running.host(&todo)
        ))
        .await;
    assert!(socket.read_head().await.starts_with("HTTP/1.1 101"));
    assert_eq!(socket.bytes(6).await, "hello ");
    let receipt = soon(running.gateway.switch(&todo, &commit(2), healthy(new.address)).drained(DRAIN)).await;
    assert_eq!((receipt.in_flight, receipt.failed), (0, 0));
    assert_eq!(socket.rest().await, "");
}

/// A server that closes idle connections without a word, at once: the worst of its kind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_closes_after_every_answer_fails_no_request() {
    let running = Running::start().await;
    let todo = project("todo");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (closed, mut sees_closed) = tokio::sync::mpsc::channel(1);
    let mut server = JoinSet::new();
    server.spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 4096];
            let count = stream.read(&mut head).await.unwrap();
            assert!(count > 0, "a request was lost in a connection that was closed");
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
            drop(stream);
            closed.send(()).await.unwrap();
        }
    });
    drop(running.gateway.switch(&todo, &commit(1), healthy(address)));
    let (mut client, host) = (Client::connect(running.gateway.port()).await, running.host(&todo));
    for number in 0..200 {
        let got = match number % 2 {
            0 => client.get(&host, "/").await,
            _ => client.post(&host, "/", "x").await,
        };
        assert_eq!((got.status, got.body.as_str()), (200, "ok"), "{number}");
        soon(sees_closed.recv()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_are_used_again_and_closed_before_a_server_would() {
    let running = Running::start().await;
    let todo = project("todo");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(running.gateway.switch(&todo, &commit(1), healthy(address)));
    let (mut client, host) = (Client::connect(running.gateway.port()).await, running.host(&todo));
    let mut server = JoinSet::new();
    server.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut head, mut requests) = ([0; 4096], 0);
        while stream.read(&mut head).await.unwrap() > 0 {
            requests += 1;
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
        }
        requests
    });
    for _ in 0..3 {
        assert_eq!(client.get(&host, "/").await.body, "ok");
    }
    assert_eq!(soon(server.join_next()).await.unwrap().unwrap(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_finishes_what_is_in_flight_and_ends_every_thread() {
    let running = Running::start().await;
    let todo = project("todo");
    let app = App::start("app").await;
    drop(running.route(&todo, &app));
    let (port, host) = (running.gateway.port(), running.host(&todo));
    let mut idle = Client::connect(port).await;
    assert_eq!(idle.get(&host, "/").await.body, "app");
    let mut socket = Client::connect(port).await;
    socket
        .send(&format!(
            "GET /upgrade HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"
        ))
        .await;
    socket.read_head().await;
    assert_eq!(socket.bytes(6).await, "hello ");
    let mut slow = Client::connect(port).await;
    slow.send(&format!("GET /slow HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
    app.has_begun().await;

    running.shutdown.cancel();
    assert_eq!(idle.rest().await, "");
    app.finish.add_permits(1);
    assert_eq!(slow.read().await.body, "app");
    assert_eq!(slow.rest().await, "");
    assert_eq!(socket.rest().await, "");
    running.stop().await;
}
