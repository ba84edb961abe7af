//! Projects.

use std::collections::BTreeMap;

use platform_api::{CommitHash, DeploymentId, ProjectId};
use rusqlite::{Connection, OptionalExtension, Row};

use super::{Store, StoreError, from_json, from_text, to_json};

/// A project as the database holds it.
#[derive(Debug, Clone)]
pub(crate) struct ProjectRow {
    pub(crate) id: ProjectId,
    pub(crate) created_ms: u64,
    /// The newest commit that brought new content; a rollback does not move it.
    pub(crate) tip: Option<CommitHash>,
    /// The deployment that serves.
    pub(crate) live: Option<DeploymentId>,
    /// The stable loopback port; 0 before the first launch.
    pub(crate) port: u16,
    pub(crate) env: BTreeMap<String, String>,
}

const COLUMNS: &str = "id, created_ms, tip, live, port, env";

type Raw = (String, u64, Option<String>, Option<String>, u16, String);

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
}

fn parse((id, created_ms, tip, live, port, env): Raw) -> Result<ProjectRow, StoreError> {
    Ok(ProjectRow {
        id: from_text(id)?,
        created_ms,
        tip: tip.map(from_text).transpose()?,
        live: live.map(from_text).transpose()?,
        port,
        env: from_json(&env)?,
    })
}

impl Store {
    /// The project, if there is one.
    pub(crate) fn project(&self, id: &ProjectId) -> Result<Option<ProjectRow>, StoreError> {
        self.read(|db| {
            let sql = format!("SELECT {COLUMNS} FROM project WHERE id = ?1");
            db.query_row(&sql, [id.as_str()], raw).optional()?.map(parse).transpose()
        })
    }

    /// Every project, newest first, after `cursor` (the number of projects to pass over).
    pub(crate) fn projects(&self, offset: usize, limit: usize) -> Result<Vec<ProjectRow>, StoreError> {
        self.read(|db| {
            let sql =
                format!("SELECT {COLUMNS} FROM project ORDER BY created_ms DESC, id LIMIT ?1 OFFSET ?2");
            let mut statement = db.prepare_cached(&sql)?;
            let rows = statement.query_map((limit, offset), raw)?;
            rows.map(|row| parse(row?)).collect()
        })
    }

    /// Makes the project if it is new, and keeps its tip.
    pub(crate) async fn keep_tip(
        &self,
        id: ProjectId,
        tip: CommitHash,
        created_ms: u64,
    ) -> Result<(), StoreError> {
        self.write(move |db| upsert(db, &id, &tip, created_ms)).await
    }

    /// Keeps the project's stable port.
    pub(crate) async fn keep_port(&self, id: ProjectId, port: u16) -> Result<(), StoreError> {
        self.write(move |db| {
            db.execute("UPDATE project SET port = ?2 WHERE id = ?1", (id.as_str(), port))?;
            Ok(())
        })
        .await
    }

    /// Forgets the project with its deployments, their events and the keys that led to them.
    pub(crate) async fn delete_project(&self, id: ProjectId) -> Result<(), StoreError> {
        self.write(move |db| {
            db.execute("DELETE FROM project WHERE id = ?1", [id.as_str()])?;
            db.execute(
                "DELETE FROM idempotency WHERE json_extract(answer, '$.projectId') = ?1",
                [id.as_str()],
            )?;
            Ok(())
        })
        .await
    }
}

pub(super) fn upsert(
    db: &Connection,
    id: &ProjectId,
    tip: &CommitHash,
    created_ms: u64,
) -> Result<(), StoreError> {
    db.execute(
        "INSERT INTO project (id, created_ms, tip) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET tip = ?3",
        (id.as_str(), created_ms, tip.as_str()),
    )?;
    Ok(())
}

pub(super) fn set_env(
    db: &Connection,
    id: &ProjectId,
    env: &BTreeMap<String, String>,
) -> Result<(), StoreError> {
    db.execute("UPDATE project SET env = ?2 WHERE id = ?1", (id.as_str(), to_json(env)?))?;
    Ok(())
}
