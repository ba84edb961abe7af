//! A Messages API on loopback with a script behind it instead of a model. It keeps every request, so that a test can
//! look at what exactly reached the model.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Collected, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::script::{Script, Told};

/// The listening API; it ends when this is dropped.
pub(crate) struct ModelApi {
    _runtime: Runtime,
    port: u16,
    heard: Heard,
}

type Heard = Arc<Mutex<Vec<Value>>>;

impl ModelApi {
    pub(crate) fn listen(script: Script) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let heard = Heard::default();
        runtime.spawn(accept(listener, Arc::new(script), Arc::clone(&heard)));
        Self { _runtime: runtime, port, heard }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The requests for a message, in order.
    pub(crate) fn heard(&self) -> Vec<Value> {
        self.heard.lock().expect("requests").clone()
    }
}

async fn accept(listener: TcpListener, script: Arc<Script>, heard: Heard) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (script, heard) = (Arc::clone(&script), Arc::clone(&heard));
        let service = service_fn(move |request| {
            let (script, heard) = (Arc::clone(&script), Arc::clone(&heard));
            async move { Ok::<_, Infallible>(answer(request, &script, &heard).await) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(request: Request<Incoming>, script: &Script, heard: &Heard) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default();
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    match path.as_str() {
        "/v1/messages" => {
            let number = {
                let mut heard = heard.lock().expect("requests");
                heard.push(asked.clone());
                heard.len()
            };
            message(&asked, number, script)
        }
        "/v1/messages/count_tokens" => data(&json!({"input_tokens": body.len() / 4})),
        _ => data(&json!({"data": []})),
    }
}

/// The script's next turn, or a word of farewell; questions without tools are the client's own, such as for a title.
fn message(asked: &Value, number: usize, script: &Script) -> Response<Full<Bytes>> {
    let has_tools = asked["tools"].as_array().is_some_and(|tools| !tools.is_empty());
    let results = Told::all(asked);
    let turn = script.next(&results).filter(|_| has_tools);
    let (block, stop) = match turn {
        Some((tool, input)) => {
            let id = format!("toolu_{number:04}");
            (json!({"type": "tool_use", "id": id, "name": tool, "input": input}), "tool_use")
        }
        None => (json!({"type": "text", "text": "done"}), "end_turn"),
    };
    let usage = json!({"input_tokens": 1, "output_tokens": 1});
    let mut message = json!({
        "id": format!("msg_{number:04}"), "type": "message", "role": "assistant", "model": asked["model"],
        "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage,
    });
    if asked["stream"] == true {
        return events(&stream(&message, &block, stop));
    }
    message["content"] = json!([block]);
    message["stop_reason"] = stop.into();
    data(&message)
}

/// The events in which a message of one block arrives.
fn stream(message: &Value, block: &Value, stop: &str) -> Vec<Value> {
    let (empty, delta) = if block["type"] == "text" {
        (json!({"type": "text", "text": ""}), json!({"type": "text_delta", "text": block["text"]}))
    } else {
        let mut empty = block.clone();
        empty["input"] = json!({});
        (empty, json!({"type": "input_json_delta", "partial_json": block["input"].to_string()}))
    };
    let end = json!({"stop_reason": stop, "stop_sequence": null});
    vec![
        json!({"type": "message_start", "message": message}),
        json!({"type": "content_block_start", "index": 0, "content_block": empty}),
        json!({"type": "content_block_delta", "index": 0, "delta": delta}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": end, "usage": {"output_tokens": 1}}),
        json!({"type": "message_stop"}),
    ]
}

fn events(events: &[Value]) -> Response<Full<Bytes>> {
    let lines = events.iter().map(|event| {
        let kind = event["type"].as_str().expect("a kind");
        format!("event: {kind}\ndata: {event}\n\n")
    });
    response("text/event-stream", lines.collect())
}

fn data(value: &Value) -> Response<Full<Bytes>> {
    response("application/json", value.to_string())
}

fn response(kind: &str, body: String) -> Response<Full<Bytes>> {
    Response::builder().header("content-type", kind).body(Full::new(body.into())).expect("a response")
}
