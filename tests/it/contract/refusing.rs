//! Every error is a problem that says what to do next, and nobody gets in who should not.

use serde_json::json;

use super::{Platform, app, refusal};
use crate::harness::send;

#[test]
fn every_error_is_a_problem_with_a_code() {
    let platform = Platform::start();
    let id = uuid::Uuid::now_v7();
    let raw = |path: &str, body: &str| {
        let request = platform.api.request("POST", path).header("Content-Type", "application/json");
        send(request.body(body.to_owned())).expect("an answer")
    };
    let long = "x".repeat(2 << 20);
    let cases = [
        (platform.api.get("/"), 404, "not_found"),
        (platform.api.get("/api/nothing"), 404, "not_found"),
        (platform.api.get(&format!("/api/status/{id}")), 404, "not_found"),
        (platform.api.get("/api/projects/nobody-nothing"), 404, "not_found"),
        (platform.api.get("/api/status/nonsense"), 400, "malformed"),
        (platform.api.get("/api/projects/NONSENSE"), 400, "malformed"),
        (platform.api.delete("/api/deploy"), 405, "method_not_allowed"),
        (platform.api.post("/healthz", &json!({})), 405, "method_not_allowed"),
        (raw("/api/deploy", "{"), 400, "malformed"),
        (raw("/api/deploy", "[]"), 400, "malformed"),
        (raw("/api/deploy", r#"{"files": 1}"#), 400, "malformed"),
        (raw("/api/deploy", r#"{"files": {"../x": ""}, "projectId": "a-b"}"#), 400, "malformed"),
        (raw("/api/deploy", r#"{"files": {"x": ""}, "projectId": "No Such"}"#), 400, "malformed"),
        (raw("/api/deploy", r#"{"files": {"x": ""}, "projectName": "No/Such"}"#), 400, "invalid_project"),
        (raw("/api/deploy", r#"{"files": {"x": ""}, "projectName": "api"}"#), 400, "invalid_project"),
        (raw("/api/generate", "{}"), 422, ""),
        (raw("/api/generate", &json!({"prompt": "x".repeat(70_000)}).to_string()), 413, "too_large"),
        (raw("/api/generate", &json!({"prompt": long}).to_string()), 413, "too_large"),
        (raw("/api/blobs", ""), 400, "malformed"),
    ];
    for (number, (answer, status, code)) in cases.iter().enumerate() {
        let (actual, name) = refusal(answer);
        assert_eq!(actual, *status, "case {number}: {}", answer.text);
        assert!(code.is_empty() || name == *code, "case {number}: {}", answer.text);
    }
    let wrong_method = platform.api.delete("/api/deploy");
    assert!(wrong_method.headers.contains_key("allow"), "405 says what is allowed");
    let hinted = |number: usize| cases[number].0.json()["hint"].is_string();
    assert!([0, 6, 8, 15, 16, 17].into_iter().all(hinted), "a hint says what to do next");
}

#[test]
fn without_the_token_nobody_gets_in() {
    let platform = Platform::start();
    let body = json!({"projectId": platform.project("none"), "files": app::answering("one")});
    let token = &platform.api.token;
    let wrong = format!("{}x", &token[..token.len() - 1]);
    for authorization in [
        None,
        Some(format!("Bearer {wrong}")),
        Some(format!("Basic {token}")),
        Some("Bearer".to_owned()),
        Some("Bearer ".to_owned()),
        Some(format!("Bearer {token}, Bearer {token}")),
    ] {
        for request in [
            platform.api.anonymous("POST", "/api/deploy").json(&body),
            platform.api.anonymous("GET", "/api/projects"),
            platform.api.anonymous("GET", "/api/auth/verify"),
            platform.api.anonymous("GET", &format!("/api/projects?token={token}")),
        ] {
            let request = authorization.iter().fold(request, |it, value| it.header("Authorization", value));
            let answer = send(request).expect("an answer");
            assert_eq!(refusal(&answer), (401, "unauthorized".to_owned()), "{authorization:?}");
            assert!(answer.headers.contains_key("www-authenticate"));
            assert!(!answer.text.contains(token.as_str()), "a token is never repeated");
        }
    }
    let any_case =
        platform.api.anonymous("GET", "/api/projects").header("Authorization", format!("bearer {token}"));
    assert_eq!(send(any_case).expect("an answer").status, 200, "the scheme's name has no case");
}

#[test]
fn pages_of_other_origins_are_turned_away() {
    let platform = Platform::start();
    let with = |origin: &str| {
        send(platform.api.request("GET", "/api/projects").header("Origin", origin)).expect("an answer")
    };
    for origin in ["http://evil.example", "null", "https://evil.example:1", "http://localhost.evil.example"] {
        assert_eq!(refusal(&with(origin)), (403, "forbidden".to_owned()), "{origin}");
    }
    assert_eq!(with(&platform.api.base).status, 200, "its own pages may");
    let preflight = platform.api.anonymous("OPTIONS", "/api/deploy").header("Origin", "http://evil.example");
    let preflight = send(preflight.header("Access-Control-Request-Method", "POST")).expect("an answer");
    assert!(preflight.status >= 400, "{}", preflight.status);
    assert!(!preflight.headers.contains_key("access-control-allow-origin"));
}

#[test]
fn names_that_somebody_else_controls_do_not_lead_in() {
    let Some(platform) = Platform::own("names_that_somebody_else_controls_do_not_lead_in") else { return };
    let port = platform.home().platform_file().expect("a platform runs")["apiPort"].clone();
    let with = |host: String| {
        send(platform.api.request("GET", "/api/projects").header("Host", host)).expect("an answer")
    };
    for host in ["evil.example", "shop.localhost", "localhost.evil.example", "127.0.0.1.evil.example"] {
        assert_eq!(refusal(&with(format!("{host}:{port}"))), (403, "forbidden".to_owned()), "{host}");
    }
    assert_eq!(refusal(&with("localhost:1".to_owned())), (403, "forbidden".to_owned()), "another port");
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        assert_eq!(with(format!("{host}:{port}")).status, 200, "{host}");
    }
}
