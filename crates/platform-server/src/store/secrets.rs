//! Secrets, sealed: the database never sees a value. A replaced or removed one is kept only as long as something runs, or
//! waits to run, with it.

use std::collections::BTreeMap;

use platform_api::{ProjectId, SecretName};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Store, StoreError, from_json, from_text, to_json};

/// Which value of each secret: the version by name.
pub(crate) type SecretVersions = BTreeMap<SecretName, u64>;

/// A sealed value.
#[derive(Debug, Clone)]
pub(crate) struct SecretRow {
    pub(crate) name: SecretName,
    pub(crate) version: u64,
    pub(crate) sealed: Vec<u8>,
    pub(crate) set_ms: u64,
    /// Whether it is the one that the next deployment gets.
    pub(crate) is_current: bool,
}

/// A value about to be kept.
#[derive(Debug, Clone)]
pub(crate) struct NewSecret {
    pub(crate) project: ProjectId,
    pub(crate) name: SecretName,
    pub(crate) sealed: Vec<u8>,
    pub(crate) set_ms: u64,
}

/// How many secrets a project may have, and how much they may weigh together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SecretLimits {
    pub(crate) count_max: usize,
    /// As sealed, in bytes.
    pub(crate) bytes_max: usize,
}

/// What came of keeping a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    Yes,
    /// The project has as many as it may.
    TooMany,
    /// The project's values are together as large as they may be.
    TooLarge,
}

impl Store {
    /// Every value of the project that is still kept, the current ones and those that something runs with.
    pub(crate) fn secrets(&self, project: &ProjectId) -> Result<Vec<SecretRow>, StoreError> {
        self.read(|db| {
            let sql = "SELECT name, version, sealed, set_ms, is_current FROM secret WHERE project = ?1 \
                       ORDER BY name, version";
            let mut statement = db.prepare_cached(sql)?;
            let rows = statement.query_map([project.as_str()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })?;
            rows.map(|row| {
                let (name, version, sealed, set_ms, is_current) = row?;
                Ok(SecretRow { name: from_text(name)?, version, sealed, set_ms, is_current })
            })
            .collect()
        })
    }

    /// Which values the project's next deployment gets.
    pub(crate) fn secret_versions(&self, project: &ProjectId) -> Result<SecretVersions, StoreError> {
        self.read(|db| current(db, project))
    }

    /// Keeps a value in the place of the one before; a project that does not exist yet comes to be.
    pub(crate) async fn keep_secret(&self, new: NewSecret, limits: SecretLimits) -> Result<Kept, StoreError> {
        self.write(move |db| {
            let others = "SELECT count(*), coalesce(sum(length(sealed)), 0) FROM secret \
                          WHERE project = ?1 AND name != ?2 AND is_current";
            let (count, bytes): (usize, usize) =
                db.query_row(others, (new.project.as_str(), new.name.as_str()), |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?;
            if count >= limits.count_max {
                return Ok(Kept::TooMany);
            }
            if bytes + new.sealed.len() > limits.bytes_max {
                return Ok(Kept::TooLarge);
            }
            db.execute(
                "INSERT INTO project (id, created_ms) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                (new.project.as_str(), new.set_ms),
            )?;
            retire(db, &new.project, &new.name)?;
            db.execute(
                "INSERT INTO secret (project, name, sealed, set_ms, is_current) VALUES (?1, ?2, ?3, ?4, 1)",
                params![new.project.as_str(), new.name.as_str(), new.sealed, new.set_ms],
            )?;
            prune(db, &new.project)?;
            Ok(Kept::Yes)
        })
        .await
    }

    /// Takes a secret from the project; whether it had one of that name.
    pub(crate) async fn remove_secret(
        &self,
        project: ProjectId,
        name: SecretName,
    ) -> Result<bool, StoreError> {
        self.write(move |db| {
            let had = retire(db, &project, &name)?;
            prune(db, &project)?;
            Ok(had)
        })
        .await
    }

    /// Forgets values that nothing runs with any more and nothing will.
    pub(crate) async fn prune_secrets(&self, project: ProjectId) -> Result<(), StoreError> {
        self.write(move |db| prune(db, &project)).await
    }

    /// With which values a deployment was accepted.
    pub(crate) fn secrets_of_live(&self, project: &ProjectId) -> Result<SecretVersions, StoreError> {
        self.read(|db| {
            let sql = "SELECT secrets FROM deployment WHERE id = (SELECT live FROM project WHERE id = ?1)";
            let text: Option<String> = db.query_row(sql, [project.as_str()], |row| row.get(0)).optional()?;
            text.map_or_else(|| Ok(SecretVersions::new()), |text| from_json(&text))
        })
    }
}

/// Which values are current, as JSON, for a deployment that is written down in the same transaction.
pub(super) fn current_json(db: &Connection, project: &ProjectId) -> Result<String, StoreError> {
    to_json(&current(db, project)?)
}

fn current(db: &Connection, project: &ProjectId) -> Result<SecretVersions, StoreError> {
    let mut statement =
        db.prepare_cached("SELECT name, version FROM secret WHERE project = ?1 AND is_current")?;
    let rows = statement.query_map([project.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.map(|row| {
        let (name, version) = row?;
        Ok((from_text(name)?, version))
    })
    .collect()
}

fn retire(db: &Connection, project: &ProjectId, name: &SecretName) -> Result<bool, StoreError> {
    let sql = "UPDATE secret SET is_current = 0 WHERE project = ?1 AND name = ?2 AND is_current";
    Ok(db.execute(sql, (project.as_str(), name.as_str()))? > 0)
}

fn prune(db: &Connection, project: &ProjectId) -> Result<(), StoreError> {
    db.execute(
        "DELETE FROM secret WHERE project = ?1 AND NOT is_current AND version NOT IN ( \
           SELECT used.value FROM deployment, json_each(deployment.secrets) AS used \
           WHERE deployment.project = ?1 AND (status NOT IN ('complete', 'failed', 'cancelled') \
             OR deployment.id = (SELECT live FROM project WHERE id = ?1)))",
        [project.as_str()],
    )?;
    Ok(())
}
