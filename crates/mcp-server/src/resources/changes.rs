//! Changes of resources, told as they happen: the platform holds questions about what is under way back until there is news;
//! only the list of projects and what has ended, of which it tells nothing by itself, are looked at again and again.
//!
//! Watching goes on behind the person's back, so it never looks for a platform: one that was stopped stays stopped.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use platform_api::{Code, Deployment, DeploymentId, LogCursor, Project, limits};
use platform_client::{Backend, ClientError, LogQuery, Target};
use tokio::sync::watch;
use tokio::time::sleep;

use super::Address;

/// How often what nothing is told of is looked at, and a platform that was away asked again.
const INTERVAL: Duration = Duration::from_secs(5);
/// How long a question for news is held back.
const PATIENCE: Duration = Duration::from_secs(limits::LONG_POLL_S_MAX);
/// The shortest time between two messages about the same log, and between two questions that brought no news.
const PAUSE: Duration = Duration::from_secs(1);

/// Something that a client wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// The content of a resource is another one.
    Updated(Address),
    /// There are other resources than before.
    Listed,
}

/// What a client wants to know of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// The content of these.
    pub(crate) addresses: BTreeSet<Address>,
    /// Which there are.
    pub(crate) list: bool,
}

/// Tells a client; `false` once it does not listen any more.
pub(crate) type Tell = Box<dyn Fn(Change) -> BoxFuture<'static, bool> + Send + Sync>;

/// Tells every change of what is wanted until nobody listens. `acts` wakes it when this program itself changed something.
///
/// # Cancel safety
/// Stops between two changes.
pub(crate) async fn watch(backend: &Backend, wanted: Wanted, acts: watch::Receiver<()>, tell: Tell) {
    if !wanted.addresses.is_empty() {
        // Wanting a resource needs the platform as reading it does; why it cannot be found, reading says.
        drop(backend.client().await);
    }
    let (backend, tell) = (&backend.background(), &tell);
    let projects = wanted.list || wanted.addresses.contains(&Address::Projects);
    let projects = projects.then(|| of_projects(backend, &wanted, acts.clone(), tell).boxed());
    let others = wanted.addresses.iter().filter_map(|address| match *address {
        Address::Projects => None,
        Address::Deployment(id) => Some(of_deployment(backend, id, acts.clone(), tell).boxed()),
        Address::Logs(id) => Some(of_logs(backend, id, tell).boxed()),
    });
    join_all(projects.into_iter().chain(others)).await;
}

async fn of_projects(backend: &Backend, wanted: &Wanted, mut acts: watch::Receiver<()>, tell: &Tell) {
    let mut before: Option<Vec<Project>> = None;
    loop {
        acts.borrow_and_update();
        match backend.projects(None).await {
            Ok(page) => {
                let last = before.replace(page.items);
                if !tell_projects(last.as_ref(), before.as_ref(), wanted, tell).await {
                    return;
                }
            }
            // Where no platform is in use there is nothing; while it is away, what was seen last counts.
            Err(_) => drop(before.get_or_insert_default()),
        }
        rest(&mut acts).await;
    }
}

/// Tells what became of the projects; `false` once nobody listens.
async fn tell_projects(
    last: Option<&Vec<Project>>,
    now: Option<&Vec<Project>>,
    wanted: &Wanted,
    tell: &Tell,
) -> bool {
    let (Some(last), Some(now)) = (last, now) else { return true };
    let updated = wanted.addresses.contains(&Address::Projects) && last != now;
    let relisted = wanted.list && listed(last) != listed(now);
    (!updated || tell(Change::Updated(Address::Projects)).await) && (!relisted || tell(Change::Listed).await)
}

/// What of the projects decides which resources there are.
fn listed(projects: &[Project]) -> Vec<Option<DeploymentId>> {
    projects.iter().map(|project| project.latest.as_ref().map(|latest| latest.id)).collect()
}

/// Until it is time to look again.
async fn rest(acts: &mut watch::Receiver<()>) {
    tokio::select! {
        () = sleep(INTERVAL) => {}
        Ok(()) = acts.changed() => {}
    }
}

async fn of_deployment(backend: &Backend, id: DeploymentId, mut acts: watch::Receiver<()>, tell: &Tell) {
    let mut before = None;
    loop {
        acts.borrow_and_update();
        match look(backend, id, before.as_ref()).await {
            Ok(now) => {
                let last = before.replace(now.clone());
                let changed = last.is_some_and(|last| last != now);
                if changed && !tell(Change::Updated(Address::Deployment(id))).await {
                    return;
                }
                // One that has ended has no more events; that it was replaced shows only when one looks.
                if now.status.is_terminal() {
                    rest(&mut acts).await;
                } else if !changed {
                    sleep(PAUSE).await;
                }
            }
            Err(error) if error.code == Code::NOT_FOUND => {
                // It went with its project: the last change there is.
                tell(Change::Updated(Address::Deployment(id))).await;
                return;
            }
            Err(_) => rest(&mut acts).await,
        }
    }
}

/// The deployment without its log: at once, or, while it is under way, as soon as it is another than `before`.
async fn look(
    backend: &Backend,
    id: DeploymentId,
    before: Option<&Deployment>,
) -> Result<Deployment, ClientError> {
    let mut now = match before {
        Some(before) if !before.status.is_terminal() => backend.news(id, before.seq, PATIENCE).await?,
        _ => backend.status(&Target::Deployment(id), Duration::ZERO).await?,
    };
    now.logs.clear();
    now.log_cursor = LogCursor(String::new());
    Ok(now)
}

async fn of_logs(backend: &Backend, id: DeploymentId, tell: &Tell) {
    let target = Target::Deployment(id);
    let mut cursor: Option<LogCursor> = None;
    loop {
        let Some(from) = &cursor else {
            match backend.status(&target, Duration::ZERO).await {
                Ok(deployment) => cursor = Some(deployment.log_cursor),
                Err(error) if error.code == Code::NOT_FOUND => return,
                Err(_) => sleep(INTERVAL).await,
            }
            continue;
        };
        let query = LogQuery {
            source: None,
            cursor: Some(from.clone()),
            follow: PATIENCE,
            lines_max: limits::LOG_LINES_MAX,
        };
        match backend.logs(&target, query).await {
            Ok(page) if page.lines.is_empty() && page.complete => return,
            Ok(page) => {
                cursor = Some(page.next_cursor);
                if !page.lines.is_empty() && !tell(Change::Updated(Address::Logs(id))).await {
                    return;
                }
                sleep(PAUSE).await;
            }
            Err(error) if error.code == Code::NOT_FOUND => return,
            Err(_) => sleep(INTERVAL).await,
        }
    }
}
