//! What a client sees before it calls anything: pinned, so that a change of it is a diff, and small, because every client
//! pays for it at every start. The README's table of tools is made from it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Home, Mcp, Project};

/// How large the list of tools may be, in bytes.
const TOOLS_BYTES_MAX: usize = 16_000;
/// What stands around the README's table.
const MARKERS: (&str, &str) = ("<!-- tools: made by the test of listing.rs -->\n", "<!-- /tools -->\n");
/// What makes the table anew when it is set.
const UPDATE: &str = "UPDATE_README";

/// The lists that a server may have.
const LISTS: [(&str, &str); 4] = [
    ("tools/list", "tools"),
    ("prompts/list", "prompts"),
    ("resources/list", "resources"),
    ("resources/templates/list", "resourceTemplates"),
];

/// Everything that is listed to a client of one era: what is the server's own is left out.
fn listed(list: &mut dyn FnMut(&str) -> Value) -> Vec<(&'static str, Value)> {
    let lists = LISTS.iter().filter_map(|(method, name)| {
        let answer = list(method);
        let known = answer["error"]["code"] != -32601;
        known.then(|| (*name, answer["result"][name].clone()))
    });
    lists.collect()
}

fn of_the_first_era(home: &Home, project: &Project) -> Vec<(&'static str, Value)> {
    let mut agent = Mcp::start(home, &project.path());
    listed(&mut |method| agent.exchange(method, &json!({})))
}

fn of_the_second_era(home: &Home, project: &Project) -> Vec<(&'static str, Value)> {
    let mut agent = Mcp::silent(home, &project.path());
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    });
    listed(&mut |method| agent.exchange(method, &json!({"_meta": meta})))
}

#[test]
fn what_clients_see_is_pinned() {
    let (home, project) = (Home::new(), Project::empty("workspace"));
    let (first, second) = (of_the_first_era(&home, &project), of_the_second_era(&home, &project));
    for (name, list) in &first {
        for item in list.as_array().expect("a list") {
            let item_name = item["name"].as_str().expect("a name");
            insta::assert_json_snapshot!(format!("{name}__{item_name}"), item);
        }
    }
    // Where the eras differ, the second one is pinned as well.
    for ((name, first), (_, second)) in first.iter().zip(&second) {
        if first != second {
            insta::assert_json_snapshot!(format!("{name}__second_era"), second);
        }
    }
    assert_eq!(first.len(), second.len(), "both eras have the same lists");
    let tools = json!({ "tools": first[0].1 }).to_string().len();
    eprintln!("tools/list: {tools} bytes");
    assert!(tools < TOOLS_BYTES_MAX, "{tools} bytes");
    assert!(home.platform_file().is_none(), "listing starts nothing");
}

/// The table: a tool's name, the first sentence of what it says of itself, and its arguments.
fn table(tools: &Value) -> String {
    let mut table = "| tool | what it does | arguments |\n|---|---|---|\n".to_owned();
    for tool in tools.as_array().expect("tools") {
        let name = tool["name"].as_str().expect("a name");
        let description = tool["description"].as_str().expect("a description");
        let sentence = description.split_inclusive(". ").next().expect("a sentence").trim();
        let required = tool["inputSchema"]["required"].as_array().cloned().unwrap_or_default();
        let properties = tool["inputSchema"]["properties"].as_object().cloned().unwrap_or_default();
        let arguments: Vec<String> = properties
            .keys()
            .map(|argument| {
                if required.contains(&json!(argument)) {
                    format!("`{argument}`")
                } else {
                    format!("`{argument}?`")
                }
            })
            .collect();
        writeln!(table, "| `{name}` | {sentence} | {} |", arguments.join(", ")).expect("a text");
    }
    table
}

#[test]
fn the_readme_lists_the_tools_as_they_are() {
    let (home, project) = (Home::new(), Project::empty("workspace"));
    let tools = of_the_first_era(&home, &project).swap_remove(0).1;
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(&path).expect("a README");
    let (before, rest) = readme.split_once(MARKERS.0).expect("the marker in front of the table");
    let (_, after) = rest.split_once(MARKERS.1).expect("the marker behind the table");
    let right = format!("{before}{}\n{}\n{}{after}", MARKERS.0, table(&tools), MARKERS.1);
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, right).expect("a README");
    } else {
        assert!(
            readme == right,
            "the README's table of tools is not that of the program; write it anew with\n  \
             {UPDATE}=1 cargo test -p backend-im --test it the_readme_lists_the_tools"
        );
    }
}
