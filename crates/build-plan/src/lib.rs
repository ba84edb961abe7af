//! TEMP stand-in.
#![allow(missing_docs, clippy::all, clippy::pedantic, reason = "temporary stand-in")]
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Runtime { Python, Node, Rust, Static, Command }

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum InstallMethod { UvSync, Requirements, Pyproject, NpmCi, NpmInstall, Command }

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Install { pub method: InstallMethod, pub command: String, pub inputs: Vec<String>, pub extra: Vec<String> }

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Evidence { pub field: String, pub value: String, pub source: String }

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Plan {
    pub runtime: Runtime,
    #[serde(default)] pub framework: Option<String>,
    #[serde(default)] pub version: Option<String>,
    #[serde(default)] pub install: Option<Install>,
    #[serde(default)] pub build: Option<String>,
    #[serde(default)] pub test: Option<String>,
    #[serde(default)] pub start: Option<String>,
    pub port: u16,
    #[serde(default)] pub health_path: Option<String>,
    #[serde(default)] pub static_root: Option<String>,
    pub env: BTreeMap<String, String>,
    pub evidence: Vec<Evidence>,
    pub files: u64,
    pub bytes: u64,
    pub plan_hash: String,
    pub warnings: Vec<String>,
}

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Confidence { High, Medium, Low }

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Diagnosis { pub code: String, pub title: String, #[serde(default)] pub cause_line: Option<String>, pub evidence: Vec<String>, pub fix: String, pub confidence: Confidence }

pub mod config {
    pub const FILE_NAMES: &[&str] = &["backend-im.yml", "backend.yml", "backendim.yaml"];
    #[derive(serde::Deserialize, Default, Debug, Clone)]
    #[serde(deny_unknown_fields)]
    pub struct Settings { pub name: Option<String>, pub url: Option<String>, pub start: Option<String> }
    #[derive(Debug, thiserror::Error)]
    #[error("{message}")]
    pub struct ConfigError { pub file: String, pub line: Option<u64>, pub message: String, pub hint: Option<String> }
    pub fn parse(file: &str, text: &str) -> Result<Settings, ConfigError> {
        serde_saphyr::from_str(text).map_err(|e| ConfigError { file: file.into(), line: None, message: e.to_string(), hint: None })
    }
}
