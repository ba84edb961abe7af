//! Where a client's connection stands, and what it may take no longer than. One timer a connection, moved only when it
//! must be: a request that answers quickly costs none.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::time::{Instant, Sleep};

/// How long the head of a request may take from its first byte, in seconds.
const HEAD_S: u64 = 10;
/// How long a connection may stay idle between requests, in seconds.
const IDLE_S: u64 = 75;
/// How long an app may take from the last byte it was sent to the head of its answer, in seconds.
pub(super) const ANSWER_S: u64 = 60;

/// What a connection is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// The head of a request is on its way.
    Head,
    /// An app has the request.
    Answer,
    /// The answer is on its way back: takes as long as it takes.
    Body,
    /// Between two requests.
    Idle,
}

impl Phase {
    fn limit(self) -> Option<Duration> {
        let seconds = match self {
            Self::Head => HEAD_S,
            Self::Answer => ANSWER_S,
            Self::Idle => IDLE_S,
            Self::Body => return None,
        };
        Some(Duration::from_secs(seconds))
    }

    fn of(byte: u8) -> Self {
        [Self::Head, Self::Answer, Self::Body, Self::Idle][usize::from(byte)]
    }
}

/// The phase of one connection, shared by the parts that one task drives; hence nothing here orders anything.
#[derive(Debug)]
pub(super) struct Watch {
    phase: AtomicU8,
    /// Changes with every step, so that the timer sees that there was one.
    step: AtomicU32,
    expired: AtomicBool,
    /// The app wants more of the request than the client has sent.
    client_owes: AtomicBool,
}

impl Watch {
    /// A new connection, whose first request is due.
    pub(super) fn new() -> Self {
        Self {
            phase: AtomicU8::new(Phase::Head as u8),
            step: AtomicU32::new(0),
            expired: AtomicBool::new(false),
            client_owes: AtomicBool::new(false),
        }
    }

    /// Enters `phase`.
    pub(super) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
        self.expired.store(false, Ordering::Relaxed);
        self.client_owes.store(false, Ordering::Relaxed);
        self.step();
    }

    /// A part of the request's body was wanted: it was there, which starts the app's time anew, or the client owes it.
    pub(super) fn body_was_wanted<T>(&self, part: &Poll<T>) {
        self.client_owes.store(part.is_pending(), Ordering::Relaxed);
        if part.is_ready() {
            self.step();
        }
    }

    fn step(&self) {
        self.step.store(self.step.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    /// Whether the app's time for its answer is over.
    pub(super) fn answer_is_overdue(&self) -> bool {
        self.expired.load(Ordering::Relaxed)
    }

    /// Whether it is the client that the app waits for.
    pub(super) fn client_is_late(&self) -> bool {
        self.client_owes.load(Ordering::Relaxed)
    }

    fn phase(&self) -> Phase {
        Phase::of(self.phase.load(Ordering::Relaxed))
    }

    /// A byte of a next request ends the idle time.
    fn saw_bytes(&self) {
        if self.phase() == Phase::Idle {
            self.enter(Phase::Head);
        }
    }
}

/// What the timer says about a connection that waits.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// An app's time is over: poll the connection again, so that it answers in the app's place.
    Answer,
    /// The client's time is over.
    Close,
}

/// The one timer of a connection.
#[derive(Debug)]
pub(super) struct Timer {
    sleep: Pin<Box<Sleep>>,
    step: u32,
    deadline: Option<Instant>,
}

impl Timer {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        let deadline = Phase::Head.limit().map(|limit| now + limit);
        Self { sleep: Box::pin(tokio::time::sleep_until(deadline.unwrap_or(now))), step: 0, deadline }
    }

    /// Call when the connection has nothing more to do for now. Ready once its phase took too long.
    pub(super) fn poll(&mut self, watch: &Watch, cx: &mut Context<'_>) -> Poll<Verdict> {
        let step = watch.step.load(Ordering::Relaxed);
        if step != self.step {
            self.step = step;
            self.deadline = watch.phase().limit().map(|limit| Instant::now() + limit);
        }
        let Some(deadline) = self.deadline else { return Poll::Pending };
        // An alarm that is set for earlier is left alone: when it rings it moves on to the deadline.
        if deadline < self.sleep.deadline() {
            self.sleep.as_mut().reset(deadline);
        }
        while self.sleep.as_mut().poll(cx).is_ready() {
            if deadline <= Instant::now() {
                return Poll::Ready(self.expire(watch));
            }
            self.sleep.as_mut().reset(deadline);
        }
        Poll::Pending
    }

    fn expire(&mut self, watch: &Watch) -> Verdict {
        if watch.phase() == Phase::Answer {
            self.deadline = None;
            watch.expired.store(true, Ordering::Relaxed);
            Verdict::Answer
        } else {
            Verdict::Close
        }
    }
}

/// A client's socket that tells the watch when bytes arrive.
#[derive(Debug)]
pub(super) struct Watched<I> {
    io: I,
    watch: Arc<Watch>,
}

impl<I> Watched<I> {
    pub(super) fn new(io: I, watch: Arc<Watch>) -> Self {
        Self { io, watch }
    }
}

impl<I: Read + Unpin> Read for Watched<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        let polled = pin!(&mut self.io).poll_read(cx, buffer);
        if polled.is_ready() {
            self.watch.saw_bytes();
        }
        polled
    }
}

impl<I: Write + Unpin> Write for Watched<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        pin!(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        pin!(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        pin!(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        pin!(&mut self.io).poll_write_vectored(cx, slices)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    async fn verdict_after(watch: &Watch, timer: &mut Timer) -> (Verdict, u64) {
        let before = Instant::now();
        let verdict = poll_fn(|cx| timer.poll(watch, cx)).await;
        (verdict, (Instant::now() - before).as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_drips_is_cut_ten_seconds_after_its_first_byte() {
        let (watch, mut timer) = (Watch::new(), Timer::new());
        assert_eq!(verdict_after(&watch, &mut timer).await, (Verdict::Close, HEAD_S));

        let (watch, mut timer) = (Watch::new(), Timer::new());
        watch.enter(Phase::Idle);
        let idle = poll_fn(|cx| timer.poll(&watch, cx));
        assert!(tokio::time::timeout(Duration::from_secs(50), idle).await.is_err());
        watch.saw_bytes();
        let first = poll_fn(|cx| timer.poll(&watch, cx));
        assert!(tokio::time::timeout(Duration::from_secs(6), first).await.is_err());
        watch.saw_bytes();
        assert_eq!(verdict_after(&watch, &mut timer).await, (Verdict::Close, HEAD_S - 6));
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_closes_and_a_streaming_one_stays() {
        let (watch, mut timer) = (Watch::new(), Timer::new());
        watch.enter(Phase::Body);
        let streaming = poll_fn(|cx| timer.poll(&watch, cx));
        assert!(tokio::time::timeout(Duration::from_hours(1), streaming).await.is_err());
        watch.enter(Phase::Idle);
        assert_eq!(verdict_after(&watch, &mut timer).await, (Verdict::Close, IDLE_S));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_overdue_sixty_seconds_after_the_last_progress() {
        let (watch, mut timer) = (Watch::new(), Timer::new());
        watch.enter(Phase::Answer);
        let waiting = poll_fn(|cx| timer.poll(&watch, cx));
        assert!(tokio::time::timeout(Duration::from_secs(40), waiting).await.is_err());
        watch.body_was_wanted(&Poll::Ready(()));
        assert_eq!(verdict_after(&watch, &mut timer).await, (Verdict::Answer, ANSWER_S));
        assert!(watch.answer_is_overdue());
    }
}
