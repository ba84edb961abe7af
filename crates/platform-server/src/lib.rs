//! The platform: API, Git source of truth, deployments, engines, gateway, generation.

mod gateway;
mod health;
mod static_site;

pub use static_site::serve_static;
