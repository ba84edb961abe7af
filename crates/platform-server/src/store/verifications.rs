//! How trying the patches of failed deployments goes: beside the deployments, whose facts stay as they were told.

use build_plan::Verification;
use platform_api::DeploymentId;
use rusqlite::{Connection, OptionalExtension};

use super::{Store, StoreError, from_text, to_text};

/// What is known of one patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VerificationRow {
    pub(crate) result: Verification,
    /// What came of it, in one sentence.
    pub(crate) note: Option<String>,
}

impl Store {
    /// How trying the deployment's patch goes, where it is or was tried.
    pub(crate) fn verification(&self, id: DeploymentId) -> Result<Option<VerificationRow>, StoreError> {
        self.read(|db| {
            let sql = "SELECT result, note FROM verification WHERE deployment = ?1";
            let mut statement = db.prepare_cached(sql)?;
            let row = statement.query_row([id.to_string()], |row| Ok((row.get(0)?, row.get(1)?)));
            let row: Option<(String, Option<String>)> = row.optional()?;
            row.map(|(result, note)| Ok(VerificationRow { result: from_text(result)?, note })).transpose()
        })
    }

    /// The deployments whose patch is still to be tried.
    pub(crate) fn unverified(&self) -> Result<Vec<DeploymentId>, StoreError> {
        self.read(|db| {
            let mut statement =
                db.prepare_cached("SELECT deployment FROM verification WHERE result = 'pending'")?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            rows.map(|id| from_text(id?)).collect()
        })
    }

    /// Counts one more attempt at a patch that is still to be tried; which one it is, or nothing when it is not to be
    /// tried any more.
    pub(crate) async fn count_attempt(&self, id: DeploymentId) -> Result<Option<u32>, StoreError> {
        self.write(move |db| {
            let sql = "UPDATE verification SET attempts = attempts + 1 \
                       WHERE deployment = ?1 AND result = 'pending' RETURNING attempts";
            Ok(db.query_row(sql, [id.to_string()], |row| row.get(0)).optional()?)
        })
        .await
    }

    /// Keeps what came of a patch that was to be tried.
    pub(crate) async fn verify(&self, id: DeploymentId, row: VerificationRow) -> Result<(), StoreError> {
        let result = to_text(&row.result)?;
        self.write(move |db| {
            let sql =
                "UPDATE verification SET result = ?2, note = ?3 WHERE deployment = ?1 AND result = 'pending'";
            db.execute(sql, (id.to_string(), result, row.note))?;
            Ok(())
        })
        .await
    }

    /// Forgets that a patch was to be tried: nothing is known of it.
    pub(crate) async fn leave_unverified(&self, id: DeploymentId) -> Result<(), StoreError> {
        self.write(move |db| {
            let sql = "DELETE FROM verification WHERE deployment = ?1 AND result = 'pending'";
            db.execute(sql, [id.to_string()])?;
            Ok(())
        })
        .await
    }
}

/// Notes that the deployment's patch is to be tried.
pub(super) fn expect(db: &Connection, id: &str) -> Result<(), StoreError> {
    db.execute("INSERT INTO verification (deployment, result) VALUES (?1, 'pending')", [id])?;
    Ok(())
}
