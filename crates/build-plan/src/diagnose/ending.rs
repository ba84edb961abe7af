//! When no line says why a process ended, the way it ended may.

use super::evidence::{SHOWN_CHARS_MAX, short};
use super::scene::{End, Scene};
use super::{Confidence, Diagnosis, Phase};
use crate::Runtime;

/// No line says why; the way the process ended may.
pub(super) fn by_end(scene: &Scene) -> Option<Diagnosis> {
    let (code, title, fix, confidence) = match scene.end {
        End::Signal(9) => (
            "killed",
            "The process was killed (SIGKILL)",
            "most often the machine had no memory left: let it need less, or free memory; the kernel's log says more",
            Confidence::Medium,
        ),
        End::Signal(4 | 6 | 7 | 8 | 11) => (
            "crashed",
            "The process crashed in native code",
            "update or pin the package with native code that was last added, and check that it is built for this machine",
            Confidence::Medium,
        ),
        End::Signal(15) => (
            "terminated",
            "The process was told to end (SIGTERM)",
            "nothing in the project needs to change unless this repeats; deploy again",
            Confidence::Low,
        ),
        End::Status(127) => (
            "command_not_found",
            "The command was not found",
            "correct the command, or add the package that brings it to the project's dependencies",
            Confidence::Medium,
        ),
        End::Status(126) => (
            "permission_denied",
            "The command may not be executed",
            "make the file executable (`chmod +x`) and deploy again",
            Confidence::Medium,
        ),
        End::Status(5) if scene.phase == Phase::Test && scene.runtime == Some(Runtime::Python) => (
            "no_tests",
            "The test command finds no tests",
            "write tests where the command looks for them, or remove `test` from backend-im.yml",
            Confidence::Medium,
        ),
        End::Status(0) if matches!(scene.phase, Phase::Start | Phase::Health) => (
            "ended_without_error",
            "The start command ended by itself, without an error",
            "the start command must keep running and listen on $HOST:$PORT; do not let it go to the background",
            Confidence::High,
        ),
        _ => return None,
    };
    let cause_line =
        scene.lines.iter().rev().find(|line| !line.is_empty()).map(|line| short(line, SHOWN_CHARS_MAX));
    Some(Diagnosis {
        code: code.to_owned(),
        title: title.to_owned(),
        cause_line,
        evidence: Vec::new(),
        fix: fix.to_owned(),
        confidence,
    })
}
