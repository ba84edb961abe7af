//! `get_status`: where a deployment is, what runs of it, and the newest lines of its log.

use std::time::Duration;

use platform_api::{Deployment, InstanceView, LogCursor, LogLine, limits as api_limits};
use platform_client::{Diagnosis, LogQuery, Target};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::projects::time;
use super::{Call, Effect, Output, Tool, follow, limits, target};
use crate::deployment::{self, DeploymentOut};
use crate::error::Halt;
use crate::output;
use crate::progress::Opening;
use crate::quote;
use crate::schema;

/// How much of the log a status shows.
const TAIL: Room = Room { lines_max: 20, bytes_max: output::TAIL_BYTES_MAX };
/// How much of the log its resource shows.
const RESOURCE: Room = Room { lines_max: api_limits::STATUS_LINES_MAX, bytes_max: output::RESULT_BYTES_MAX };
/// How many pages of unread lines are gone through to find the newest; beyond that the platform's own tail is shown.
const TAIL_PAGES_MAX: usize = 4;

pub(super) struct GetStatus;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusArguments {
    /// This or `project`
    deployment_id: Option<String>,
    /// Name or id: its newest deployment
    project: Option<String>,
    /// Wait this long for a change; default 0
    #[schemars(range(max = 45))]
    wait_seconds: Option<u64>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(transform = typed)]
pub(super) struct StatusOut {
    #[serde(flatten)]
    deployment: DeploymentOut,
    instances: Vec<InstanceOut>,
    log_tail: Vec<String>,
    next: String,
}

/// Types the diagnosis, which the schema of `deploy_project` leaves plain, and leaves plain what that one types.
fn typed(schema: &mut Schema) {
    let Some(Value::Object(fields)) = schema.get_mut("properties") else { return };
    let diagnosis = Value::Object(schema::of_result::<Diagnosis>().as_ref().clone());
    fields.insert("diagnosis".to_owned(), diagnosis);
    for name in ["error", "receipt"] {
        fields.insert(name.to_owned(), json!({ "type": "object" }));
    }
}

/// A running copy.
#[derive(Debug, Serialize, JsonSchema)]
struct InstanceOut {
    id: String,
    address: String,
    started: String,
    restarts: u32,
}

impl Tool for GetStatus {
    type Arguments = StatusArguments;
    type Output = StatusOut;

    const NAME: &'static str = "get_status";
    const TITLE: &'static str = "Get a deployment's status";
    const DESCRIPTION: &'static str = "\
Shows where a deployment is: status, URLs, time per phase, whether it is live, why it failed (`error`, `diagnosis`) and the \
newest log lines that you have not seen. With wait_seconds it returns as soon as something changes: use that instead of \
asking again and again. It has ended when it is complete, failed or cancelled. Next: what `next` says; stream_logs for more \
of the log.";
    const EFFECT: Effect = Effect::Reads;

    fn opening(arguments: &StatusArguments) -> Opening {
        match arguments.wait_seconds {
            None | Some(0) => Opening::IfSlow("asking the platform"),
            Some(_) => Opening::Now("waiting for a change"),
        }
    }

    async fn call(call: &Call<'_>, arguments: StatusArguments) -> Result<StatusOut, Halt> {
        let limit = limits::wait("wait_seconds", arguments.wait_seconds, 0)?;
        let target = target::of(call, arguments.deployment_id.as_deref(), arguments.project).await?;
        let deployment = follow::changed(call, target, limit).await?;
        let log_tail = tail(call, &deployment).await;
        Ok(StatusOut::new(deployment, log_tail))
    }
}

/// The deployment as the tool shows it, without lines of its log.
pub(crate) fn deployment_json(deployment: Deployment) -> String {
    super::json(&StatusOut::new(deployment, Vec::new()))
}

/// The newest lines of the deployment's log, which is all of it where it is short.
pub(crate) fn log_text(deployment: &Deployment) -> String {
    let lines = deployment.logs.iter().map(|text| (None, text.as_str()));
    let (_, shown) = newest(lines, &RESOURCE);
    let about = format!(
        "the newest lines of deployment {} ({}); stream_logs reads all of them",
        deployment.id,
        deployment.status.as_str()
    );
    let fenced = quote::fence(shown.iter().map(String::as_str));
    fenced.map_or_else(|| about.clone(), |fenced| format!("{about}\n{fenced}"))
}

impl StatusOut {
    fn new(deployment: Deployment, log_tail: Vec<String>) -> Self {
        let next = deployment::next(&deployment);
        let instances = deployment.instances.iter().map(InstanceOut::from).collect();
        let mut shown = DeploymentOut::from(deployment);
        // Asked for often, so without what plan_deploy tells better.
        shown.plan.iter_mut().for_each(|plan| drop(plan.shift_remove("evidence")));
        Self { deployment: shown, instances, log_tail, next }
    }
}

/// The newest lines that this conversation has not seen.
async fn tail(call: &Call<'_>, deployment: &Deployment) -> Vec<String> {
    let reading = call.conversation.reading(deployment.id);
    let Some((unread, end)) = unread(call, deployment, reading.tail).await else {
        call.conversation.note(deployment.id, |reading| reading.tail = Some(deployment.log_cursor.clone()));
        return newest(deployment.logs.iter().map(|text| (None, text.as_str())), &TAIL).1;
    };
    let unseen = unread.iter().filter(|line| !reading.in_streams.contains(line.seq));
    let (seqs, lines) = newest(unseen.map(|line| (Some(line.seq), line.text.as_str())), &TAIL);
    call.conversation.note(deployment.id, |reading| {
        reading.tail = Some(end);
        reading.in_tails.extend(seqs);
    });
    lines
}

/// All lines since `from` and where they end; nothing if they are too many to go through, or cannot be read now.
async fn unread(
    call: &Call<'_>,
    deployment: &Deployment,
    from: Option<LogCursor>,
) -> Option<(Vec<LogLine>, LogCursor)> {
    let target = Target::Deployment(deployment.id);
    let mut cursor = from;
    let mut lines = Vec::new();
    for _ in 0..TAIL_PAGES_MAX {
        let query = LogQuery {
            source: None,
            cursor: cursor.clone(),
            follow: Duration::ZERO,
            lines_max: api_limits::LOG_LINES_MAX,
        };
        let page = call.backend.logs(&target, query).await.ok()?;
        let ended = page.next_cursor == deployment.log_cursor
            || (page.lines.is_empty() && cursor.as_ref() == Some(&page.next_cursor));
        lines.extend(page.lines);
        if ended {
            return Some((lines, page.next_cursor));
        }
        cursor = Some(page.next_cursor);
    }
    None
}

/// How much may be shown.
struct Room {
    lines_max: usize,
    bytes_max: usize,
}

/// The newest lines that have room, clean and with repeats folded, and the numbers of those that are shown.
fn newest<'a>(lines: impl Iterator<Item = (Option<u64>, &'a str)>, room: &Room) -> (Vec<u64>, Vec<String>) {
    let clean: Vec<_> = lines.map(|(seq, text)| (seq, output::clean_line(text))).collect();
    let folded: Vec<_> = clean.chunk_by(|(_, one), (_, next)| one == next).collect();
    let kept = output::tail(folded, room.lines_max, room.bytes_max, |run| run[0].1.len() + 4);
    let seqs = kept.iter().copied().flatten().filter_map(|(seq, _)| *seq).collect();
    (seqs, kept.iter().map(|run| output::repeated(&run[0].1, run.len())).collect())
}

impl From<&InstanceView> for InstanceOut {
    fn from(instance: &InstanceView) -> Self {
        Self {
            id: instance.id.to_string(),
            address: instance.address.clone(),
            started: time(instance.started_ms),
            restarts: instance.restarts,
        }
    }
}

impl Output for StatusOut {
    fn text(&self) -> String {
        let mut lines = vec![self.deployment.text()];
        lines.extend(
            self.instances
                .iter()
                .map(|one| format!("instance {} at {} since {}", one.id, one.address, one.started)),
        );
        let quoted = self.deployment.quoted();
        lines.extend(quote::fence(quoted.iter().chain(&self.log_tail).map(String::as_str)));
        lines.push(format!("next: {}", self.next));
        lines.join("\n")
    }

    fn quotes(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_is_short_clean_and_folded_and_knows_what_it_shows() {
        let lines: Vec<String> = (1..=60).map(|n| format!("line {}\u{1b}[0m", n.min(50))).collect();
        let (seqs, shown) =
            newest(lines.iter().zip(1..).map(|(text, seq)| (Some(seq), text.as_str())), &TAIL);
        assert_eq!(shown.len(), TAIL.lines_max);
        assert_eq!(shown.last().unwrap(), "line 50 … ×11");
        assert_eq!(seqs, (31..=60).collect::<Vec<u64>>());
    }

    #[test]
    fn long_lines_leave_room_for_fewer() {
        let long = "x".repeat(1_900);
        let (_, shown) =
            newest(["a", long.as_str(), "b", "b", long.as_str()].into_iter().map(|text| (None, text)), &TAIL);
        assert_eq!(shown, ["b … ×2", &long], "what does not fit any more is older");
    }
}
