//! Watches a deployment to its end: phases with their durations, then the result; Ctrl-C ends only the watching.

use std::time::Duration;

use futures_util::StreamExt as _;
use platform_api::{Deployment, DeploymentId, Phase, Status, StatusMessage};
use platform_client::{Backend, FollowFrom, Target};

use super::board::Board;
use super::error::Error;
use super::render::{self, Format, Screen};
use super::text;

/// Whether lines of the build and the app are shown as they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// Only the newest one, on a terminal.
    Newest,
    /// Every line.
    All,
}

/// Follows a deployment until nothing more can happen to it, and returns what it came to.
///
/// # Errors
/// [`Error::Interrupted`] on Ctrl-C, [`Error::Client`] when the platform is lost for good.
pub(crate) async fn to_the_end(
    backend: &Backend,
    id: DeploymentId,
    board: &Board,
    output: Output,
) -> Result<Deployment, Error> {
    let following = follow(backend, id, board, output);
    tokio::select! {
        followed = following => followed?,
        interrupt = tokio::signal::ctrl_c() => {
            board.clear();
            interrupt.map_err(|error| Error::machine("cannot listen for Ctrl-C", error))?;
            tell_it_goes_on(id);
            return Err(Error::Interrupted);
        }
    }
    Ok(backend.status(&Target::Deployment(id), Duration::ZERO).await?)
}

async fn follow(backend: &Backend, id: DeploymentId, board: &Board, output: Output) -> Result<(), Error> {
    let mut messages = Box::pin(backend.follow(id, FollowFrom { seq: 0, logs: None }));
    let mut steps = Steps::default();
    board.now(text::status(Status::Queued));
    while let Some(message) = messages.next().await {
        let message = message?;
        if let Some(over) = steps.after(&message) {
            board.line(&text::phase(board.screen().paint, over));
            board.now(text::status(message.status));
        }
        for line in &message.logs {
            match output {
                Output::Newest => board.output(line),
                Output::All => board.line(&format!("  | {}", super::clean::line(line))),
            }
        }
    }
    board.clear();
    Ok(())
}

/// Where a deployment is and since when.
#[derive(Debug, Default)]
struct Steps {
    current: Option<(Status, u64)>,
}

impl Steps {
    /// The phase that `message` brought to a good end, if it did.
    fn after(&mut self, message: &StatusMessage) -> Option<Phase> {
        let event = message.event.as_ref()?;
        if self.current.is_some_and(|(status, _)| status == message.status) {
            return None;
        }
        let (status, since_ms) = self.current.replace((message.status, event.time_ms))?;
        let went_well = !matches!(message.status, Status::Failed | Status::Cancelled);
        went_well.then(|| Phase { status, ms: event.time_ms.saturating_sub(since_ms) })
    }
}

/// Tells the result of a deployment that has ended: its URL on stdout when it is live, why not on stderr when it is not.
///
/// # Errors
/// [`Error::Deployment`] when it failed or was cancelled.
pub(crate) fn tell_result(screen: Screen, deployment: &Deployment) -> Result<(), Error> {
    let took = deployment.ended_ms.map(|end| end.saturating_sub(deployment.created_ms)).unwrap_or_default();
    let took = text::duration(took);
    match (deployment.status, &deployment.error) {
        (Status::Complete, _) => {
            tell_live(screen, deployment, &took);
            render::data(deployment.url.as_deref().unwrap_or_default())
        }
        (Status::Failed, Some(failure)) => {
            let where_it_was = deployment.phases.last().map_or("deploy", |phase| text::status(phase.status));
            let mark = screen.paint.bad("✗");
            render::tell(&format!("{mark} {where_it_was} failed after {took}; nothing changed for users\n"));
            render::tell(text::failure(screen.paint, deployment, failure).trim_end());
            render::tell(&format!("\nall of it: backend-im logs {}", deployment.id));
            Err(Error::Deployment)
        }
        (status, _) => {
            render::tell(&format!(
                "{} after {took}; nothing changed for users",
                text::state(screen.paint, status)
            ));
            Err(Error::Deployment)
        }
    }
}

fn tell_live(screen: Screen, deployment: &Deployment, took: &str) {
    let paint = screen.paint;
    let cost = deployment.receipt.as_ref().map(|cost| format!("; {}", text::receipt(cost)));
    render::tell(&format!("{} in {took}{}", paint.good("✓ live"), cost.unwrap_or_default()));
    if let Some(direct) = &deployment.direct_url {
        render::tell(&format!("  {} {direct}", paint.dim("also at")));
    }
    if let Some(preview) = &deployment.preview_url {
        render::tell(&format!("  {} {preview}", paint.dim("this version alone")));
    }
}

/// The result as text or as one document.
///
/// # Errors
/// As [`tell_result`].
pub(crate) fn end(
    screen: Screen,
    format: Format,
    deployment: &Deployment,
    document: &serde_json::Value,
) -> Result<(), Error> {
    match format {
        Format::Text => tell_result(screen, deployment),
        Format::Json => {
            render::json(document)?;
            if deployment.status == Status::Complete { Ok(()) } else { Err(Error::Deployment) }
        }
    }
}

fn tell_it_goes_on(id: DeploymentId) {
    render::tell(&format!(
        "interrupted: the deployment goes on without you\n\n  \
         follow it   backend-im status --watch {id}\n  \
         cancel it   backend-im cancel {id}"
    ));
}

#[cfg(test)]
mod tests {
    use platform_api::Fact;

    use super::*;

    fn message(status: Status, seq: u64, time_ms: u64, fact: Fact) -> StatusMessage {
        let event = platform_api::Event { seq, time_ms, fact };
        serde_json::from_value(serde_json::json!({
            "deploymentId": "0190b5a4-6e1f-7c3a-9b1d-2f6c8e4a7d10",
            "projectId": "ada-shop",
            "commitHash": "0123456789ab",
            "status": status,
            "logs": [],
            "seq": seq,
            "event": event,
        }))
        .unwrap()
    }

    #[test]
    fn a_phase_lasts_from_the_first_of_its_events_to_the_first_of_the_next() {
        let mut steps = Steps::default();
        let told: Vec<_> = [
            message(Status::Committing, 1, 100, Fact::Started),
            message(Status::HealthCheck, 2, 110, Fact::Committed),
            message(Status::HealthCheck, 3, 150, Fact::Healthy),
            message(Status::Complete, 4, 190, Fact::Built),
        ]
        .iter()
        .filter_map(|message| steps.after(message))
        .map(|phase| (phase.status, phase.ms))
        .collect();
        assert_eq!(told, [(Status::Committing, 10), (Status::HealthCheck, 80)]);
    }

    #[test]
    fn a_phase_that_failed_is_not_told_as_done() {
        let mut steps = Steps::default();
        assert_eq!(steps.after(&message(Status::Building, 1, 100, Fact::DataReady)), None);
        assert_eq!(steps.after(&message(Status::Cancelled, 2, 110, Fact::Cancelled)), None);
    }
}
