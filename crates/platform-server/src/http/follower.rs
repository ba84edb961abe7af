//! What a follower of a deployment is told, in order: each step when it is on disk, and the lines in between where their
//! time puts them.

use std::collections::VecDeque;

use platform_api::limits::LOG_LINES_MAX;
use platform_api::{
    Code, Deployment, DeploymentId, Event, Fact, LogCursor, LogPage, State, Status, StatusMessage,
};
use tokio::sync::watch;

use super::lines;
use crate::logs::{LogDir, LogWatch, ReadQuery};
use crate::platform::{Platform, Refusal};

/// How much text one message carries, in bytes.
const BATCH_BYTES: usize = 64 << 10;

/// One follower and where it stands.
pub(super) struct Follower {
    platform: Platform,
    deployment: Deployment,
    state: State,
    /// Nothing was told yet, not even that the deployment waits.
    is_new: bool,
    seq: u64,
    cursor: LogCursor,
    events: VecDeque<Event>,
    head: watch::Receiver<u64>,
    log: LogDir,
    lines: LogWatch,
}

impl Follower {
    /// Goes on after event `after`, or begins where every deployment does, and after the lines up to `logs`.
    pub(super) async fn new(
        platform: &Platform,
        id: DeploymentId,
        after: Option<u64>,
        logs: Option<LogCursor>,
    ) -> Result<Self, Refusal> {
        let (is_new, after) = (after.is_none(), after.unwrap_or_default());
        // Subscribed first, read second, so that no news falls in between.
        let head = platform.watch(id)?;
        let lines = platform.log_watch(id)?;
        let deployment = platform.deployment(id).await?;
        let events = platform.events_after(id, 0)?;
        if events.last().map_or(0, |last| last.seq) < after {
            return Err(Refusal::malformed(format!("the deployment has no event {after} yet"))
                .hint("Pass the `seq` of the last message as `after`."));
        }
        let state = events.iter().take_while(|event| event.seq <= after).try_fold(State::Queued, fold)?;
        let log = platform.log_dir(id)?;
        let cursor = logs.unwrap_or_else(LogDir::start);
        // A cursor from elsewhere is refused now, before the upgrade.
        lines::read(&log, &cursor, ReadQuery { source: None, lines_max: 1, bytes_max: 1 }).await?;
        let platform = platform.clone();
        Ok(Self {
            platform,
            deployment,
            state,
            is_new,
            seq: after,
            cursor,
            events: VecDeque::new(),
            head,
            log,
            lines,
        })
    }

    /// The next message, once there is one; none after the end of the deployment.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: where the follower stands changes only together with the answer.
    pub(super) async fn next(&mut self) -> Result<Option<StatusMessage>, Refusal> {
        if std::mem::take(&mut self.is_new) {
            return Ok(Some(self.message()));
        }
        loop {
            if self.state.status().is_terminal() {
                return Ok(None);
            }
            if self.events.is_empty() {
                self.head.mark_unchanged();
                self.events = self.platform.events_after(self.deployment.id, self.seq)?.into();
            }
            if let Some(page) = self.page().await? {
                return Ok(Some(self.batch(page)));
            }
            if let Some(event) = self.events.front().cloned() {
                return self.step(event).await.map(Some);
            }
            tokio::select! {
                _ = self.head.changed() => {}
                () = self.lines.changed() => {}
            }
            if self.lines.is_gone() {
                // Says so when the deployment is gone with its log.
                self.platform.watch(self.deployment.id)?;
            }
        }
    }

    /// The next lines; those before the next event only, if one is known.
    async fn page(&self) -> Result<Option<LogPage>, Refusal> {
        let query = ReadQuery { source: None, lines_max: LOG_LINES_MAX, bytes_max: BATCH_BYTES };
        let page = lines::read(&self.log, &self.cursor, query.clone()).await?;
        let until_ms = match self.events.front() {
            // A deployment that does not go live keeps nothing back: nothing of it writes any more.
            Some(Event { fact: Fact::Failed { .. } | Fact::Cancelled, .. }) | None => u64::MAX,
            Some(event) => event.time_ms,
        };
        let count = page.lines.iter().take_while(|line| line.time_ms <= until_ms).count();
        match count {
            0 => Ok(None),
            _ if count == page.lines.len() => Ok(Some(page)),
            // Read again for a cursor that stands right behind them.
            _ => {
                lines::read(&self.log, &self.cursor, ReadQuery { lines_max: count, ..query }).await.map(Some)
            }
        }
    }

    fn batch(&mut self, page: LogPage) -> StatusMessage {
        self.cursor = page.next_cursor;
        let lost = (page.omitted > 0).then(|| format!("[{} lines are no longer kept]", page.omitted));
        let logs = lost.into_iter().chain(page.lines.into_iter().map(|line| line.text)).collect();
        StatusMessage { logs, log_cursor: Some(self.cursor.clone()), ..self.message() }
    }

    async fn step(&mut self, event: Event) -> Result<StatusMessage, Refusal> {
        let state = fold(self.state.clone(), &event)?;
        let url = match state.status() {
            Status::Complete => self.platform.deployment(self.deployment.id).await?.url,
            _ => None,
        };
        let error = match &event.fact {
            Fact::Failed { failure } => Some((**failure).clone()),
            _ => None,
        };
        self.events.pop_front();
        (self.state, self.seq) = (state, event.seq);
        Ok(StatusMessage { event: Some(event), url, error, ..self.message() })
    }

    /// A message that says where the deployment is and nothing more.
    fn message(&self) -> StatusMessage {
        StatusMessage {
            deployment_id: self.deployment.id,
            project_id: self.deployment.project_id.clone(),
            commit_hash: self.deployment.commit_hash.clone(),
            status: self.state.status(),
            logs: Vec::new(),
            seq: self.seq,
            log_cursor: None,
            event: None,
            url: None,
            error: None,
        }
    }
}

fn fold(state: State, event: &Event) -> Result<State, Refusal> {
    state.after(&event.fact).map_err(|error| Refusal::new(Code::INTERNAL, error.to_string()))
}
