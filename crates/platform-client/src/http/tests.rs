use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use tokio::net::TcpListener;

use super::*;
use crate::testing::{QUICK, Server, problem as stated, respond, soon, token};

fn http(server: &Server) -> Http {
    Http::new(server.endpoint(), QUICK).unwrap()
}

/// A route that answers each attempt with the next of these, and the last one for ever.
fn answers(answers: Vec<fn() -> Response>) -> (axum::routing::MethodRouter, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let route = any(move || {
        let attempt = counted.fetch_add(1, Ordering::SeqCst);
        let answer = answers[attempt.min(answers.len() - 1)];
        async move { answer() }
    });
    (route, count)
}

fn draining() -> Response {
    respond(&Problem { retryable: true, ..stated(503, Code::DRAINING) })
}

fn fine() -> Response {
    "fine".into_response()
}

#[tokio::test]
async fn what_may_be_repeated_is_repeated_until_it_works() {
    let (route, count) = answers(vec![draining, || StatusCode::BAD_GATEWAY.into_response(), fine]);
    let server = Server::start(Router::new().route("/x", route)).await;
    assert_eq!(soon(http(&server).call(Call::get("x"))).await.unwrap(), "fine");
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_post_is_repeated_only_under_a_key_and_always_under_the_same() {
    let keys = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&keys);
    let handler = move |headers: HeaderMap| {
        let key = headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
        seen.lock().unwrap().push(key);
        async { draining() }
    };
    let server = Server::start(Router::new().route("/x", post(handler))).await;

    let error = soon(http(&server).call(Call::post("x"))).await.unwrap_err();
    assert_eq!(error.code, Code::DRAINING);
    assert_eq!(*keys.lock().unwrap(), [None], "never again without a key");

    keys.lock().unwrap().clear();
    assert!(soon(http(&server).call(Call::post("x").key("k1"))).await.is_err());
    assert_eq!(*keys.lock().unwrap(), vec![Some("k1".to_owned()); 4]);
}

#[tokio::test]
async fn an_unkeyed_post_is_not_repeated_when_the_connection_breaks() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = async {
        let mut count = 0;
        // The first connection proves the platform and then breaks, whatever it is asked.
        while let Ok((mut stream, _)) = listener.accept().await {
            count += 1;
            let mut request = [0; 1024];
            drop(tokio::io::AsyncReadExt::read(&mut stream, &mut request).await);
            drop(stream);
            if count == 1 {
                break;
            }
        }
        tokio::time::timeout(Duration::from_millis(200), listener.accept()).await.is_ok()
    };
    let endpoint = Endpoint::new(format!("http://{address}/").parse().unwrap(), token());
    let http = Http::new(endpoint, QUICK).unwrap();
    http.set_proven(Some(Instant::now()));
    let (came_again, called) = soon(async { tokio::join!(connections, http.call(Call::post("x"))) }).await;
    assert!(!came_again);
    assert_eq!(called.unwrap_err().code, Code::UNREACHABLE);
}

#[tokio::test]
async fn retry_after_is_honoured_and_bounded() {
    fn in_a_second() -> Response {
        ([("retry-after", "1")], draining()).into_response()
    }
    fn in_an_hour() -> Response {
        (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "3600")]).into_response()
    }
    let (soon_route, _) = answers(vec![in_a_second, fine]);
    let (late_route, late) = answers(vec![in_an_hour, fine]);
    let router = Router::new().route("/soon", soon_route).route("/late", late_route);
    let server = Server::start(router).await;

    let start = Instant::now();
    assert_eq!(soon(http(&server).call(Call::get("soon"))).await.unwrap(), "fine");
    assert!(start.elapsed() >= Duration::from_secs(1), "asked for a second");

    let error = soon(http(&server).call(Call::get("late"))).await.unwrap_err();
    assert_eq!((error.code, late.load(Ordering::SeqCst)), (Code::RATE_LIMITED, 1));
    assert!(error.hint.unwrap().contains("3600 seconds"));
}

#[tokio::test]
async fn refusals_that_waiting_does_not_mend_come_back_at_once() {
    let (route, count) = answers(vec![|| respond(&stated(422, Code::INVALID_PROJECT))]);
    let server = Server::start(Router::new().route("/x", route)).await;
    let error = soon(http(&server).call(Call::get("x"))).await.unwrap_err();
    assert_eq!((error.code, count.load(Ordering::SeqCst)), (Code::INVALID_PROJECT, 1));
}

#[tokio::test]
async fn redirects_are_not_followed_and_answers_are_bounded() {
    let elsewhere = || async { (StatusCode::FOUND, [(header::LOCATION, "http://127.0.0.1:1/steal")]) };
    let router =
        Router::new().route("/moved", get(elsewhere)).route("/long", get(|| async { vec![b'x'; 100_000] }));
    let server = Server::start(router).await;
    let error = soon(http(&server).call(Call::get("moved"))).await.unwrap_err();
    assert!(error.message.contains("http://127.0.0.1:1/steal"), "{error}");
    let error = soon(http(&server).call(Call::get("long").answer_bytes_max(99_999))).await.unwrap_err();
    assert_eq!(error.code.as_str(), "unexpected_answer");
    assert!(soon(http(&server).call(Call::get("long").answer_bytes_max(100_000))).await.is_ok());
}

#[tokio::test]
async fn whoever_cannot_answer_the_challenge_never_sees_the_token() {
    let with_token = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&with_token);
    let handler = move |headers: HeaderMap| {
        seen.fetch_add(usize::from(headers.contains_key(header::AUTHORIZATION)), Ordering::SeqCst);
        async { axum::Json(Challenge { answer: "00".repeat(32) }) }
    };
    let server = Server::bare(Router::new().fallback(handler)).await;
    for call in [Call::get("x"), Call::post("x").key("k")] {
        assert_eq!(soon(http(&server).call(call)).await.unwrap_err().code, Code::IMPOSTOR);
    }
    assert_eq!(http(&server).prove().await.unwrap_err().code, Code::IMPOSTOR);
    let body = Body::from("x");
    assert_eq!(http(&server).stream(Call::post("x"), "zstd", body).await.unwrap_err().code, Code::IMPOSTOR);
    assert!(
        matches!(http(&server).upgrade(Call::get("ws")).await, Err(error) if error.code == Code::IMPOSTOR)
    );
    assert_eq!(with_token.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn after_a_broken_connection_the_proof_is_asked_for_again() {
    let server = Server::start(Router::new().route("/x", get(fine_async))).await;
    let http = http(&server);
    http.call(Call::get("x")).await.unwrap();
    assert!(http.proven().is_some());
    drop(server);
    let error = soon(async {
        loop {
            if let Err(error) = http.call(Call::get("x")).await {
                break error;
            }
        }
    })
    .await;
    assert_eq!(error.code, Code::UNREACHABLE);
    assert_eq!(http.proven(), None);
}

async fn fine_async() -> Response {
    fine()
}

#[tokio::test]
async fn a_loopback_platform_is_reached_past_every_proxy() {
    // The same builder with a proxy that nobody answers: what `on_this_machine` adds makes the difference.
    let server = Server::start(Router::new().route("/x", get(fine_async))).await;
    let proxy = || reqwest::Proxy::all("http://127.0.0.1:9/").unwrap();
    let url = format!("http://{}/x", server.address);
    let through = on_this_machine(reqwest::Client::builder(), None).proxy(proxy()).build().unwrap();
    assert!(soon(through.get(&url).send()).await.is_err(), "the proxy would be used");
    let past = on_this_machine(reqwest::Client::builder().proxy(proxy()), None).build().unwrap();
    assert!(soon(past.get(&url).send()).await.is_ok());
}

#[test]
fn plain_http_to_another_machine_is_refused_before_anything_is_sent() {
    let endpoint = Endpoint::new("http://backend.im/".parse().unwrap(), token());
    assert_eq!(Http::new(endpoint, QUICK).unwrap_err().code, Code::INSECURE_URL);
}
