//! Arguments that have a range or a form, read once and named when they do not fit.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use platform_api::limits;

use crate::error::ToolError;

/// A wait of 0 to 45 seconds.
pub(super) fn wait(argument: &str, given: Option<u64>, default_s: u64) -> Result<Duration, ToolError> {
    let seconds = given.unwrap_or(default_s);
    if seconds <= limits::LONG_POLL_S_MAX {
        return Ok(Duration::from_secs(seconds));
    }
    let wrong = format!("is {seconds}; one call waits at most {} seconds", limits::LONG_POLL_S_MAX);
    Err(ToolError::argument(argument, &wrong).hint("wait less, then call again"))
}

/// A value with a form of its own, such as an id.
pub(super) fn parse<T>(argument: &str, given: &str) -> Result<T, ToolError>
where
    T: FromStr<Err: Display>,
{
    given.parse().map_err(|wrong| {
        ToolError::argument(argument, &format!("does not fit: {wrong}"))
            .hint("copy it from an earlier result, or find it with list_projects")
    })
}
