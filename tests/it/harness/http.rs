//! Plain HTTP for tests.

use std::sync::LazyLock;

use serde_json::Value;
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));
static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| builder().build().expect("a client"));

fn builder() -> reqwest::ClientBuilder {
    // Another test may have installed it already.
    drop(rustls::crypto::ring::default_provider().install_default());
    // No pool: a connection that the platform closes after a refusal must not be what the next request gets.
    reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .redirect(reqwest::redirect::Policy::none())
}

/// A client that trusts this certificate (PEM) and no other.
pub(crate) fn trusting(certificate: &[u8]) -> reqwest::Client {
    let certificate = reqwest::Certificate::from_pem(certificate).expect("a certificate");
    builder().tls_certs_only([certificate]).build().expect("a client")
}

/// An HTTP answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

/// Waits for something asynchronous, on the runtime that all of these requests share.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    RUNTIME.block_on(future)
}

/// Sends a request and reads the whole answer.
pub(crate) fn send(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    block_on(async {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, text: response.text().await? })
    })
}

/// GETs a URL, panicking when nobody answers.
pub(crate) fn get(url: &str) -> Answer {
    send(CLIENT.get(url)).unwrap_or_else(|error| panic!("GET {url}: {error:?}"))
}

/// A request to a URL, about to be sent.
pub(crate) fn to(method: &str, url: &str) -> reqwest::RequestBuilder {
    CLIENT.request(method.parse().expect("a method"), url)
}

/// GETs the address of an app by its name. Names below `localhost` are this machine, whatever its resolver says.
pub(crate) fn visit(url: &str) -> Answer {
    let parsed: reqwest::Url = url.parse().expect("a URL");
    match (parsed.host_str(), parsed.port()) {
        (Some(host), Some(port)) if host.ends_with(".localhost") => {
            let here = url.replacen(host, "127.0.0.1", 1);
            send(CLIENT.get(here).header("Host", format!("{host}:{port}"))).expect("an answer")
        }
        _ => get(url),
    }
}

/// The API of a platform.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(crate) base: String,
    pub(crate) token: String,
}

impl Api {
    /// A request with the token.
    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.anonymous(method, path).bearer_auth(&self.token)
    }

    /// A request without the token.
    pub(crate) fn anonymous(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method: reqwest::Method = method.parse().expect("a method");
        CLIENT.request(method, format!("{}{path}", self.base))
    }

    /// GETs a path.
    pub(crate) fn get(&self, path: &str) -> Answer {
        send(self.request("GET", path)).expect("an answer")
    }

    /// POSTs JSON.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request("POST", path).json(body)).expect("an answer")
    }

    /// DELETEs a path.
    pub(crate) fn delete(&self, path: &str) -> Answer {
        send(self.request("DELETE", path)).expect("an answer")
    }

    /// Waits until the deployment has ended and answers its status.
    pub(crate) fn ended(&self, id: &str) -> Value {
        super::eventually("the deployment has ended", 120, || {
            let answer = self.get(&format!("/api/deployments/{id}?waitFor=terminal&timeoutS=30"));
            let view = answer.json();
            matches!(view["status"].as_str(), Some("complete" | "failed" | "cancelled")).then_some(view)
        })
    }
}
