//! The one writer: a thread that runs whatever has queued up in one transaction and answers after the commit.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::StoreError;

/// How many jobs may wait; a caller beyond that waits for a place.
const QUEUE_JOBS_MAX: usize = 1024;
/// How many jobs one commit takes along.
const GROUP_JOBS_MAX: usize = 256;

/// Answers a job's caller, told how the group's commit went.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// Runs inside the group's transaction and says whom to answer.
type Job = Box<dyn FnOnce(&Connection) -> Answer + Send>;

pub(super) struct Writer {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Self, StoreError> {
        let (jobs, queue) = sync_channel(QUEUE_JOBS_MAX);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || commit_in_groups(&connection, &queue))
            .map_err(|_| StoreError::Closed)?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, answer) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let outcome = in_savepoint(connection, job);
            Box::new(move |committed| {
                // The caller may have gone away; what it asked for is done all the same.
                drop(sender.send(committed.and(outcome)));
            })
        });
        let jobs = self.jobs.clone().ok_or(StoreError::Closed)?;
        match jobs.try_send(job) {
            Ok(()) => {}
            Err(std::sync::mpsc::TrySendError::Full(job)) => {
                let sent = tokio::task::spawn_blocking(move || jobs.send(job)).await;
                sent.map_err(|_| StoreError::Closed)?.map_err(|_| StoreError::Closed)?;
            }
            Err(std::sync::mpsc::TrySendError::Disconnected(_)) => return Err(StoreError::Closed),
        }
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the database's writer panicked");
        }
    }
}

/// A job that fails takes back only its own changes, not those of its neighbours in the group.
fn in_savepoint<T>(
    connection: &Connection,
    job: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    connection.execute_batch("SAVEPOINT job")?;
    let outcome = job(connection);
    let end = if outcome.is_ok() { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
    let ended = connection.execute_batch(end);
    // After some errors, a full disk among them, the whole transaction is gone already: the job's own error says more.
    let value = outcome?;
    ended?;
    Ok(value)
}

fn commit_in_groups(connection: &Connection, queue: &Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
            let answer = first(connection);
            answer(Err(error.into()));
            continue;
        }
        let mut answers = vec![first(connection)];
        while answers.len() < GROUP_JOBS_MAX
            && let Ok(job) = queue.try_recv()
        {
            answers.push(job(connection));
        }
        commit(connection, answers);
    }
}

fn commit(connection: &Connection, answers: Vec<Answer>) {
    match connection.execute_batch("COMMIT") {
        Ok(()) => answers.into_iter().for_each(|answer| answer(Ok(()))),
        Err(error) => {
            drop(connection.execute_batch("ROLLBACK"));
            let full = matches!(StoreError::from(error), StoreError::DiskFull);
            for answer in answers {
                answer(Err(if full { StoreError::DiskFull } else { StoreError::Closed }));
            }
        }
    }
}
