//! Deployments and their events.

use std::collections::BTreeMap;

use platform_api::{
    CommitHash, DeploymentAccepted, DeploymentId, Event, Fact, ProjectId, State, Status, Trigger,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    IdempotencyKey, Remembered, SecretVersions, Store, StoreError, from_json, from_text, idempotency,
    projects, secrets, to_json, verifications,
};

/// A deployment as the database holds it.
#[derive(Debug, Clone)]
pub(crate) struct DeploymentRow {
    pub(crate) id: DeploymentId,
    pub(crate) project: ProjectId,
    pub(crate) commit: CommitHash,
    pub(crate) tree: String,
    pub(crate) trigger: Trigger,
    pub(crate) message: Option<String>,
    pub(crate) created_ms: u64,
    pub(crate) ended_ms: Option<u64>,
    pub(crate) plan: build_plan::Plan,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) state: State,
    pub(crate) seq: u64,
    pub(crate) superseded_by: Option<DeploymentId>,
    /// The values of the project's secrets that were current when it was accepted.
    pub(crate) secrets: SecretVersions,
}

/// A deployment about to be accepted.
#[derive(Debug, Clone)]
pub(crate) struct NewDeployment {
    pub(crate) accepted: DeploymentAccepted,
    pub(crate) commit: CommitHash,
    pub(crate) tree: String,
    pub(crate) trigger: Trigger,
    pub(crate) message: Option<String>,
    pub(crate) created_ms: u64,
    pub(crate) plan: build_plan::Plan,
    pub(crate) env: BTreeMap<String, String>,
    /// What the project's kept variables become; none for a rollback, which leaves them.
    pub(crate) project_env: Option<BTreeMap<String, String>>,
    pub(crate) idempotency: Option<IdempotencyKey>,
}

const COLUMNS: &str = "id, project, commit_hash, tree, via, message, created_ms, ended_ms, plan, env, state, seq, \
                       superseded_by, secrets";

struct Raw {
    texts: [String; 9],
    message: Option<String>,
    superseded_by: Option<String>,
    created_ms: u64,
    ended_ms: Option<u64>,
    seq: u64,
}

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok(Raw {
        texts: [
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
            row.get(8)?,
            row.get(9)?,
            row.get(10)?,
            row.get(13)?,
        ],
        message: row.get(5)?,
        created_ms: row.get(6)?,
        ended_ms: row.get(7)?,
        seq: row.get(11)?,
        superseded_by: row.get(12)?,
    })
}

fn parse(raw: Raw) -> Result<DeploymentRow, StoreError> {
    let [id, project, commit, tree, trigger, plan, env, state, secrets] = raw.texts;
    Ok(DeploymentRow {
        id: from_text(id)?,
        project: from_text(project)?,
        commit: from_text(commit)?,
        tree,
        trigger: from_text(trigger)?,
        message: raw.message,
        created_ms: raw.created_ms,
        ended_ms: raw.ended_ms,
        plan: from_json(&plan)?,
        env: from_json(&env)?,
        state: from_json(&state)?,
        seq: raw.seq,
        superseded_by: raw.superseded_by.map(from_text).transpose()?,
        secrets: from_json(&secrets)?,
    })
}

impl Store {
    /// The deployment, if there is one.
    pub(crate) fn deployment(&self, id: DeploymentId) -> Result<Option<DeploymentRow>, StoreError> {
        self.one("WHERE id = ?1", [id.to_string()])
    }

    /// The project's newest deployment.
    pub(crate) fn latest(&self, project: &ProjectId) -> Result<Option<DeploymentRow>, StoreError> {
        self.one("WHERE project = ?1 ORDER BY id DESC LIMIT 1", [project.as_str()])
    }

    /// The project's deployments, newest first, older than `before`.
    pub(crate) fn deployments(
        &self,
        project: &ProjectId,
        before: Option<DeploymentId>,
        limit: usize,
    ) -> Result<Vec<DeploymentRow>, StoreError> {
        let before = before.map_or_else(|| "~".to_owned(), |id| id.to_string());
        self.many(
            "WHERE project = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
            params![project.as_str(), before, limit],
        )
    }

    /// The project's deployments that went live, newest first.
    pub(crate) fn completed(
        &self,
        project: &ProjectId,
        limit: usize,
    ) -> Result<Vec<DeploymentRow>, StoreError> {
        let filter = "WHERE project = ?1 AND status = 'complete' ORDER BY ended_ms DESC, id DESC LIMIT ?2";
        self.many(filter, params![project.as_str(), limit])
    }

    /// Every deployment that has not ended, oldest first.
    pub(crate) fn under_way(&self) -> Result<Vec<DeploymentRow>, StoreError> {
        self.many("WHERE status NOT IN ('complete', 'failed', 'cancelled') ORDER BY id", [])
    }

    /// Whether a deployment of the project has not ended.
    pub(crate) fn is_busy(&self, project: &ProjectId) -> Result<bool, StoreError> {
        let filter = "WHERE project = ?1 AND status NOT IN ('complete', 'failed', 'cancelled') LIMIT 1";
        Ok(self.one(filter, [project.as_str()])?.is_some())
    }

    /// The events after `seq`, in order.
    pub(crate) fn events_after(&self, id: DeploymentId, seq: u64) -> Result<Vec<Event>, StoreError> {
        self.read(|db| {
            let sql = "SELECT seq, time_ms, fact FROM event WHERE deployment = ?1 AND seq > ?2 ORDER BY seq";
            let mut statement = db.prepare_cached(sql)?;
            let rows = statement.query_map((id.to_string(), seq), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?))
            })?;
            let event = |(seq, time_ms, fact): (u64, u64, String)| {
                Ok(Event { seq, time_ms, fact: from_json(&fact)? })
            };
            rows.map(|row| event(row?)).collect()
        })
    }

    /// Accepts a deployment: it, its project and its key in one commit. A key that is already known wins: its answer
    /// comes back instead.
    pub(crate) async fn accept(&self, new: NewDeployment) -> Result<Remembered, StoreError> {
        self.write(move |db| {
            if let Some(key) = &new.idempotency {
                match idempotency::recall(db, key)? {
                    Remembered::Nothing => {
                        idempotency::keep(db, key, &to_json(&new.accepted)?, new.created_ms)?;
                    }
                    known => return Ok(known),
                }
            }
            insert(db, &new)?;
            Ok(Remembered::Nothing)
        })
        .await
    }

    /// Writes down the deployment's next fact and answers the state after it.
    pub(crate) async fn record(
        &self,
        id: DeploymentId,
        fact: Fact,
        time_ms: u64,
    ) -> Result<(State, u64), StoreError> {
        self.write(move |db| append(db, id, &fact, time_ms)).await
    }

    /// As [`record`](Self::record), for a failure whose patch is to be tried: nobody hears of one without the other.
    pub(crate) async fn record_with_patch(
        &self,
        id: DeploymentId,
        fact: Fact,
        time_ms: u64,
    ) -> Result<(State, u64), StoreError> {
        self.write(move |db| {
            let recorded = append(db, id, &fact, time_ms)?;
            verifications::expect(db, &id.to_string())?;
            Ok(recorded)
        })
        .await
    }

    fn one(&self, filter: &str, values: impl rusqlite::Params) -> Result<Option<DeploymentRow>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM deployment {filter}"))?;
            statement.query_row(values, raw).optional()?.map(parse).transpose()
        })
    }

    fn many(&self, filter: &str, values: impl rusqlite::Params) -> Result<Vec<DeploymentRow>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM deployment {filter}"))?;
            let rows = statement.query_map(values, raw)?;
            rows.map(|row| parse(row?)).collect()
        })
    }
}

fn insert(db: &Connection, new: &NewDeployment) -> Result<(), StoreError> {
    let project = &new.accepted.project_id;
    match new.trigger {
        Trigger::Deploy => projects::upsert(db, project, &new.commit, new.created_ms)?,
        Trigger::Rollback => {}
    }
    if let Some(env) = &new.project_env {
        projects::set_env(db, project, env)?;
    }
    let trigger = serde_json::to_value(new.trigger).map_err(StoreError::Corrupt)?;
    db.execute(
        "INSERT INTO deployment (id, project, commit_hash, tree, via, message, created_ms, plan, plan_hash, env, state, \
         status, secrets) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        params![
            new.accepted.deployment_id.to_string(),
            project.as_str(),
            new.commit.as_str(),
            new.tree,
            trigger.as_str(),
            new.message,
            new.created_ms,
            to_json(&new.plan)?,
            new.plan.plan_hash,
            to_json(&new.env)?,
            to_json(&State::Queued)?,
            Status::Queued.as_str(),
            secrets::current_json(db, project)?,
        ],
    )?;
    Ok(())
}

fn append(db: &Connection, id: DeploymentId, fact: &Fact, time_ms: u64) -> Result<(State, u64), StoreError> {
    let key = id.to_string();
    let (project, state, seq): (String, String, u64) =
        db.query_row("SELECT project, state, seq FROM deployment WHERE id = ?1", [&key], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    let before: State = from_json(&state)?;
    let state = before.after(fact)?;
    let ended_ms = state.status().is_terminal().then_some(time_ms);
    let seq = seq + 1;
    db.execute(
        "INSERT INTO event (deployment, seq, time_ms, fact) VALUES (?1, ?2, ?3, ?4)",
        params![key, seq, time_ms, to_json(fact)?],
    )?;
    db.execute(
        "UPDATE deployment SET state = ?2, status = ?3, seq = ?4, ended_ms = ?5 WHERE id = ?1",
        params![key, to_json(&state)?, state.status().as_str(), seq, ended_ms],
    )?;
    if matches!(fact, Fact::Switched { .. }) {
        // That it is live and that it is complete are one change: no reader sees one without the other.
        db.execute(
            "UPDATE deployment SET superseded_by = ?2 WHERE id = (SELECT live FROM project WHERE id = ?1)",
            (&project, &key),
        )?;
        db.execute("UPDATE project SET live = ?2 WHERE id = ?1", (&project, &key))?;
    }
    Ok((state, seq))
}
