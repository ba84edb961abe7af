//! Reading a deployment's log without holding up anybody else.

use std::io;

use platform_api::{LogCursor, LogPage};

use crate::logs::{LogDir, ReadQuery};
use crate::platform::Refusal;

/// A page of lines after `after`.
pub(super) async fn read(log: &LogDir, after: &LogCursor, query: ReadQuery) -> Result<LogPage, Refusal> {
    let (log, after) = (log.clone(), after.clone());
    let read = tokio::task::spawn_blocking(move || log.read(&after, &query)).await;
    match read {
        Ok(Ok(page)) => Ok(page),
        Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidInput => Err(Refusal::malformed(
            "the cursor is none of this deployment's log",
        )
        .hint("Pass a cursor that this deployment's log gave, unchanged, or none to begin at its start.")),
        Ok(Err(error)) => Err(error.into()),
        Err(error) => Err(Refusal::internal(&error)),
    }
}
