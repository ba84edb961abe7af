//! How many deploys a minute a platform takes from its callers. They all have the same token, so that there is one count;
//! one that serves its own machine alone counts nothing.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use platform_api::Code;
use tokio::time::Instant;

use super::Api;
use crate::platform::Refusal;

/// What the limit is for.
const MINUTE: Duration = Duration::from_mins(1);

/// The deploys of the last minute.
pub(super) struct Rate {
    per_minute: Option<NonZeroUsize>,
    /// When they came, oldest first; no more than the limit.
    taken: Mutex<VecDeque<Instant>>,
}

impl Rate {
    pub(super) fn new(per_minute: Option<NonZeroUsize>) -> Self {
        Self { per_minute, taken: Mutex::default() }
    }

    /// Refuses while the limit is reached, and says when it no longer is.
    fn check(&self) -> Result<(), Refusal> {
        let Some(limit) = self.per_minute else { return Ok(()) };
        let taken = self.taken.lock().expect("nothing panics under it");
        let Some(first) = taken.len().checked_sub(limit.get()).map(|at| taken[at]) else { return Ok(()) };
        match (first + MINUTE).checked_duration_since(Instant::now()) {
            None | Some(Duration::ZERO) => Ok(()),
            Some(wait) => Err(exceeded(limit, wait)),
        }
    }

    /// Counts a deploy that was accepted: what was refused or is live already cost next to nothing.
    pub(super) fn count(&self) {
        let Some(limit) = self.per_minute else { return };
        let mut taken = self.taken.lock().expect("nothing panics under it");
        taken.push_back(Instant::now());
        let beyond = taken.len().saturating_sub(limit.get());
        taken.drain(..beyond);
    }
}

fn exceeded(limit: NonZeroUsize, wait: Duration) -> Refusal {
    let seconds = u64::try_from(wait.as_millis().div_ceil(1000)).expect("a minute fits");
    Refusal::new(Code::RATE_LIMITED, format!("this platform takes {limit} deploys a minute"))
        .hint(format!("Wait {seconds} seconds, then deploy again; one deploy can carry many changes."))
        .retryable()
        .retry_after(seconds)
}

/// A caller who may deploy now; asked before the body is read.
pub(super) struct Admitted;

impl FromRequestParts<Api> for Admitted {
    type Rejection = Refusal;

    async fn from_request_parts(_: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        api.deploys.check().map(|()| Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_minute_after_the_first_of_them_there_is_room_again() {
        let rate = Rate::new(NonZeroUsize::new(2));
        for _ in 0..2 {
            rate.check().unwrap();
            rate.count();
            tokio::time::advance(Duration::from_secs(20)).await;
        }
        let refused = rate.check().unwrap_err();
        assert_eq!((refused.code, refused.retry_after_s), (Code::RATE_LIMITED, 20));
        tokio::time::advance(Duration::from_secs(20)).await;
        rate.check().unwrap();
        rate.count();
        assert_eq!(rate.check().unwrap_err().retry_after_s, 20, "the second one still counts");
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let rate = Rate::new(None);
        rate.count();
        assert!(rate.check().is_ok() && rate.taken.lock().unwrap().is_empty());
    }
}
