use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, ORIGIN};
use axum::http::{Method, Request, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::json;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;

use super::harness::{Served, TOKEN};
use crate::http::{ROUTES, problem};

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn every_route_but_the_open_ones_needs_the_token() {
    let served = Served::start().await;
    let host = format!("127.0.0.1:{}", served.port);
    for route in ROUTES {
        for path in [route.path].iter().chain(route.aliases) {
            let path = path.replace("{id}", "ada-shop").replace("{name}", "KEY");
            let path = path.replace("{request}", "none").replace("{page}", "none");
            let method: Method = route.method.parse().unwrap();
            let request = || Request::builder().method(method.clone()).uri(&path).header(HOST, &host);
            let answer = served.send(request(), Bytes::new()).await;
            if route.access == "open" {
                assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
                continue;
            }
            assert_eq!(answer.refusal(), refused(401, "unauthorized"), "{path}");
            assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"backend-im\"");
            for wrong in ["Bearer wrong", "Basic abc", "Bearer", &format!("Bearer {TOKEN}x")] {
                let answer = served.send(request().header(AUTHORIZATION, wrong), Bytes::new()).await;
                assert_eq!(answer.refusal(), refused(401, "unauthorized"), "{path} {wrong}");
            }
        }
    }
}

#[tokio::test]
async fn foreign_hosts_and_origins_reach_nothing() {
    let served = Served::start().await;
    let (own, port) = (format!("localhost:{}", served.port), served.port);
    for host in ["evil.example", "evil.example:80", "localhost", "localhost:1", "shop.localhost"] {
        for path in ["/healthz", "/api/version", "/api/projects", "/nowhere"] {
            let answer = served.send(Request::builder().uri(path).header(HOST, host), Bytes::new()).await;
            assert_eq!(answer.refusal(), refused(403, "forbidden"), "{host} {path}");
        }
    }
    for origin in
        ["null", "http://evil.example", &format!("http://shop.localhost:{port}"), "https://localhost"]
    {
        let request = served.request(Method::GET, "/api/version").header(ORIGIN, origin);
        assert_eq!(served.send(request, Bytes::new()).await.refusal(), refused(403, "forbidden"), "{origin}");
    }
    let request = served.request(Method::GET, "/api/version").header(ORIGIN, format!("http://{own}"));
    served.send(request, Bytes::new()).await.expect(StatusCode::OK);
    let twice = served.request(Method::GET, "/api/version").header(HOST, "evil.example");
    assert_eq!(served.send(twice, Bytes::new()).await.refusal(), refused(400, "malformed"));
    let other = Request::builder().uri("http://evil.example/api/version").header(HOST, own);
    assert_eq!(served.send(other, Bytes::new()).await.refusal(), refused(403, "forbidden"));
}

#[tokio::test]
async fn every_error_is_a_problem() {
    let served = Served::start().await;
    let nobody = "0190b5a4-6e1f-7c3a-9b1d-2f6c8e4a7d10";
    for (path, expected) in [
        ("/nowhere", refused(404, "not_found")),
        ("/api/auth/callback?code=1&state=2", refused(404, "not_found")),
        ("/api/status/none", refused(400, "malformed")),
        (&format!("/api/status/{nobody}"), refused(404, "not_found")),
        (&format!("/api/deployments/{nobody}?timeoutS=5"), refused(404, "not_found")),
        (&format!("/api/deployments/{nobody}?after=x"), refused(400, "malformed")),
        (&format!("/api/deployments/{nobody}/logs"), refused(404, "not_found")),
        (&format!("/ws?deploymentId={nobody}"), refused(400, "malformed")),
        ("/api/projects/ada-none", refused(404, "not_found")),
        ("/api/projects/Nonsense!", refused(400, "malformed")),
        ("/api/projects?cursor=x", refused(400, "malformed")),
        ("/api/projects/ada-none/files?path=../x", refused(400, "malformed")),
        ("/api/challenge", refused(400, "malformed")),
        ("/api/challenge?nonce=short", refused(400, "malformed")),
        ("/api/challenge?nonce=0123456789abcdef%0Ahost", refused(400, "malformed")),
    ] {
        assert_eq!(served.get(path).await.refusal(), expected, "{path}");
    }
    for (path, body, expected) in [
        ("/api/deploy", json!({}), refused(400, "malformed")),
        ("/api/deploy", json!({"projectId": "ada-shop"}), refused(400, "malformed")),
        ("/api/deploy", json!({"projectId": "x"}), refused(400, "malformed")),
        ("/api/deploy", json!({"projectId": "ada-shop", "files": {"../x": ""}}), refused(400, "malformed")),
        ("/api/deploy", json!({"projectId": "ada-shop", "files": {}}), refused(422, "empty_folder")),
        (
            "/api/deploy",
            json!({"projectId": "ada-shop", "files": {"index.html": "", "index.html/b": ""}}),
            refused(400, "invalid_path"),
        ),
        ("/api/deploy", json!({"projectName": "api", "files": {"a": ""}}), refused(400, "invalid_project")),
        (
            "/api/deploy",
            json!({"projectId": "ada-shop", "image": "registry/x@sha256:0"}),
            refused(422, "unsupported"),
        ),
        ("/api/deploy", json!({"projectId": "ada-shop", "source": "%"}), refused(400, "malformed")),
        (
            "/api/deploy",
            json!({"projectId": "ada-shop", "base": "0123456789ab"}),
            refused(422, "unknown_base"),
        ),
        ("/v1/deployments", json!({"projectId": "ada-shop", "image": "x"}), refused(422, "unsupported")),
        ("/api/projects/ada-none/rollback", json!({}), refused(404, "not_found")),
        ("/api/version", json!({}), refused(405, "method_not_allowed")),
    ] {
        assert_eq!(served.post(path, &body).await.refusal(), expected, "{path} {body}");
    }
    let text = served.send(served.request(Method::POST, "/api/deploy"), "{".into()).await;
    assert_eq!(text.refusal(), refused(400, "malformed"));
    let allow = served.post("/api/version", &json!({})).await;
    assert!(allow.headers["allow"].to_str().unwrap().contains("GET"));
}

#[tokio::test]
async fn bodies_over_their_limit_are_refused_before_they_are_read() {
    let served = Served::start().await;
    let announced = served.request(Method::POST, "/api/generate").header(CONTENT_LENGTH, "2000000");
    let answer = served.send(announced, vec![b' '; 2_000_000].into()).await;
    assert_eq!(answer.refusal(), refused(413, "too_large"));
    let key = "k".repeat(300);
    let request = served.request(Method::POST, "/api/generate").header("idempotency-key", key);
    assert_eq!(served.send(request, "{}".into()).await.refusal(), refused(400, "malformed"));
    let request =
        served.request(Method::POST, "/api/blobs?projectId=ada-shop").header("content-encoding", "br");
    assert_eq!(served.send(request, Bytes::new()).await.refusal(), refused(400, "malformed"));
    served.get("/healthz").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_panic_is_a_problem_too() {
    async fn panics() {
        panic!("with a message that nobody outside may see");
    }
    let router = axum::Router::new()
        .route("/", axum::routing::get(panics))
        .layer(CatchPanicLayer::custom(problem::panicked));
    let answer: axum::response::Response =
        router.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.headers()["content-type"], problem::PROBLEM_JSON);
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(!String::from_utf8_lossy(&body).contains("nobody outside"));
}
