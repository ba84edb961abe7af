//! Everything with I/O: the real program, real servers on port 0, real files in a temp directory, the real protocol.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests start programs, read the environment, and say what they skip"
)]

mod agent_session;
mod claude;
mod conformance;
mod contract;
mod deploy;
mod durability;
mod elicitation;
mod environment;
mod failures;
mod frames;
mod frugal;
mod generating;
mod harness;
mod hostile;
mod http;
mod hurtful;
mod image;
mod inspector;
mod installing;
mod javascript;
mod listing;
mod mcp;
mod plans;
mod previews;
mod projects;
mod readme;
mod runtimes;
mod secrets;
mod settings_file;
mod source;
mod surface;
mod switch;
mod tasks;
mod tidy;
mod toolchains;
mod verification;
