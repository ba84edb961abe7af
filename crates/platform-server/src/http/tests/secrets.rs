//! The calls about secrets, and the page on which a person answers.

use axum::http::header::{HOST, LOCATION, ORIGIN};
use axum::http::{Method, Request, StatusCode};
use bytes::Bytes;
use serde_json::{Value, json};

use super::harness::{Answer, Served};

const SECRETS: &str = "/api/projects/ada-shop/secrets";

async fn put(served: &Served, name: &str, value: impl Into<Bytes>) -> Answer {
    let request = served.request(Method::PUT, &format!("{SECRETS}/{name}"));
    served.send(request, value.into()).await
}

async fn ask(served: &Served, body: Value) -> Value {
    let answer = served.post(&format!("{SECRETS}/requests"), &body).await.expect(StatusCode::ACCEPTED);
    answer.json()
}

/// The page's path.
fn page(asked: &Value) -> String {
    let url = asked["pageUrl"].as_str().unwrap();
    let at = url.find("/secrets/").unwrap();
    assert!(url.len() - at > "/secrets/".len() + 21, "at least 128 bits: {url}");
    url[at..].to_owned()
}

/// What a browser sends when the page's own form is sent.
async fn submit(served: &Served, page: &str, form: &'static str) -> Answer {
    let host = format!("127.0.0.1:{}", served.port);
    let request = Request::builder().method(Method::POST).uri(page).header(HOST, &host);
    let request = request.header(ORIGIN, format!("http://{host}")).header("sec-fetch-site", "same-origin");
    served.send(request, Bytes::from_static(form.as_bytes())).await
}

async fn open(served: &Served, page: &str) -> Answer {
    let host = format!("127.0.0.1:{}", served.port);
    served.send(Request::builder().uri(page).header(HOST, host), Bytes::new()).await
}

#[tokio::test]
async fn values_go_in_and_never_come_out() {
    let served = Served::start().await;
    assert_eq!(served.get(SECRETS).await.refusal(), (404, "not_found".to_owned()));
    let first = put(&served, "TOKEN", "canary-0123456789").await.expect(StatusCode::OK).json();
    assert_eq!(first["secrets"][0]["name"], "TOKEN");
    assert_eq!(first["secrets"][0]["applied"], false);
    let second = put(&served, "TOKEN", "canary-0123456789").await.expect(StatusCode::OK);
    assert!(!String::from_utf8_lossy(&second.body).contains("canary"));
    assert!(second.json()["secrets"][0]["version"].as_u64() > first["secrets"][0]["version"].as_u64());
    let project = served.get("/api/projects/ada-shop").await.expect(StatusCode::OK);
    assert!(!String::from_utf8_lossy(&project.body).contains("canary"));

    for (name, value, refused) in [
        ("lower", "x", (400, "malformed")),
        ("PORT", "x", (400, "malformed")),
        ("EMPTY", "", (400, "malformed")),
        ("NUL", "a\0b", (400, "malformed")),
        ("LONG", &"x".repeat((64 << 10) + 1), (413, "too_large")),
    ] {
        let answer = put(&served, name, value.to_owned()).await;
        assert_eq!(answer.refusal(), (refused.0, refused.1.to_owned()), "{name}");
    }
    assert_eq!(put(&served, "BINARY", &b"\xff\xfe"[..]).await.refusal(), (400, "malformed".to_owned()));
    let foreign = served.request(Method::PUT, "/api/projects/eve-shop/secrets/TOKEN");
    assert_eq!(served.send(foreign, Bytes::from_static(b"x")).await.refusal().0, 404);

    let remove = || served.request(Method::DELETE, "/api/projects/ada-shop/secrets/TOKEN");
    let left = served.send(remove(), Bytes::new()).await.expect(StatusCode::OK).json();
    assert_eq!(left["secrets"], json!([]));
    assert_eq!(served.send(remove(), Bytes::new()).await.refusal(), (404, "not_found".to_owned()));
}

#[tokio::test]
async fn a_page_takes_one_value_and_tells_nobody() {
    let served = Served::start().await;
    let question = json!({"name": "KEY", "source": {"from": "person"}, "requestedBy": "agent <b>9</b>"});
    let asked = ask(&served, question.clone()).await;
    assert_eq!(
        (&asked["state"], &ask(&served, question.clone()).await["id"]),
        (&json!("waiting"), &asked["id"])
    );
    assert_eq!(asked["isNew"], true);
    let page = page(&asked);
    let shown = open(&served, &page).await.expect(StatusCode::OK);
    let text = String::from_utf8_lossy(&shown.body).into_owned();
    for part in ["KEY", "shop", "agent &lt;b&gt;9", "type=\"password\"", "lang=\"en\"", "for=\"value\""] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(shown.headers["cache-control"], "no-store");
    let policy = shown.headers["content-security-policy"].to_str().unwrap();
    for part in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "style-src 'sha256-"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert_eq!(shown.headers["referrer-policy"], "same-origin");

    let empty = submit(&served, &page, "value=&answer=give").await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(String::from_utf8_lossy(&empty.body).contains("role=\"alert\""));
    let done = submit(&served, &page, "value=canary-by-hand&answer=give").await.expect(StatusCode::SEE_OTHER);
    assert_eq!(done.headers[LOCATION], page);
    submit(&served, &page, "value=another&answer=give").await.expect(StatusCode::SEE_OTHER);
    let after = open(&served, &page).await.expect(StatusCode::OK);
    let text = String::from_utf8_lossy(&after.body).into_owned();
    assert!(text.contains("Stored") && !text.contains("<form") && !text.contains("canary"), "{text}");
    let listed = served.get(SECRETS).await.json();
    assert_eq!(listed["secrets"].as_array().unwrap().len(), 1);
    assert_eq!(listed["secrets"][0]["version"], 1, "the second answer changed nothing");
    let path = format!("{SECRETS}/requests/{}?timeoutS=45", asked["id"].as_str().unwrap());
    assert_eq!(served.get(&path).await.json()["state"], "stored");
    assert_ne!(ask(&served, question).await["id"], asked["id"], "told once, then asked anew");
}

#[tokio::test]
async fn only_the_page_itself_answers_it() {
    let served = Served::start().await;
    let asked = ask(&served, json!({"name": "KEY", "source": {"from": "person"}})).await;
    let page = page(&asked);
    let host = format!("127.0.0.1:{}", served.port);
    let own = format!("http://{host}");
    let foreign: [&[(&str, &str)]; 5] = [
        &[],
        &[("origin", "null")],
        &[("origin", "http://evil.example")],
        &[("origin", &own), ("sec-fetch-site", "cross-site")],
        &[("origin", &own), ("sec-fetch-site", "same-site")],
    ];
    for headers in foreign {
        let mut request = Request::builder().method(Method::POST).uri(&page).header(HOST, &host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = served.send(request, Bytes::from_static(b"value=stolen&answer=give")).await;
        assert_eq!(answer.refusal(), (403, "forbidden".to_owned()), "{headers:?}");
    }
    for unknown in ["/secrets/none", "/secrets/%2e%2e", &page[..page.len() - 1]] {
        let answer = open(&served, unknown).await.expect(StatusCode::NOT_FOUND);
        assert!(String::from_utf8_lossy(&answer.body).contains("no longer valid"), "{unknown}");
        submit(&served, unknown, "value=x&answer=give").await.expect(StatusCode::NOT_FOUND);
    }
    let id = asked["id"].as_str().unwrap();
    open(&served, &format!("/secrets/{id}")).await.expect(StatusCode::NOT_FOUND);
    assert_eq!(served.get(SECRETS).await.refusal().0, 404, "nothing was stored");
}

#[tokio::test]
async fn a_person_agrees_to_a_source_and_the_asker_sets_the_value() {
    let served = Served::start().await;
    let source = json!({"from": "file", "path": "/run/keys/stripe"});
    let question = json!({"name": "KEY", "source": source});
    let asked = ask(&served, question.clone()).await;
    let page = page(&asked);
    let text = String::from_utf8_lossy(&open(&served, &page).await.body).into_owned();
    assert!(text.contains("/run/keys/stripe") && !text.contains("<input"), "{text}");
    submit(&served, &page, "answer=give&value=ignored").await.expect(StatusCode::SEE_OTHER);
    assert_eq!(ask(&served, question.clone()).await["state"], "approved");
    let id = asked["id"].as_str().unwrap();
    put(&served, &format!("KEY?request={id}"), "from the file").await.expect(StatusCode::OK);
    assert_eq!(served.get(&format!("{SECRETS}/requests/{id}")).await.json()["state"], "stored");

    let declined = ask(&served, question).await;
    submit(&served, &self::page(&declined), "answer=decline").await.expect(StatusCode::SEE_OTHER);
    let path = format!("{SECRETS}/requests/{}", declined["id"].as_str().unwrap());
    assert_eq!(served.get(&path).await.json()["state"], "declined");
    let hidden = json!({"name": "KEY", "source": {"from": "file", "path": "/a\u{202e}b"}});
    let refused = served.post(&format!("{SECRETS}/requests"), &hidden).await;
    assert_eq!(refused.refusal(), (400, "malformed".to_owned()));
}
