//! What the process engine builds and runs, each from its files alone: the examples, and the other shapes that projects
//! have. Real packages from the registries; the tests share one home, so that what is fetched is fetched once.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde_json::{Value, json};

use crate::harness::{Answer, Home, Project, get, has_tool, send, to};

/// One home for all tests that run now; the last of them stops what runs in it.
fn home() -> Arc<Home> {
    static SHARED: Mutex<Weak<Home>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let home = Arc::new(Home::new());
        *shared = Arc::downgrade(&home);
        home
    })
}

fn text<'a>(view: &'a Value, field: &str) -> &'a str {
    view[field].as_str().unwrap_or_else(|| panic!("no {field}: {view:#}"))
}

/// A live deployment, asked over its own port.
struct App {
    direct: String,
}

impl App {
    fn of(live: &Value) -> Self {
        Self { direct: text(live, "directUrl").to_owned() }
    }

    fn get(&self, path: &str) -> Answer {
        get(&format!("{}{path}", self.direct))
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        send(to(method, &format!("{}{path}", self.direct)).json(body)).expect("an answer")
    }
}

/// What the build of a project's newest deployment said.
fn build_log(home: &Home, project: &str) -> String {
    home.run(&["logs", project, "--source", "build", "--lines", "5000"]).ok().stdout
}

/// The layer that a build log names after `words`.
#[track_caller]
fn layer_after(log: &str, words: &str) -> String {
    let found = log.lines().find_map(|line| line.split_once(words));
    let (_, rest) = found.unwrap_or_else(|| panic!("`{words}` is not in: {log}"));
    rest.rsplit(' ').next().expect("a word").to_owned()
}

#[test]
fn the_fastapi_example_keeps_its_data_and_installs_once() {
    let (home, project) = (home(), Project::of_example("fastapi-todo"));
    let first = home.deploy(&project.arg());
    assert_eq!(first["plan"]["framework"], "fastapi");
    let app = App::of(&first);
    assert_eq!(app.get("/health").json()["status"], "ok");
    let made = app.send("POST", "/todos", &json!({"title": "write tests"}));
    assert_eq!((made.status, made.json()["id"].clone()), (201, 1.into()), "{made:?}");
    let changed = app.send("PATCH", "/todos/1", &json!({"done": true}));
    assert_eq!(changed.json(), json!({"id": 1, "title": "write tests", "done": true}));
    app.send("POST", "/todos", &json!({"title": "delete me"}));
    assert_eq!(app.send("DELETE", "/todos/2", &json!({})).status, 204);
    assert_eq!(app.get("/todos/2").status, 404);
    assert_eq!(app.send("POST", "/todos", &json!({"title": ""})).status, 422);
    let layer = layer_after(&build_log(&home, "fastapi-todo"), "into layer");

    project.edit("main.py", r#""name": "todo""#, r#""name": "to-do""#);
    let second = home.deploy(&project.arg());
    let log = build_log(&home, "fastapi-todo");
    assert_eq!(layer_after(&log, "reusing layer"), layer);
    assert!(!log.contains("pip install") && !log.contains("installing"), "one line installs nothing: {log}");
    assert_eq!(app.get("/").json()["name"], "to-do");
    assert_eq!(app.get("/todos/1").json()["done"], true, "the data outlives a redeploy");
    assert_eq!(second["directUrl"], first["directUrl"]);

    let requirements =
        std::fs::read_to_string(project.path().join("requirements.txt")).expect("requirements");
    project.write("requirements.txt", &format!("{requirements}idna\n"));
    home.deploy(&project.arg());
    let log = build_log(&home, "fastapi-todo");
    assert_ne!(layer_after(&log, "into layer"), layer, "other requirements are another layer: {log}");

    home.run(&["rollback", "fastapi-todo", "--to", text(&first, "commitHash")]).ok();
    assert_eq!(app.get("/").json()["name"], "todo");
    assert_eq!(app.get("/todos").json(), json!([{"id": 1, "title": "write tests", "done": true}]));
    app.send("POST", "/todos", &json!({"title": "after a rollback"}));
    assert_eq!(app.get("/todos").json().as_array().map(Vec::len), Some(2));
}

#[test]
fn the_flask_example_goes_live_on_a_real_server() {
    let (home, project) = (home(), Project::of_example("flask-notes"));
    let live = home.deploy(&project.arg());
    assert_eq!(live["plan"]["framework"], "flask");
    assert!(text(&live["plan"], "start").starts_with("gunicorn "), "{live:#}");
    let app = App::of(&live);
    assert_eq!(app.get("/").json(), json!([]));
    let note = send(to("PUT", &format!("{}/shopping", app.direct)).body("milk")).expect("an answer");
    assert_eq!(note.status, 204, "{note:?}");
    assert_eq!(app.get("/shopping").text, "milk");
    assert_eq!(app.get("/").json(), json!(["shopping"]));
}

#[test]
fn the_express_example_goes_live_and_installs_once() {
    if !has_tool("the_express_example_goes_live_and_installs_once", "npm") {
        return;
    }
    let (home, project) = (home(), Project::of_example("express-hello"));
    let live = home.deploy(&project.arg());
    assert_eq!((text(&live["plan"], "framework"), text(&live["plan"], "runtime")), ("express", "node"));
    let app = App::of(&live);
    assert_eq!(app.get("/?name=Ada").json(), json!({"hello": "Ada"}));
    let log = build_log(&home, "express-hello");
    assert!(log.contains("npm ci"), "{log}");

    project.edit("server.js", "hello: ", "goodbye: ");
    home.deploy(&project.arg());
    assert_eq!(app.get("/").json(), json!({"goodbye": "world"}));
    let again = build_log(&home, "express-hello");
    assert_eq!(layer_after(&again, "reusing layer"), layer_after(&log, "into layer"));
    assert!(!again.contains("npm ci"), "{again}");
}

#[test]
fn the_static_example_is_served_as_a_site() {
    let (home, project) = (home(), Project::of_example("static-site"));
    let live = home.deploy(&project.arg());
    assert_eq!(live["plan"]["runtime"], "static");
    let app = App::of(&live);
    let index = app.get("/");
    assert_eq!(index.status, 200);
    assert_eq!(index.text, project_file(&project, "index.html"));
    assert!(index.headers["content-type"].to_str().is_ok_and(|kind| kind.starts_with("text/html")));
    assert!(
        app.get("/style.css").headers["content-type"].to_str().is_ok_and(|kind| kind.starts_with("text/css"))
    );
    let missing = app.get("/nothing-here");
    assert_eq!((missing.status, missing.text), (404, project_file(&project, "404.html")));

    project.edit("index.html", "</body>", "<p>changed</p></body>");
    home.deploy(&project.arg());
    assert!(app.get("/").text.contains("<p>changed</p>"));
}

fn project_file(project: &Project, path: &str) -> String {
    std::fs::read_to_string(project.path().join(path)).expect("a file")
}

#[test]
fn the_axum_example_builds_and_a_change_compiles_one_crate() {
    if !has_tool("the_axum_example_builds_and_a_change_compiles_one_crate", "cargo") {
        return;
    }
    let (home, project) = (home(), Project::of_example("axum-hello"));
    let live = home.deploy(&project.arg());
    assert_eq!((text(&live["plan"], "framework"), text(&live["plan"], "runtime")), ("axum", "rust"));
    let app = App::of(&live);
    assert_eq!(app.get("/").text, "Hello from axum\n");
    assert!(compiled(&build_log(&home, "axum-hello")).len() > 10, "the first build compiles everything");
    assert!(!project.path().join("target").exists(), "nothing is built in the person's own folder");

    project.edit("src/main.rs", "Hello from axum", "Changed");
    home.deploy(&project.arg());
    assert_eq!(app.get("/").text, "Changed\n");
    assert_eq!(compiled(&build_log(&home, "axum-hello")), ["axum-hello"]);

    home.run(&["rollback", "axum-hello"]).ok();
    assert_eq!(app.get("/").text, "Hello from axum\n");
    assert_eq!(compiled(&build_log(&home, "axum-hello")), [""; 0], "a rollback compiles nothing");
}

/// The crates that cargo compiled.
fn compiled(log: &str) -> Vec<&str> {
    log.lines().filter_map(|line| line.split_once("Compiling ")?.1.split(' ').next()).collect()
}

/// The `uv` that the engine fetched, or one of the machine's own.
fn uv(home: &Home) -> Option<PathBuf> {
    let tools = std::fs::read_dir(home.path().join("tools")).into_iter().flatten().flatten();
    let fetched = tools.map(|tool| tool.path().join("bin/uv")).find(|uv| uv.exists());
    fetched.or_else(|| has_tool("a_locked_python_project_installs_what_is_locked", "uv").then(|| "uv".into()))
}

const FLASK_HELLO: &str = r#"from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello():
    return "hello"
"#;

#[test]
fn a_locked_python_project_installs_what_is_locked() {
    let home = home();
    // Whatever installs first brings `uv` along where the machine has none.
    let unlocked = "[project]\nname = \"unlocked\"\nversion = \"1\"\ndependencies = [\"flask==3.1.3\"]\n";
    let project = Project::of("unlocked", &[("pyproject.toml", unlocked), ("app.py", FLASK_HELLO)]);
    let live = home.deploy(&project.arg());
    assert_eq!(live["plan"]["install"]["method"], "pyproject", "{live:#}");
    assert_eq!(App::of(&live).get("/").text, "hello");

    let Some(uv) = uv(&home) else { return };
    let locked = "[project]\nname = \"locked\"\nversion = \"1\"\nrequires-python = \">=3.9\"\n\
        dependencies = [\"flask==3.1.2\"]\n";
    let project = Project::of("locked", &[("pyproject.toml", locked), ("app.py", FLASK_HELLO)]);
    let lock = Command::new(&uv).args(["lock", "--quiet"]).current_dir(project.path()).status();
    assert!(lock.expect("uv runs").success());
    let live = home.deploy(&project.arg());
    assert_eq!(live["plan"]["install"]["method"], "uv_sync", "{live:#}");
    assert_eq!(App::of(&live).get("/").text, "hello");
    let log = build_log(&home, "locked");
    assert!(log.contains("uv sync --locked") && log.contains("flask==3.1.2"), "{log}");
    assert!(!project.path().join(".venv").exists(), "nothing is installed in the person's own folder");

    project.edit("pyproject.toml", "flask==3.1.2", "flask==3.1.3");
    let stale = home.run(&["deploy", &project.arg(), "--json"]);
    assert_eq!(stale.code, 1, "a lock that does not fit is not changed silently: {stale:#?}");
    assert!(text(&stale.json()["error"], "hint").contains("uv lock"), "{stale:#?}");
}

const NODE_SERVER: &str = r#"const http = require("node:http");
http.createServer((request, response) => response.end("plain " + process.env.NODE_ENV))
    .listen(process.env.PORT, process.env.HOST);
"#;

#[test]
fn a_node_project_without_dependencies_needs_no_install() {
    if !has_tool("a_node_project_without_dependencies_needs_no_install", "node") {
        return;
    }
    let home = home();
    let package = r#"{"name": "plain", "version": "1.0.0", "scripts": {"start": "node index.js"}}"#;
    let project = Project::of("plain-http", &[("package.json", package), ("index.js", NODE_SERVER)]);
    let live = home.deploy(&project.arg());
    assert_eq!(live["plan"]["runtime"], "node");
    assert_eq!(App::of(&live).get("/").text, "plain production");
    assert!(!build_log(&home, "plain-http").contains("npm "), "there is nothing to install");
}

/// A program that no runtime is known for: the shell's own, with Python's server below it.
const OWN_START: &str = "cd public && exec python3 -m http.server --bind $HOST $PORT";

#[test]
fn a_procfile_says_how_anything_starts() {
    let home = home();
    let procfile = format!("release: echo prepared > $DATA_DIR/release\nweb: {OWN_START}\nworker: sleep 1\n");
    let project =
        Project::of("by-procfile", &[("Procfile", &procfile), ("public/index.html", "from a Procfile")]);
    let live = home.deploy(&project.arg());
    assert_eq!(text(&live["plan"], "start"), OWN_START);
    assert_eq!(App::of(&live).get("/").text, "from a Procfile");
}

#[test]
fn the_configuration_file_says_how_anything_builds_and_starts() {
    let home = home();
    let config = format!("name: by-config\nbuild: cp public/page public/index.html\nstart: {OWN_START}\n");
    for file in ["backend-im.yml", "backend.yml", "backendim.yaml"] {
        let page = format!("from {file}");
        let project = Project::of("by-config", &[(file, &config), ("public/page", &page)]);
        let args = ["deploy", &project.arg(), "--project", &file.replace('.', "-"), "--json"];
        let live = home.run(&args).ok().json();
        assert_eq!(App::of(&live).get("/").text, page);
    }
}

#[test]
fn tests_run_before_the_switch_and_can_stop_it() {
    let home = home();
    let project = Project::quick("tested", "one");
    let config = "test: python3 check.py\n";
    project.write("backend-im.yml", config);
    let check = |expected: &str| {
        format!(
            "import os, server_text\n\
             assert os.listdir(os.environ['DATA_DIR']) == [], 'a data folder of its own'\n\
             open(os.environ['DATA_DIR'] + '/count', 'w').write('100')\n\
             print('checking')\n\
             assert server_text.TEXT == {expected:?}, server_text.TEXT\n"
        )
    };
    project.write("server_text.py", "TEXT = 'one'\n");
    project.write("check.py", &check("one"));
    let live = home.deploy(&project.arg());
    let app = App::of(&live);
    assert!(build_log(&home, "tested").contains("checking"));
    assert_eq!(app.get("/count").text, "1", "tests do not touch the project's data");

    project.says("two");
    project.write("check.py", &check("two"));
    let failed = home.run(&["deploy", &project.arg(), "--json"]);
    assert_eq!(failed.code, 1, "{failed:#?}");
    let error = failed.json()["error"].clone();
    assert_eq!(error["code"], "test_failed", "{error:#}");
    assert!(error.to_string().contains("AssertionError"), "{error:#}");
    assert_eq!(app.get("/").text, "one", "the old version keeps serving");
    assert!(releases(&home, &live).len() == 1, "nothing of it stays");

    project.write("server_text.py", "TEXT = 'two'\n");
    home.deploy(&project.arg());
    assert_eq!(app.get("/").text, "two");
    assert_eq!(app.get("/count").text, "2");
}

fn releases(home: &Home, live: &Value) -> Vec<PathBuf> {
    let releases = home.path().join("projects").join(text(live, "projectId")).join("releases");
    std::fs::read_dir(releases).expect("releases").flatten().map(|entry| entry.path()).collect()
}

#[test]
fn two_projects_with_the_same_dependencies_share_a_layer() {
    let home = home();
    let files = [("requirements.txt", "flask==3.1.3\ngunicorn==23.0.0\n"), ("app.py", FLASK_HELLO)];
    let [one, two] = ["share-one", "share-two"].map(|name| {
        let project = Project::of(name, &files);
        App::of(&home.deploy(&project.arg()));
        build_log(&home, name)
    });
    let layer = layer_after(&two, "reusing layer");
    assert!(one.contains(&layer), "{one} {two}");
    let layers = std::fs::read_dir(home.path().join("layers")).expect("layers").flatten();
    assert_eq!(layers.filter(|entry| starts_with(&entry.path(), &layer)).count(), 1);
}

fn starts_with(path: &Path, name: &str) -> bool {
    path.file_name().is_some_and(|own| own.to_string_lossy().starts_with(name))
}
