//! The tools an agent sees, over `platform-client`.
