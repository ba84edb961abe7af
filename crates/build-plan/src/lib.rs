//! From a listing of files to a build plan, and from a failure's output to a diagnosis.
//! Stand-in with the agreed names only, until the real crate is merged.
#![allow(missing_docs, reason = "stand-in")]
#![allow(clippy::allow_attributes, reason = "stand-in")]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Runtime {
    Python,
    Node,
    Rust,
    Static,
    Command,
}

#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum InstallMethod {
    UvSync,
    Requirements,
    Pyproject,
    NpmCi,
    NpmInstall,
    Command,
}

#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
pub struct Install {
    pub method: InstallMethod,
    pub command: String,
    pub inputs: Vec<String>,
    pub extra: Vec<String>,
}

#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    pub field: String,
    pub value: String,
    pub source: String,
}

#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
pub struct Plan {
    pub runtime: Runtime,
    pub framework: Option<String>,
    pub version: Option<String>,
    pub install: Option<Install>,
    pub build: Option<String>,
    pub test: Option<String>,
    pub start: Option<String>,
    pub port: u16,
    pub health_path: Option<String>,
    pub static_root: Option<String>,
    pub env: BTreeMap<String, String>,
    pub evidence: Vec<Evidence>,
    pub files: u64,
    pub bytes: u64,
    pub plan_hash: String,
    pub warnings: Vec<String>,
}

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Install,
    Build,
    Test,
    Start,
    Health,
}

#[derive(Clone, Debug)]
pub struct FailedStep {
    pub phase: Phase,
    pub runtime: Option<Runtime>,
    pub exit: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    High,
    Medium,
    Low,
}

#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    pub code: String,
    pub title: String,
    pub cause_line: Option<String>,
    pub evidence: Vec<String>,
    pub fix: String,
    pub confidence: Confidence,
}

pub fn diagnose(_failed: &FailedStep, _output: &[String]) -> Option<Diagnosis> {
    None
}
