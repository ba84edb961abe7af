//! A client by hand for tests: raw lines to a server over an in-memory stream, with a platform behind it or with none.

mod platform;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use platform_api::Code;
use platform_client::{Backend, ClientError, Connect};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf};
use tokio::task::JoinSet;
use tokio::time::timeout;

pub(crate) use self::platform::Platform;
use crate::error::ServeError;
use crate::server::serve;
use crate::{Root, ServerConfig};

/// How long any answer may take before a test gives up.
const DEADLINE: Duration = Duration::from_secs(10);

/// A client at the other end of a server.
pub(crate) struct Talk {
    lines: Lines<BufReader<ReadHalf<DuplexStream>>>,
    input: WriteHalf<DuplexStream>,
    server: JoinSet<Result<(), ServeError>>,
    connections: Arc<AtomicUsize>,
    dir: tempfile::TempDir,
    id: u64,
}

impl Talk {
    /// A server in a workspace of its own, `dir()/ws`, whose platform cannot be reached.
    pub(crate) fn with_nobody() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("ws");
        Self::new(dir, &root, nobody())
    }

    /// The same with another root.
    pub(crate) fn with_root(root: &Path) -> Self {
        Self::new(tempfile::tempdir().unwrap(), root, nobody())
    }

    /// The same with a platform, and past the opening exchange.
    pub(crate) async fn with(platform: &Platform) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("ws");
        let mut talk = Self::new(dir, &root, platform.connect());
        talk.initialize("2025-11-25").await;
        talk
    }

    fn new(dir: tempfile::TempDir, root: &Path, connect: Connect) -> Self {
        std::fs::create_dir(dir.path().join("ws")).unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = connections.clone();
        let counted: Connect = Arc::new(move || {
            count.fetch_add(1, Ordering::SeqCst);
            connect()
        });
        let backend = Backend::new(counted, dir.path().join("client"));
        let config = ServerConfig {
            backend,
            root: Root::new(root),
            project: None,
            secrets: crate::AllowedSecrets::default(),
            version: "0.0.1".to_owned(),
        };
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let mut server = JoinSet::new();
        let (read, write) = tokio::io::split(theirs);
        server.spawn(serve(config, read, write));
        let (output, input) = tokio::io::split(ours);
        Self { lines: BufReader::new(output).lines(), input, server, connections, dir, id: 0 }
    }

    /// The folder that holds the workspace.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// How often the server looked for its platform.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) async fn say(&mut self, message: &Value) {
        self.say_raw(&format!("{message}\n")).await;
    }

    pub(crate) async fn say_raw(&mut self, text: &str) {
        self.input.write_all(text.as_bytes()).await.unwrap();
    }

    pub(crate) async fn hear(&mut self) -> Value {
        let line = timeout(DEADLINE, self.lines.next_line()).await.expect("an answer in time").unwrap();
        serde_json::from_str(&line.expect("an answer before the end")).expect("nothing but JSON")
    }

    /// Everything up to the answer to `id`: the notifications before it, and it.
    pub(crate) async fn answer(&mut self, id: u64) -> (Vec<Value>, Value) {
        let mut before = Vec::new();
        loop {
            let message = self.hear().await;
            if message["id"] == json!(id) {
                return (before, message);
            }
            before.push(message);
        }
    }

    pub(crate) async fn initialize(&mut self, version: &str) -> Value {
        self.say(&json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "by hand", "version": "1"}
        }}))
        .await;
        let (_, answer) = self.answer(0).await;
        self.say(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        answer
    }

    /// Calls a tool and returns the whole answer.
    pub(crate) async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.id += 1;
        self.say(&json!({"jsonrpc": "2.0", "id": self.id, "method": "tools/call",
            "params": {"name": tool, "arguments": arguments}}))
            .await;
        self.answer(self.id).await.1
    }

    /// Calls a tool that has to succeed and returns its structured result.
    pub(crate) async fn done(&mut self, tool: &str, arguments: Value) -> Value {
        let mut answer = self.call(tool, arguments).await;
        assert_ne!(answer["result"]["isError"], true, "{tool}: {answer}");
        answer["result"]["structuredContent"].take()
    }

    /// Calls a tool that has to fail and returns its structured error.
    pub(crate) async fn refused(&mut self, tool: &str, arguments: Value) -> Value {
        let mut answer = self.call(tool, arguments).await;
        assert_eq!(answer["result"]["isError"], true, "{tool}: {answer}");
        answer["result"]["structuredContent"].take()
    }

    /// Ends the client's side and returns how the server ended.
    pub(crate) async fn hang_up(self) -> Result<(), ServeError> {
        let Self { lines, input, mut server, .. } = self;
        // Both halves have to go for the other side to see the end.
        drop((lines, input));
        timeout(DEADLINE, server.join_next()).await.expect("an end in time").unwrap().unwrap()
    }
}

fn nobody() -> Connect {
    Arc::new(|| async { Err(ClientError::new(Code::UNREACHABLE, "nobody \u{1b}[31mthere")) }.boxed())
}
