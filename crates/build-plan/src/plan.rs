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
    /// Bun.
    Bun,
    /// Deno.
    Deno,
    /// A Go program.
    Go,
    /// A Rust program built by cargo.
    Rust,
    /// Ruby.
    Ruby,
    /// PHP.
    Php,
    /// Java, and what else runs on its virtual machine.
    Java,
    /// .NET.
    Dotnet,
    /// Elixir.
    Elixir,
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
            Self::Bun => "bun",
            Self::Deno => "deno",
            Self::Go => "go",
            Self::Rust => "rust",
            Self::Ruby => "ruby",
            Self::Php => "php",
            Self::Java => "java",
            Self::Dotnet => "dotnet",
            Self::Elixir => "elixir",
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
    /// poetry.lock.
    Poetry,
    /// pdm.lock.
    Pdm,
    /// Pipfile.lock, or a Pipfile alone.
    Pipenv,
    /// package.json with npm's lock.
    NpmCi,
    /// package.json without npm's lock.
    NpmInstall,
    /// pnpm-lock.yaml.
    Pnpm,
    /// yarn.lock of Yarn 1.
    YarnClassic,
    /// yarn.lock of Yarn 2 and later.
    YarnBerry,
    /// bun.lock or bun.lockb.
    Bun,
    /// deno.json with or without deno.lock.
    Deno,
    /// The runtime's own tool, run as the command says, among the project's files.
    Tool,
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
    /// Options for the tool beyond those that the method always has, such as `--extra server`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

/// The program that installs dependencies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PackageManager {
    /// Its name: `uv`, `pnpm`, `cargo`.
    pub name: String,
    /// The version that the project asks for, in the project's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// A package of the operating system that the project needs besides its runtime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SystemPackage {
    /// Its name in Debian and Ubuntu: `libpq-dev`.
    pub name: String,
    /// What needs it: `requirements.txt: psycopg2`.
    pub needed_by: String,
}

/// Files that a build makes and that need not be made again while their key stays the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CacheLayer {
    /// What it is: `dependencies`, or the name of a build's own cache.
    pub name: String,
    /// The folders that it holds, relative to the project's root, or to the home folder with `~/` in front.
    pub holds: Vec<String>,
    /// The files that decide what it holds; none for a cache that its tool keeps valid by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<String>,
    /// Changes with the inputs and with what reads them: 16 hex digits.
    pub key: String,
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
    /// The folder of the upload that is the project, where that is not all of it. Every path in the plan is relative to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// Its framework, such as `fastapi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework: Option<String>,
    /// The version of the runtime that the project asks for, in the project's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What installs its dependencies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package_manager: Option<PackageManager>,
    /// Packages of the operating system that it needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub system_packages: Vec<SystemPackage>,
    /// How its dependencies are installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub install: Option<Install>,
    /// The build command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// The command that must succeed before the new version gets any request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
    /// The command that runs once per deployment, after the build and before the switch; never once per instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// The start command, a shell text with `$HOST` and `$PORT`; absent for static sites.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// The conventional port: what `$PORT` is where the engine does not pick one.
    #[schemars(schema_with = "count")]
    pub port: u16,
    /// The path that must answer 2xx; only if the configuration or the framework sets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_path: Option<String>,
    /// For static sites: the folder that is served, `.` for the project itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub static_root: Option<String>,
    /// For static sites: whether a path without a file answers with `index.html`, because the page has its own router.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub single_page: bool,
    /// What else the project would run beside the process that answers requests, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub processes: BTreeMap<String, String>,
    /// What can be kept from one build to the next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<CacheLayer>,
    /// Environment variables of the configuration, and those without which the framework runs as in development.
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

impl Plan {
    /// A plan that decides nothing but the runtime.
    pub fn bare(runtime: Runtime) -> Self {
        Self {
            runtime,
            root: None,
            framework: None,
            version: None,
            package_manager: None,
            system_packages: Vec::new(),
            install: None,
            build: None,
            test: None,
            release: None,
            start: None,
            port: 0,
            health_path: None,
            static_root: None,
            single_page: false,
            processes: BTreeMap::new(),
            layers: Vec::new(),
            env: BTreeMap::new(),
            evidence: Vec::new(),
            files: 0,
            bytes: 0,
            plan_hash: String::new(),
            warnings: Vec::new(),
        }
    }
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
            port: 8080,
            static_root: Some(".".to_owned()),
            files: 1,
            bytes: 2,
            plan_hash: "0".repeat(16),
            ..Plan::bare(Runtime::Static)
        };
        let json = serde_json::to_string(&plan).unwrap();
        assert_eq!(
            json,
            r#"{"runtime":"static","port":8080,"static_root":".","evidence":[],"files":1,"bytes":2,"plan_hash":"0000000000000000"}"#
        );
        assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
    }
}
