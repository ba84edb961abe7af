//! How a process's end is put into words.

use rustix::process::WaitStatus;

use crate::engine::Exit;

/// Signals 1 to 31, as Linux numbers them on every machine we build for.
const SIGNALS: [&str; 31] = [
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGILL",
    "SIGTRAP",
    "SIGABRT",
    "SIGBUS",
    "SIGFPE",
    "SIGKILL",
    "SIGUSR1",
    "SIGSEGV",
    "SIGUSR2",
    "SIGPIPE",
    "SIGALRM",
    "SIGTERM",
    "SIGSTKFLT",
    "SIGCHLD",
    "SIGCONT",
    "SIGSTOP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGXCPU",
    "SIGXFSZ",
    "SIGVTALRM",
    "SIGPROF",
    "SIGWINCH",
    "SIGIO",
    "SIGPWR",
    "SIGSYS",
];

impl From<WaitStatus> for Exit {
    fn from(status: WaitStatus) -> Self {
        if let Some(code) = status.exit_status() {
            return Self { status: format!("exit status {code}"), success: code == 0 };
        }
        let Some(number) = status.terminating_signal() else { return Self::gone() };
        let name = usize::try_from(number).ok().and_then(|number| SIGNALS.get(number.checked_sub(1)?));
        let status = match name {
            Some(name) => format!("signal {number} ({name})"),
            None => format!("signal {number}"),
        };
        Self { status, success: false }
    }
}
