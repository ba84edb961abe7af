//! The release program against named peers, in the same run: `cargo bench -p backend-im`, or with the names of areas
//! (`cargo bench -p backend-im -- mcp upload`) only those. Prints one Markdown table; exits with failure when a goal was
//! missed. All load goes to 127.0.0.1, and everything that is started here is ended here.
//!
//! Every area is one file that says what the peer does. A peer that is not on this machine is skipped by name.
//! `BACKEND_IM_BENCH_PROGRAM` names another build of the program to measure.
#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "benches start programs, read the environment, and print a table"
)]

mod corpus;
mod gateway;
mod home;
mod http;
mod machine;
mod mcp;
mod peer;
mod plan;
mod podman;
mod project;
mod redeploy;
mod report;
mod starts;
mod statistics;
mod switch;
mod upload;
mod upstream;

use std::process::ExitCode;

use report::Report;

/// Measures an area and adds its rows.
type Measure = fn(&mut Report);

/// What can be measured, by name, in the order of the table.
const AREAS: [(&str, Measure); 7] = [
    ("mcp", mcp::measure),
    ("plan", plan::measure),
    ("redeploy", redeploy::measure),
    ("upload", upload::measure),
    ("switch", switch::measure),
    ("gateway", gateway::measure),
    ("starts", starts::measure),
];

fn main() -> ExitCode {
    // Cargo adds `--bench`.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if wanted.iter().any(|argument| argument == upstream::ARGUMENT) {
        upstream::serve();
        return ExitCode::SUCCESS;
    }
    if let Some(unknown) = wanted.iter().find(|name| AREAS.iter().all(|(area, _)| area != name)) {
        eprintln!("there is no area `{unknown}`; there are {}", AREAS.map(|(area, _)| area).join(", "));
        return ExitCode::from(2);
    }
    let mut report = Report::default();
    for (area, measure) in AREAS {
        if wanted.is_empty() || wanted.iter().any(|name| name == area) {
            report.area(area, measure);
        }
    }
    println!("{report}");
    if report.goals_are_met() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
