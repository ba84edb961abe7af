//! The README is true: every command in it runs, and every file it links to is there.

use std::path::{Path, PathBuf};

use crate::harness::{Home, Project, eventually, get};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).expect("a README")
}

/// The lines of its console blocks, without comments.
fn commands() -> Vec<String> {
    let text = readme();
    let blocks = text.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines =
        blocks.flat_map(str::lines).map(|line| line.split(" #").next().unwrap_or("").trim().to_owned());
    lines.filter(|line| !line.is_empty()).collect()
}

#[test]
fn the_readme_links_only_to_what_is_there() {
    for link in readme().split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(link.starts_with("http") || root().join(link).exists(), "{link} is not there");
    }
}

/// Each command of the README, run as it stands, in the folder where a reader would stand. Those of cargo and of other
/// programs are listed here, so that a new one fails this test until somebody decides how it is proven.
#[test]
fn every_command_of_the_readme_runs() {
    let elsewhere = [
        "cargo run --release -- deploy examples/fastapi-todo", // the next test, with this build of the program
        "cargo test --workspace",                              // this is it
        "cargo install --path crates/backend-im",              // the manifest is checked below
        "claude mcp add backend-im -- backend-im mcp",         // claude.rs
    ];
    let (home, project) = (Home::new(), Project::quick("my-app", "one"));
    home.deploy(&project.arg());
    project.says("two");
    let mut ran = 0;
    for command in commands() {
        if elsewhere.contains(&command.as_str()) {
            continue;
        }
        let words = command.strip_prefix("backend-im ").unwrap_or_else(|| panic!("who proves `{command}`?"));
        let folder =
            if words.starts_with("generate") { home.path().join("generated") } else { project.path() };
        std::fs::create_dir_all(&folder).expect("a folder");
        let quoted: Vec<&str> = words.splitn(2, " \"").collect();
        let mut arguments: Vec<&str> = quoted[0].split(' ').collect();
        arguments.extend(quoted.get(1).map(|text| text.trim_end_matches('"')));
        let done = home.run_in(&folder, &arguments);
        assert_eq!(done.code, 0, "`{command}`: {done:#?}");
        ran += 1;
    }
    assert!(ran >= 8, "the README's commands were not found");
    let manifest = std::fs::read_to_string(root().join("crates/backend-im/Cargo.toml")).expect("a manifest");
    assert!(manifest.contains("name = \"backend-im\""));
}

#[test]
fn the_first_command_of_the_readme_brings_the_example_live() {
    let home = Home::new();
    let done = home.run_in(&root(), &["deploy", "examples/fastapi-todo"]).ok();
    assert!(done.stdout.starts_with("http://"), "{done:#?}");
    let status = home.run_in(&root(), &["status", "fastapi-todo", "--json"]).ok().json();
    let direct = status["directUrl"].as_str().expect("a direct URL");
    eventually("the example answers", 10, || (get(&format!("{direct}/health")).status == 200).then_some(()));
    assert_eq!(get(&format!("{direct}/todos")).text, "[]");
}
