//! Rules about the code itself, checked like any other behaviour.
use std::collections::BTreeMap;
use std::process::Command;

/// Which of our crates may name which. An edge missing here is a design decision, not a chore.
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("platform-api", &[]),
    ("build-plan", &[]),
    ("platform-client", &["build-plan", "platform-api"]),
    ("platform-server", &["build-plan", "platform-api"]),
    ("mcp-server", &["platform-api", "platform-client"]),
    ("backend-im", &["build-plan", "mcp-server", "platform-api", "platform-client", "platform-server"]),
];

#[test]
fn crates_depend_in_one_direction() {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .output()
        .expect("cargo runs");
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).expect("JSON");
    let mut actual = BTreeMap::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name");
        let mut ours: Vec<&str> = package["dependencies"]
            .as_array()
            .expect("dependencies")
            .iter()
            .filter(|dep| dep["kind"].is_null() && !dep["path"].is_null())
            .filter_map(|dep| dep["name"].as_str())
            .collect();
        ours.sort_unstable();
        actual.insert(name, ours);
    }
    let allowed: BTreeMap<_, _> = MAY_DEPEND_ON.iter().map(|(name, deps)| (*name, deps.to_vec())).collect();
    assert_eq!(actual, allowed);
}
