//! Processes as `/proc` shows them: who descends from whom, and who still is who they were. A process id alone says
//! nothing, because ids come again; together with the start time it names one process of one boot.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use super::spec::{MARKER, SUBCOMMAND};

/// One process of this boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Process {
    pub(super) pid: i32,
    /// When it started, in clock ticks since boot.
    start_ticks: u64,
}

impl Process {
    /// The process that has `pid` now, unless it has already ended.
    pub(super) fn find(pid: i32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may itself hold anything; what follows the last one is plain.
        let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
        let state = fields.next()?;
        let start_ticks = fields.nth(18)?.parse().ok()?;
        (state != "Z" && state != "X").then_some(Self { pid, start_ticks })
    }

    /// A handle that names this very process for good; `None` when it has ended.
    pub(super) fn open(self) -> io::Result<Option<OwnedFd>> {
        let Some(pid) = Pid::from_raw(self.pid) else { return Ok(None) };
        match pidfd_open(pid, PidfdFlags::NONBLOCK) {
            // Looked at again after opening: from here on the handle cannot come to mean another process.
            Ok(handle) => Ok((Self::find(self.pid) == Some(self)).then_some(handle)),
            Err(Errno::SRCH) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Signals it; a process that has ended is no error.
    pub(super) fn signal(self, signal: Signal) -> io::Result<()> {
        let Some(handle) = self.open()? else { return Ok(()) };
        match pidfd_send_signal(&handle, signal) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Names this boot; process ids and start times mean nothing in another one.
pub(super) fn boot_id() -> io::Result<String> {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned())
}

/// Every living process below `root`, parents before children. The children of a subreaper include whoever was
/// orphaned below it, so nothing escapes by forking twice or by starting a session.
pub(super) fn descendants(root: i32) -> Vec<Process> {
    let mut found: Vec<Process> = Vec::new();
    let mut next = children(root);
    while let Some(pid) = next.pop() {
        if let Some(process) = Process::find(pid)
            && !found.iter().any(|known| known.pid == pid)
        {
            found.push(process);
            next.extend(children(pid));
        }
    }
    found
}

fn children(pid: i32) -> Vec<i32> {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let of_thread = |path: &Path| std::fs::read_to_string(path.join("children")).unwrap_or_default();
    threads
        .flatten()
        .flat_map(|thread| {
            let children = of_thread(&thread.path());
            children.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<i32>>()
        })
        .collect()
}

/// The processes that carry the mark of one of `ids`, and the launchers of those ids: for when a launcher was killed
/// and its processes have become somebody else's children.
pub(super) fn marked(ids: &BTreeSet<String>) -> Vec<Process> {
    if ids.is_empty() {
        return Vec::new();
    }
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(Process::find).filter(|process| is_marked(process.pid, ids)).collect()
}

fn is_marked(pid: i32, ids: &BTreeSet<String>) -> bool {
    let strings = |name: &str| std::fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
    let has_mark = strings("environ").split(|&byte| byte == 0).any(|variable| {
        std::str::from_utf8(variable)
            .ok()
            .and_then(|text| text.strip_prefix(MARKER)?.strip_prefix('='))
            .is_some_and(|id| ids.contains(id))
    });
    let command = strings("cmdline");
    let mut arguments = command.split(|&byte| byte == 0).skip(1);
    let is_launcher = arguments.next() == Some(SUBCOMMAND.as_bytes())
        && arguments.next().and_then(|id| std::str::from_utf8(id).ok()).is_some_and(|id| ids.contains(id));
    has_mark || is_launcher
}

/// Kills whatever carries the mark of one of `ids`, until nothing does.
pub(super) fn kill_marked(ids: &BTreeSet<String>) -> io::Result<()> {
    // Each round ends what the last one's processes forked meanwhile; a fork bomb is not worth more rounds.
    for _ in 0..ROUNDS_MAX {
        let found = marked(ids);
        if found.is_empty() {
            return Ok(());
        }
        let handles: Vec<OwnedFd> = found.into_iter().filter_map(|process| process.open().ok()?).collect();
        for handle in &handles {
            pidfd_send_signal(handle, Signal::KILL).ok();
        }
        for handle in &handles {
            wait_for_end(handle, DEATH_LIMIT)?;
        }
    }
    Err(io::Error::other("processes of the instance start faster than they can be killed"))
}

/// How often [`kill_marked`] looks again.
const ROUNDS_MAX: usize = 100;
/// How long the kernel gets to end a killed process; one that hangs in a system call takes longer.
const DEATH_LIMIT: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// Waits until the process of `handle` has ended, and says whether it has.
pub(super) fn wait_for_end(handle: &OwnedFd, limit: Timespec) -> io::Result<bool> {
    let mut polled = [PollFd::new(handle, PollFlags::IN)];
    match poll(&mut polled, Some(&limit)) {
        Ok(count) => Ok(count > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_start_time_too() {
        let own = Process::find(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(own.open().unwrap().is_some());
        let reused = Process { start_ticks: own.start_ticks + 1, ..own };
        assert!(reused.open().unwrap().is_none());
        assert_eq!(Process::find(i32::MAX), None);
    }
}
