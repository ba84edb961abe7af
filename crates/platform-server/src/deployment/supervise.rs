//! Keeps the live instance running: one that ends by itself is started again, ever more slowly when it keeps ending.

use std::net::SocketAddr;
use std::time::Duration;

use platform_api::LogSource;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::journal::say;
use super::site::SharedSite;
use super::{bring_up, secrets};
use crate::clock::{new_instance, now_ms};
use crate::engine::{Engine, LaunchSpec};
use crate::health::{Healthy, Probe, Unhealthy, probe};
use crate::store::DeploymentRow;

/// The wait before the second restart in a row, in milliseconds; it doubles up to [`BACKOFF_MS_MAX`].
const BACKOFF_MS: u64 = 500;
/// The longest wait between two restarts, in milliseconds.
const BACKOFF_MS_MAX: u64 = 60_000;
/// An instance that ran this long starts a new count, in milliseconds.
const STEADY_MS: u64 = 60_000;

/// What serves a project: the deployment and how its instance was started.
#[derive(Clone)]
pub(super) struct Live {
    pub(super) row: DeploymentRow,
    pub(super) spec: LaunchSpec,
    /// How often it was started again since it was last steady.
    pub(super) restarts: u32,
}

/// What there is of the live instance when watching begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// It runs and has the route.
    Routed,
    /// It runs, left by an earlier platform; it gets the route once it answers.
    Adopted,
    /// Nothing runs; it is started.
    Stopped,
}

/// Watches the live instance and starts it again whenever it ends, until cancelled; answers what runs then.
///
/// # Cancel safety
/// Cancel by the token: the answer then names the instance whose start was under way, for the caller to stop.
pub(super) async fn supervise<E: Engine>(
    site: SharedSite<E>,
    mut live: Live,
    begin: Begin,
    cancel: CancellationToken,
) -> Live {
    match begin {
        Begin::Routed => {}
        Begin::Adopted => adopt(&site, &live, &cancel).await,
        Begin::Stopped => {
            say(&site, &live.row, LogSource::Runtime, "the platform started again; so does the app");
            start(&site, &live, &cancel).await;
        }
    }
    loop {
        let exit = tokio::select! {
            biased;
            () = cancel.cancelled() => return live,
            exit = site.engine.exited(live.spec.instance) => exit,
        };
        if now_ms().saturating_sub(live.spec.started_ms) >= STEADY_MS {
            live.restarts = 0;
        }
        let wait = backoff(live.restarts);
        tracing::warn!(project.id = %live.row.project, exit = exit.status, wait_ms = wait.as_millis(), "an app ended");
        say(
            &site,
            &live.row,
            LogSource::Runtime,
            &format!("the app ended by itself ({}); starting it again", exit.status),
        );
        tokio::select! {
            () = cancel.cancelled() => return live,
            () = sleep(wait) => {}
        }
        live.restarts += 1;
        site.count_restart(live.row.id);
        live.spec.instance = new_instance();
        live.spec.started_ms = now_ms();
        start(&site, &live, &cancel).await;
    }
}

fn backoff(restarts: u32) -> Duration {
    match restarts {
        0 => Duration::ZERO,
        n => Duration::from_millis((BACKOFF_MS << (n - 1).min(16)).min(BACKOFF_MS_MAX)),
    }
}

/// Starts the instance; one that does not get healthy is stopped, which the loop above sees as its end.
async fn start<E: Engine>(site: &SharedSite<E>, live: &Live, cancel: &CancellationToken) {
    let started = async {
        let _place = site.starts.place().await;
        let secrets = secrets::of_deployment(site, &live.row).map_err(Unhealthy::Failed)?;
        let spec = live.spec.clone().with(secrets);
        let address = site.engine.launch(&spec).await.map_err(Unhealthy::Failed)?;
        probe(&site.engine, &probe_of(site, live, address)).await
    };
    route(site, live, started, cancel).await;
}

/// Gives the route to an instance that an earlier platform left running, once it answers.
async fn adopt<E: Engine>(site: &SharedSite<E>, live: &Live, cancel: &CancellationToken) {
    let running = site.engine.running().await;
    let Some(found) = running.iter().find(|running| running.instance == live.spec.instance) else { return };
    let probe_of = probe_of(site, live, found.address);
    route(site, live, probe(&site.engine, &probe_of), cancel).await;
}

fn probe_of<E>(site: &SharedSite<E>, live: &Live, address: SocketAddr) -> Probe {
    let path = live.row.plan.health_path.clone();
    Probe { instance: live.spec.instance, address, path, limit: site.limits.probe }
}

async fn route<E: Engine>(
    site: &SharedSite<E>,
    live: &Live,
    probed: impl Future<Output = Result<Healthy, Unhealthy>>,
    cancel: &CancellationToken,
) {
    let outcome = tokio::select! {
        biased;
        () = cancel.cancelled() => return,
        outcome = probed => outcome,
    };
    match outcome {
        Ok(healthy) => site.gateway.restore(&live.row.project, &live.row.commit.short(), healthy),
        Err(Unhealthy::Exited(_)) => {}
        Err(Unhealthy::Unwell { failure, .. } | Unhealthy::Failed(failure)) => {
            say(
                site,
                &live.row,
                LogSource::Runtime,
                &format!("the app did not come up again: {}", failure.message),
            );
            bring_up::stop(site, live.spec.instance).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_restart_is_at_once_and_none_waits_longer_than_a_minute() {
        assert_eq!(backoff(0), Duration::ZERO);
        assert_eq!(backoff(1), Duration::from_millis(500));
        assert_eq!(backoff(3), Duration::from_secs(2));
        assert_eq!(backoff(4_000_000_000), Duration::from_millis(BACKOFF_MS_MAX));
    }
}
