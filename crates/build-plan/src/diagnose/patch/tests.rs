//! Patches of small projects, each with the failure that asks for it.

use std::collections::BTreeMap;

use crate::Runtime;
use crate::diagnose::{FailedStep, Phase, Seen, diagnose};

fn patch(failed: &FailedStep, output: &str, files: &[(&str, &str)]) -> String {
    let files: BTreeMap<&str, &str> = files.iter().copied().collect();
    let lines: Vec<String> = output.lines().map(str::to_owned).collect();
    let read = |path: &str| files.get(path).map(|text| text.as_bytes().to_vec());
    diagnose(failed, &lines, &read).patch.unwrap_or_default()
}

fn ended(phase: Phase, runtime: Runtime) -> FailedStep {
    FailedStep { phase, runtime: Some(runtime), exit: Some("exit status 1".to_owned()), seen: None }
}

fn listening(runtime: Runtime, address: &str) -> FailedStep {
    let seen = Some(Seen::OtherPort(address.to_owned()));
    FailedStep { phase: Phase::Health, runtime: Some(runtime), exit: None, seen }
}

/// The lines that a patch removes and adds.
fn changed(patch: &str) -> Vec<&str> {
    let is_change = |line: &&str| {
        (line.starts_with('-') || line.starts_with('+'))
            && !line.starts_with("---")
            && !line.starts_with("+++")
    };
    patch.lines().filter(is_change).collect()
}

const MISSING: &str = "Traceback (most recent call last):\n  File \"/srv/r/main.py\", line 1, in <module>\n    import x\nModuleNotFoundError: No module named 'MODULE'";

#[test]
fn a_known_package_is_added_and_an_unknown_one_is_not() {
    let failed = ended(Phase::Start, Runtime::Python);
    let files = [("requirements.txt", "flask")];
    let patch_of = |module: &str| patch(&failed, &MISSING.replace("MODULE", module), &files);
    assert_eq!(
        patch_of("yaml"),
        "--- a/requirements.txt\n+++ b/requirements.txt\n@@ -1,1 +1,2 @@\n-flask\n\\ No newline at end of file\n+flask\n+PyYAML\n"
    );
    assert_eq!(patch_of("reqeusts"), "", "a slip of the pen is no package to install");
    let locked = [("requirements.txt", "flask\n"), ("uv.lock", "")];
    assert_eq!(patch(&failed, &MISSING.replace("MODULE", "yaml"), &locked), "");
    let own = [("requirements.txt", "flask\n"), ("redis.py", "")];
    assert_eq!(patch(&failed, &MISSING.replace("MODULE", "redis"), &own), "");
    let project = [("pyproject.toml", "[project]\nname = \"x\"\ndependencies = [\n    \"flask\",\n]\n")];
    let added = patch(&failed, &MISSING.replace("MODULE", "httpx"), &project);
    assert_eq!(changed(&added), ["+    \"httpx\","]);
}

#[test]
fn a_module_of_node_is_added_where_there_is_no_lock() {
    let failed = ended(Phase::Start, Runtime::Node);
    let output = "Error: Cannot find module 'express'\nRequire stack:\n- /srv/a.js\n    at x (node:internal)\n\nNode.js v22.0.0";
    let manifest = "{\n  \"name\": \"x\",\n  \"dependencies\": {\n    \"cors\": \"2\"\n  }\n}\n";
    assert_eq!(changed(&patch(&failed, output, &[("package.json", manifest)])), ["+    \"express\": \"*\","]);
    assert_eq!(patch(&failed, output, &[("package.json", manifest), ("package-lock.json", "{}")]), "");
}

#[test]
fn a_port_written_down_becomes_the_environments() {
    for (runtime, path, text, expected) in [
        (
            Runtime::Node,
            "server.js",
            "const a = 1\napp.listen(3000, () => {})\n",
            "+app.listen(process.env.PORT || 3000, () => {})",
        ),
        (
            Runtime::Node,
            "src/index.ts",
            "const PORT = 3000;\napp.listen(PORT)\n",
            "+const PORT = Number(process.env.PORT) || 3000;",
        ),
        (
            Runtime::Node,
            "index.js",
            "app.listen({ port: 3000, host: '127.0.0.1' })\n",
            "+app.listen({ port: Number(process.env.PORT) || 3000, host: process.env.HOST || '0.0.0.0' })",
        ),
        (
            Runtime::Python,
            "main.py",
            "import os\nuvicorn.run(app, host=\"127.0.0.1\", port=3000)\n",
            "+uvicorn.run(app, host=os.environ.get(\"HOST\", \"0.0.0.0\"), port=int(os.environ.get(\"PORT\", 3000)))",
        ),
        (
            Runtime::Python,
            "Procfile",
            "web: uvicorn main:app --host 127.0.0.1 --port 3000\n",
            "+web: uvicorn main:app --host $HOST --port $PORT",
        ),
    ] {
        let patch = patch(&listening(runtime, "127.0.0.1:3000"), "", &[(path, text)]);
        assert_eq!(changed(&patch).last(), Some(&expected), "{patch}");
    }
    let imported = patch(
        &listening(Runtime::Python, "0.0.0.0:5000"),
        "",
        &[("app.py", "from flask import Flask\napp = Flask(__name__)\napp.run(port=5000)\n")],
    );
    assert!(imported.contains("+import os\n from flask import Flask\n"), "{imported}");
    // Two places, or a number that only begins like the port: a person decides.
    for text in ["app.listen(3000)\nother.listen(3000)\n", "app.listen(30001)\n"] {
        assert_eq!(patch(&listening(Runtime::Node, "127.0.0.1:3000"), "", &[("server.js", text)]), "");
    }
}

#[test]
fn other_mechanical_fixes_have_their_patch() {
    let node =
        |phase, output: &str, files: &[(&str, &str)]| patch(&ended(phase, Runtime::Node), output, files);
    let manifest = ("package.json", "{\n  \"name\": \"x\"\n}\n");
    let start = node(Phase::Start, "npm error Missing script: \"start\"", &[manifest, ("index.js", "")]);
    assert_eq!(changed(&start), ["+  \"scripts\": {", "+    \"start\": \"node index.js\"", "+  },"]);
    let module = node(
        Phase::Start,
        "SyntaxError: Cannot use import statement outside a module\n    at x\n\nNode.js v18.0.0",
        &[manifest],
    );
    assert_eq!(changed(&module), ["+  \"type\": \"module\","]);
    let openssl = node(Phase::Build, "Error: error:0308010C:digital envelope routines::unsupported", &[]);
    assert_eq!(changed(&openssl), ["+env:", "+  NODE_OPTIONS: --openssl-legacy-provider"]);
    let python =
        |phase, output: &str, files: &[(&str, &str)]| patch(&ended(phase, Runtime::Python), output, files);
    let psycopg = python(
        Phase::Install,
        "Error: pg_config executable not found.",
        &[("requirements.txt", "psycopg2==2.9\n")],
    );
    assert_eq!(changed(&psycopg), ["-psycopg2==2.9", "+psycopg2-binary==2.9"]);
    let named = python(
        Phase::Start,
        "ERROR:    Error loading ASGI app. Attribute \"app\" not found in module \"main\".",
        &[
            ("main.py", "from fastapi import FastAPI\napi = FastAPI()\n"),
            ("Procfile", "web: uvicorn main:app\n"),
        ],
    );
    assert_eq!(changed(&named), ["-web: uvicorn main:app", "+web: uvicorn main:api"]);
    let settings = [
        ("manage.py", "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"),
        ("shop/settings.py", "BASE_DIR = Path(1)\nALLOWED_HOSTS = ['a']\nSTATIC_URL = 'static/'\n"),
    ];
    let hosts =
        "Invalid HTTP_HOST header: '127.0.0.1:41000'. You may need to add '127.0.0.1' to ALLOWED_HOSTS.";
    let running = FailedStep { phase: Phase::Health, runtime: Some(Runtime::Python), exit: None, seen: None };
    assert_eq!(
        changed(&patch(&running, hosts, &settings)).last(),
        Some(&"+ALLOWED_HOSTS = [\"127.0.0.1\", \".localhost\", 'a']")
    );
    let collect = "django.core.exceptions.ImproperlyConfigured: You're using the staticfiles app without having set the STATIC_ROOT setting to a filesystem path.";
    assert_eq!(
        changed(&python(Phase::Build, collect, &settings)),
        ["+STATIC_ROOT = BASE_DIR / \"staticfiles\""]
    );
    let moved = python(
        Phase::Start,
        "Traceback (most recent call last):\n  File \"/srv/r/app/main.py\", line 1, in <module>\n    from pydantic import BaseSettings, Field\npydantic.errors.PydanticImportError: `BaseSettings` has been moved to the `pydantic-settings` package.",
        &[("app/main.py", "from pydantic import BaseSettings, Field\n"), ("requirements.txt", "fastapi\n")],
    );
    assert_eq!(
        changed(&moved),
        [
            "-from pydantic import BaseSettings, Field",
            "+from pydantic import Field",
            "+from pydantic_settings import BaseSettings",
            "+pydantic-settings"
        ]
    );
}

#[test]
fn paths_out_of_the_project_are_not_read() {
    let failed = ended(Phase::Start, Runtime::Python);
    let output = "ERROR:    Error loading ASGI app. Attribute \"app\" not found in module \"/etc/x\".";
    let read = |path: &str| {
        assert!(!path.starts_with('/') && !path.contains(".."), "{path}");
        None
    };
    let lines = [output.to_owned()];
    assert_eq!(diagnose(&failed, &lines, &read).patch, None);
}

#[test]
fn rust_is_told_where_to_listen_in_every_form_of_an_address() {
    let main = |line: &str| format!("fn main() {{\n    println!(\"on 127.0.0.1:3000\");\n    {line}\n}}\n");
    let patch_of = |line: &str| {
        patch(&listening(Runtime::Rust, "127.0.0.1:3000"), "on 3000", &[("src/main.rs", &main(line))])
    };
    for (line, expected) in [
        ("bind(\"127.0.0.1:3000\").await", "std::env::var(\"PORT\").unwrap_or_else(|_| \"3000\".into())"),
        (".bind((\"127.0.0.1\", 3000))?", "and_then(|port| port.parse().ok()).unwrap_or(3000)"),
        ("let addr = SocketAddr::from(([127, 0, 0, 1], 3000));", "port.parse().ok()).unwrap_or(3000)"),
    ] {
        let patch = patch_of(line);
        assert!(
            changed(&patch).iter().any(|line| line.starts_with('+') && line.contains(expected)),
            "{patch}"
        );
    }
    assert_eq!(patch_of("const ADDRESS: &str = \"127.0.0.1:3000\";"), "");
}

#[test]
fn an_updated_package_is_bounded_where_nothing_bounds_it() {
    let failed = ended(Phase::Start, Runtime::Python);
    let output = "Traceback (most recent call last):\n  File \"/srv/r/main.py\", line 1, in <module>\n    from flask import Flask\nImportError: cannot import name 'url_quote' from 'werkzeug.urls' (/srv/l/werkzeug/urls.py)";
    let mended = patch(&failed, output, &[("requirements.txt", "flask\nflask-login\n")]);
    assert_eq!(changed(&mended), ["+werkzeug<3"]);
    assert_eq!(patch(&failed, output, &[("requirements.txt", "flask\nwerkzeug\n")]), "");
}

#[test]
fn a_module_of_python_is_no_requirement() {
    let failed = ended(Phase::Install, Runtime::Python);
    let output = "error: No solution found when resolving dependencies\n  cause: Because sqlite3 was not found in the package registry and you require sqlite3, we can conclude that your requirements are unsatisfiable.";
    let mended = patch(&failed, output, &[("requirements.txt", "flask\nsqlite3\n")]);
    assert_eq!(changed(&mended), ["-sqlite3"]);
    let other = output.replace("sqlite3", "quay-flow");
    assert_eq!(patch(&failed, &other, &[("requirements.txt", "flask\nquay-flow\n")]), "");
}

#[test]
fn packages_that_conda_built_elsewhere_are_named_only() {
    let failed = ended(Phase::Install, Runtime::Python);
    let output = "error: Distribution not found at: file:///tmp/build/80754af9/absl-py_1600297527605/work";
    let files = [(
        "requirements.txt",
        "absl-py @ file:///tmp/build/80754af9/absl-py_1600297527605/work\nflask==3.0.0\n",
    )];
    let mended = patch(&failed, output, &files);
    let lines = changed(&mended);
    assert!(lines.contains(&"+absl-py") && lines.iter().all(|line| !line.contains("flask")), "{mended}");
    assert_eq!(patch(&failed, output, &[("requirements.txt", "./wheels/quay.whl\n")]), "");
}
