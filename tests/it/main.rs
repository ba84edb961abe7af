//! Everything with I/O: the real program, real servers on port 0, real files, the real protocol.
#![expect(clippy::disallowed_methods, reason = "tests start programs")]

mod tidy;
