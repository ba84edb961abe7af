//! The tools an agent sees, over `platform-client`: an MCP server in both eras of the protocol.
//!
//! Nothing here knows how a platform comes up, calls one by itself or starts a program. Nothing is connected, read or
//! started before the first call of a tool. Over stdio, standard output carries the protocol and nothing else; `http/`
//! serves the same over HTTP.
//!
//! A call's way: `stdio/` or `http/` reads the message → `server.rs` takes the request → `tools/mod.rs` parses the arguments,
//! lets `progress.rs` tell about it and the tool's own file do it → `output.rs` and `quote.rs` clean what apps and files
//! brought in and set it apart → `error.rs` shapes what went wrong.

mod completion;
mod config;
mod conversation;
mod deployment;
mod elicit;
mod era;
mod error;
mod http;
mod icons;
mod output;
mod progress;
mod prompts;
mod quote;
mod resources;
mod root;
mod schema;
mod server;
mod stdio;
mod tasks;
mod tools;

#[cfg(test)]
mod testing;

pub use config::{AllowedSecrets, ServerConfig};
pub use error::ServeError;
#[cfg(feature = "conformance")]
pub use http::serve_handler;
pub use http::{Access, HttpConfig, HttpError, HttpToken, Legacy, serve_http};
pub use root::Root;
pub use server::serve_stdio;
