//! A deployment as its callers see it.

use build_plan::Diagnosis;
use platform_api::{
    Deployment, DeploymentId, Event, Failure, InstanceView, Phase, Receipt, State, Status, limits,
};

use super::{Platform, Refusal};
use crate::clock::now_ms;
use crate::engine::Engine;
use crate::logs::LogDir;
use crate::store::{DeploymentRow, VerificationRow};

impl Platform {
    /// The deployment with everything that is known of it.
    ///
    /// # Errors
    /// [`Refusal`] when there is no such deployment.
    pub(crate) async fn deployment(&self, id: DeploymentId) -> Result<Deployment, Refusal> {
        let row = self.row(id)?;
        let logs = self.log_dir(id)?;
        // The cursor is taken first: a line written in between is shown twice rather than never.
        let log_cursor = logs.end()?;
        let tail = logs.tail(limits::STATUS_LINES_MAX, None)?;
        let mut view = self.overview(&row)?;
        view.logs = tail.into_iter().map(|line| line.text).collect();
        view.log_cursor = log_cursor;
        view.plan = serde_json::to_value(&row.plan).ok();
        if let Some(plan) = &mut view.plan {
            self.0.site.secrets.redaction(&row.project).now().json(plan);
        }
        view.instances = self.instances_of(&row).await;
        Ok(view)
    }

    /// The deployment as lists show it: without its lines, its plan and its instances.
    pub(super) fn overview(&self, row: &DeploymentRow) -> Result<Deployment, Refusal> {
        let gateway = &self.0.site.gateway;
        let status = row.state.status();
        let events = self.events_after(row.id, 0)?;
        let went_live = status == Status::Complete;
        let (mut error, receipt) = outcome(&row.state);
        let redactor = self.0.site.secrets.redaction(&row.project).now();
        if let Some(failure) = &mut error {
            if let Some(verification) = self.0.site.store.verification(row.id)? {
                add_verification(failure, verification);
            }
            redactor.failure(failure);
        }
        Ok(Deployment {
            id: row.id,
            project_id: row.project.clone(),
            commit_hash: row.commit.short(),
            status,
            url: went_live.then(|| gateway.url(&row.project)),
            logs: Vec::new(),
            direct_url: gateway.direct_url(&row.project).filter(|_| went_live),
            preview_url: went_live.then(|| gateway.preview_url(&row.project, &row.commit.short())),
            live: self.is_live(row),
            superseded_by: row.superseded_by,
            trigger: row.trigger,
            message: row.message.as_deref().map(|message| redactor.text(message).into_owned()),
            created_ms: row.created_ms,
            ended_ms: row.ended_ms,
            phases: phases(row.created_ms, &events, now_ms()),
            seq: row.seq,
            log_cursor: LogDir::start(),
            plan: None,
            plan_hash: Some(row.plan.plan_hash.clone()),
            error,
            receipt,
            instances: Vec::new(),
        })
    }

    async fn instances_of(&self, row: &DeploymentRow) -> Vec<InstanceView> {
        let running = self.0.site.engine.running().await;
        let restarts = self.0.site.restarts_of(row.id);
        let view = |running: crate::engine::Running| InstanceView {
            id: running.instance,
            address: running.address.to_string(),
            started_ms: running.started_ms,
            restarts,
        };
        running.into_iter().filter(|running| running.deployment == row.id).map(view).collect()
    }
}

fn outcome(state: &State) -> (Option<Failure>, Option<Receipt>) {
    match state {
        State::Failed { failure, .. } => (Some((**failure).clone()), None),
        State::Complete { receipt, .. } => (None, Some(receipt.clone())),
        _ => (None, None),
    }
}

/// Says in the failure's diagnosis how trying its patch goes.
fn add_verification(failure: &mut Failure, verification: VerificationRow) {
    let Some(Ok(mut diagnosis)) = failure.diagnosis.clone().map(serde_json::from_value::<Diagnosis>) else {
        return;
    };
    diagnosis.verification = Some(verification.result);
    diagnosis.verification_note = verification.note;
    failure.diagnosis = serde_json::to_value(diagnosis).ok();
}

/// How long the deployment was in each status, folded from its events.
fn phases(created_ms: u64, events: &[Event], now_ms: u64) -> Vec<Phase> {
    let mut state = State::Queued;
    let mut phases: Vec<Phase> = Vec::new();
    let mut since = created_ms;
    for event in events {
        let status = state.status();
        let ms = event.time_ms.saturating_sub(since);
        since = event.time_ms;
        match phases.last_mut() {
            Some(last) if last.status == status => last.ms += ms,
            _ => phases.push(Phase { status, ms }),
        }
        let Ok(next) = state.clone().after(&event.fact) else { break };
        state = next;
    }
    let status = state.status();
    if !status.is_terminal() {
        let ms = now_ms.saturating_sub(since);
        match phases.last_mut() {
            Some(last) if last.status == status => last.ms += ms,
            _ => phases.push(Phase { status, ms }),
        }
    }
    phases
}

#[cfg(test)]
mod tests {
    use platform_api::Fact;

    use super::*;

    #[test]
    fn phases_add_up_to_the_time_that_passed() {
        let event = |seq, time_ms, fact| Event { seq, time_ms, fact };
        let events =
            [event(1, 110, Fact::Started), event(2, 113, Fact::Committed), event(3, 150, Fact::Cancelled)];
        let ended = phases(100, &events, 9_000);
        let expected = [(Status::Queued, 10), (Status::Committing, 3), (Status::CreatingNamespace, 37)];
        assert_eq!(ended, expected.map(|(status, ms)| Phase { status, ms }));
        let going_on = phases(100, &events[..2], 200);
        assert_eq!(going_on.iter().map(|phase| phase.ms).sum::<u64>(), 100);
    }
}
