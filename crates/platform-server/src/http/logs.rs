//! A deployment's lines as plain HTTP: a page, a page that waits for its first line, or one page after the other for as
//! long as there are any.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use platform_api::limits::{LOG_LINES_MAX, LONG_POLL_S_MAX};
use platform_api::{DeploymentId, LogCursor, LogPage, LogSource};
use serde::Deserialize;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::extract::{Path, Query};
use super::{Api, lines};
use crate::logs::{LogDir, LogWatch, ReadQuery};
use crate::platform::{Platform, Refusal};

/// How many lines a page has where nothing is said.
const LINES: usize = 1000;
/// How much text a page has at most, in bytes.
const PAGE_BYTES_MAX: usize = 4 << 20;
/// How often a follower asks whether the app has ended, which writes no line.
const END_CHECK: Duration = Duration::from_secs(1);
/// The longest following, in seconds (one day).
const FOLLOW_S_MAX: u64 = 24 * 3600;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// `build`, `runtime`, or both with a comma between; both by default.
    source: Option<String>,
    /// Only lines after this cursor; from the first one where it is absent.
    #[param(value_type = Option<String>)]
    after: Option<LogCursor>,
    /// How many lines at most; 1,000 by default, 5,000 at most.
    limit: Option<usize>,
    /// How long to wait for a line when there is none yet, in seconds; 45 at most.
    #[serde(rename = "waitS", default)]
    #[param(rename = "waitS")]
    wait_s: u64,
    /// `true`, or a number of seconds: answer with one page after the other, one JSON text per line, until the log ends.
    follow: Option<String>,
}

/// Reads lines of a deployment's build and app.
#[utoipa::path(
    get, path = "/api/deployments/{id}/logs", tag = "deployments", params(("id" = DeploymentId, Path), Wanted),
    responses((status = 200, content((LogPage = "application/json"), (LogPage = "application/x-ndjson")))),
)]
pub(super) async fn read(
    State(api): State<Api>,
    Path(id): Path<DeploymentId>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    let follow = wanted.follow.as_deref().map(follow).transpose()?;
    let mut reading = Reading::new(&api, id, &wanted)?;
    if let Some(limit) = follow {
        return Ok(reading.pages(Instant::now() + limit));
    }
    let wait = Duration::from_secs(wanted.wait_s.min(LONG_POLL_S_MAX));
    Ok(Json(reading.page_by(Instant::now() + wait).await?).into_response())
}

/// How long to follow.
fn follow(text: &str) -> Result<Duration, Refusal> {
    let seconds = match text {
        "" | "true" => FOLLOW_S_MAX,
        _ => text.parse().map_err(|_| Refusal::malformed("`follow` is `true` or a number of seconds"))?,
    };
    Ok(Duration::from_secs(seconds.min(FOLLOW_S_MAX)))
}

/// `build`, `runtime` or both.
fn source(text: Option<&str>) -> Result<Option<LogSource>, Refusal> {
    let (mut build, mut runtime) = (false, false);
    for name in text.unwrap_or("all").split(',') {
        match name.trim() {
            "build" => build = true,
            "runtime" => runtime = true,
            "all" => (build, runtime) = (true, true),
            _ => {
                return Err(Refusal::malformed(
                    "`source` is `build`, `runtime` or both with a comma between",
                ));
            }
        }
    }
    Ok(match (build, runtime) {
        (true, false) => Some(LogSource::Build),
        (false, true) => Some(LogSource::Runtime),
        _ => None,
    })
}

/// One reader and where it stands.
struct Reading {
    platform: Platform,
    id: DeploymentId,
    log: LogDir,
    watch: LogWatch,
    cursor: LogCursor,
    query: ReadQuery,
    shutdown: CancellationToken,
}

impl Reading {
    fn new(api: &Api, id: DeploymentId, wanted: &Wanted) -> Result<Self, Refusal> {
        // Says so where there is no such deployment.
        api.platform.watch(id)?;
        let query = ReadQuery {
            source: source(wanted.source.as_deref())?,
            lines_max: wanted.limit.unwrap_or(LINES).clamp(1, LOG_LINES_MAX),
            bytes_max: PAGE_BYTES_MAX,
        };
        Ok(Self {
            log: api.platform.log_dir(id)?,
            watch: api.platform.log_watch(id)?,
            platform: api.platform.clone(),
            id,
            cursor: wanted.after.clone().unwrap_or_else(LogDir::start),
            query,
            shutdown: api.shutdown.clone(),
        })
    }

    /// The next page: with lines, or the log's end, or empty at the deadline.
    async fn page_by(&mut self, deadline: Instant) -> Result<LogPage, Refusal> {
        loop {
            let page = self.page().await?;
            let is_late = Instant::now() >= deadline || self.shutdown.is_cancelled();
            if !page.lines.is_empty() || page.complete || is_late {
                self.cursor = page.next_cursor.clone();
                return Ok(page);
            }
            let news = timeout(END_CHECK, self.watch.changed());
            // Whichever it was: the loop looks again.
            self.shutdown.run_until_cancelled(timeout_at(deadline, news)).await;
        }
    }

    async fn page(&self) -> Result<LogPage, Refusal> {
        // Asked first: what was written before the end is then in what is read.
        let has_ended = self.platform.log_complete(self.id).await;
        let mut page = lines::read(&self.log, &self.cursor, self.query.clone()).await?;
        if has_ended {
            let one = ReadQuery { lines_max: 1, ..self.query.clone() };
            page.complete = lines::read(&self.log, &page.next_cursor, one).await?.lines.is_empty();
        }
        Ok(page)
    }

    /// One page after the other until the log ends or the time is over.
    fn pages(self, deadline: Instant) -> Response {
        let pages = stream::unfold(Some(self), move |reading| async move {
            let mut reading = reading?;
            let page = reading.page_by(deadline).await;
            let is_last = reading.shutdown.is_cancelled()
                || Instant::now() >= deadline
                || page.as_ref().map_or(true, |page| page.complete);
            let text =
                page.and_then(|page| serde_json::to_string(&page).map_err(|error| Refusal::internal(&error)));
            Some((text.map(|text| text + "\n"), (!is_last).then_some(reading)))
        });
        let kind = [(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"))];
        (kind, Body::from_stream(pages)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_and_times_are_read_as_people_write_them() {
        assert_eq!(source(None), Ok(None));
        assert_eq!(source(Some("build,runtime")), Ok(None));
        assert_eq!(source(Some("build")), Ok(Some(LogSource::Build)));
        assert_eq!(source(Some("runtime, runtime")), Ok(Some(LogSource::Runtime)));
        assert!(source(Some("kernel")).is_err());
        assert_eq!(follow("5"), Ok(Duration::from_secs(5)));
        assert_eq!(follow("true"), Ok(Duration::from_secs(FOLLOW_S_MAX)));
        assert!(follow("soon").is_err());
    }
}
