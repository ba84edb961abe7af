//! Everything with I/O: the real program, real servers on port 0, real files in a temp directory, the real protocol.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests start programs, read the environment, and say what they skip"
)]

mod agent_session;
mod contract;
mod deploy;
mod durability;
mod environment;
mod failures;
mod generating;
mod harness;
mod javascript;
mod mcp;
mod previews;
mod readme;
mod runtimes;
mod source;
mod switch;
mod tidy;
