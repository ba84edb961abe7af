//! What the platform says of itself, and who may hear it.

use std::collections::BTreeSet;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Platform, refusal};
use crate::harness::send;

/// Every call there is. A new one is added here on purpose.
const CALLS: &str = "
    GET /healthz
    GET /readyz
    GET /api/version
    GET /api/openapi.json
    GET /api/backend-im.schema.json
    GET /api/challenge
    GET /api/auth/verify
    POST /api/generate
    POST /api/plan
    POST /api/toolchains
    POST /api/deploy
    POST /v1/deployments
    POST /deploy
    GET /api/status/{id}
    GET /status/{id}
    GET /ws
    POST /api/blobs
    GET /api/deployments/{id}
    GET /api/deployments/{id}/logs
    POST /api/deployments/{id}/cancel
    GET /api/projects
    GET /api/projects/{id}
    DELETE /api/projects/{id}
    DELETE /app/{id}
    GET /api/projects/{id}/deployments
    GET /api/projects/{id}/files
    POST /api/projects/{id}/keep
    POST /api/projects/{id}/rollback
    GET /api/projects/{id}/secrets
    PUT /api/projects/{id}/secrets/{name}
    DELETE /api/projects/{id}/secrets/{name}
    POST /api/projects/{id}/secrets/requests
    GET /api/projects/{id}/secrets/requests/{request}
    GET /secrets/{page}
    POST /secrets/{page}
    GET /api/platform
    POST /api/platform/stop
";

#[test]
fn the_document_lists_every_call_and_says_which_need_a_token() {
    let platform = Platform::start();
    let answer = send(platform.api.anonymous("GET", "/api/openapi.json")).expect("an answer");
    assert_eq!(answer.status, 200);
    let document = answer.json();
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let method = method.to_uppercase();
            documented.insert(format!("{method} {path}"));
            let is_open = operation["security"].as_array().is_some_and(Vec::is_empty);
            let path = path.replace("{id}", "0190b5a4-6e1f-7c3a-9b1d-2f6c8e4a7d10");
            let answer = send(platform.api.anonymous(&method, &path)).expect("an answer");
            assert_eq!(is_open, answer.status != 401, "{method} {path}: {} {}", answer.status, answer.text);
            // A page that nobody was given is not there; that it is said on a page shows that somebody serves it.
            let is_there = answer.status != 404 || answer.text.starts_with("<!doctype html>");
            assert!(is_there, "{method} {path} is documented and not there: {}", answer.text);
        }
    }
    let expected: BTreeSet<String> = CALLS.trim().lines().map(|line| line.trim().to_owned()).collect();
    assert_eq!(documented, expected);
    let schemas = &document["components"]["schemas"];
    for reference in answer.text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().expect("a name");
        assert!(schemas[name].is_object(), "{name} is referred to and not described");
    }
    let problem = &schemas["Problem"]["properties"];
    assert!(["code", "title", "detail", "hint", "retryable"].iter().all(|it| problem[it].is_object()));
}

#[test]
fn the_version_says_contract_server_and_engine() {
    let platform = Platform::start();
    let version = send(platform.api.anonymous("GET", "/api/version")).expect("an answer").json();
    assert_eq!(version["contract"], "1.0");
    assert_eq!(version["server"].as_str().map(|server| server.split('.').count()), Some(3), "{version}");
    assert!(version["engine"].is_string());
    for path in ["/healthz", "/readyz"] {
        assert_eq!(send(platform.api.anonymous("GET", path)).expect("an answer").status, 200, "{path}");
    }
}

#[test]
fn a_challenge_is_answered_by_who_has_the_token() {
    let platform = Platform::start();
    let nonce = uuid::Uuid::now_v7().simple().to_string();
    let request = platform.api.anonymous("GET", &format!("/api/challenge?nonce={nonce}"));
    let answer = send(request).expect("an answer").json();
    let base: reqwest::Url = platform.api.base.parse().expect("a URL");
    let host = base.host_str().expect("a host");
    let host = base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(platform.api.token.as_bytes()).expect("a key");
    mac.update(format!("backend-im challenge v1\n{host}\n{nonce}").as_bytes());
    let expected = hex::encode(mac.finalize().into_bytes());
    assert_eq!(answer["answer"], expected);
    for nonce in ["", "?nonce=short", "?nonce=with%20spaces%20in%20it%20"] {
        let answer = send(platform.api.anonymous("GET", &format!("/api/challenge{nonce}")));
        assert_eq!(refusal(&answer.expect("an answer")), (400, "malformed".to_owned()));
    }
}

#[test]
fn the_platform_tells_its_owner_what_it_does() {
    let Some(platform) = Platform::own("the_platform_tells_its_owner_what_it_does") else { return };
    let project = platform.project("one");
    platform.live(&project, "one");
    let status = platform.api.get("/api/platform").json();
    assert_eq!(status["live"], serde_json::json!([project]), "{status:#}");
    assert_eq!(status["pid"], platform.home().platform_pid());
    assert!(status["startedMs"].is_u64() && status["deploymentsUnderWay"] == 0, "{status:#}");
}
