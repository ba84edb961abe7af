//! A client that sends anything, at the other end of an in-memory pipe.

use rmcp::model::{EmptyResult, ServerResult};
use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt, AsyncReadExt, BufReader, DuplexStream, Lines as Answers, ReadHalf, WriteHalf,
};

use super::*;

struct Client {
    answers: Answers<BufReader<ReadHalf<DuplexStream>>>,
    input: WriteHalf<DuplexStream>,
    server: Stdio<ReadHalf<DuplexStream>, WriteHalf<DuplexStream>>,
}

impl Client {
    fn new() -> Self {
        let (ours, theirs) = tokio::io::duplex(64 << 20);
        let (read, write) = tokio::io::split(theirs);
        let (output, input) = tokio::io::split(ours);
        let server = Stdio::new(read, write, CancellationToken::new());
        Self { answers: BufReader::new(output).lines(), input, server }
    }

    /// Sends bytes and a valid message behind them; answers what was said before that one is served.
    async fn send(&mut self, bytes: impl AsRef<[u8]>) -> Vec<Value> {
        self.input.write_all(bytes.as_ref()).await.unwrap();
        self.input.write_all(b"\n{\"jsonrpc\":\"2.0\",\"id\":\"last\",\"method\":\"ping\"}\n").await.unwrap();
        let mut served = 0;
        loop {
            let message = self.server.receive().await.unwrap();
            let ClientJsonRpcMessage::Request(asked) = &message else { continue };
            if asked.id == RequestId::String("last".into()) {
                break;
            }
            served += 1;
        }
        self.answer(RequestId::String("last".into())).await;
        let mut said = Vec::new();
        loop {
            let line: Value =
                serde_json::from_str(&self.answers.next_line().await.unwrap().unwrap()).unwrap();
            if line["id"] == "last" {
                said.extend((served > 0).then(|| json!(served)));
                return said;
            }
            assert_eq!(line["jsonrpc"], "2.0");
            assert!(
                line["error"]["data"]["hint"].is_string() && line["error"]["data"]["code"].is_string(),
                "{line}"
            );
            said.push(json!([line["id"], line["error"]["code"]]));
        }
    }

    async fn answer(&mut self, id: RequestId) {
        let answer = ServerJsonRpcMessage::response(ServerResult::EmptyResult(EmptyResult {}), id);
        self.server.send(answer).await.unwrap();
    }
}

#[tokio::test]
async fn what_cannot_be_served_is_answered_with_its_id_where_that_can_be_told() {
    let mut client = Client::new();
    let deep = |id: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","method":"x","params":{}{},"id":{id}}}"#,
            "[".repeat(200),
            "]".repeat(200)
        )
    };
    let many = format!(
        r#"{{"jsonrpc":"2.0","id":9,"method":"ping","params":{{"a":[{}0]}}}}"#,
        "0,".repeat(VALUES_MAX)
    );
    let long =
        format!(r#"{{"jsonrpc":"2.0","method":"x","params":{{"a":"{}"}},"id":10}}"#, "x".repeat(16 << 20));
    let cases: Vec<(Vec<u8>, Value)> = vec![
        (b"{nonsense".to_vec(), json!([[null, -32700]])),
        (b"\xff\xfe\x00".to_vec(), json!([[null, -32700]])),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}".to_vec(), json!([[null, -32700]])),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pin".to_vec(), json!([[null, -32700]])),
        (b"[]".to_vec(), json!([[null, -32600]])),
        (br#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#.to_vec(), json!([[null, -32600]])),
        (b"1".to_vec(), json!([[null, -32600]])),
        (b"{}".to_vec(), json!([[null, -32600]])),
        (br#"{"id":3,"method":"ping"}"#.to_vec(), json!([[3, -32600]])),
        (br#"{"jsonrpc":"1.0","id":"a","method":"ping"}"#.to_vec(), json!([["a", -32600]])),
        (br#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#.to_vec(), json!([[null, -32600]])),
        (br#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#.to_vec(), json!([[null, -32600]])),
        (br#"{"jsonrpc":"2.0","id":5,"method":7}"#.to_vec(), json!([[5, -32600]])),
        (deep("6").into_bytes(), json!([[6, -32600]])),
        ("[".repeat(100_000).into_bytes(), json!([[null, -32600]])),
        (many.into_bytes(), json!([[9, -32600]])),
        (long.into_bytes(), json!([[10, -32600]])),
        (
            format!(r#"{{"jsonrpc":"2.0","id":"{}","method":"ping"}}"#, "x".repeat(2_000)).into_bytes(),
            json!([[null, -32600]]),
        ),
        (
            format!(r#"{{"jsonrpc":"2.0","id":13,"method":"{}"}}"#, "x".repeat(2_000)).into_bytes(),
            json!([[13, -32600]]),
        ),
        // What needs no answer gets none.
        (br#"{"jsonrpc":"2.0","method":"no/such/notification"}"#.to_vec(), json!([])),
        (br#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":7}"#.to_vec(), json!([])),
        (br#"{"jsonrpc":"2.0","id":1,"result":{}}"#.to_vec(), json!([])),
        (br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}"#.to_vec(), json!([])),
        (b"\r\n \n".to_vec(), json!([])),
        // What can be served is.
        ("\u{feff}{\"jsonrpc\":\"2.0\",\"id\":11,\"method\":\"ping\"}\r".as_bytes().to_vec(), json!([1])),
        (br#"{"jsonrpc":"2.0","id":12,"method":"no/such/method"}"#.to_vec(), json!([1])),
    ];
    for (bytes, said) in cases {
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned();
        assert_eq!(Value::Array(client.send(bytes).await), said, "{start}");
    }
}

#[tokio::test]
async fn no_id_serves_two_requests_at_once() {
    let mut client = Client::new();
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    assert_eq!(client.send(format!("{ping}\n{ping}")).await, [json!([1, -32600]), json!(1)]);
    client.answer(RequestId::Number(1)).await;
    client.answers.next_line().await.unwrap();
    assert_eq!(client.send(ping).await, [json!(1)], "free again");
    let cancel = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#;
    assert_eq!(client.send(format!("{cancel}\n{ping}")).await, [json!(1)], "nobody waits for it any more");
}

#[tokio::test]
async fn an_answer_that_was_given_up_halfway_goes_out_first() {
    let (mut ours, theirs) = tokio::io::duplex(16);
    let (read, write) = tokio::io::split(theirs);
    let mut server = Stdio::new(read, write, CancellationToken::new());
    ours.write_all(b"x\n").await.unwrap();
    let given_up = tokio::time::timeout(std::time::Duration::from_millis(20), server.receive()).await;
    assert!(given_up.is_err(), "the client does not read");
    let mut first = vec![0; 16];
    ours.read_exact(&mut first).await.unwrap();
    let reading = async {
        let mut answers = BufReader::new(ours).lines();
        let rest = answers.next_line().await.unwrap().unwrap();
        format!("{}{rest}", String::from_utf8(first).unwrap())
    };
    let line = tokio::select! {
        line = reading => line,
        _ = server.receive() => panic!("nothing came"),
    };
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["error"]["code"], -32700);
}

#[tokio::test]
async fn a_client_that_closes_is_gone() {
    let hung_up = CancellationToken::new();
    let mut server = Stdio::new(&b"unfinished"[..], Vec::new(), hung_up.clone());
    assert!(server.receive().await.is_none() && hung_up.is_cancelled());
}
