//! What a plan decides comes true: the release command, the folder of a monorepo, the locks of other package managers,
//! the commands of runtimes that the engine knows nothing else about.

use serde_json::Value;

use crate::harness::{Home, Project, get, has_tool, python_server};

fn answer(live: &Value, path: &str) -> String {
    let url = live["directUrl"].as_str().unwrap_or_else(|| panic!("not live: {live:#}"));
    get(&format!("{url}{path}")).text
}

fn build_log(home: &Home, project: &str) -> String {
    home.run(&["logs", project, "--source", "build", "--lines", "5000"]).ok().stdout
}

#[test]
fn a_plan_lists_what_would_travel_and_what_stays_and_why() {
    let home = Home::new();
    let project = Project::quick("listed", "one");
    project.write(".env", "KEY=1\n");
    project.write(".gitignore", "cache/\n");
    project.write("cache/1", "");
    for number in 0..60 {
        project.write(&format!("static/{number}.css"), "a {}\n");
    }
    let plan = home.run(&["plan", &project.arg(), "--json"]).ok().json();
    let upload = plan["upload"].as_array().expect("a list");
    let paths: Vec<&str> = upload.iter().filter_map(|part| part["path"].as_str()).collect();
    assert_eq!((paths.len(), plan["files"].as_u64()), (63, Some(63)), "{plan:#}");
    assert!(paths.contains(&"server.py") && paths.contains(&"static/59.css"), "{paths:?}");
    let bytes = upload.iter().filter_map(|part| part["bytes"].as_u64()).sum::<u64>();
    assert_eq!(plan["bytes"], bytes);
    let stays = plan["ignored"].to_string();
    assert!(stays.contains(".env") && stays.contains("cache/"), "{stays}");

    let text = |options: &[&str]| home.run(&[&["plan", &project.arg()], options].concat()).ok().stdout;
    let (short, full) = (text(&[]), text(&["--files"]));
    assert!(short.contains("static/  60 files") && !short.contains("59.css"), "{short}");
    assert!(full.contains("static/59.css") && full.contains(".env"), "{full}");
    let live = home.deploy(&project.arg());
    assert_eq!(live["upload"]["files"], 63, "{live:#}");
}

#[test]
fn the_release_command_runs_once_with_the_projects_data_and_can_stop_the_switch() {
    let home = Home::new();
    let project = Project::quick("migrated", "one");
    let counts = "import os\npath = os.environ['DATA_DIR'] + '/releases'\n\
                  open(path, 'a').write(os.environ['MODE'] + '\\n')\nprint('migrating', os.environ['PORT'])\n";
    project.write("migrate.py", counts);
    project.write("Procfile", "web: python3 server.py\nrelease: python3 migrate.py\n");
    project.write(
        "server.py",
        &python_server("one").replace(
            "import os, sys",
            "import os, sys\nTOLD = open(os.environ['DATA_DIR'] + '/releases').read()\n",
        ),
    );
    project.write("backend-im.yml", "env: {MODE: prod}\n");
    let live = home.deploy(&project.arg());
    assert_eq!(live["plan"]["release"], "python3 migrate.py", "{:#}", live["plan"]);
    assert!(build_log(&home, "migrated").contains("migrating"));
    let releases = || {
        let data = home.path().join("projects");
        let found = std::fs::read_dir(data)
            .expect("projects")
            .flatten()
            .find_map(|entry| std::fs::read_to_string(entry.path().join("data/releases")).ok());
        found.expect("the release command wrote into the project's data")
    };
    assert_eq!(releases(), "prod\n");

    project.write("server.py", &python_server("two"));
    home.deploy(&project.arg());
    assert_eq!(releases(), "prod\nprod\n");
    home.run(&["rollback", "migrated"]).ok();
    assert_eq!(releases(), "prod\nprod\n", "a rollback starts what was built, and migrates nothing");

    project.write("migrate.py", "raise RuntimeError('no such table')\n");
    let failed = home.run(&["deploy", &project.arg(), "--json"]);
    let error = failed.json()["error"].clone();
    assert_eq!(error["code"], "release_failed", "{error:#}");
    assert!(error.to_string().contains("no such table"), "{error:#}");
    let now = home.run(&["status", "migrated", "--json"]).ok().json();
    assert!(!now.is_null(), "{now:#}");
}

#[test]
fn a_folder_of_a_monorepo_is_deployed_with_everything_around_it() {
    let home = Home::new();
    let reads = python_server("api").replace(
        "TEXT = \"api\"",
        "TEXT = open('../../shared/name.txt').read() + os.getcwd().rsplit('/', 1)[-1]",
    );
    let files = [
        ("services/api/main.py", reads.as_str()),
        ("services/api/requirements.txt", ""),
        ("services/api/Procfile", "web: python3 main.py\n"),
        (
            "services/web/package.json",
            "{\"scripts\": {\"build\": \"vite build\"}, \"devDependencies\": {\"vite\": \"6\"}}",
        ),
        ("shared/name.txt", "shared by "),
    ];
    let project = Project::of("mono", &files);
    let live = home.deploy(&project.arg());
    assert_eq!(live["plan"]["root"], "services/api", "{:#}", live["plan"]);
    assert_eq!(answer(&live, "/"), "shared by api");
}

const POETRY: &str = r#"[tool.poetry]
name = "signer"
version = "0.1.0"
description = ""
authors = []

[tool.poetry.dependencies]
python = "^3.8"
itsdangerous = "^2.2"

[tool.poetry.group.dev.dependencies]
no-such-package-anywhere = "^9"
"#;
const POETRY_LOCK: &str = r#"[[package]]
name = "itsdangerous"
version = "2.2.0"
description = ""
optional = false
python-versions = ">=3.8"
files = [
    {file = "itsdangerous-2.2.0-py3-none-any.whl", hash = "sha256:c6242fc49e35958c8b15141343aa660db5fc54d4f13a1db01a3f5891b98700ef"},
    {file = "itsdangerous-2.2.0.tar.gz", hash = "sha256:e0050c0b7da1eea53ffaf149c0cfbb5c6e2e2b69c4bef22c81fa6eb73e5f6173"},
]

[[package]]
name = "no-such-package-anywhere"
version = "9.0"
description = ""
optional = false
python-versions = "*"
files = []

[metadata]
lock-version = "2.0"
python-versions = "^3.8"
content-hash = ""
"#;
const PIPFILE_LOCK: &str = r#"{"_meta": {"hash": {"sha256": ""}, "pipfile-spec": 6, "requires": {}, "sources": []},
"default": {"itsdangerous": {"hashes": [
    "sha256:c6242fc49e35958c8b15141343aa660db5fc54d4f13a1db01a3f5891b98700ef",
    "sha256:e0050c0b7da1eea53ffaf149c0cfbb5c6e2e2b69c4bef22c81fa6eb73e5f6173"
], "markers": "python_version >= '3.8'", "version": "==2.2.0"}}, "develop": {}}"#;
const PDM_LOCK: &str = r#"[metadata]
groups = ["default", "dev"]
lock_version = "4.5.0"

[[package]]
name = "itsdangerous"
version = "2.2.0"
groups = ["default"]
files = [
    {file = "itsdangerous-2.2.0-py3-none-any.whl", hash = "sha256:c6242fc49e35958c8b15141343aa660db5fc54d4f13a1db01a3f5891b98700ef"},
]

[[package]]
name = "no-such-package-anywhere"
version = "9.0"
groups = ["dev"]
"#;

#[test]
fn the_locks_of_other_managers_install_what_they_say_and_nothing_for_developers() {
    let home = Home::new();
    let server = python_server("signed").replace(
        "TEXT = \"signed\"",
        "import importlib.metadata\nTEXT = importlib.metadata.version('itsdangerous')",
    );
    let pdm = "[project]\nname = \"signer\"\nversion = \"0.1\"\ndependencies = [\"itsdangerous\"]\n";
    let cases: [(&str, &[(&str, &str)]); 3] = [
        ("poetry", &[("pyproject.toml", POETRY), ("poetry.lock", POETRY_LOCK)]),
        ("pipenv", &[("Pipfile", "[packages]\nitsdangerous = \"*\"\n"), ("Pipfile.lock", PIPFILE_LOCK)]),
        ("pdm", &[("pyproject.toml", pdm), ("pdm.lock", PDM_LOCK)]),
    ];
    for (manager, files) in cases {
        let name = format!("by-{manager}");
        let project = Project::of(&name, files);
        project.write("main.py", &server);
        let live = home.deploy(&project.arg());
        assert_eq!(live["plan"]["package_manager"]["name"], manager, "{:#}", live["plan"]);
        assert_eq!(answer(&live, "/"), "2.2.0");
        home.run(&["delete", &name, "--confirm", &name]).ok();
    }
}

#[test]
fn a_lock_that_lacks_what_the_project_names_is_said_before_anything_is_installed() {
    let home = Home::new();
    let named = POETRY.replace("itsdangerous = \"^2.2\"", "itsdangerous = \"^2.2\"\nhttpx = \"*\"");
    let files = [("pyproject.toml", named.as_str()), ("poetry.lock", POETRY_LOCK)];
    let project = Project::of("out-of-sync", &files);
    project.write("main.py", &python_server("never"));
    let error = home.run(&["deploy", &project.arg(), "--json"]).json()["error"].clone();
    assert_eq!(error["code"], "install_failed", "{error:#}");
    assert!(error.to_string().contains("poetry lock"), "{error:#}");
}

#[test]
fn runtimes_are_built_and_started_by_the_commands_of_their_plans() {
    let home = Home::new();
    for (runtime, tool, files) in PROGRAMS {
        if !has_tool("runtimes_are_built_and_started_by_the_commands_of_their_plans", tool) {
            continue;
        }
        let project = Project::of(&format!("in-{runtime}"), files);
        let live = home.deploy(&project.arg());
        assert_eq!(live["plan"]["runtime"], *runtime, "{:#}", live["plan"]);
        assert_eq!(answer(&live, "/"), "hello", "{runtime}");
    }
}

/// Files by name.
type Files = &'static [(&'static str, &'static str)];

/// Programs without dependencies: the runtime, the program that it needs, its files.
const PROGRAMS: &[(&str, &str, Files)] = &[
    (
        "java",
        "javac",
        &[
            ("backend-im.yml", "runtime: java\nbuild: javac -d out Main.java\nstart: java -cp out Main\n"),
            (
                "Main.java",
                "import com.sun.net.httpserver.HttpServer;\nimport java.net.InetSocketAddress;\npublic class Main {\n\
                 public static void main(String[] args) throws Exception {\n\
                 var env = System.getenv();\n\
                 var at = new InetSocketAddress(env.get(\"HOST\"), Integer.parseInt(env.get(\"PORT\")));\n\
                 var server = HttpServer.create(at, 0);\n\
                 server.createContext(\"/\", exchange -> {\n\
                 exchange.sendResponseHeaders(200, 5);\n\
                 exchange.getResponseBody().write(\"hello\".getBytes());\n exchange.close();\n });\n\
                 server.start();\n }\n}\n",
            ),
        ],
    ),
    (
        "go",
        "go",
        &[
            ("go.mod", "module example.com/hello\n\ngo 1.19\n"),
            (
                "cmd/server/main.go",
                "package main\n\nimport (\n\t\"net/http\"\n\t\"os\"\n)\n\nfunc main() {\n\
                 \thttp.HandleFunc(\"/\", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(\"hello\")) })\n\
                 \thttp.ListenAndServe(os.Getenv(\"HOST\")+\":\"+os.Getenv(\"PORT\"), nil)\n}\n",
            ),
        ],
    ),
    ("php", "php", &[("index.php", "<?php echo \"hello\";")]),
];

#[test]
fn a_runtime_that_this_machine_lacks_is_named_with_the_way_to_get_it() {
    let home = Home::new();
    let files = [(
        "mix.exs",
        "def project do\n [app: :x]\nend\ndef application do\n [mod: {X, []}]\nend\ndefp deps do\n [{:bandit, \"~> 1\"}]\nend\n",
    )];
    if std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join("mix").exists()))
    {
        eprintln!(
            "skipped: a_runtime_that_this_machine_lacks_is_named_with_the_way_to_get_it: this machine has mix"
        );
        return;
    }
    let project = Project::of("in-elixir", &files);
    let error = home.run(&["deploy", &project.arg(), "--json"]).json()["error"].clone();
    assert_eq!(error["code"], "missing_tool", "{error:#}");
    assert!(error.to_string().contains("elixir"), "{error:#}");
}
