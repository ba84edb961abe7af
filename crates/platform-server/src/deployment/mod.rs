//! The path of a deployment, from its turn in the queue to live traffic.
//!
//! ```text
//! driver (one task per project) ──► deploy ──► bring_up ──► switch ──► settle
//!    queue, cancel, supervise        commit     build         gateway    drain and stop the old,
//!    the live instance               release    launch                   retire releases
//!                                    data       probe
//! ```
//! A deployment that fails anywhere leaves nothing behind and the old version serving. Every step is a fact, on disk
//! before anyone hears of it.

mod attempt;
mod bring_up;
mod driver;
mod drivers;
mod incumbent;
mod journal;
mod outgoing;
mod patched;
mod previews;
mod recovery;
mod remains;
mod retention;
mod secrets;
mod site;
mod starts;
mod supervise;
mod trial;

use platform_api::{Fact, Failure};
use tokio_util::sync::CancellationToken;

pub(crate) use driver::{AppsAtEnd, Command};
pub(crate) use drivers::Drivers;
use incumbent::Incumbent;
use journal::Journal;
use outgoing::{Leaving, Outgoing};
pub(crate) use previews::Previews;
pub(crate) use recovery::recover;
pub(crate) use site::{Limits, SharedSite, Site, remove_tree};
pub(crate) use starts::Starts;
use supervise::Live;
use trial::{Proposed, Trial};

use crate::engine::Engine;
use crate::store::{DeploymentRow, StoreError};

/// How a deployment ended when it did not go live.
#[derive(Debug)]
enum Ended {
    /// It failed; this is what its owner is told.
    Failed(Box<Failure>),
    /// It was cancelled.
    Cancelled,
    /// The database failed: nothing more can be recorded.
    Lost(StoreError),
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::DiskFull => bring_up::disk_full().into(),
            error => Self::Lost(error),
        }
    }
}

/// A deployment that went live, and what it took the place of.
struct WentLive {
    live: Live,
    outgoing: Option<Outgoing>,
}

/// Takes one deployment from the queue to live traffic. On any error the old version serves as before, and nothing of
/// the new one runs.
async fn deploy<E: Engine>(
    site: &Site<E>,
    row: &DeploymentRow,
    incumbent: &mut Incumbent<E>,
    cancel: &CancellationToken,
) -> Result<WentLive, Ended> {
    let journal = Journal::new(site, row);
    journal.record(Fact::Started).await?;

    site.move_branch(row).await?;
    journal.record(Fact::Committed).await?;

    let place = site.release_root(row).await?;
    journal.record(Fact::NamespaceCreated).await?;

    let data_dir = site.data_dir(&row.project).await?;
    journal.record(Fact::DataReady).await?;

    let (healthy, live) = bring_up::bring_up(&journal, &place, data_dir, cancel).await?;
    // Whoever restarts the old instance must not be able to route back to it from here on.
    let outgoing = incumbent.dismiss().await;
    let switched = site.gateway.switch(&row.project, &row.commit.short(), healthy);
    // A moment, so that the receipt tells of ordinary requests. Nobody waits for streams that have no end.
    let receipt = switched.settled(site.limits.settle).await;

    match journal.record(Fact::Switched { receipt }).await {
        Ok(()) => Ok(WentLive { live, outgoing: outgoing.map(|live| Outgoing { live, switched }) }),
        Err(error) => {
            incumbent.reinstate(outgoing);
            bring_up::stop(site, live.spec.instance).await;
            Err(error.into())
        }
    }
}
