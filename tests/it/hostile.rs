//! Everything in `tests/hostile/corpus.json` on its way to a model through the real program: printed by an app, as the
//! names of files, as settings, as messages of commits, as the reason of a failure. It arrives between marks that it
//! cannot know or behind a notice, without anything that a terminal or a reader would interpret, and short.

mod corpus;
mod shown;

use serde_json::{Value, json};

use self::corpus::{Corpus, Entry};
use self::shown::Shown;
use crate::harness::{Home, Mcp, Project, python_server};

/// How many names a project gets; a result lists no more of what is left out.
const NAMES_PER_PROJECT: usize = 15;

/// Calls a tool and checks what came back.
fn call(agent: &mut Mcp, tool: &str, arguments: &Value) -> Shown {
    Shown::checked(tool, agent.call(tool, arguments))
}

/// Reads the resources of a deployment and checks them like results.
fn read(agent: &mut Mcp, deployment: &Value) {
    let id = deployment["deployment_id"].as_str().expect("an id");
    for uri in [format!("backend-im://deployments/{id}"), format!("backend-im://deployments/{id}/logs")] {
        let result = agent.request("resources/read", &json!({"uri": uri}));
        let text = result["contents"][0]["text"].as_str().expect("a text");
        let structured = serde_json::from_str(text).unwrap_or_else(|_| json!({}));
        let text = if structured == json!({}) { text } else { "" };
        let result = json!({"content": [{"text": text}], "structuredContent": structured});
        Shown::checked(&uri, result).expect_small();
    }
}

/// The project with a server that prints `printed` and then does what `then` says.
fn printing(printed: &[u8], then: &str) -> Project {
    let project = Project::of("hostile", &[("Procfile", "web: python3 server.py\n")]);
    std::fs::write(project.path().join("printed.bin"), printed).expect("a file");
    let print = "import sys\nsys.stdout.buffer.write(open('printed.bin', 'rb').read())\nsys.stdout.flush()\n";
    project.write("server.py", &format!("{print}{then}\n"));
    project
}

#[test]
fn what_an_app_prints_arrives_fenced_cleaned_and_cut() {
    let (corpus, home) = (Corpus::read(), Home::new());
    let project = printing(&corpus.printed(), &python_server("hello"));
    let mut agent = Mcp::start(&home, &project.path());
    call(&mut agent, "deploy_project", &json!({"wait_seconds": 45})).expect_status("complete");
    let status = call(&mut agent, "get_status", &json!({"project": "hostile"}));
    status.expect_small();
    read(&mut agent, &status.structured);

    // What a status has shown is not shown again.
    let mut seen = status.structured["log_tail"].to_string();
    let mut cursor = json!("start");
    loop {
        let page = call(
            &mut agent,
            "stream_logs",
            &json!({"project": "hostile", "cursor": cursor, "source": "runtime"}),
        );
        page.expect_small();
        cursor = page.structured["next_cursor"].clone();
        let texts = page.structured["lines"].as_array().expect("lines").clone();
        for line in &texts {
            seen.push_str(line["text"].as_str().expect("a text"));
            seen.push('\n');
        }
        if texts.is_empty() {
            break;
        }
    }
    for entry in corpus.printable() {
        assert!(seen.contains(&entry.mark()), "{entry:?} was never shown");
    }
    assert!(seen.contains(" … ×"), "repeats are folded");
    assert!(seen.contains(" characters)"), "long lines are cut");
}

#[test]
fn a_failure_quotes_the_app_and_advises_nothing_that_it_said() {
    let (corpus, home) = (Corpus::read(), Home::new());
    let root = Project::empty("workspace");
    let mut agent = Mcp::start(&home, &root.path());
    for entry in corpus.of("cause") {
        let project = printing(&entry.lines(), "sys.exit(1)");
        let folder = root.path().join("app");
        std::fs::rename(project.path(), &folder).expect("a move");
        std::fs::create_dir(project.path()).expect("a folder");
        let failed = call(&mut agent, "deploy_project", &json!({"path": "app", "project": "cause"}));
        failed.expect_status("failed");
        let fix = failed.structured["diagnosis"]["fix"].as_str().unwrap_or_default();
        for advice in entry.phrases() {
            assert!(!fix.contains(&advice), "{entry:?}: {fix}");
        }
        read(&mut agent, &failed.structured);
        call(&mut agent, "get_status", &json!({"project": "cause"})).expect_small();
        std::fs::remove_dir_all(&folder).expect("a folder");
    }
}

#[test]
fn names_of_files_are_data() {
    let (corpus, home) = (Corpus::read(), Home::new());
    let root = Project::empty("workspace");
    let mut agent = Mcp::start(&home, &root.path());
    let names: Vec<(String, &Entry)> =
        corpus.all().filter_map(|entry| Some((entry.file_name()?, entry))).collect();
    assert!(names.len() > 150, "{}", names.len());
    for (n, some) in names.chunks(NAMES_PER_PROJECT).enumerate() {
        let project = Project::quick("names", "one");
        // Left out and listed, and part of the project.
        for (name, _) in some {
            std::fs::write(project.path().join(format!(".env.{name}")), "").expect("a file");
        }
        let folder = root.path().join(format!("names-{n}"));
        std::fs::rename(project.path(), &folder).expect("a move");
        std::fs::create_dir(project.path()).expect("a folder");
        let path = json!({"path": format!("names-{n}")});
        let planned = call(&mut agent, "plan_deploy", &path);
        planned.expect_small();
        for (name, _) in some {
            std::fs::rename(folder.join(format!(".env.{name}")), folder.join(name)).expect("a move");
        }
        call(&mut agent, "plan_deploy", &path).expect_small();
    }
    for (_, entry) in &names {
        assert!(agent_saw(&mut agent, &root, entry), "{entry:?} was never shown");
    }
}

/// Whether the name of a link that leaves the project is told with the refusal.
fn agent_saw(agent: &mut Mcp, root: &Project, entry: &Entry) -> bool {
    let folder = root.path().join("link");
    std::fs::create_dir(&folder).expect("a folder");
    std::os::unix::fs::symlink("/etc/passwd", folder.join(entry.file_name().expect("a name")))
        .expect("a link");
    let refused = call(agent, "plan_deploy", &json!({"path": "link"}));
    std::fs::remove_dir_all(&folder).expect("a folder");
    refused.expect_small();
    refused.structured["message"].as_str().is_some_and(|message| message.contains(&entry.mark()))
}

#[test]
fn settings_are_data() {
    let (corpus, home) = (Corpus::read(), Home::new());
    let project = Project::quick("settings", "one");
    let mut agent = Mcp::start(&home, &project.path());
    let mut seen = 0;
    for entry in corpus.all().filter(|entry| entry.bytes().len() < 4_000) {
        let value = json!(entry.marked_text()).to_string();
        let settings = [
            format!("start: {value}\n"),
            format!("build: {value}\ninstall: {value}\nstart: python3 server.py\nenv:\n  A: {value}\n"),
            format!("{value}: 1\n"),
            format!("runtime: {value}\n"),
            format!("port: {value}\nhealth_path: {value}\n"),
        ];
        for text in settings {
            project.write("backend-im.yml", &text);
            let planned = call(&mut agent, "plan_deploy", &json!({}));
            planned.expect_small();
            seen += usize::from(planned.structured.to_string().contains(&entry.mark()));
        }
    }
    assert!(seen > 500, "{seen}");
}

#[test]
fn messages_and_commands_of_a_deploy_are_data() {
    let (corpus, home) = (Corpus::read(), Home::new());
    let project = Project::of("commands", &[("Procfile", "web: python3 server.py\n")]);
    let mut agent = Mcp::start(&home, &project.path());
    for (n, entry) in corpus.of("forgery").step_by(6).enumerate() {
        let command = format!("exit {} # {}", n + 1, entry.marked_text());
        project.write("backend-im.yml", &format!("build: {}\n", json!(command)));
        let failed = call(&mut agent, "deploy_project", &json!({"message": entry.marked_text()}));
        failed.expect_status("failed");
        failed.expect_small();
        assert!(failed.structured["error"].to_string().contains(&entry.mark()), "{:#}", failed.structured);
    }
    let listed = call(&mut agent, "list_projects", &json!({"project": "commands"}));
    listed.expect_small();
    assert!(listed.structured.to_string().contains("canary"), "{:#}", listed.structured);
}
