//! Telling MCP clients of this program: which client keeps its servers where, what an entry of ours looks like there, and
//! the smallest edit of the client's file that puts it in or takes it out.
//!
//! Nothing here knows a token: an entry names at most the variable that holds one. A file that does not parse is left
//! alone, comments and order stay, and [`file`] is the only one that touches the disk.

mod client;
mod diff;
mod document;
mod entry;
mod file;
mod jsonc;
mod place;
mod toml;

pub(crate) use client::{Client, Program, Scope, Workspace};
pub(crate) use diff::diff;
pub(crate) use document::{Document, Unreadable};
pub(crate) use entry::{Entry, Server, TOKEN_VARIABLE};
pub(crate) use file::{ClientFile, FileError};
pub(crate) use place::Places;
