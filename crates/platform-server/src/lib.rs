//! The platform: API, Git source of truth, deployments, engines, gateway, generation.

mod clock;
mod deployment;
mod engine;
mod event_log;
mod gateway;
mod generation;
mod health;
mod http;
mod logs;
mod platform;
mod project_file;
mod secrets;
mod server;
mod source;
mod static_site;
mod store;

pub use engine::process::{ThisMachine, launch_instance};
pub use http::Tls;
pub use server::{PlatformConfig, Ready, ServeError, Stopped, serve};
pub use static_site::{Pages, serve_static};
