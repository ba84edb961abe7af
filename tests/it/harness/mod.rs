//! What every test stands on: a home folder of its own, the real program, real HTTP, and the check that nothing is
//! left running.

mod eras;
mod files;
mod home;
mod http;
mod mcp;
mod mcp_http;
mod npm;
mod project;
mod wait;
mod wire;

pub(crate) use eras::{Client, ERAS, Era, nobody};
pub(crate) use files::files_with;
pub(crate) use home::{Done, Home, is_alive};
pub(crate) use http::{Answer, Api, block_on, get, send, to, trusting, visit};
pub(crate) use mcp::Mcp;
pub(crate) use mcp_http::{McpHttp, message};
pub(crate) use npm::{npm, run_within};
pub(crate) use project::{Project, copy_folder, example, python_server};
pub(crate) use wait::{eventually, has_tool};
pub(crate) use wire::{Wire, host_of, port_of};
