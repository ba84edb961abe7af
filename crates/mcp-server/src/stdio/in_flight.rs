//! The requests that wait for their answer: no two under one id, and no more than there is room for.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rmcp::model::RequestId;
use tokio::sync::Notify;

/// How many requests may wait for their answer; further ones are left unread until one is answered. Those that may take
/// long have limits of their own below this one, so that something always moves.
const REQUESTS_MAX: usize = 256;
/// How many subscriptions may be open, because they end only when the client wants it.
const SUBSCRIPTIONS_MAX: usize = 32;
/// A request that takes more than this counts as large, in bytes of memory.
const LARGE_BYTES: usize = 64 << 10;
/// How much all large requests may take together, in bytes of memory: one that is as large as any may be.
const LARGE_BYTES_MAX: usize = super::lines::LINE_BYTES_MAX + super::VALUES_MAX * super::VALUE_BYTES;

/// Why a request is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    /// Its id is that of a request that still waits for its answer.
    Duplicate,
    /// Too many subscriptions are open.
    Subscriptions,
    /// Too many bytes of requests wait for an answer.
    Bytes,
}

/// What is known of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    /// About how much memory it takes.
    pub(super) bytes: usize,
    pub(super) is_subscription: bool,
}

/// All requests that wait.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    waiting: Mutex<Waiting>,
    left: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    requests: HashMap<RequestId, Request>,
    subscriptions: usize,
    large_bytes: usize,
}

impl Request {
    fn large_bytes(self) -> usize {
        if self.bytes > LARGE_BYTES { self.bytes } else { 0 }
    }
}

impl InFlight {
    /// Waits until one more request would have room.
    pub(super) async fn room(&self) {
        loop {
            let left = self.left.notified();
            if self.lock().requests.len() < REQUESTS_MAX {
                return;
            }
            left.await;
        }
    }

    /// Lets a request in.
    pub(super) fn enter(&self, id: &RequestId, request: Request) -> Result<(), Denied> {
        let mut waiting = self.lock();
        let subscriptions = waiting.subscriptions + usize::from(request.is_subscription);
        let large_bytes = waiting.large_bytes + request.large_bytes();
        if waiting.requests.contains_key(id) {
            return Err(Denied::Duplicate);
        }
        if subscriptions > SUBSCRIPTIONS_MAX {
            return Err(Denied::Subscriptions);
        }
        if large_bytes > LARGE_BYTES_MAX {
            return Err(Denied::Bytes);
        }
        (waiting.subscriptions, waiting.large_bytes) = (subscriptions, large_bytes);
        waiting.requests.insert(id.clone(), request);
        Ok(())
    }

    /// The request was answered, or its client wants no answer any more.
    pub(super) fn leave(&self, id: &RequestId) {
        let mut waiting = self.lock();
        if let Some(request) = waiting.requests.remove(id) {
            waiting.subscriptions -= usize::from(request.is_subscription);
            waiting.large_bytes -= request.large_bytes();
            // One reader at most waits; a permit that nobody takes only lets it look once more.
            self.left.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Every change is a few additions that cannot panic.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const SMALL: Request = Request { bytes: 100, is_subscription: false };

    #[test]
    fn an_id_is_free_again_once_its_request_is_answered() {
        let (requests, id) = (InFlight::default(), RequestId::Number(1));
        assert_eq!(requests.enter(&id, SMALL), Ok(()));
        assert_eq!(requests.enter(&id, SMALL), Err(Denied::Duplicate));
        requests.leave(&id);
        requests.leave(&id);
        assert_eq!(requests.enter(&id, SMALL), Ok(()));
    }

    #[tokio::test]
    async fn the_one_too_many_waits_for_an_answer_to_another() {
        let requests = InFlight::default();
        for n in (0_i64..).take(REQUESTS_MAX) {
            assert!(requests.room().now_or_never().is_some());
            requests.enter(&RequestId::Number(n), SMALL).unwrap();
        }
        assert!(requests.room().now_or_never().is_none());
        requests.leave(&RequestId::Number(7));
        requests.room().await;
    }

    #[test]
    fn what_may_stay_long_or_is_large_is_denied_beyond_its_own_limit() {
        let requests = InFlight::default();
        let subscription = Request { is_subscription: true, ..SMALL };
        for n in (0_i64..).take(SUBSCRIPTIONS_MAX) {
            requests.enter(&RequestId::Number(n), subscription).unwrap();
        }
        let id = RequestId::String("more".into());
        assert_eq!(requests.enter(&id, subscription), Err(Denied::Subscriptions));
        let large = Request { bytes: LARGE_BYTES_MAX, is_subscription: false };
        assert_eq!(requests.enter(&id, large), Ok(()));
        let other = RequestId::Number(-1);
        assert_eq!(requests.enter(&other, Request { bytes: LARGE_BYTES + 1, ..SMALL }), Err(Denied::Bytes));
        assert_eq!(requests.enter(&other, SMALL), Ok(()));
        requests.leave(&id);
        assert_eq!(requests.enter(&id, large), Ok(()));
    }
}
