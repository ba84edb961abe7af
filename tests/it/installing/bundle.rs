//! `packaging/desktop`: the manifest is true, and the bundle starts.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::read;
use crate::harness::{Home, Mcp, Project, has_tool, npm, run_within};

const LIMIT_S: u64 = 120;

fn packaging() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/desktop")
}

fn manifest() -> Value {
    serde_json::from_str(&read(packaging().join("manifest.json"))).expect("JSON")
}

#[test]
fn the_manifest_names_this_version_and_every_tool() {
    let manifest = manifest();
    assert_eq!(manifest["manifest_version"], "0.3");
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest["server"]["type"], "binary");
    let (home, project) = (Home::new(), Project::empty("workspace"));
    let listed = Mcp::start(&home, &project.path()).request("tools/list", &json!({}));
    let names = |tools: &Value| -> Vec<String> {
        let tools = tools.as_array().expect("tools").iter();
        tools.map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(names(&manifest["tools"]), names(&listed["tools"]), "packaging/desktop/manifest.json");
}

#[test]
fn the_formats_own_tool_accepts_the_manifest() {
    let test = "the_formats_own_tool_accepts_the_manifest";
    let Some(mut mcpb) = npm(test, "mcpb") else { return };
    let manifest = packaging().join("manifest.json");
    let told = run_within(LIMIT_S, mcpb.arg("validate").arg(manifest)).ok();
    assert!(told.stdout.contains("passes"), "{told:#?}");
}

#[test]
fn the_bundle_holds_a_server_that_starts() {
    let test = "the_bundle_holds_a_server_that_starts";
    if !has_tool(test, "bash") || !has_tool(test, "unzip") {
        return;
    }
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let folder = tempfile::tempdir().expect("a temp dir");
    let file = folder.path().join("backend-im.mcpb");
    let mut make = Command::new("bash");
    make.arg(packaging().join("bundle.sh")).arg(home.program(&[]).get_program()).arg(&file);
    run_within(LIMIT_S, &mut make).ok();
    // As a client unpacks it, with the modes that the file tells.
    run_within(LIMIT_S, Command::new("unzip").arg("-q").arg(&file).arg("-d").arg(folder.path())).ok();

    let server = &manifest()["server"]["mcp_config"];
    let filled = |value: &Value| {
        let value = value.as_str().expect("a text");
        let value = value.replace("${__dirname}", folder.path().to_str().expect("UTF-8"));
        value.replace("${user_config.projects}", &project.arg())
    };
    let mut command = Command::new(filled(&server["command"]));
    command.args(server["args"].as_array().expect("arguments").iter().map(filled));
    command.env_clear().env("BACKEND_IM_HOME", home.path()).current_dir("/");
    let mut agent = Mcp::over(command);
    assert_eq!(agent.ok("plan_deploy", &json!({"path": "."}))["start"], "python3 server.py");
    assert_eq!(agent.close(), 0);
}
