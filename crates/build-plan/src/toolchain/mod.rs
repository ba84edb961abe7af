//! From a plan to what it needs of a machine, and from what the machine has to what it lacks, with the command that gets
//! it. Whoever may look at a machine does so between the two:
//!
//! ```text
//! Plan ─► needs ─► [looking: programs on the PATH, their answers, os-release] ─► Machine ─► shortfalls ─► refusal
//! ```

mod install;
mod machine;
mod need;
mod official;
mod package;
mod packaged;
mod program;
mod range;
mod shortfall;
mod version;

pub use machine::{Installed, Machine, System, User};
pub use need::{Chance, Kind, Need, Needs, Wanted, digest, need_of, needs};
pub use package::{Package, Sign, find as find_package};
pub use program::{PROGRAMS, Program, find as find_program};
pub use range::{Dialect, Range, in_registry_words};
pub use shortfall::{Lacking, Refusal, Shortage, Shortfall, refusal, shortfalls};
