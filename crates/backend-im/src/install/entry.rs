//! An entry of ours, as each client writes one.

use serde_json::{Map, Value, json};
use url::Url;

use super::client::Client;

/// The variable of the client's environment that holds the token of a server over HTTP. The token itself is in no file of
/// a client.
pub(crate) const TOKEN_VARIABLE: &str = "BACKEND_IM_MCP_TOKEN";
/// How long a call may take where a client would give up after a minute, in seconds. A first deploy uploads before it
/// waits.
const CALL_LIMIT_S: u64 = 600;

/// What a client is told to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Server {
    /// A program that it starts.
    Program {
        /// Its name or path.
        command: String,
        /// Its arguments.
        args: Vec<String>,
    },
    /// A server that runs already.
    Address(Url),
}

/// One server among those of a client.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// What the client calls it.
    pub(crate) name: String,
    /// Its members.
    pub(crate) value: Value,
}

impl Entry {
    /// The entry for `client`; nothing if its file can hold no such server.
    pub(crate) fn new(client: Client, name: String, server: &Server) -> Option<Self> {
        let mut value = match server {
            Server::Program { command, args } => program(client, command, args),
            Server::Address(url) => address(client, url)?,
        };
        match client {
            Client::Zed => value.insert("timeout".to_owned(), json!(CALL_LIMIT_S)),
            Client::Codex => value.insert("tool_timeout_sec".to_owned(), json!(CALL_LIMIT_S)),
            _ => None,
        };
        Some(Self { name, value: Value::Object(value) })
    }
}

fn program(client: Client, command: &str, args: &[String]) -> Map<String, Value> {
    let mut value = Map::new();
    if matches!(client, Client::ClaudeCode | Client::Cursor | Client::VsCode) {
        value.insert("type".to_owned(), json!("stdio"));
    }
    value.insert("command".to_owned(), json!(command));
    value.insert("args".to_owned(), json!(args));
    // Claude Code and Zed write it themselves, also when it is empty.
    if matches!(client, Client::ClaudeCode | Client::Zed) {
        value.insert("env".to_owned(), json!({}));
    }
    value
}

/// Each client has its own way to name a variable. Zed has none: it reaches servers that ask for no token.
fn address(client: Client, url: &Url) -> Option<Map<String, Value>> {
    let bearer = |reference: &str| json!({"Authorization": format!("Bearer {reference}")});
    let value = match client {
        Client::ClaudeDesktop => return None,
        Client::ClaudeCode => {
            json!({"type": "http", "url": url, "headers": bearer(&format!("${{{TOKEN_VARIABLE}}}"))})
        }
        Client::VsCode => {
            json!({"type": "http", "url": url, "headers": bearer(&format!("${{env:{TOKEN_VARIABLE}}}"))})
        }
        Client::Cursor => json!({"url": url, "headers": bearer(&format!("${{env:{TOKEN_VARIABLE}}}"))}),
        Client::Windsurf => {
            json!({"serverUrl": url, "headers": bearer(&format!("${{env:{TOKEN_VARIABLE}}}"))})
        }
        Client::Zed => json!({"url": url}),
        Client::Codex => json!({"url": url, "bearer_token_env_var": TOKEN_VARIABLE}),
        Client::Gemini => {
            json!({"type": "http", "url": url, "headers": bearer(&format!("${TOKEN_VARIABLE}"))})
        }
    };
    value.as_object().cloned()
}
