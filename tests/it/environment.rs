//! What of the environment and of the folder reaches whom. An agent starts the platform with its own secrets around it;
//! they end with the agent.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Home, Mcp, Project, files_with, get, has_tool};

/// Answers its own environment as JSON.
const ENVIRONMENT_SERVER: &str = r#"import json, os
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(dict(os.environ)).encode())

print("environment:", json.dumps(dict(os.environ)), flush=True)
HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"#;

/// Every step prints its environment and keeps it in the release.
const EVERY_STEP: &str = "\
runtime: command
install: env | tee install.env
build: env | tee build.env
test: env | tee test.env
start: python3 server.py
";

const STEPS: [&str; 3] = ["install.env", "build.env", "test.env"];

/// Part of every value that must not get anywhere.
const CANARY: &str = "canary-7f3e91";

/// What agents and people have in their environment.
const SECRETS: [&str; 12] = [
    "AWS_SECRET_ACCESS_KEY",
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
    "GITHUB_TOKEN",
    "NPM_TOKEN",
    "DATABASE_URL",
    "CARGO_REGISTRY_TOKEN",
    "SSH_AUTH_SOCK",
    "PIPELINE_PASSWORD",
    "UVICORN_SECRET",
    "HTTPS_PROXY_PASSWORD",
    "MY_OWN_SECRET",
];

fn project(config: &str) -> Project {
    let files = [("server.py", ENVIRONMENT_SERVER), ("backend-im.yml", config)];
    let project = Project::of("env", &files);
    project.write("Procfile", "web: python3 server.py\n");
    project
}

fn text<'a>(view: &'a Value, field: &str) -> &'a str {
    view[field].as_str().unwrap_or_else(|| panic!("no {field}: {view:#}"))
}

fn app_environment(live: &Value) -> BTreeMap<String, String> {
    let direct = live.get("directUrl").or(live.get("direct_url")).and_then(Value::as_str);
    serde_json::from_value(get(direct.expect("a direct URL")).json()).expect("an environment")
}

fn release(home: &Home, project_id: &str) -> PathBuf {
    let releases = home.path().join("projects").join(project_id).join("releases");
    let mut found = std::fs::read_dir(releases).expect("releases").flatten();
    found.next().expect("a release").path().join("root")
}

/// The names and values that a step of the build saw.
fn step_environment(release: &Path, step: &str) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(release.join(step)).expect("the step ran");
    text.lines().filter_map(|line| line.split_once('=')).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

/// The processes of the home whose environment contains `needle`.
fn processes_that_know(home: &Home, needle: &str) -> Vec<(i32, String)> {
    let knows = |pid: i32| {
        let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        String::from_utf8_lossy(&environ).contains(needle)
    };
    home.processes().into_iter().filter(|(pid, _)| knows(*pid)).collect()
}

#[test]
fn every_instance_has_a_folder_of_its_own_for_sockets_and_it_goes_with_it() {
    let (home, project) = (Home::new(), project(""));
    let live = home.deploy(&project.arg());
    let folder = app_environment(&live)["XDG_RUNTIME_DIR"].clone();
    let mode = std::fs::metadata(&folder).expect("a folder").permissions().mode();
    assert!(Path::new(&folder).starts_with(home.path()) && mode & 0o777 == 0o700, "{folder} {mode:o}");
    home.run(&["platform", "stop"]).ok();
    assert!(!Path::new(&folder).exists());
}

#[test]
fn the_secrets_of_the_agent_that_starts_the_platform_get_nowhere() {
    let home = SECRETS.iter().fold(Home::new(), |home, name| home.with(name, &format!("{CANARY}-{name}")));
    let project = project(EVERY_STEP);
    let mut agent = Mcp::start(&home, &project.path());
    let live = agent.ok("deploy_project", &json!({}));
    assert_eq!(live["status"], "complete", "{live:#}");

    let app = app_environment(&live);
    let release = release(&home, text(&live, "project_id"));
    for (who, seen) in
        STEPS.map(|step| (step, step_environment(&release, step))).iter().chain([&("app", app)])
    {
        assert!(seen.contains_key("PATH"), "{who} saw an environment: {seen:#?}");
        for secret in SECRETS {
            assert!(!seen.contains_key(secret), "{who} sees {secret}");
        }
    }
    let knowing = processes_that_know(&home, CANARY);
    let is_agent = |(_, line): &(i32, String)| line.contains(" mcp");
    assert!(knowing.iter().any(is_agent), "the agent itself has them: {knowing:?}");
    assert!(knowing.iter().all(is_agent), "and nobody else: {knowing:?}");

    let logs = agent.ok("stream_logs", &json!({"project": "env", "max_lines": 5000})).to_string();
    assert!(logs.contains("environment:") && !logs.contains(CANARY), "{logs}");
    assert_eq!(agent.close(), 0);
    assert_eq!(files_with(home.path(), &[CANARY]), Vec::<PathBuf>::new());
    assert_ne!(
        files_with(home.path(), &["environment:"]),
        Vec::<PathBuf>::new(),
        "the search finds what is there"
    );
}

#[test]
fn builds_know_how_to_reach_registries_and_apps_do_not() {
    let for_builds = [
        ("PIP_DEFAULT_TIMEOUT", "171"),
        ("PIP_TRUSTED_HOST", "registry.example"),
        ("UV_HTTP_TIMEOUT", "172"),
        ("npm_config_fetch_timeout", "173000"),
        ("NPM_CONFIG_FUND", "false"),
        ("CARGO_NET_RETRY", "4"),
        ("SSL_CERT_DIR", "/etc/ssl/certs"),
        ("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt"),
        ("https_proxy", "http://proxy.example:3128"),
        ("NO_PROXY", "localhost,127.0.0.1"),
    ];
    let home = for_builds.iter().fold(Home::new(), |home, (name, value)| home.with(name, value));
    let home = home.with("LANG", "C.UTF-8").with("TZ", "UTC");
    let project = project(EVERY_STEP);
    let live = home.deploy(&project.arg());

    let app = app_environment(&live);
    let release = release(&home, text(&live, "projectId"));
    for step in STEPS {
        let seen = step_environment(&release, step);
        for (name, value) in for_builds {
            assert_eq!(seen.get(name).map(String::as_str), Some(value), "{step}: {name}");
        }
    }
    for (name, _) in for_builds {
        assert!(!app.contains_key(name), "the app sees {name}");
    }
    assert_eq!((app["LANG"].as_str(), app["TZ"].as_str()), ("C.UTF-8", "UTC"));
}

#[test]
fn an_app_gets_its_own_settings_and_what_the_platform_gives_it() {
    let home = Home::new();
    let project = project("env:\n  COLOUR: red\n  SIZE: 12\n  GREETING: \"hello, world = ä\"\n");
    let deploy = |more: &[&str]| {
        let arg = project.arg();
        let args = [&["deploy", arg.as_str(), "--json"], more].concat();
        home.run(&args).ok().json()
    };
    let first = deploy(&[]);
    let seen = app_environment(&first);
    assert_eq!(seen["COLOUR"], "red");
    assert_eq!(seen["SIZE"], "12");
    assert_eq!(seen["GREETING"], "hello, world = ä");
    let address = text(&first["instances"][0], "address");
    assert_eq!(format!("{}:{}", seen["HOST"], seen["PORT"]), address);
    let data = home.path().join("projects").join(text(&first, "projectId")).join("data");
    assert_eq!(
        Path::new(&seen["DATA_DIR"]).canonicalize().expect("a folder"),
        data.canonicalize().expect("it")
    );

    let second = deploy(&["--env", "COLOUR=blue", "--env", "EMPTY=", "--env", "EQUATION=a=b"]);
    let seen = app_environment(&second);
    assert_eq!(seen["COLOUR"], "blue", "what the deploy says wins over the file");
    assert_eq!((seen["EMPTY"].as_str(), seen["EQUATION"].as_str()), ("", "a=b"));
    assert_eq!(seen["SIZE"], "12");

    project.write("notes.txt", "a change");
    assert_eq!(app_environment(&deploy(&[]))["COLOUR"], "blue", "it is kept for later deployments");
    home.run(&["rollback", "env", "--to", text(&first, "commitHash")]).ok();
    home.kill_platform();
    home.started();
    assert!(!home.run(&["status", "env", "--json"]).ok().stdout.is_empty());

    for ours in ["PORT=80", "HOST=0.0.0.0", "DATA_DIR=/tmp"] {
        let refused = home.run(&["deploy", &project.arg(), "--env", ours, "--json"]);
        assert_ne!(refused.code, 0, "{ours}: {refused:#?}");
    }
}

/// A private key as far as anybody can tell, with the canary in it.
fn private_key() -> String {
    let [begin, end] = ["BEGIN", "END"].map(|word| format!("-----{word} OPENSSH PRIVATE KEY-----"));
    format!("{begin}\n{CANARY}\n{end}\n")
}

#[test]
fn environment_files_and_private_keys_never_travel() {
    let home = Home::new();
    let project = project("start: python3 server.py\n");
    let key = private_key();
    let canary = format!("TOKEN={CANARY}\n");
    let secret = [
        (".env", canary.as_str()),
        (".env.production", &canary),
        ("config/.env.local", &canary),
        ("id_rsa", &key),
        ("deploy/id_ed25519", &key),
        ("tls/server.key", &key),
        ("tls/server.pem", &key),
        (".npmrc", &format!("//registry.example/:_authToken={CANARY}\n")),
        (".git/config", &canary),
        (".pypirc", &canary),
        (".netrc", &canary),
    ];
    for (path, content) in secret {
        project.write(path, content);
    }
    // A link travels as what it says, not as what it leads to.
    std::os::unix::fs::symlink(".env", project.path().join("settings")).expect("a link");
    // Asking for them changes nothing: this file usually has the last word.
    project.write(".backendimignore", "!.env\n!id_rsa\n!tls/\n!.npmrc\n");
    project.write(".env.example", "TOKEN=\n");
    project.write("tls/ca.pem", "-----BEGIN CERTIFICATE-----\npublic\n-----END CERTIFICATE-----\n");

    let plan = home.run(&["plan", &project.arg(), "--json"]).ok().json();
    let ignored = plan["ignored"].to_string();
    for (path, _) in secret {
        let folder = path.split('/').next().expect("a name");
        assert!(ignored.contains(path) || ignored.contains(&format!("\"{folder}")), "{path} in {ignored}");
    }
    let live = home.deploy(&project.arg());
    let id = text(&live, "projectId");
    let files = home.api().get(&format!("/api/projects/{id}/files")).json();
    let paths: Vec<&str> =
        files["files"].as_array().expect("files").iter().filter_map(|file| file["path"].as_str()).collect();
    let expected = [
        ".backendimignore",
        ".env.example",
        "Procfile",
        "backend-im.yml",
        "server.py",
        "settings",
        "tls/ca.pem",
    ];
    assert_eq!(paths, expected);
    assert_eq!(files_with(home.path(), &[CANARY]), Vec::<PathBuf>::new());
    if has_tool("environment_files_and_private_keys_never_travel", "git") {
        let repository = home.path().join("projects").join(id).join("repository.git");
        assert!(!all_content(&repository).contains(CANARY), "nor is it in the history");
    }
}

/// Everything that a repository holds.
fn all_content(repository: &Path) -> String {
    let mut git = std::process::Command::new("git");
    git.args(["-c", "safe.directory=*", "--git-dir"]).arg(repository);
    let output = git.args(["cat-file", "--batch-all-objects", "--batch"]).output().expect("git runs");
    assert!(output.status.success() && output.stdout.len() > 1000, "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
