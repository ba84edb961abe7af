//! From a listing of files to a build plan, from a plan to a Dockerfile, and from a failure's output to a diagnosis.
//!
//! Everything here is a pure function: no I/O, no async, no processes. The caller lists the files and lends a closure
//! that returns the bytes of one of them; [`plan()`] calls it only for the few files that decide something, so that a
//! client with the files on disk and a platform with them in Git reach the same [`Plan`] with the same hash.
//!
//! ```text
//! Listing ─► config (settings file) ─┐
//!         ─► Procfile ───────────────┼─► detect/{python,node,rust,static_site} ─► choose ─► Plan + plan_hash
//! read()  ─► manifests, sources ─────┘
//! ```

pub mod config;
mod detect;
mod diagnose;
mod draft;
mod error;
mod export;
mod hash;
mod image;
mod listing;
mod plan;
mod project;
pub mod secret;
mod shell;
pub mod toolchain;

pub use detect::plan;
pub use diagnose::{
    Confidence, Diagnosis, FailedStep, PatchError, Phase, Seen, Verification, diagnose, patched,
};
pub use error::{Candidate, PlanError};
pub use export::{Requirements, python_requirements};
pub use image::{Image, image};
pub use listing::{ListedFile, Listing};
pub use plan::{CacheLayer, Evidence, Install, InstallMethod, PackageManager, Plan, Runtime, SystemPackage};
pub use shell::handed_over;
