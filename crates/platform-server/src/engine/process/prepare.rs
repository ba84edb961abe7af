//! From checked-out files to a release: install, build, test, and the project's own release command, in this order, each
//! saying in the build log what it runs and why.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use build_plan::toolchain::needs;
use build_plan::{Install, InstallMethod, Phase, Runtime};
use platform_api::{Code, Failure, LogSource, LogStream};
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

use super::layers::{Layer, LayerKey};
use super::step::{Step, Whose, cancelled, internal};
use super::{
    ProcessEngine, blocking, bun, command, machine, node, node_program, page_tools, python, remove_dir, rust,
    tmp,
};
use crate::engine::{BuildJob, Engine as _, Release, StartCommand};
use crate::secrets::{Injected, plain};

/// Makes the release of `job`.
pub(super) async fn prepare(
    engine: &ProcessEngine,
    job: &BuildJob,
    cancel: &CancellationToken,
) -> Result<Release, Failure> {
    let mut build = Build {
        engine,
        job,
        cancel,
        notes: Vec::new(),
        path_prefix: Vec::new(),
        env: BTreeMap::new(),
        runtime_env: BTreeMap::new(),
        layers: Vec::new(),
    };
    let made = build.make().await;
    build.write_notes();
    made
}

/// A release in the making.
pub(super) struct Build<'a> {
    pub(super) engine: &'a ProcessEngine,
    pub(super) job: &'a BuildJob,
    pub(super) cancel: &'a CancellationToken,
    /// Lines of the platform that the next step's launcher writes before anything else.
    notes: Vec<String>,
    pub(super) path_prefix: Vec<PathBuf>,
    /// For the later steps and for the app.
    pub(super) env: BTreeMap<String, String>,
    /// For the app only.
    pub(super) runtime_env: BTreeMap<String, String>,
    pub(super) layers: Vec<String>,
}

impl Build<'_> {
    async fn make(&mut self) -> Result<Release, Failure> {
        self.require_tools().await?;
        page_tools::provide(self).await?;
        self.install().await?;
        self.build().await?;
        self.test().await?;
        self.release_once().await?;
        let start = self.start_command().map_err(|failure| *failure)?;
        Ok(self.release(start))
    }

    /// Sees to it that this machine has what the plan needs. Whoever deployed was told before the upload; since then
    /// something may have been removed.
    async fn require_tools(&mut self) -> Result<(), Failure> {
        let lacking = self.engine.lacks(&needs(&self.job.plan)).await;
        self.notes.extend(machine::warnings_or_failure(&lacking)?);
        Ok(())
    }

    async fn install(&mut self) -> Result<(), Failure> {
        let job = self.job;
        match &job.plan.install {
            Some(install) => match install.method {
                InstallMethod::UvSync
                | InstallMethod::Requirements
                | InstallMethod::Pyproject
                | InstallMethod::Poetry
                | InstallMethod::Pdm
                | InstallMethod::Pipenv => python::install(self, install).await,
                InstallMethod::NpmCi
                | InstallMethod::NpmInstall
                | InstallMethod::Pnpm
                | InstallMethod::YarnClassic
                | InstallMethod::YarnBerry
                | InstallMethod::Bun => node::install(self, install).await,
                InstallMethod::Deno => bun::install_deno(self, install).await,
                InstallMethod::Tool | InstallMethod::Command => self.install_by_command(install).await,
            },
            None => self.install_nothing().await,
        }
    }

    /// The project's own `install` text, run every time: what it writes is part of the release.
    async fn install_by_command(&mut self, install: &Install) -> Result<(), Failure> {
        match self.job.plan.runtime {
            Runtime::Python => python::install_private(self).await?,
            _ => self.install_nothing().await?,
        }
        let step = self.shell(Phase::Install, &install.command);
        self.run(step).await
    }

    /// What the runtime needs even without dependencies.
    async fn install_nothing(&mut self) -> Result<(), Failure> {
        match self.job.plan.runtime {
            Runtime::Python => python::install_nothing(self).await,
            Runtime::Node => node_program::require(self).await.map(drop),
            Runtime::Bun => bun::require(self).await.map(drop),
            Runtime::Deno => bun::require_deno(self).await.map(drop),
            Runtime::Go
            | Runtime::Rust
            | Runtime::Ruby
            | Runtime::Php
            | Runtime::Java
            | Runtime::Dotnet
            | Runtime::Elixir
            | Runtime::Static
            | Runtime::Command => Ok(()),
        }
    }

    async fn build(&mut self) -> Result<(), Failure> {
        let job = self.job;
        match (&job.plan.build, job.plan.runtime) {
            (text, Runtime::Rust) => rust::build(self, text.as_deref()).await,
            (Some(text), _) => {
                let step = self.shell(Phase::Build, text);
                self.run(step).await
            }
            (None, _) => Ok(()),
        }
    }

    /// Tests see a data folder of their own, never the project's.
    async fn test(&mut self) -> Result<(), Failure> {
        let job = self.job;
        let Some(text) = &job.plan.test else { return Ok(()) };
        let data = tmp(&self.engine.home).join(format!("test-{}", job.deployment));
        std::fs::create_dir_all(&data).map_err(|error| internal(&error))?;
        let port = self.engine.ports.pick().map_err(|error| internal(&error))?;
        let mut step = self.shell(Phase::Test, text);
        step.secrets = job.secrets.clone();
        if job.plan.runtime == Runtime::Rust {
            rust::place(self, &mut step);
        }
        step.env.insert("DATA_DIR".to_owned(), data.to_string_lossy().into_owned());
        step.env.insert("HOST".to_owned(), "127.0.0.1".to_owned());
        step.env.insert("PORT".to_owned(), port.to_string());
        let tested = self.run(step).await;
        blocking(move || remove_dir(&data)).await.map_err(|error| internal(&error))?;
        tested
    }

    /// Runs the command that must run once per deployment, with the project's data and variables: a migration.
    async fn release_once(&mut self) -> Result<(), Failure> {
        let job = self.job;
        let Some(text) = &job.plan.release else { return Ok(()) };
        std::fs::create_dir_all(&job.data_dir).map_err(|error| internal(&error))?;
        let port = self.engine.ports.pick().map_err(|error| internal(&error))?;
        let mut step = self.shell(Phase::Release, text);
        step.secrets = job.secrets.clone();
        step.env = self.runtime_env.clone();
        step.env.extend(plain(&job.env));
        step.env.insert("DATA_DIR".to_owned(), job.data_dir.to_string_lossy().into_owned());
        step.env.insert("HOST".to_owned(), "127.0.0.1".to_owned());
        step.env.insert("PORT".to_owned(), port.to_string());
        self.run(step).await
    }

    fn static_root(&self) -> Option<PathBuf> {
        self.job.plan.static_root.as_ref().map(|folder| self.job.source.join(folder))
    }

    fn start_command(&self) -> Result<StartCommand, Box<Failure>> {
        match (&self.job.plan.start, self.static_root()) {
            (Some(text), _) => Ok(StartCommand::Shell(text.clone())),
            (None, Some(folder)) if folder.is_dir() && self.job.plan.single_page => {
                Ok(StartCommand::SinglePage)
            }
            (None, Some(folder)) if folder.is_dir() => Ok(StartCommand::StaticSite),
            (None, Some(folder)) => {
                let message = format!("there is no folder `{}` to serve", folder.display());
                let hint = "set `static_root` in backend-im.yml to the folder with the site's files";
                Err(Failure::new(Code::BUILD_FAILED, message).hint(hint).into())
            }
            (None, None) => Err(Failure::new(Code::START_FAILED, "the plan has no start command")
                .hint("say how the app starts with `start` in backend-im.yml")
                .into()),
        }
    }

    fn release(&mut self, start: StartCommand) -> Release {
        let mut env = std::mem::take(&mut self.runtime_env);
        env.append(&mut self.env);
        env.extend(plain(&self.job.plan.env));
        Release {
            root: self.job.source.clone(),
            start,
            path_prefix: std::mem::take(&mut self.path_prefix),
            env,
            static_root: self.static_root(),
            layers: std::mem::take(&mut self.layers),
        }
    }

    /// Takes a dependency layer; waits for whoever builds it now.
    pub(super) async fn take_layer(&self, key: LayerKey) -> Result<Layer, Failure> {
        self.unless_cancelled(self.engine.layers.take(key)).await
    }

    /// As [`take_layer`](Self::take_layer), of the fetched programs.
    pub(super) async fn take_tool(&self, key: LayerKey) -> Result<Layer, Failure> {
        self.unless_cancelled(self.engine.tools.fetched.take(key)).await
    }

    /// Holds a name against other builds.
    pub(super) async fn hold(&self, name: &str) -> Result<OwnedMutexGuard<()>, Failure> {
        self.unless_cancelled(self.engine.layers.hold(name)).await
    }

    async fn unless_cancelled<T>(&self, waiting: impl Future<Output = T>) -> Result<T, Failure> {
        self.cancel.run_until_cancelled(waiting).await.ok_or_else(cancelled)
    }

    /// A step of shell text in the release's folder.
    pub(super) fn shell(&self, phase: Phase, text: &str) -> Step {
        Step {
            phase,
            shown: text.to_owned(),
            argv: command::shell(text),
            dir: self.job.source.clone(),
            env: BTreeMap::new(),
            secrets: Injected::default(),
            whose: Whose::Project,
        }
    }

    /// A step that is one program with arguments, in the release's folder.
    pub(super) fn program(&self, phase: Phase, shown: &str, argv: &[&str]) -> Step {
        Step {
            phase,
            shown: shown.to_owned(),
            argv: argv.iter().map(|&word| word.to_owned()).collect(),
            dir: self.job.source.clone(),
            env: BTreeMap::new(),
            secrets: Injected::default(),
            whose: Whose::Project,
        }
    }

    /// A line of the platform for the build log.
    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    pub(super) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Writes what no step came to write.
    fn write_notes(&mut self) {
        let notes = self.take_notes();
        if notes.is_empty() {
            return;
        }
        let written = self.job.logs.writer(LogSource::Build).and_then(|mut writer| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let now_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
            notes.iter().try_for_each(|note| writer.push(LogStream::Platform, now_ms, note.as_bytes()))?;
            writer.flush()
        });
        if let Err(error) = written {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(deployment.id = %self.job.deployment, error, "could not write to the build log");
        }
    }
}
