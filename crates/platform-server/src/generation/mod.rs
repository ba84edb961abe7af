//! The built-in generator: from a prompt, or an exact spec, to a project that deploys as it is.
//!
//! ```text
//! prompt ─► sentences ─► statements ─► blueprint ─► files
//!           prompt.rs    statements.rs entities.rs  fastapi/
//! spec ───────────────────────────────►┘ spec.rs
//! ```
//!
//! Everything here is a pure function: no I/O, no clock, no chance; the same request gives the same files. What a prompt
//! holds reaches the files only as names made in `name.rs` and as literals quoted by the writer of each language.

mod blueprint;
mod entities;
mod error;
mod familiar;
mod features;
mod fields;
mod items;
mod name;
mod nouns;
mod prompt;
mod relations;
mod statements;
mod verbs;

pub(crate) use error::GenerationError;

/// The stacks that can be written for; the first one is the default.
pub(crate) const STACKS: &[&str] = &["fastapi"];


pub(crate) struct GenerationRequest<'a> { pub(crate) prompt: &'a str, pub(crate) project: &'a str, pub(crate) stack: Option<&'a str>, pub(crate) spec: Option<&'a serde_json::Value> }
pub(crate) struct Generation { pub(crate) subject: String, pub(crate) stack: String, pub(crate) generator: &'static str, pub(crate) files: std::collections::BTreeMap<String, String>, pub(crate) warnings: Vec<String> }
pub(crate) fn generate(_: &GenerationRequest<'_>) -> Result<Generation, GenerationError> { unimplemented!() }
