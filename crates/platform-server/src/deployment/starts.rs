//! Whose turn it is to build or start: real work in the order in which it came, and what nobody waits for in between.

use tokio::sync::{Semaphore, SemaphorePermit, watch};

/// Bounds how many instances build or start at once; more only makes all of them slower.
pub(crate) struct Starts {
    places: Semaphore,
    /// The one place for spare work, which needs one of the others too.
    spare: Semaphore,
    /// How much real work waits for a place.
    waiting: watch::Sender<usize>,
}

/// The places that spare work holds.
pub(super) struct Spare<'a> {
    _one: SemaphorePermit<'a>,
    _place: SemaphorePermit<'a>,
}

/// Counts as waiting until it is dropped.
struct Waits<'a>(&'a watch::Sender<usize>);

impl<'a> Waits<'a> {
    fn new(waiting: &'a watch::Sender<usize>) -> Self {
        waiting.send_modify(|count| *count += 1);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Starts {
    /// With room for this many at once.
    pub(crate) fn new(places: usize) -> Self {
        Self { places: Semaphore::new(places), spare: Semaphore::new(1), waiting: watch::Sender::new(0) }
    }

    /// A place for real work.
    ///
    /// # Cancel safety
    /// Whoever stops waiting loses nothing but the place in line.
    pub(super) async fn place(&self) -> SemaphorePermit<'_> {
        if let Ok(place) = self.places.try_acquire() {
            return place;
        }
        let _waits = Waits::new(&self.waiting);
        acquired(&self.places).await
    }

    /// A place for work that nobody waits for: one such at a time. Whoever has it gives it back as soon as it is
    /// [`wanted`](Self::wanted).
    ///
    /// # Cancel safety
    /// As [`place`](Self::place).
    pub(super) async fn spare(&self) -> Spare<'_> {
        let one = acquired(&self.spare).await;
        Spare { _place: acquired(&self.places).await, _one: one }
    }

    /// Resolves when real work waits for a place.
    ///
    /// # Cancel safety
    /// Safe to drop.
    pub(super) async fn wanted(&self) {
        drop(self.waiting.subscribe().wait_for(|count| *count > 0).await);
    }
}

async fn acquired(semaphore: &Semaphore) -> SemaphorePermit<'_> {
    semaphore.acquire().await.expect("nobody closes it")
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn spare_work_is_one_at_a_time_and_hears_that_real_work_waits() {
        let starts = Starts::new(2);
        let spare = starts.spare().now_or_never().expect("a place");
        assert!(starts.spare().now_or_never().is_none(), "one at a time");
        let first = starts.place().now_or_never().expect("a place");
        assert!(starts.wanted().now_or_never().is_none(), "whoever got a place never waited");
        let mut second = Box::pin(starts.place());
        assert!(second.as_mut().now_or_never().is_none());
        assert!(starts.wanted().now_or_never().is_some());
        drop(spare);
        assert!(second.as_mut().now_or_never().is_some());
        drop((second, first));
        assert!(starts.wanted().now_or_never().is_none(), "nobody waits any more");
    }
}
