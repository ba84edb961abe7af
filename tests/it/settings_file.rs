//! `backend-im.yml`: what `init` writes, the schema that editors complete it with, and what its older spellings become.

use serde_json::Value;

use crate::harness::{Home, Project, python_server, send};

const SCHEMA: &str = "backend-im.schema.json";

fn read(project: &Project) -> String {
    std::fs::read_to_string(project.path().join("backend-im.yml")).expect("a settings file")
}

/// The address in the first line of the file.
fn schema_address(text: &str) -> &str {
    let first = text.lines().next().expect("a line");
    first.strip_prefix("# yaml-language-server: $schema=").unwrap_or_else(|| panic!("no schema in `{first}`"))
}

#[test]
fn init_writes_what_was_detected_changes_nothing_by_it_and_never_writes_over_a_file() {
    let home = Home::new();
    let project = Project::of(
        "shop",
        &[
            (
                "manage.py",
                "import os\nfrom django.core.management import execute_from_command_line\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\nexecute_from_command_line()\n",
            ),
            ("shop/__init__.py", ""),
            (
                "shop/settings.py",
                "WSGI_APPLICATION = 'shop.wsgi.application'\nROOT_URLCONF = 'shop.urls'\nINSTALLED_APPS = ['django.contrib.auth', 'django.contrib.contenttypes']\nDATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'db'}}\n",
            ),
            (
                "shop/wsgi.py",
                "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
            ),
            ("requirements.txt", "django\n"),
        ],
    );
    let plan = |home: &Home| home.run(&["plan", &project.arg(), "--json"]).ok().json();
    let before = plan(&home);
    let done = home.run(&["init", &project.arg()]).ok();
    assert_eq!(done.stdout.trim(), project.path().join("backend-im.yml").display().to_string());
    let text = read(&project);
    for key in ["runtime", "install", "start", "release"] {
        let value = before[key].as_str().or(before[key]["command"].as_str());
        let value = value.unwrap_or_else(|| panic!("no {key} in {before:#}"));
        let line = text.lines().find(|line| line.starts_with(&format!("# {key}: ")));
        let line = line.unwrap_or_else(|| panic!("no {key} in {text}"));
        assert!(line.contains(&value.replace('"', "\\\"")), "{line} lacks {value}");
    }
    // Whoever takes the comment signs away gets the plan that was detected.
    let after = plan(&home);
    let shown =
        |line: &&str| ["runtime", "start", "release"].iter().any(|key| line.starts_with(&format!("{key}: ")));
    let lines: Vec<&str> =
        text.lines().map(|line| line.strip_prefix("# ").filter(shown).unwrap_or(line)).collect();
    let uncommented = lines.join("\n");
    project.write("backend-im.yml", &uncommented);
    let said = plan(&home);
    for field in ["runtime", "framework", "install", "build", "release", "start", "port", "env"] {
        assert_eq!(before[field], after[field], "{field}");
        assert_eq!(before[field], said[field], "{field}");
    }

    let refused = home.run(&["init", &project.arg()]);
    assert_ne!(refused.code, 0, "{refused:#?}");
    assert!(refused.stderr.contains("would_overwrite"), "{refused:#?}");
    assert_eq!(read(&project), uncommented);
}

#[test]
fn editors_find_the_schema_on_this_machine_or_at_the_platform_that_is_used() {
    let home = Home::new();
    let project = Project::quick("notes", "one");
    home.run(&["init", &project.arg()]).ok();
    let text = read(&project);
    let path = schema_address(&text).strip_prefix("file://").expect("a file of this machine");
    let kept: Value =
        serde_json::from_str(&std::fs::read_to_string(path).expect("the schema")).expect("JSON");
    let printed = home.run(&["init", "--schema"]).ok().json();
    let api = home.started();
    let served = send(api.anonymous("GET", &format!("/api/{SCHEMA}"))).expect("an answer");
    assert_eq!(served.status, 200);
    assert_eq!(served.json(), kept);
    assert_eq!(printed, kept);
    assert_eq!(kept["properties"]["start"]["description"].as_str().map(str::is_empty), Some(false));

    let other = Project::quick("elsewhere", "one");
    let shared = Home::new().with("BACKEND_IM_TOKEN", "bim_0");
    shared.run(&["init", &other.arg(), "--url", "https://platform.example.com/"]).ok();
    assert_eq!(schema_address(&read(&other)), format!("https://platform.example.com/api/{SCHEMA}"));
}

#[test]
fn older_spellings_start_the_same_app_and_say_what_they_cannot_do() {
    let home = Home::new();
    let spellings = [
        (
            "backend.yml",
            "runtime: python:3\nentrypoint: server.py\nenv:\n  MODE: prod\nscaling: {min: 1, max: 3}\n",
            "scaling",
        ),
        (
            "backend-im.yml",
            "runtime: python\nversion: 3\nentrypoint: server.py\nhealth_check: {path: /, interval: 5}\nenv: [MODE=prod]\ncpu_threshold: 70\n",
            "cpu_threshold",
        ),
        (
            "backendim.yaml",
            "start: python server.py\nenv: {MODE: {value: prod}}\nhealth_path: /\nreplicas: 2\n",
            "replicas",
        ),
    ];
    for (file, text, unapplied) in spellings {
        let name = file.split('.').next().expect("a name");
        let project = Project::of(name, &[(file, text)]);
        let server = python_server("x").replace("TEXT = \"x\"", "TEXT = os.environ['MODE']");
        project.write("server.py", &server);
        let live = home.deploy(&project.arg());
        let plan = &live["plan"];
        assert_eq!(plan["start"], "python server.py", "{file}: {plan:#}");
        assert_eq!(plan["env"]["MODE"], "prod", "{file}: {plan:#}");
        let warnings = plan["warnings"].to_string();
        assert!(warnings.contains(unapplied), "{file}: {warnings}");
    }
}

#[test]
fn a_setting_that_has_no_say_is_never_silent() {
    let home = Home::new();
    let project = Project::quick("told", "one");
    project.write("public/index.html", "<p>hi");
    for (settings, key) in [
        ("start: python3 server.py\nstatic_root: public\n", "static_root"),
        ("start: python3 server.py\nentrypoint: server.py\n", "entrypoint"),
        ("start: python3 server.py\nport: 9000\n", "port"),
        ("runtime: static\nstart: python3 server.py\n", "start"),
        ("static_root: public\n", "static_root"),
    ] {
        project.write("backend-im.yml", settings);
        let plan = home.run(&["plan", &project.arg(), "--json"]).ok().json();
        let warnings = plan["warnings"].to_string();
        assert!(warnings.contains(&format!("backend-im.yml: {key}")), "{settings}: {plan:#}");
    }
    let plan = home.run(&["plan", &project.arg(), "--json"]).ok().json();
    assert_eq!((&plan["runtime"], &plan["static_root"]), (&"static".into(), &"public".into()), "{plan:#}");
}
