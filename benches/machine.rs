//! What the numbers were measured on, and how busy it was with other things.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// Above which share of time, in percent, with something waiting for a CPU a measurement is noisy.
pub(crate) const NOISY_PERCENT: f64 = 20.0;

/// In how much of a second, in percent, something waited for a CPU while nothing of ours ran. It is what `some avg10` of
/// `/proc/pressure/cpu` tells, without the seconds before, which were ours. None: this system does not count it.
pub(crate) fn pressure_percent() -> Option<f64> {
    let (before, start) = (waited_us()?, Instant::now());
    thread::sleep(Duration::from_secs(1));
    Some((waited_us()? - before) / start.elapsed().as_secs_f64() / 1e4)
}

fn waited_us() -> Option<f64> {
    let text = fs::read_to_string("/proc/pressure/cpu").ok()?;
    text.lines().next()?.rsplit_once("total=")?.1.trim().parse().ok()
}

/// Cores, kernel, load.
pub(crate) fn description() -> String {
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut text = format!("{cores} cores");
    if let Ok(kernel) = fs::read_to_string("/proc/sys/kernel/osrelease") {
        write!(text, ", Linux {}", kernel.trim()).expect("a string");
    }
    if let Ok(load) = fs::read_to_string("/proc/loadavg") {
        let three: Vec<&str> = load.split(' ').take(3).collect();
        write!(text, ", load average at the end {}", three.join(" ")).expect("a string");
    }
    text
}

/// The first line of what a tool says about its version, on whichever stream; none when it is not on this machine.
pub(crate) fn version(tool: &str, argument: &str) -> Option<String> {
    let output = Command::new(tool).arg(argument).output().ok()?;
    let said = [output.stdout, output.stderr].concat();
    Some(String::from_utf8_lossy(&said).lines().next().unwrap_or_default().trim().to_owned())
}
