//! The platform: API, Git source of truth, deployments, engines, gateway, generation.

mod generation;
