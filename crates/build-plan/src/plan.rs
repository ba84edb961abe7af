//! The plan: every decision about how a project is built and run, as data that can be shown before anything happens.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// What runs the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Runtime {
    /// Python.
    Python,
    /// Node.js.
    Node,
    /// A Rust program built by cargo.
    Rust,
    /// Files served as they are by the platform.
    Static,
    /// A start command with no runtime that this version knows.
    Command,
}

impl Runtime {
    /// The runtime's name, as in the plan's JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Node => "node",
            Self::Rust => "rust",
            Self::Static => "static",
            Self::Command => "command",
        }
    }
}

/// How dependencies are installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InstallMethod {
    /// pyproject.toml with uv.lock.
    UvSync,
    /// requirements.txt.
    Requirements,
    /// pyproject.toml without a lock.
    Pyproject,
    /// package.json with npm's lock.
    NpmCi,
    /// package.json without npm's lock.
    NpmInstall,
    /// The configuration's own command.
    Command,
}

/// The installation of dependencies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Install {
    /// How.
    pub method: InstallMethod,
    /// The same as a command, for people.
    pub command: String,
    /// The files that decide what gets installed, and so the key of the layer.
    pub inputs: Vec<String>,
    /// Packages that the project needs and does not name, such as the server its framework runs under.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra: Vec<String>,
}

/// Which file decided what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The field of the plan.
    pub field: Cow<'static, str>,
    /// What was decided.
    pub value: String,
    /// Why: `main.py:3`, `package.json: scripts.start`, `default`.
    pub source: String,
}

/// How a project is built and run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// What runs it.
    pub runtime: Runtime,
    /// Its framework, such as `fastapi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework: Option<String>,
    /// The version of the runtime that the project asks for, in the project's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// How its dependencies are installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub install: Option<Install>,
    /// The build command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// The command that must succeed before the new version gets any request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
    /// The start command, a shell text with `$HOST` and `$PORT`; absent for static sites.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// The conventional port: what `$PORT` is where the engine does not pick one.
    #[schemars(schema_with = "count")]
    pub port: u16,
    /// The path that must answer 2xx; only if the configuration sets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_path: Option<String>,
    /// For static sites: the folder that is served, `.` for the project itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub static_root: Option<String>,
    /// Environment variables of the configuration.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Which file decided what.
    pub evidence: Vec<Evidence>,
    /// How many files the project has.
    #[schemars(schema_with = "count")]
    pub files: u64,
    /// How large they are together, in bytes.
    #[schemars(schema_with = "count")]
    pub bytes: u64,
    /// Changes with any decision and with any file: 16 hex digits.
    pub plan_hash: String,
    /// What a person should know and need not act on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A plain integer. The derived schema would carry `"format": "uint64"`, on which clients print warnings.
fn count(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "minimum": 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_names_no_integer_format() {
        let schema = serde_json::to_string(&schemars::schema_for!(Plan)).unwrap();
        assert!(!schema.contains("\"format\""), "{schema}");
    }

    #[test]
    fn absent_fields_are_not_in_the_json() {
        let plan = Plan {
            runtime: Runtime::Static,
            framework: None,
            version: None,
            install: None,
            build: None,
            test: None,
            start: None,
            port: 8080,
            health_path: None,
            static_root: Some(".".to_owned()),
            env: BTreeMap::new(),
            evidence: Vec::new(),
            files: 1,
            bytes: 2,
            plan_hash: "0".repeat(16),
            warnings: Vec::new(),
        };
        let json = serde_json::to_string(&plan).unwrap();
        assert_eq!(
            json,
            r#"{"runtime":"static","port":8080,"static_root":".","evidence":[],"files":1,"bytes":2,"plan_hash":"0000000000000000"}"#
        );
        assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
    }
}
