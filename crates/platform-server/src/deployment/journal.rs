//! One deployment's facts: written to disk, then announced.

use platform_api::{Fact, LogSource, LogStream};

use super::{Ended, Proposed, Site};
use crate::clock::now_ms;
use crate::store::{DeploymentRow, StoreError};

/// Writes down what happens to one deployment.
pub(super) struct Journal<'a, E> {
    pub(super) site: &'a Site<E>,
    pub(super) row: &'a DeploymentRow,
}

impl<'a, E> Journal<'a, E> {
    pub(super) fn new(site: &'a Site<E>, row: &'a DeploymentRow) -> Self {
        Self { site, row }
    }

    /// Writes a fact to disk, then tells whoever waits.
    pub(super) async fn record(&self, fact: Fact) -> Result<(), StoreError> {
        let (id, store) = (self.row.id, &self.site.store);
        let (state, seq) = match &fact {
            Fact::Failed { failure } if Proposed::by(failure).is_some() => {
                store.record_with_patch(id, fact, now_ms()).await?
            }
            _ => store.record(id, fact, now_ms()).await?,
        };
        tracing::info!(
            deployment.id = %self.row.id, project.id = %self.row.project, status = %state.status(), "deployment"
        );
        self.site.events.announce(self.row.id, seq);
        Ok(())
    }

    /// Writes how it ended when it did not go live; on a full disk with the room that was kept for this.
    pub(super) async fn record_end(&self, ended: Ended) {
        let fact = match ended {
            Ended::Failed(failure) => Fact::Failed { failure },
            Ended::Cancelled => Fact::Cancelled,
            Ended::Lost(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(deployment.id = %self.row.id, error, "could not record what happened");
                return;
            }
        };
        let mut recorded = self.record(fact.clone()).await;
        if matches!(recorded, Err(StoreError::DiskFull)) && self.site.store.give_up_reserve() {
            recorded = self.record(fact).await;
        }
        if let Err(error) = recorded {
            let error: &dyn std::error::Error = &error;
            tracing::error!(deployment.id = %self.row.id, error, "could not record how a deployment ended");
        }
    }

    /// Says something in the deployment's own log, in the platform's voice.
    pub(super) fn say(&self, source: LogSource, text: &str) {
        say(self.site, self.row, source, text);
    }
}

/// Says something in a deployment's log, in the platform's voice.
pub(super) fn say<E>(site: &Site<E>, row: &DeploymentRow, source: LogSource, text: &str) {
    let written = site.logs(&row.project, row.id).writer(source).and_then(|mut writer| {
        writer.push(LogStream::Platform, now_ms(), text.as_bytes())?;
        writer.flush()
    });
    if let Err(error) = written {
        let error: &dyn std::error::Error = &error;
        tracing::warn!(deployment.id = %row.id, error, "could not write to the deployment's log");
    }
}
