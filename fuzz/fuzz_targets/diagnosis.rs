//! Any output of any step: the first byte chooses the step and the runtime, the rest is what was printed.
#![no_main]

use build_plan::{FailedStep, Phase, Runtime, diagnose};
use libfuzzer_sys::fuzz_target;

const PHASES: [Phase; 6] =
    [Phase::Install, Phase::Build, Phase::Test, Phase::Release, Phase::Start, Phase::Health];
const RUNTIMES: [Runtime; 12] = [
    Runtime::Python,
    Runtime::Node,
    Runtime::Bun,
    Runtime::Deno,
    Runtime::Go,
    Runtime::Rust,
    Runtime::Ruby,
    Runtime::Php,
    Runtime::Java,
    Runtime::Dotnet,
    Runtime::Elixir,
    Runtime::Command,
];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let choice = usize::from(*choice);
    let failed = FailedStep {
        phase: PHASES[choice % PHASES.len()],
        runtime: Some(RUNTIMES[choice / PHASES.len() % RUNTIMES.len()]),
        exit: Some("exit status 1".to_owned()),
        seen: None,
    };
    let output: Vec<String> = String::from_utf8_lossy(rest).lines().map(str::to_owned).collect();
    let read = |path: &str| (path.len() % 2 == 0).then(|| rest.to_vec());
    let diagnosis = diagnose(&failed, &output, &read);
    assert!(!diagnosis.code.is_empty() && !diagnosis.title.is_empty() && !diagnosis.fix.is_empty());
});
