//! Where releases are built and run. [`Engine`] is the seam: everything above it names instances, commits and
//! addresses, and never a process. The process engine is the one that needs nothing but the machine it is on.

pub(crate) mod process;

pub(crate) use process::{BuildEnv, ProcessEngine};

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use build_plan::Plan;
use build_plan::toolchain::{Need, Shortfall};
use platform_api::{DeploymentId, Failure, InstanceId, ProjectId};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::logs::LogDir;
use crate::secrets::Injected;

/// Builds releases and runs instances of them. The platform names an instance before it exists, so that
/// [`stop`](Self::stop) is right at any moment.
pub(crate) trait Engine: Send + Sync + 'static {
    /// What `/api/version` calls it.
    fn name(&self) -> &'static str;

    /// What it lacks of what a plan needs, before anything of the project is here.
    fn lacks(&self, needs: &[Need]) -> impl Future<Output = Vec<Shortfall>> + Send;

    /// Installs, builds, tests, and runs the plan's release command. Everything it does and prints goes to the build log.
    ///
    /// # Cancel safety
    /// Cancel by the token: the step under way is killed with everything it started before this returns. A dropped
    /// future kills it too, but nobody waits for that.
    fn prepare(
        &self,
        job: &BuildJob,
        cancel: &CancellationToken,
    ) -> impl Future<Output = Result<Release, Failure>> + Send;

    /// Starts an instance and says where it is to listen.
    ///
    /// # Cancel safety
    /// When dropped, call [`stop`](Self::stop): it ends what was half started.
    fn launch(&self, spec: &LaunchSpec) -> impl Future<Output = Result<SocketAddr, Failure>> + Send;

    /// Resolves when the instance has ended; at once when it is unknown or gone.
    fn exited(&self, instance: InstanceId) -> impl Future<Output = Exit> + Send;

    /// The TCP addresses on which processes of the instance listen now.
    fn listening(&self, instance: InstanceId) -> Vec<SocketAddr>;

    /// Asks everything of the instance to end, and ends it after `grace`. Idempotent; also for half-started or unknown
    /// instances.
    fn stop(&self, instance: InstanceId, grace: Duration) -> impl Future<Output = io::Result<()>> + Send;

    /// What runs now, also what an earlier platform started.
    fn running(&self) -> impl Future<Output = Vec<Running>> + Send;
}

/// One release to be made.
#[derive(Debug, Clone)]
pub(crate) struct BuildJob {
    pub(crate) deployment: DeploymentId,
    pub(crate) project: ProjectId,
    pub(crate) plan: Plan,
    /// The checked-out files; the release is made in place.
    pub(crate) source: PathBuf,
    /// For tests only: they run the app's own code. Installing and building run strangers', and see no secret.
    pub(crate) secrets: Injected,
    pub(crate) logs: LogDir,
    /// The project's own folder, for what its builds keep from one to the next.
    pub(crate) project_dir: PathBuf,
    /// The project's persistent folder, which only the release command may touch.
    pub(crate) data_dir: PathBuf,
    /// The variables that the app gets; of the steps, only the release command sees them.
    pub(crate) env: BTreeMap<String, String>,
}

/// A built release: all that starting it needs, so that a rollback builds nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Release {
    pub(crate) root: PathBuf,
    pub(crate) start: StartCommand,
    /// Folders of programs that come before the platform's own `PATH`.
    pub(crate) path_prefix: Vec<PathBuf>,
    pub(crate) env: BTreeMap<String, String>,
    /// The folder that a static site is served from.
    pub(crate) static_root: Option<PathBuf>,
    /// The dependency layers it stands on; they may not be removed while the release is kept.
    pub(crate) layers: Vec<String>,
}

impl Release {
    /// The release that was written down in this file, if it was written to its end.
    pub(crate) fn read(file: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(file).ok()?).ok()
    }
}

/// What starts an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StartCommand {
    /// Text for the shell, with `$PORT` and `$HOST` in it.
    Shell(String),
    /// The platform's own server for the release's `static_root`.
    StaticSite,
    /// The same for a page with a router of its own, which answers for every path without a file.
    SinglePage,
}

/// One instance to be started.
#[derive(Debug, Clone)]
pub(crate) struct LaunchSpec {
    pub(crate) instance: InstanceId,
    pub(crate) deployment: DeploymentId,
    pub(crate) project: ProjectId,
    pub(crate) release: Release,
    /// The project's own variables; they win over the release's.
    pub(crate) env: BTreeMap<String, String>,
    /// What secrets add to it; nothing until the very start.
    pub(crate) secrets: Injected,
    /// The project's persistent folder.
    pub(crate) data_dir: PathBuf,
    pub(crate) logs: LogDir,
    /// Now, in milliseconds since the Unix epoch.
    pub(crate) started_ms: u64,
}

impl LaunchSpec {
    /// The same with secrets.
    pub(crate) fn with(self, secrets: Injected) -> Self {
        Self { secrets, ..self }
    }
}

/// How an instance ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Exit {
    /// `exit status 1`, `signal 9 (SIGKILL)`, or `gone` when nobody was left to see it.
    pub(crate) status: String,
    pub(crate) success: bool,
}

impl Exit {
    /// For an instance of which nothing is known any more.
    pub(crate) fn gone() -> Self {
        Self { status: "gone".to_owned(), success: false }
    }
}

/// An instance that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Running {
    pub(crate) instance: InstanceId,
    pub(crate) deployment: DeploymentId,
    pub(crate) project: ProjectId,
    pub(crate) address: SocketAddr,
    pub(crate) started_ms: u64,
}
