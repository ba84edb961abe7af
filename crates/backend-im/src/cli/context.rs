//! What every subcommand starts from: settings, the client, the runtime, the log.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use platform_api::DeploymentId;
use platform_client::{Backend, Target};
use tokio::runtime::Builder;
use tracing_subscriber::EnvFilter;

use super::error::Error;
use super::render::{self, Screen};
use crate::config::{self, Environment, Flags, Settings};
use crate::home::Home;
use crate::start::Starter;

/// How long threads that still work are waited for when a command is done.
const SHUTDOWN_LIMIT: Duration = Duration::from_millis(100);

/// Flags, environment and screen of this run.
#[derive(Debug)]
pub(crate) struct Context {
    /// The environment.
    pub(crate) env: Environment,
    /// The flags that every subcommand knows.
    pub(crate) flags: Flags,
    /// Where words go.
    pub(crate) screen: Screen,
}

/// What a command on projects works with.
pub(crate) struct Work {
    /// The use cases.
    pub(crate) backend: Backend,
    /// The settings.
    pub(crate) settings: Settings,
    /// The folder that the command is about.
    pub(crate) folder: PathBuf,
}

impl Context {
    /// The context of this run.
    pub(crate) fn new(env: Environment, flags: Flags, screen: Screen) -> Self {
        Self { env, flags, screen }
    }

    /// Logs to stderr from here on.
    ///
    /// # Errors
    /// [`Error::Usage`] when the filter does not parse.
    pub(crate) fn start_logging(&self, default: &str) -> Result<(), Error> {
        let filter = config::log_filter(&self.flags, &self.env);
        let filter = EnvFilter::try_new(filter.as_deref().unwrap_or(default)).map_err(|error| {
            Error::usage(
                format!("the log filter does not parse: {error}"),
                "write a level such as debug, or levels by module such as info,platform_server=debug",
            )
        })?;
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(io::stderr)
            .with_ansi(self.screen.is_terminal && self.env.wants_colour())
            .init();
        Ok(())
    }

    /// Settings and client for work in `folder`; the platform is found or started on first use.
    ///
    /// # Errors
    /// [`Error::Config`] when a setting cannot be used.
    pub(crate) fn work_in(&self, folder: &Path) -> Result<Work, Error> {
        let settings = Settings::load(&self.flags, &self.env, folder)?;
        let starter = Starter::new(&settings, &self.env, render::tell);
        let state = Home::new(settings.home.clone()).client_state();
        let look = starter.clone().into_look();
        let backend = Backend::new(starter.into_connect(), state).looking_with(look);
        Ok(Work { backend, settings, folder: folder.to_owned() })
    }

    /// Work in the folder in which the program was started.
    ///
    /// # Errors
    /// As [`Context::work_in`].
    pub(crate) fn work_here(&self) -> Result<Work, Error> {
        self.work_in(Path::new("."))
    }
}

impl Work {
    /// The project that is meant: the argument, else the setting, else the folder's.
    ///
    /// # Errors
    /// [`Error::Client`] when the folder has no project's name.
    pub(crate) fn project(&self, argument: Option<String>) -> Result<String, Error> {
        match argument.or_else(|| self.settings.project.clone()) {
            Some(project) => Ok(project),
            None => Ok(self.backend.project_of(&self.folder, None)?),
        }
    }

    /// The deployment or project that is meant.
    ///
    /// # Errors
    /// As [`Work::project`].
    pub(crate) fn target(&self, argument: Option<String>) -> Result<Target, Error> {
        match argument.as_deref().map(str::parse::<DeploymentId>) {
            Some(Ok(id)) => Ok(Target::Deployment(id)),
            _ => Ok(Target::Project(self.project(argument)?)),
        }
    }
}

/// Runs a command to its end on this thread.
///
/// # Errors
/// The command's own.
pub(crate) fn block_on(command: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::machine("cannot start", error))?;
    let outcome = runtime.block_on(Box::pin(command));
    runtime.shutdown_timeout(SHUTDOWN_LIMIT);
    outcome
}
