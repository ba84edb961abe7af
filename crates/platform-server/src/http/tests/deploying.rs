use std::io::Write;

use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST};
use axum::http::{Method, Request, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use flate2::write::GzEncoder;
use platform_api::BlobId;
use serde_json::{Value, json};

use super::harness::Served;
use crate::http::ApiToken;
use crate::source::blob_id;

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, path, *bytes).unwrap();
    }
    tar.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_published_client_deploys_and_sees_what_was_published() {
    let served = Served::start().await;
    let body = json!({"projectId": "user123-shop", "files": {"index.html": "<h1>Hi</h1>"}});
    let accepted = served.post("/api/deploy", &body).await.expect(StatusCode::ACCEPTED).json();
    let id = accepted["deploymentId"].as_str().unwrap();
    assert_eq!(accepted["projectId"], "user123-shop");
    assert_eq!(accepted["commitHash"].as_str().unwrap().len(), 12);
    assert_eq!(accepted["status"], "queued");
    let websocket = format!("ws://localhost:{}/ws?deploymentId={id}", served.port);
    assert_eq!(accepted["websocketUrl"], websocket);

    let ended = served.ended(id.parse().unwrap()).await;
    assert_eq!(ended["status"], "failed", "{ended}");
    let status = served.get(&format!("/api/status/{id}")).await.expect(StatusCode::OK).json();
    assert_eq!(keys(&status)[..6], ["id", "projectId", "commitHash", "status", "url", "logs"]);
    assert_eq!((&status["id"], &status["url"]), (&json!(id), &Value::Null));
    assert!(status["logs"].as_array().unwrap().iter().all(Value::is_string));
    assert_eq!(status["error"]["code"], "start_failed");
    let alias = served.get(&format!("/status/{id}")).await.expect(StatusCode::OK).json();
    assert_eq!(alias["id"], status["id"]);
}

#[tokio::test]
async fn all_forms_of_an_upload_make_the_same_commit() {
    let served = Served::start().await;
    let files: [(&str, &[u8]); 2] = [("index.html", b"<h1>Hi</h1>"), ("img/a.svg", b"<svg/>")];
    let archive = gzip(&tar(&files));
    let texts: Value = files.iter().map(|(path, bytes)| (*path, String::from_utf8_lossy(bytes))).collect();
    let by_files = served.post("/api/deploy", &json!({"projectId": "ada-a", "files": texts})).await;
    let by_files = by_files.expect(StatusCode::ACCEPTED).json();
    let tree = |project: &str| format!("/api/projects/{project}/files?content=true");
    let expected = served.get(&tree("ada-a")).await.expect(StatusCode::OK).json();
    assert_eq!(expected["commitHash"], by_files["commitHash"]);

    let source = json!({"projectId": "ada-b", "source": BASE64_STANDARD.encode(&archive)});
    served.post("/deploy", &source).await.expect(StatusCode::ACCEPTED);

    let boundary = "----cut-here";
    let mut form = Vec::new();
    let part = |name: &str| format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"");
    write!(form, "{}; filename=\"x.tgz\"\r\n\r\n", part("source")).unwrap();
    form.extend_from_slice(&archive);
    write!(form, "\r\n{}\r\n\r\n{}\r\n--{boundary}--\r\n", part("config"), json!({"projectName": "c"}))
        .unwrap();
    let kind = format!("multipart/form-data; boundary={boundary}");
    let request = || served.request(Method::POST, "/v1/deployments").header(CONTENT_TYPE, &kind);
    served.send(request(), form.clone().into()).await.expect(StatusCode::ACCEPTED);
    let half = form[..form.len() / 2].to_vec();
    assert_eq!(served.send(request(), half.into()).await.refusal().0, 400);

    for project in ["ada-b", "ada-c"] {
        let got = served.get(&tree(project)).await.expect(StatusCode::OK).json();
        assert_eq!(got["files"], expected["files"], "{project}");
    }
    let one = served.get("/api/projects/ada-a/files?path=img/a.svg").await.expect(StatusCode::OK).json();
    assert_eq!(one["files"][0]["content"], BASE64_STANDARD.encode("<svg/>"));
}

#[tokio::test]
async fn a_manifest_asks_for_what_is_missing_and_a_delta_sends_one_change() {
    let served = Served::start().await;
    let page = b"<h1>Hi</h1>";
    let entry =
        |oid: BlobId, size: usize| json!({"path": "index.html", "mode": "100644", "size": size, "oid": oid});
    let body = json!({"projectId": "ada-shop", "manifest": [entry(blob_id(page), page.len())]});
    let lacks = served.post("/api/deploy", &body).await;
    assert_eq!(lacks.refusal(), (422, "missing_blobs".to_owned()));
    assert_eq!(lacks.json()["missing"], json!([blob_id(page)]));

    let send = async |tar: Vec<u8>, encoding: &'static str| {
        let bytes: Bytes = match encoding {
            "gzip" => gzip(&tar).into(),
            "zstd" => zstd::encode_all(tar.as_slice(), 1).unwrap().into(),
            _ => tar.into(),
        };
        let request = served.request(Method::POST, "/api/blobs?projectId=ada-shop");
        served.send(request.header(CONTENT_ENCODING, encoding), bytes).await
    };
    let wrong = send(tar(&[(&blob_id(page).to_string(), b"other")]), "identity").await;
    assert_eq!(wrong.refusal(), (422, "blob_mismatch".to_owned()));
    for (encoding, bytes) in [("zstd", page.as_slice()), ("gzip", b"more"), ("identity", b"and more")] {
        let answer = send(tar(&[(&blob_id(bytes).to_string(), bytes)]), encoding).await;
        answer.expect(StatusCode::NO_CONTENT);
    }
    let accepted = served.post("/api/deploy", &body).await.expect(StatusCode::ACCEPTED).json();

    let changed = b"<h1>Ho</h1>";
    let delta = json!({"projectId": "ada-shop", "base": accepted["commitHash"], "changes": [
        {"path": "index.html", "mode": "100644", "oid": blob_id(changed), "content": BASE64_STANDARD.encode(changed)},
        {"path": "new.txt", "mode": "100755", "oid": blob_id(b"more")},
    ]});
    served.post("/api/deploy", &delta).await.expect(StatusCode::ACCEPTED);
    let files = served.get("/api/projects/ada-shop/files").await.expect(StatusCode::OK).json();
    let oids: Vec<_> = files["files"].as_array().unwrap().iter().map(|file| file["oid"].clone()).collect();
    assert_eq!(oids, [json!(blob_id(changed)), json!(blob_id(b"more"))]);
    let other = json!({"projectId": "ada-other", "manifest": [entry(blob_id(page), page.len())]});
    assert_eq!(served.post("/api/deploy", &other).await.refusal().1, "missing_blobs", "an id is no claim");
}

#[tokio::test]
async fn the_same_key_and_body_answer_with_the_same_deployment() {
    let served = Served::start().await;
    let send = async |path: &str, body: &Value| {
        let request = served.request(Method::POST, path).header("Idempotency-Key", "once");
        served.send(request, body.to_string().into()).await
    };
    let body = json!({"projectId": "ada-shop", "files": {"index.html": "1"}});
    let first = send("/api/deploy", &body).await.expect(StatusCode::ACCEPTED).json();
    let again = send("/api/deploy", &body).await.expect(StatusCode::ACCEPTED).json();
    assert_eq!(first["deploymentId"], again["deploymentId"]);
    assert_eq!(first["websocketUrl"], again["websocketUrl"]);
    let other = json!({"projectId": "ada-shop", "files": {"index.html": "2"}});
    assert_eq!(send("/api/deploy", &other).await.refusal(), (409, "idempotency_conflict".to_owned()));
}

#[tokio::test]
async fn projects_are_listed_shown_and_deleted() {
    let served = Served::start().await;
    let id = served.deploy("ada-shop", "1").await;
    served.ended(id).await;
    let list = served.get("/api/projects").await.expect(StatusCode::OK).json();
    assert_eq!(list["items"][0]["id"], "ada-shop");
    let shown = served.get("/api/projects/ada-shop").await.expect(StatusCode::OK).json();
    assert_eq!(shown["latest"]["id"], id.to_string());
    let history = served.get("/api/projects/ada-shop/deployments").await.expect(StatusCode::OK).json();
    assert_eq!(history["items"].as_array().unwrap().len(), 1);
    let rollback = served.post("/api/projects/ada-shop/rollback", &json!({})).await;
    assert_eq!(rollback.refusal(), (409, "no_earlier_release".to_owned()));
    let cancelled = served.post(&format!("/api/deployments/{id}/cancel"), &json!({})).await;
    assert_eq!(cancelled.refusal(), (409, "already_ended".to_owned()));
    let deleted = served.delete("/app/ada-shop").await.expect(StatusCode::OK).json();
    assert_eq!(deleted, json!({"projectId": "ada-shop"}));
    assert_eq!(served.delete("/api/projects/ada-shop").await.refusal().0, 404);
}

#[tokio::test]
async fn generated_files_are_committed_and_a_plan_changes_nothing() {
    let served = Served::start().await;
    let prompt = json!({"prompt": "Create a REST API for user management with users and roles"});
    let answer = served.post("/api/generate", &prompt).await.expect(StatusCode::OK).json();
    assert!(answer["files"]["main.py"].is_string());
    let project = answer["projectId"].as_str().unwrap();
    let files = served.get(&format!("/api/projects/{project}/files")).await.expect(StatusCode::OK).json();
    assert_eq!(files["commitHash"], answer["commitHash"]);

    let entry = json!({"path": "index.html", "mode": "100644", "size": 1, "oid": blob_id(b"1")});
    let plan = served.post("/api/plan", &json!({"manifest": [entry]})).await.expect(StatusCode::OK).json();
    assert_eq!(plan["runtime"], "static");
    assert_eq!(served.get("/api/projects").await.json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_platform_says_what_it_is_and_proves_that_it_knows_the_token() {
    let served = Served::start().await;
    let version = served.get("/api/version").await.expect(StatusCode::OK).json();
    assert_eq!(keys(&version), ["contract", "server", "engine"]);
    assert_eq!((&version["contract"], &version["engine"]), (&json!("1.0"), &json!("process")));
    let verified = served.get("/api/auth/verify").await.expect(StatusCode::OK).json();
    assert_eq!(verified, json!({"valid": true, "userId": "ada", "email": "ada@localhost"}));
    served.get("/readyz").await.expect(StatusCode::OK);
    let document = served.get("/api/openapi.json").await.expect(StatusCode::OK).json();
    assert!(document["paths"]["/api/deploy"]["post"].is_object());
    let status = served.get("/api/platform").await.expect(StatusCode::OK).json();
    assert_eq!(status["pid"], std::process::id());

    let host = format!("127.0.0.1:{}", served.port);
    let nonce = "0123456789abcdef0123456789abcdef";
    let request = Request::get(format!("/api/challenge?nonce={nonce}")).header(HOST, &host);
    let answer = served.send(request, Bytes::new()).await.expect(StatusCode::OK).json();
    let token: ApiToken = super::harness::TOKEN.parse().unwrap();
    assert_eq!(answer["answer"], token.answer(&host, nonce));
}
