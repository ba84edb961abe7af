//! The platform's durable memory: `SQLite` in WAL mode, every commit synced, one writer that commits in groups.
//!
//! Whatever [`Store::write`] has answered is on disk. Readers never wait for the writer.

mod deployments;
mod idempotency;
mod projects;
mod reserve;
mod secrets;
mod verifications;
mod writer;

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rusqlite::{Connection, ErrorCode, OpenFlags};

pub(crate) use deployments::{DeploymentRow, NewDeployment};
pub(crate) use idempotency::{IdempotencyKey, Remembered};
pub(crate) use projects::ProjectRow;
use reserve::Reserve;
pub(crate) use secrets::{Kept, NewSecret, SecretLimits, SecretRow, SecretVersions};
pub(crate) use verifications::VerificationRow;
use writer::Writer;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// No space is left.
    #[error("the disk that holds the platform's database is full")]
    DiskFull,
    /// `SQLite` said no.
    #[error("the platform's database failed")]
    Sqlite(#[source] rusqlite::Error),
    /// What the database holds does not read as what it should be.
    #[error("the platform's database holds something unreadable")]
    Corrupt(#[source] serde_json::Error),
    /// A fact that cannot follow: a bug of the platform.
    #[error("a deployment was told something that cannot follow")]
    Illegal(#[from] platform_api::IllegalTransition),
    /// The platform is going down.
    #[error("the platform's database is closed")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            _ => Self::Sqlite(error),
        }
    }
}

/// A handle to the database; clones share it.
#[derive(Clone)]
pub(crate) struct Store {
    reader: Arc<Mutex<Connection>>,
    writer: Arc<Writer>,
    reserve: Arc<Reserve>,
}

impl Store {
    /// Opens the database at `path`, making it if need be.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be opened or is no database of ours.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.execute_batch(include_str!("schema.sql"))?;
        add_missing_columns(&connection)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = Connection::open_with_flags(path, flags)?;
        let reader = Arc::new(Mutex::new(reader));
        Ok(Self {
            reader,
            writer: Arc::new(Writer::start(connection)?),
            reserve: Arc::new(Reserve::of(path)),
        })
    }

    /// Keeps room on the disk for [`Store::give_up_reserve`]; nothing is to begin whose end could not be written. Blocks.
    ///
    /// # Errors
    /// [`io::Error`] when there is no room.
    pub(crate) fn keep_reserve(&self) -> io::Result<()> {
        self.reserve.keep()
    }

    /// Makes room on a full disk, once. Whether there is any now.
    pub(crate) fn give_up_reserve(&self) -> bool {
        self.reserve.give_up()
    }

    /// Runs `job` inside the next group commit and answers once it is on disk.
    ///
    /// # Errors
    /// [`StoreError`] from the job itself (only its own changes are undone) or from the commit.
    ///
    /// # Cancel safety
    /// The job runs even when the future is dropped.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.run(job).await
    }

    /// Runs a short query. It blocks for as long as `SQLite` needs, which for indexed look-ups is microseconds.
    fn read<T>(&self, query: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let reader = self.reader.lock().expect("no query panics");
        query(&reader)
    }

    /// A setting of the platform itself, such as the port it had.
    pub(crate) fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        use rusqlite::OptionalExtension;
        self.read(|db| {
            let value = db.query_row("SELECT value FROM setting WHERE name = ?1", [name], |row| row.get(0));
            Ok(value.optional()?)
        })
    }

    /// Keeps a setting.
    pub(crate) async fn keep_setting(&self, name: &'static str, value: String) -> Result<(), StoreError> {
        self.write(move |db| {
            db.execute(
                "INSERT INTO setting VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
                (name, &value),
            )?;
            Ok(())
        })
        .await
    }
}

/// Brings a database that an older platform made to what the schema says.
fn add_missing_columns(db: &Connection) -> Result<(), StoreError> {
    let known = "SELECT count(*) FROM pragma_table_info('deployment') WHERE name = 'secrets'";
    if db.query_row(known, [], |row| row.get::<_, u32>(0))? == 0 {
        db.execute_batch("ALTER TABLE deployment ADD COLUMN secrets TEXT NOT NULL DEFAULT '{}'")?;
    }
    Ok(())
}

fn to_json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(StoreError::Corrupt)
}

/// The text of a value's own serde form, such as a status.
fn to_text(value: &impl serde::Serialize) -> Result<String, StoreError> {
    let value = serde_json::to_value(value).map_err(StoreError::Corrupt)?;
    Ok(value.as_str().expect("a name").to_owned())
}

fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(StoreError::Corrupt)
}

/// Reads back a value that was stored as the text of its own serde form, such as an id or a status.
fn from_text<T: serde::de::DeserializeOwned>(text: String) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(text)).map_err(StoreError::Corrupt)
}
