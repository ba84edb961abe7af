//! When a call is made again, and how long it waits before.

use std::time::{Duration, SystemTime};

/// How often and how patiently a call is repeated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retry {
    /// All attempts together, the first one included.
    pub(crate) attempts_max: u32,
    /// The wait before the second attempt, doubled before each further one.
    pub(crate) backoff: Duration,
    /// The longest wait that we choose ourselves.
    pub(crate) backoff_max: Duration,
    /// The longest wait that the platform may ask for; beyond it the caller hears of it instead.
    pub(crate) asked_max: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts_max: 5,
            backoff: Duration::from_millis(100),
            backoff_max: Duration::from_secs(5),
            asked_max: Duration::from_secs(30),
        }
    }
}

impl Retry {
    /// How long to wait after attempt number `attempt` (from 1) failed, or `None` to give up. What the platform asked
    /// for goes before what we would choose.
    pub(crate) fn wait(&self, attempt: u32, asked: Option<Duration>) -> Option<Duration> {
        if attempt >= self.attempts_max {
            return None;
        }
        match asked {
            Some(asked) => (asked <= self.asked_max).then_some(asked),
            None => Some(jitter(self.backoff(attempt))),
        }
    }

    fn backoff(&self, attempt: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1).min(16));
        self.backoff.saturating_mul(doubled).min(self.backoff_max)
    }
}

/// Between half of `wait` and all of it, so that callers who failed together do not come back together.
fn jitter(wait: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(u32::MAX);
    wait.mul_f64(0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX))
}

/// The wait that a `Retry-After` header asks for: seconds, or a date.
pub(crate) fn retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = header.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(header).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_their_limit_and_scatter() {
        let retry = Retry { attempts_max: 20, ..Retry::default() };
        for (attempt, full_ms) in [(1, 100), (2, 200), (3, 400), (6, 3_200), (7, 5_000), (19, 5_000)] {
            let waits: Vec<_> = (0..50).map(|_| retry.wait(attempt, None).unwrap()).collect();
            let full = Duration::from_millis(full_ms);
            assert!(waits.iter().all(|wait| (full / 2..=full).contains(wait)), "{attempt}: {waits:?}");
            assert!(waits.iter().any(|wait| *wait != waits[0]), "no jitter");
        }
        assert_eq!(retry.wait(20, None), None);
    }

    #[test]
    fn the_platform_may_ask_for_a_bounded_wait() {
        let retry = Retry::default();
        assert_eq!(retry.wait(1, Some(Duration::from_secs(3))), Some(Duration::from_secs(3)));
        assert_eq!(retry.wait(1, Some(Duration::from_hours(1))), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(retry_after("12", now), Some(Duration::from_secs(12)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:47 GMT", now), Some(Duration::from_secs(10)));
        assert_eq!(retry_after("Sat, 06 Nov 1993 08:49:47 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }
}
