//! What a launcher does to itself before it starts anything, so that everything below it has it too. Sandboxing is not
//! here yet: programs run as the platform's user.

use std::io;

use rustix::process::{
    Resource, Rlimit, geteuid, getpid, getrlimit, nice, set_child_subreaper, setrlimit, setsid,
};
use rustix::thread::set_no_new_privs;

use super::spec::Role;

/// Open files per process.
const FILES_MAX: u64 = 65_536;
/// Processes of the platform's user altogether; a net under fork bombs. The kernel does not hold root to it.
const PROCESSES_MAX: u64 = 16_384;
/// Builds yield to the API, the gateway and the apps.
const BUILD_NICENESS: i32 = 10;

/// Closes what was inherited beside the three standard streams: a pipe of whoever started the platform would otherwise
/// stay open as long as the app runs, and the app could use it. To be called before anything is opened.
pub(super) fn close_inherited() -> io::Result<()> {
    let open: Vec<i32> = std::fs::read_dir("/proc/self/fd")?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    for descriptor in open.into_iter().filter(|&descriptor| descriptor > 2) {
        // The listing's own descriptor is among them and already closed.
        nix::unistd::close(descriptor).ok();
    }
    Ok(())
}

/// Own session, parent of its orphans, no new privileges, limits.
pub(super) fn isolate(role: &Role) -> io::Result<()> {
    // Fails only for who already leads a process group: somebody started us by hand.
    setsid().ok();
    set_child_subreaper(Some(getpid()))?;
    // Old kernels in some containers refuse this; the app then runs as before.
    set_no_new_privs(true).ok();
    limit(Resource::Core, 0)?;
    limit(Resource::Nofile, FILES_MAX)?;
    if !geteuid().is_root() {
        limit(Resource::Nproc, PROCESSES_MAX)?;
    }
    if *role == Role::Step {
        nice(BUILD_NICENESS).ok();
    }
    Ok(())
}

/// Sets both limits to `wanted`, or to what this process may have at most.
fn limit(resource: Resource, wanted: u64) -> io::Result<()> {
    let value = getrlimit(resource).maximum.map_or(wanted, |maximum| maximum.min(wanted));
    Ok(setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) })?)
}
