//! Counts what is in flight and closes: one atomic word holds both, so that nothing slips between choosing and counting.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// The bit that says closed; the rest counts.
const CLOSED: u64 = 1 << 63;

/// A counted entrance that can be closed once. Whoever entered before the closing is waited for; nobody enters after it.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: AtomicU64,
    emptied: Notify,
}

impl Gate {
    /// Counts the caller in. False when the gate is closed: the caller was not counted and goes elsewhere.
    pub(super) fn enter(&self) -> bool {
        let before = self.state.fetch_add(1, Ordering::AcqRel);
        if before & CLOSED == 0 {
            return true;
        }
        self.leave();
        false
    }

    /// Counts out somebody who had entered.
    pub(super) fn leave(&self) {
        if self.state.fetch_sub(1, Ordering::AcqRel) == CLOSED | 1 {
            self.emptied.notify_waiters();
        }
    }

    /// Lets nobody in any more; says how many are inside.
    pub(super) fn close(&self) -> u64 {
        self.state.fetch_or(CLOSED, Ordering::AcqRel) & !CLOSED
    }

    /// How many are inside.
    pub(super) fn inside(&self) -> u64 {
        self.state.load(Ordering::Acquire) & !CLOSED
    }

    /// Resolves once the gate is closed and nobody is inside.
    pub(super) async fn emptied(&self) {
        loop {
            let notified = self.emptied.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            if self.state.load(Ordering::Acquire) == CLOSED {
                return;
            }
            notified.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_closed_gate_lets_nobody_in() {
        let gate = Gate::default();
        assert!(gate.enter());
        assert_eq!(gate.close(), 1);
        assert!(!gate.enter());
        assert_eq!(gate.inside(), 1);
        gate.leave();
        assert_eq!(gate.inside(), 0);
    }

    #[tokio::test]
    async fn emptied_waits_for_the_last_one_inside() {
        let gate = Gate::default();
        assert!(gate.enter() && gate.enter());
        gate.close();
        gate.leave();
        tokio::time::timeout(Duration::from_millis(20), gate.emptied()).await.expect_err("one is inside");
        tokio::join!(gate.emptied(), async { gate.leave() });
    }

    /// Whoever got in is counted: after the closing empties, nobody is at work any more.
    #[test]
    fn nobody_is_at_work_once_a_closed_gate_is_empty() {
        for _ in 0..200 {
            let (gate, over) = (Gate::default(), AtomicBool::new(false));
            let work = || {
                while gate.enter() {
                    assert!(!over.load(Ordering::SeqCst), "at work after the drain");
                    gate.leave();
                }
            };
            std::thread::scope(|scope| {
                let _workers = [scope.spawn(work), scope.spawn(work), scope.spawn(work)];
                gate.close();
                while gate.inside() > 0 {
                    std::hint::spin_loop();
                }
                over.store(true, Ordering::SeqCst);
            });
        }
    }
}
