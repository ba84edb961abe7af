//! TEMP stand-in.
#![allow(missing_docs, clippy::all, clippy::pedantic, reason = "temporary stand-in")]
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;

pub struct Tls { pub cert: PathBuf, pub key: PathBuf }
pub struct PlatformConfig { pub home: PathBuf, pub api: SocketAddr, pub gateway: SocketAddr, pub tls: Option<Tls>, pub program: PathBuf, pub token: secrecy::SecretString, pub keep_releases: usize, pub env: BTreeMap<String, OsString> }
pub struct Ready { pub api_port: u16, pub gateway_port: u16 }
pub struct Stopped { pub apps_kept: Vec<platform_api::ProjectId>, pub abandoned: usize }
#[derive(Debug, thiserror::Error)]
#[error("stand-in")]
pub struct ServeError;
impl ServeError { pub fn code(&self) -> platform_api::Code { platform_api::Code::PLATFORM_START_FAILED } pub fn hint(&self) -> Option<String> { None } }
pub async fn serve(config: PlatformConfig, ready: impl FnOnce(Ready), shutdown: CancellationToken) -> Result<Stopped, ServeError> {
    ready(Ready { api_port: config.api.port(), gateway_port: config.gateway.port() });
    shutdown.cancelled().await;
    Ok(Stopped { apps_kept: vec![], abandoned: 0 })
}
pub fn launch_instance(args: Vec<OsString>) -> ExitCode { drop(args); ExitCode::FAILURE }
pub fn serve_static(args: Vec<OsString>) -> ExitCode { drop(args); ExitCode::FAILURE }
