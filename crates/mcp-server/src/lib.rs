//! TEMP stand-in.
#![allow(missing_docs, clippy::all, clippy::pedantic, reason = "temporary stand-in")]
use std::path::PathBuf;
#[derive(Debug, Clone)]
pub struct Root(PathBuf);
impl Root { pub fn new(dir: impl Into<PathBuf>) -> Self { Self(dir.into()) } }
pub struct ServerConfig { pub backend: platform_client::Backend, pub root: Root, pub version: String }
#[derive(Debug, thiserror::Error)]
#[error("stand-in")]
pub struct ServeError;
pub async fn serve_stdio(config: ServerConfig) -> Result<(), ServeError> { drop(config); Err(ServeError) }
