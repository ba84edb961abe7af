use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::super::connection::{self, Accepted, Entrance};
use super::super::host::OwnHosts;
use super::super::route::Routes;
use super::super::worker::Worker;
use super::app::{App, Client, soon};
use super::{Running, commit, healthy, project};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_is_gone_is_a_502_and_counts_as_failed() {
    let running = Running::start().await;
    let todo = project("todo");
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let first = running.gateway.switch(&todo, &commit(1), healthy(gone));
    let mut client = Client::connect(running.gateway.port()).await;
    let got = client.get(&running.host(&todo), "/").await;
    assert!(got.status == 502 && got.body.contains("backend-im logs ana-todo"), "{got:?}");
    let receipt = soon(first.drained(super::DRAIN)).await;
    assert_eq!((receipt.requests, receipt.failed), (1, 1));
}

/// An app that answers each connection with `text` and closes it.
async fn app_that_says(text: &'static str) -> (std::net::SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 1024];
            assert!(stream.read(&mut head).await.unwrap() > 0);
            stream.write_all(text.as_bytes()).await.unwrap();
        }
    });
    (address, tasks)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_answers_nonsense_is_a_502() {
    for text in [
        "",
        "nonsense\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ] {
        let running = Running::start().await;
        let todo = project("todo");
        let (address, _tasks) = app_that_says(text).await;
        drop(running.gateway.switch(&todo, &commit(1), healthy(address)));
        let mut client = Client::connect(running.gateway.port()).await;
        assert_eq!(client.get(&running.host(&todo), "/").await.status, 502, "{text:?}");
    }
}

/// A client must see that an answer is not whole, whatever it was told of its length.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_breaks_off_ends_the_connection_and_counts_as_failed() {
    for framing in ["Transfer-Encoding: chunked\r\n\r\n3\r\n", "Content-Length: 9\r\n\r\n"] {
        let running = Running::start().await;
        let todo = project("todo");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let first = running.gateway.switch(&todo, &commit(1), healthy(listener.local_addr().unwrap()));
        let mut client = Client::connect(running.gateway.port()).await;
        client.send(&format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", running.host(&todo))).await;
        let (mut stream, _) = soon(listener.accept()).await.unwrap();
        assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
        stream.write_all(format!("HTTP/1.1 200 OK\r\n{framing}abc").as_bytes()).await.unwrap();
        client.read_head().await;
        drop(stream);
        let rest = client.rest().await;
        assert!(rest.contains("abc") && !rest.contains("0\r\n\r\n"), "{rest:?}");
        assert_eq!(soon(first.drained(super::DRAIN)).await.failed, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_is_too_large_is_refused() {
    let running = Running::start().await;
    let todo = project("todo");
    let app = App::start("app").await;
    drop(running.route(&todo, &app));
    let (port, host) = (running.gateway.port(), running.host(&todo));
    let with = |bytes: usize| format!("GET / HTTP/1.1\r\nHost: {host}\r\nX: {}\r\n\r\n", "x".repeat(bytes));
    let mut client = Client::connect(port).await;
    client.send(&with(60_000)).await;
    assert_eq!(client.read().await.status, 200);
    client.send(&with(66_000)).await;
    assert_eq!(client.read().await.status, 431);
    let mut client = Client::connect(port).await;
    client.send(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n{}\r\n", "X: y\r\n".repeat(101))).await;
    assert_eq!(client.read().await.status, 431);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_leaves_frees_its_place_on_the_instance() {
    let running = Running::start().await;
    let todo = project("todo");
    let app = App::start("app").await;
    drop(running.route(&todo, &app));
    let mut client = Client::connect(running.gateway.port()).await;
    client.send(&format!("GET /slow HTTP/1.1\r\nHost: {}\r\n\r\n", running.host(&todo))).await;
    app.has_begun().await;
    drop(client);
    let receipt = soon(running.gateway.withdraw(&todo).unwrap().drained(super::DRAIN)).await;
    assert_eq!(receipt.failed, 0, "it is not the app's fault");
}

/// One client's connection to an app, on a clock that the test moves.
struct Alone {
    client: TcpStream,
    app: TcpListener,
    tasks: JoinSet<()>,
}

impl Alone {
    async fn start() -> Self {
        let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let routes = Arc::new(Routes::default());
        let route = routes.of(&project("todo"));
        let instance = super::super::Instance::new(healthy(app.local_addr().unwrap()), commit(1), 1);
        drop(route.switch(Some(Arc::new(instance))));
        let worker = Arc::new(Worker::new(0, &routes, None, &tokio_util::sync::CancellationToken::new()));
        let client = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let (stream, peer) = listener.accept().await.unwrap();
        let permit = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
        let entrance = Entrance::Own { route, hosts: Arc::new(OwnHosts::new(([127, 0, 0, 1], port).into())) };
        let mut tasks = JoinSet::new();
        tasks.spawn(connection::serve(
            Accepted { stream: stream.into_std().unwrap(), peer, entrance, permit },
            worker,
        ));
        Self { client, app, tasks }
    }

    async fn send(&mut self, text: &str) {
        let port = self.client.peer_addr().unwrap().port();
        self.client.write_all(text.replace("HOST", &format!("localhost:{port}")).as_bytes()).await.unwrap();
    }

    /// What the client got, and after how many seconds its connection ended.
    async fn end(mut self) -> (String, u64) {
        let before = tokio::time::Instant::now();
        let mut got = Vec::new();
        self.client.read_to_end(&mut got).await.ok();
        self.tasks.join_next().await;
        (String::from_utf8(got).unwrap(), (tokio::time::Instant::now() - before).as_secs())
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_never_ends_is_cut() {
    let mut alone = Alone::start().await;
    alone.send("GET / HTTP/1.1\r\nHo").await;
    assert_eq!(alone.end().await, (String::new(), 10));
}

#[tokio::test(start_paused = true)]
async fn a_next_head_that_never_ends_is_cut_and_an_idle_connection_closes_later() {
    for (next, seconds) in [("G", 10), ("", 75)] {
        let mut alone = Alone::start().await;
        alone.send("GET / HTTP/1.1\r\nHost: foreign\r\n\r\n").await;
        let mut first = [0; 12];
        alone.client.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 421");
        alone.send(next).await;
        assert_eq!(alone.end().await.1, seconds, "{next:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_app_that_never_answers_is_a_504() {
    let mut alone = Alone::start().await;
    alone.send("GET / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n").await;
    let app = alone.app.accept().await.unwrap();
    let (got, seconds) = alone.end().await;
    assert!(got.starts_with("HTTP/1.1 504") && got.contains("within 60 s"), "{got}");
    assert_eq!(seconds, 60);
    drop(app);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_stops_arriving_is_a_408() {
    let mut alone = Alone::start().await;
    alone.send("POST / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\nContent-Length: 9\r\n\r\nabc").await;
    let app = alone.app.accept().await.unwrap();
    let (got, _seconds) = alone.end().await;
    assert!(got.starts_with("HTTP/1.1 408"), "{got}");
    drop(app);
}
