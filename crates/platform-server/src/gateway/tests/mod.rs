//! The gateway before real servers, with clients that see every byte.

mod app;
mod hosts;
mod limits;
mod pass;
mod preview;
mod switch;

use std::time::Duration;

use platform_api::{InstanceId, ProjectId, ShortCommit};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use self::app::{App, soon};
use super::{Gateway, GatewayConfig, Switched};
use crate::health::Healthy;

/// A gateway of a test; ends with it.
struct Running {
    gateway: Gateway,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Running {
    async fn start() -> Self {
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let config = GatewayConfig { address: "127.0.0.1:0".parse().unwrap(), certificate: None };
        let gateway = Gateway::bind(config, &tasks, shutdown.clone()).await.unwrap();
        Self { gateway, tasks, shutdown }
    }

    /// The host of a project on the shared port.
    fn host(&self, project: &ProjectId) -> String {
        format!("{project}.localhost:{}", self.gateway.port())
    }

    fn route(&self, project: &ProjectId, app: &App) -> Switched {
        self.gateway.switch(project, &commit(1), healthy(app.address))
    }

    /// Stops it, and proves that nothing of it is left.
    async fn stop(self) {
        self.shutdown.cancel();
        self.tasks.close();
        soon(self.tasks.wait()).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

fn healthy(address: std::net::SocketAddr) -> Healthy {
    Healthy::for_test(InstanceId::from_v7(Uuid::now_v7()), address)
}

fn project(name: &str) -> ProjectId {
    ProjectId::new("ana", name).unwrap()
}

fn commit(number: u64) -> ShortCommit {
    format!("{number:012x}").parse().unwrap()
}

/// A drain's limit that no test should reach.
const DRAIN: Duration = Duration::from_secs(app::LIMIT_S);
