//! From a listing of files to a build plan, and from a failure's output to a diagnosis.
//! Stand-in with the agreed signatures only.
#![expect(missing_docs, reason = "stand-in")]
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub struct Listing {
    files: Vec<ListedFile>,
}
impl Listing {
    pub fn new(mut files: Vec<ListedFile>) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self { files }
    }
    pub fn get(&self, path: &str) -> Option<&ListedFile> {
        self.files.iter().find(|file| file.path == path)
    }
    pub fn iter(&self) -> impl Iterator<Item = &ListedFile> {
        self.files.iter()
    }
}
pub struct ListedFile {
    pub path: String,
    pub size: u64,
    pub mode: &'static str,
    pub oid: String,
}
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub install: Option<Install>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    pub port: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub static_root: Option<String>,
    pub env: BTreeMap<String, String>,
    pub evidence: Vec<Evidence>,
    pub files: u64,
    pub bytes: u64,
    pub plan_hash: String,
    pub warnings: Vec<String>,
}
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error("the folder is empty")]
    Empty,
    #[error("no project that could be recognised")]
    Unrecognised {},
    #[error("{file}:{line}: {message}")]
    InvalidConfig { file: String, line: u64, message: String, hint: Option<String> },
}
impl PlanError {
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty_folder",
            Self::Unrecognised {} => "unrecognised_project",
            Self::InvalidConfig { .. } => "invalid_config",
        }
    }
    pub fn hint(&self) -> Option<String> {
        None
    }
}
/// # Errors
/// None.
pub fn plan(listing: &Listing, read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Result<Plan, PlanError> {
    use sha2::Digest;
    if listing.files.is_empty() {
        return Err(PlanError::Empty);
    }
    let mut hash = sha2::Sha256::new();
    for file in listing.iter() {
        hash.update(format!("{} {} {}\n", file.path, file.mode, file.oid));
    }
    let _main = read("main.py");
    Ok(Plan {
        runtime: Runtime::Static,
        framework: None,
        version: None,
        install: None,
        build: None,
        test: None,
        start: None,
        port: 8000,
        health_path: None,
        static_root: Some(".".to_owned()),
        env: BTreeMap::new(),
        evidence: vec![],
        files: listing.files.len() as u64,
        bytes: listing.iter().map(|file| file.size).sum(),
        plan_hash: hex::encode(hash.finalize())[..16].to_owned(),
        warnings: vec![],
    })
}
pub mod config {
    pub const FILE_NAMES: &[&str] = &["backend-im.yml", "backend.yml", "backendim.yaml"];
    #[derive(Debug, Default)]
    pub struct Settings {
        pub name: Option<String>,
    }
    #[derive(Debug, thiserror::Error)]
    #[error("invalid")]
    pub struct ConfigError;
    /// # Errors
    /// None.
    pub fn parse(_file: &str, text: &str) -> Result<Settings, ConfigError> {
        let name = text.lines().find_map(|line| line.strip_prefix("name: ")).map(str::to_owned);
        Ok(Settings { name })
    }
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause_line: Option<String>,
    pub evidence: Vec<String>,
    pub fix: String,
    pub confidence: Confidence,
}
