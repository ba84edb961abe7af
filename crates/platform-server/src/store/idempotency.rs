//! Keys that make a repeated request the same request, also after a crash.

use rusqlite::{Connection, OptionalExtension};

use super::{Store, StoreError};

/// An `Idempotency-Key` and the hash of the body that came with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdempotencyKey {
    /// The key as the caller gave it.
    pub(crate) key: String,
    /// SHA-256 of method, path and body.
    pub(crate) body_hash: [u8; 32],
}

/// What a key led to before.
#[derive(Debug)]
pub(crate) enum Remembered {
    /// Nothing: it is new.
    Nothing,
    /// This answer (JSON).
    Answer(String),
    /// It came with another body.
    Conflict,
}

impl Store {
    /// What the key led to before.
    pub(crate) fn remembered(&self, key: &IdempotencyKey) -> Result<Remembered, StoreError> {
        self.read(|db| recall(db, key))
    }

    /// Forgets keys made before `before_ms`.
    pub(crate) async fn forget_keys(&self, before_ms: u64) -> Result<(), StoreError> {
        self.write(move |db| {
            db.execute("DELETE FROM idempotency WHERE created_ms < ?1", [before_ms])?;
            Ok(())
        })
        .await
    }

    /// Keeps an answer under its key, for what changes nothing else in the database.
    pub(crate) async fn remember(
        &self,
        key: IdempotencyKey,
        answer: String,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        self.write(move |db| keep(db, &key, &answer, now_ms)).await
    }
}

pub(super) fn recall(db: &Connection, key: &IdempotencyKey) -> Result<Remembered, StoreError> {
    let sql = "SELECT body_hash, answer FROM idempotency WHERE key = ?1";
    let row: Option<([u8; 32], String)> =
        db.query_row(sql, [&key.key], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(match row {
        None => Remembered::Nothing,
        Some((hash, answer)) if hash == key.body_hash => Remembered::Answer(answer),
        Some(_) => Remembered::Conflict,
    })
}

pub(super) fn keep(
    db: &Connection,
    key: &IdempotencyKey,
    answer: &str,
    now_ms: u64,
) -> Result<(), StoreError> {
    db.execute(
        "INSERT OR IGNORE INTO idempotency VALUES (?1, ?2, ?3, ?4)",
        (&key.key, key.body_hash, answer, now_ms),
    )?;
    Ok(())
}
