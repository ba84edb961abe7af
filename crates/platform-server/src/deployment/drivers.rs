//! The drivers of all projects: started on their first command, ended together.

use std::collections::HashMap;
use std::sync::Mutex;

use platform_api::{ProjectId, StoppedApp};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::driver::{AppsAtEnd, Command, Driver};
use super::site::SharedSite;
use super::supervise::{Begin, Live};
use crate::engine::Engine;

/// How many commands of one project may wait; a caller beyond that waits for a place.
const COMMANDS_MAX: usize = 256;

/// Finds, starts and ends the drivers.
pub(crate) struct Drivers<E> {
    site: SharedSite<E>,
    running: Mutex<Running>,
    ending: watch::Sender<Option<AppsAtEnd>>,
}

#[derive(Default)]
struct Running {
    commands: HashMap<ProjectId, mpsc::Sender<Command>>,
    tasks: JoinSet<Option<StoppedApp>>,
}

impl<E: Engine> Drivers<E> {
    pub(crate) fn new(site: SharedSite<E>) -> Self {
        Self { site, running: Mutex::default(), ending: watch::Sender::new(None) }
    }

    /// Hands a command to the project's driver; false when the platform is ending.
    pub(crate) async fn send(&self, project: &ProjectId, command: Command) -> bool {
        let sender = self.driver_of(project, None);
        sender.send(command).await.is_ok()
    }

    /// Starts the project's driver with what is, or should be, live.
    pub(super) fn adopt(&self, project: &ProjectId, live: Live, begin: Begin) {
        drop(self.driver_of(project, Some((live, begin))));
    }

    /// Ends everything of the project; answers once nothing of it runs.
    pub(crate) async fn delete(&self, project: &ProjectId) {
        let (done, gone) = oneshot::channel();
        if self.send(project, Command::Delete(done)).await {
            drop(gone.await);
        }
        self.running.lock().expect("nothing panics under it").commands.remove(project);
    }

    /// Ends all drivers and says which apps were stopped.
    pub(crate) async fn end(&self, apps: AppsAtEnd) -> Vec<StoppedApp> {
        self.ending.send_modify(|ending| {
            ending.get_or_insert(apps);
        });
        let mut tasks = std::mem::take(&mut self.running.lock().expect("nothing panics under it").tasks);
        let mut stopped = Vec::new();
        while let Some(ended) = tasks.join_next().await {
            stopped.extend(ended.ok().flatten());
        }
        stopped.sort_by(|a, b| a.project_id.cmp(&b.project_id));
        stopped
    }

    fn driver_of(&self, project: &ProjectId, live: Option<(Live, Begin)>) -> mpsc::Sender<Command> {
        let mut running = self.running.lock().expect("nothing panics under it");
        if let Some(sender) = running.commands.get(project)
            && !sender.is_closed()
        {
            return sender.clone();
        }
        let (sender, commands) = mpsc::channel(COMMANDS_MAX);
        let mut driver = Driver::new(self.site.clone(), project.clone(), commands, self.ending.subscribe());
        while running.tasks.try_join_next().is_some() {}
        if let Some((live, begin)) = live {
            driver.adopt(live, begin);
        }
        running.tasks.spawn(driver.run());
        running.commands.insert(project.clone(), sender.clone());
        sender
    }
}
