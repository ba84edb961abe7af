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

/// Every Rust file of the project, with its text.
fn sources() -> Vec<(String, String)> {
    let root =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace");
    let mut folders: Vec<_> = ["crates", "tests", "benches"].map(|name| root.join(name)).to_vec();
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).expect("inside").to_string_lossy().into_owned();
                sources.push((name, std::fs::read_to_string(path).expect("a text")));
            }
        }
    }
    sources
}

#[test]
fn a_file_fits_the_head() {
    const LINES_MAX: usize = 600;
    let sources = sources();
    assert!(sources.len() > 100);
    for (name, text) in sources {
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{name} has {lines} lines; is it still one noun?");
    }
}

#[test]
fn pure_crates_stay_pure() {
    let impure =
        ["async fn", ".await", "std::fs", "std::net", "std::process", "SystemTime", "Instant::now", "tokio"];
    for (name, text) in sources() {
        if !name.starts_with("crates/platform-api/src") && !name.starts_with("crates/build-plan/src") {
            continue;
        }
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code.take_while(|line| !line.contains("#[cfg(test)]")) {
            for word in impure {
                let quoted = line.contains('"');
                assert!(quoted || !line.contains(word), "{name} must not do I/O or wait: {line}");
            }
        }
    }
}
