//! The platform: API, Git source of truth, deployments, engines, gateway, generation.

mod engine;
mod logs;

pub use engine::process::launch_instance;
