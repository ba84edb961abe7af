//! The process engine: releases are built and run as processes of this machine, each under a launcher of its own. It
//! needs no container engine, no daemon and no rights beyond the user's.
//!
//! What must not happen here: a decision about deployments (that is the driver's), a request to an app (health's), a
//! signal to a process that was not looked at through a pidfd.

mod answers;
mod bun;
mod command;
mod environment;
mod instance;
mod isolation;
mod launcher;
mod layers;
mod machine;
mod node;
mod node_needs;
mod node_program;
mod npm_tools;
mod output;
mod page_tools;
mod ports;
mod prepare;
mod python;
mod rust;
mod shim;
mod sock_diag;
mod sockets;
mod spec;
mod status;
mod step;
mod sync;
mod tools;
mod tree;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use build_plan::toolchain::{Need, Shortfall};
use platform_api::{Code, Failure, InstanceId};
use rustix::process::Signal;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{BuildJob, Engine, Exit, LaunchSpec, Release, Running};
use crate::secrets::plain;
pub(crate) use environment::BuildEnv;
use instance::{Folder, Record};
pub use launcher::launch_instance;
use layers::Layers;
pub use machine::ThisMachine;
use ports::Ports;
use shim::Launcher;
use spec::{LauncherSpec, Report, Role};
use tools::Tools;

/// How long one step of a build may take.
const STEP_LIMIT: Duration = Duration::from_mins(15);
/// How long a launcher may take to say that the program runs.
const START_LIMIT: Duration = Duration::from_secs(30);
/// How long an instance has to end when only its launcher is left to ask: after this it is killed.
const BACKSTOP_GRACE: Duration = Duration::from_mins(1);
/// How long a launcher may take to kill everything before it is killed itself.
const KILL_LIMIT: Duration = Duration::from_secs(5);

/// Runs releases as processes of this machine.
#[derive(Debug)]
pub(crate) struct ProcessEngine {
    home: PathBuf,
    /// Our own program, for launchers and static sites.
    program: PathBuf,
    env: BuildEnv,
    ports: Ports,
    layers: Layers,
    tools: Tools,
    /// How long one step of a build may take.
    step_limit: Duration,
    instances: Mutex<HashMap<InstanceId, Arc<Instance>>>,
}

/// An instance that was launched or adopted.
#[derive(Debug)]
struct Instance {
    record: Record,
    folder: Folder,
    launcher: Launcher,
    exit: OnceLock<Exit>,
}

impl ProcessEngine {
    /// Opens the engine's part of `home`: takes over what an earlier platform left running, and clears away what it
    /// left dead or half made. `program` is our own executable.
    ///
    /// # Errors
    /// When the folders cannot be made or read.
    pub(crate) async fn open(home: &Path, program: PathBuf, env: BuildEnv) -> io::Result<Self> {
        let folders = [instance::instances(home), home.join("layers"), home.join("tools"), tmp(home)];
        let owned = home.to_owned();
        let found = tokio::task::spawn_blocking(move || {
            // Only builds that died with their platform have left anything in here.
            remove_dir(&tmp(&owned))?;
            folders.iter().try_for_each(std::fs::create_dir_all)?;
            take_stock(&owned)
        })
        .await
        .map_err(io::Error::other)??;
        let engine = Self {
            home: home.to_owned(),
            program,
            env,
            ports: Ports::default(),
            layers: Layers::new(home.join("layers")),
            tools: Tools::new(home.join("tools")),
            step_limit: STEP_LIMIT,
            instances: Mutex::default(),
        };
        for (record, folder, process) in found {
            match Launcher::adopt(process)? {
                Some(launcher) => {
                    engine.insert(Instance { record, folder, launcher, exit: OnceLock::new() });
                }
                // It has ended since it was looked at.
                None => engine.stop_unknown(record.instance).await?,
            }
        }
        Ok(engine)
    }

    /// Removes the dependency layers that no kept release stands on, except what a build uses at this moment.
    ///
    /// # Errors
    /// When a layer cannot be removed.
    pub(crate) async fn retain_layers(&self, kept: &BTreeSet<String>) -> io::Result<()> {
        self.layers.retain(kept).await
    }

    fn instances(&self) -> MutexGuard<'_, HashMap<InstanceId, Arc<Instance>>> {
        self.instances.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, instance: InstanceId) -> Option<Arc<Instance>> {
        self.instances().get(&instance).cloned()
    }

    fn insert(&self, instance: Instance) -> Arc<Instance> {
        let instance = Arc::new(instance);
        self.instances().insert(instance.record.instance, Arc::clone(&instance));
        instance
    }

    async fn try_launch(&self, spec: &LaunchSpec) -> io::Result<SocketAddr> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.pick()?));
        std::fs::create_dir_all(&spec.data_dir)?;
        let record = Record {
            instance: spec.instance,
            deployment: spec.deployment,
            project: spec.project.clone(),
            address,
            started_ms: spec.started_ms,
        };
        let folder = Folder::of(&self.home, spec.instance);
        folder.create(&record)?;
        let launcher_spec = self.launcher_spec(spec, address, &folder);
        let (launcher, mut line) = shim::start(&self.program, &spec.instance.to_string())?;
        // Known from here on, so that `stop` finds it even when this future is dropped half way.
        self.insert(Instance { record, folder, launcher, exit: OnceLock::new() });
        line.send(&launcher_spec).await?;
        match line.next().await? {
            Some(Report::Started) => Ok(address),
            Some(Report::Refused(message)) => Err(io::Error::other(message)),
            _ => Err(io::Error::other("its launcher ended at once")),
        }
    }

    fn launcher_spec(&self, spec: &LaunchSpec, address: SocketAddr, folder: &Folder) -> LauncherSpec {
        let release = &spec.release;
        let argv = command::to_argv(&release.start, release.static_root.as_deref(), &self.program);
        LauncherSpec {
            id: spec.instance.uuid(),
            role: Role::Instance { folder: folder.path().to_owned() },
            notes: vec![format!("starting `{}` on {address}", command::shown(&release.start))],
            argv,
            dir: release.root.clone(),
            env: self.app_env(spec, address, folder),
            hidden: spec::hidden(&spec.secrets),
            logs: spec.logs.path().to_owned(),
            grace_ms: u64::try_from(BACKSTOP_GRACE.as_millis()).expect("a minute fits"),
        }
    }

    fn app_env(&self, spec: &LaunchSpec, address: SocketAddr, folder: &Folder) -> BTreeMap<String, String> {
        let mut env = self.env.for_app(&spec.release.path_prefix);
        // Of its own, or every gunicorn of this user opens the same control socket in the home directory.
        let runtime_dir = folder.runtime_dir().to_string_lossy().into_owned();
        env.insert("XDG_RUNTIME_DIR".to_owned(), runtime_dir);
        env.extend(spec.release.env.clone());
        env.extend(plain(&spec.env));
        env.extend(spec::exposed(&spec.secrets));
        env.insert("PORT".to_owned(), address.port().to_string());
        env.insert("HOST".to_owned(), address.ip().to_string());
        env.insert("DATA_DIR".to_owned(), spec.data_dir.to_string_lossy().into_owned());
        env
    }

    /// What an instance that is not in memory left on disk, for one whose launch was given up half way or failed.
    async fn stop_unknown(&self, instance: InstanceId) -> io::Result<()> {
        let folder = Folder::of(&self.home, instance);
        blocking(move || {
            if !folder.path().exists() {
                return Ok(());
            }
            tree::kill_marked(&BTreeSet::from([instance.to_string()]))?;
            folder.remove()
        })
        .await
    }

    /// Learns how an instance whose launcher has ended came to its end, and forgets it.
    async fn conclude(&self, instance: &Arc<Instance>) -> io::Result<Exit> {
        let seen = instance.folder.exit();
        if seen.is_none() {
            // The launcher itself was killed: nobody has looked after its processes since.
            let id = instance.record.instance.to_string();
            blocking(move || tree::kill_marked(&BTreeSet::from([id]))).await?;
        }
        let exit = seen.unwrap_or_else(Exit::gone);
        let exit = instance.exit.get_or_init(|| exit).clone();
        instance.folder.remove()?;
        self.instances().remove(&instance.record.instance);
        Ok(exit)
    }
}

impl Engine for ProcessEngine {
    fn name(&self) -> &'static str {
        "process"
    }

    async fn lacks(&self, needs: &[Need]) -> Vec<Shortfall> {
        machine::lacking(needs, &self.env, &self.tools.answers).await
    }

    async fn prepare(&self, job: &BuildJob, cancel: &CancellationToken) -> Result<Release, Failure> {
        prepare::prepare(self, job, cancel).await
    }

    async fn launch(&self, spec: &LaunchSpec) -> Result<SocketAddr, Failure> {
        let launched = timeout(START_LIMIT, self.try_launch(spec)).await;
        let error = match launched {
            Ok(Ok(address)) => return Ok(address),
            Ok(Err(error)) => error,
            Err(_) => io::Error::from(io::ErrorKind::TimedOut),
        };
        if let Err(error) = self.stop(spec.instance, Duration::ZERO).await {
            let error: &dyn std::error::Error = &error;
            tracing::error!(instance.id = %spec.instance, error, "could not clean up after a failed start");
        }
        Err(start_failure(&error))
    }

    async fn exited(&self, instance: InstanceId) -> Exit {
        let Some(instance) = self.find(instance) else { return Exit::gone() };
        instance.launcher.ended().await;
        if let Some(exit) = instance.exit.get() {
            return exit.clone();
        }
        self.conclude(&instance).await.unwrap_or_else(|error| {
            let id = instance.record.instance;
            let error: &dyn std::error::Error = &error;
            tracing::error!(instance.id = %id, error, "could not clear away what an instance left");
            instance.exit.get().cloned().unwrap_or_else(Exit::gone)
        })
    }

    fn listening(&self, instance: InstanceId) -> Vec<SocketAddr> {
        self.find(instance).map_or_else(Vec::new, |instance| sockets::listening(instance.launcher.pid))
    }

    async fn stop(&self, instance: InstanceId, grace: Duration) -> io::Result<()> {
        let Some(found) = self.find(instance) else { return self.stop_unknown(instance).await };
        let launcher = &found.launcher;
        if !grace.is_zero() {
            launcher.signal(Signal::TERM);
        }
        if timeout(grace, launcher.ended()).await.is_err() {
            launcher.signal(Signal::QUIT);
            if timeout(KILL_LIMIT, launcher.ended()).await.is_err() {
                launcher.signal(Signal::KILL);
                launcher.ended().await;
            }
        }
        self.conclude(&found).await.map(drop)
    }

    async fn running(&self) -> Vec<Running> {
        let instances = self.instances();
        let alive = instances.values().filter(|instance| instance.launcher.is_running());
        alive.map(|instance| instance.record.to_running()).collect()
    }
}

/// Sorts the instances that an earlier platform left: returns those whose launcher lives; ends and removes the others.
fn take_stock(home: &Path) -> io::Result<Vec<(Record, Folder, tree::Process)>> {
    let mut alive = Vec::new();
    let mut dead = Vec::new();
    for (id, folder) in Folder::all(home)? {
        let launcher = folder.launcher().filter(|process| tree::Process::find(process.pid) == Some(*process));
        match (folder.record(), launcher) {
            (Some(record), Some(process)) => alive.push((record, folder, process)),
            _ => dead.push((id, folder)),
        }
    }
    tree::kill_marked(&dead.iter().map(|(id, _)| id.to_string()).collect())?;
    dead.iter().try_for_each(|(_, folder)| folder.remove())?;
    Ok(alive)
}

fn start_failure(error: &io::Error) -> Failure {
    let failure = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => return disk_full(),
        io::ErrorKind::AddrInUse => Failure::new(Code::PORT_TAKEN, error.to_string())
            .hint("stop what occupies the ports of this machine, then deploy again"),
        _ => Failure::new(Code::START_FAILED, format!("the app could not be started: {error}"))
            .hint("check `start` in backend-im.yml; it runs with `sh` in the project's folder"),
    };
    failure.retryable()
}

fn disk_full() -> Failure {
    Failure::new(Code::DISK_FULL, "the disk is full")
        .hint("free some space (deleting projects that are no longer needed helps), then deploy again")
        .retryable()
}

fn tmp(home: &Path) -> PathBuf {
    home.join("tmp")
}

/// Removes a folder; that it is already gone is no error.
fn remove_dir(path: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Work with files that may take a while.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests;
