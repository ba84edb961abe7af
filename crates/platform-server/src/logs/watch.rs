//! Waking readers: one inotify instance for all folders (a user may have only 128 of them), one task that drains it,
//! and per folder a counter that its watchers wait on.

use std::collections::HashMap;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;
use tokio::io::unix::AsyncFd;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::LogDir;

/// The watched folders of a platform. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct LogWatches(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    inotify: AsyncFd<OwnedFd>,
    folders: Mutex<HashMap<i32, watch::Sender<u64>>>,
}

impl LogWatches {
    /// Starts the one task, which ends with `shutdown`.
    ///
    /// # Errors
    /// When the kernel gives no inotify instance.
    pub(crate) fn start(tasks: &TaskTracker, shutdown: CancellationToken) -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe, which is forbidden here; an OwnedFd keeps its descriptor, so this is sound"
        )]
        let inotify = AsyncFd::new(inotify)?;
        let shared = Arc::new(Shared { inotify, folders: Mutex::default() });
        let driver = Arc::clone(&shared);
        tasks.spawn(async move {
            if let Some(Err(error)) = shutdown.run_until_cancelled(driver.drive()).await {
                tracing::error!(error = &error as &dyn std::error::Error, "watching logs ended");
            }
        });
        Ok(Self(shared))
    }

    /// Watches a log from now on. Subscribe first, then read, then wait.
    ///
    /// # Errors
    /// When the folder can be neither made nor watched.
    pub(crate) fn watch(&self, log: &LogDir) -> io::Result<LogWatch> {
        std::fs::create_dir_all(log.path())?;
        // Under the lock, so that the last watcher of this folder cannot remove the watch in between.
        let mut folders = self.0.folders();
        let flags = WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::ONLYDIR;
        let watch = inotify::add_watch(self.0.inotify.get_ref(), log.path(), flags)?;
        let sender = folders.entry(watch).or_insert_with(|| watch::channel(0).0);
        Ok(LogWatch { watch, changes: sender.subscribe(), shared: Arc::clone(&self.0) })
    }
}

impl Shared {
    fn folders(&self) -> MutexGuard<'_, HashMap<i32, watch::Sender<u64>>> {
        self.folders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn drive(&self) -> io::Result<()> {
        loop {
            let mut ready = self.inotify.readable().await?;
            match self.drain() {
                Err(Errno::AGAIN) => ready.clear_ready(),
                Ok(()) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Hands one buffer of events to the folders they are about, waking each once.
    fn drain(&self) -> Result<(), Errno> {
        let mut buffer = [MaybeUninit::uninit(); 16 << 10];
        let mut events = inotify::Reader::new(self.inotify.get_ref(), &mut buffer);
        let mut changed = Vec::new();
        loop {
            let event = events.next()?;
            changed.push((event.wd(), event.events()));
            if events.is_buffer_empty() {
                break;
            }
        }
        changed.dedup();
        let mut folders = self.folders();
        for (watch, what) in changed {
            if what.contains(ReadFlags::QUEUE_OVERFLOW) {
                folders.values().for_each(wake);
            } else if what.contains(ReadFlags::IGNORED) {
                // The folder is gone; dropping its sender tells the watchers.
                folders.remove(&watch);
            } else if let Some(sender) = folders.get(&watch) {
                wake(sender);
            }
        }
        Ok(())
    }
}

fn wake(changes: &watch::Sender<u64>) {
    changes.send_modify(|count| *count += 1);
}

/// Wakes one reader of one log.
#[derive(Debug)]
pub(crate) struct LogWatch {
    watch: i32,
    changes: watch::Receiver<u64>,
    shared: Arc<Shared>,
}

impl LogWatch {
    /// Resolves when something was written since the last time this resolved, or since the watch began: at once when
    /// that has already happened. A log that was deleted changes once and then never again.
    ///
    /// # Cancel safety
    /// Dropping the future loses no change.
    pub(crate) async fn changed(&mut self) {
        match self.changes.changed().await {
            Ok(()) => {}
            Err(_) if self.watch != GONE => self.watch = GONE,
            Err(_) => std::future::pending().await,
        }
    }

    /// Whether the log was deleted: nothing more will come.
    pub(crate) fn is_gone(&self) -> bool {
        self.watch == GONE
    }
}

/// The kernel's watch descriptors begin at 1.
const GONE: i32 = -1;

impl Clone for LogWatch {
    /// Another reader of the same log, from now on.
    fn clone(&self) -> Self {
        let mut changes = self.changes.clone();
        changes.mark_unchanged();
        Self { watch: self.watch, changes, shared: Arc::clone(&self.shared) }
    }
}

impl Drop for LogWatch {
    /// The last watcher of a folder takes the kernel's watch with it.
    fn drop(&mut self) {
        let mut folders = self.shared.folders();
        if folders.get(&self.watch).is_some_and(|sender| sender.receiver_count() == 1) {
            folders.remove(&self.watch);
            // Fails only when the folder is gone, and its watch with it.
            inotify::remove_watch(self.shared.inotify.get_ref(), self.watch).ok();
        }
    }
}
