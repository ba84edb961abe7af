//! Every kind of patch against a small project: `git apply` takes it, and the file then says what it should.

#![expect(clippy::disallowed_methods, reason = "whether a patch applies is for git to say")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use build_plan::{FailedStep, Phase, Runtime, Seen, diagnose};

/// One failure of a project, and what a file of it says once the patch is applied.
struct Case {
    name: &'static str,
    failed: FailedStep,
    output: &'static str,
    files: &'static [(&'static str, &'static str)],
    /// A file, and a line that it has now.
    mended: (&'static str, &'static str),
}

fn ended(phase: Phase, runtime: Runtime) -> FailedStep {
    FailedStep { phase, runtime: Some(runtime), exit: Some("exit status 1".to_owned()), seen: None }
}

fn elsewhere(runtime: Runtime, address: &str) -> FailedStep {
    let seen = Some(Seen::OtherPort(address.to_owned()));
    FailedStep { phase: Phase::Health, runtime: Some(runtime), exit: None, seen }
}

const MISSING: &str = "Traceback (most recent call last):\n  File \"/srv/root/main.py\", line 1, in <module>\n    import yaml\nModuleNotFoundError: No module named 'yaml'";
const MODULE: &str = "ModuleNotFoundError: No module named 'main'";
const PENDING: &str = "ActiveRecord::PendingMigrationError";
const MANIFEST: &str = "{\n  \"name\": \"quay\",\n  \"scripts\": {\n    \"build\": \"next build\"\n  },\n  \"dependencies\": {\n    \"next\": \"16\"\n  }\n}\n";

fn packages() -> Vec<Case> {
    use Phase::{Build, Install, Start};
    use Runtime::{Node, Python};
    vec![
        Case {
            name: "a package of Python",
            failed: ended(Start, Python),
            output: MISSING,
            files: &[("requirements.txt", "flask\n")],
            mended: ("requirements.txt", "PyYAML"),
        },
        Case {
            name: "a file without an end to its last line",
            failed: ended(Start, Python),
            output: MISSING,
            files: &[("requirements.txt", "flask")],
            mended: ("requirements.txt", "PyYAML"),
        },
        Case {
            name: "a package of Node",
            failed: ended(Start, Node),
            output: "Error: Cannot find module 'express'\n    at x (/srv/root/a.js:1:1)\n\nNode.js v22.0.0",
            files: &[("package.json", MANIFEST)],
            mended: ("package.json", "    \"express\": \"*\","),
        },
        Case {
            name: "a program of a start script belongs to what the app needs",
            failed: ended(Start, Node),
            output: "sh: 1: pm2-runtime: not found",
            files: &[("package.json", MANIFEST)],
            mended: ("package.json", "    \"pm2\": \"*\","),
        },
        Case {
            name: "a prebuilt driver",
            failed: ended(Install, Python),
            output: "Error: pg_config executable not found.",
            files: &[("requirements.txt", "flask\npsycopg2==2.9.10\n")],
            mended: ("requirements.txt", "psycopg2-binary==2.9.10"),
        },
        Case {
            name: "an older Python",
            failed: ended(Install, Python),
            output: "error: the configured Python interpreter version (3.14) is newer than PyO3's maximum supported version (3.13)",
            files: &[("requirements.txt", "pydantic==2.9\n")],
            mended: (".python-version", "3.13"),
        },
        Case {
            name: "a newer Node",
            failed: ended(Build, Node),
            output: "You are using Node.js 18.20.4. Vite requires Node.js version 20.19+ or 22.12+. Please upgrade your Node.js version.",
            files: &[("package.json", MANIFEST)],
            mended: ("package.json", "    \"node\": \">=22.12\""),
        },
    ]
}

fn commands() -> Vec<Case> {
    use Phase::Start;
    use Runtime::Python;
    vec![
        Case {
            name: "the module that has the application",
            failed: ended(Start, Python),
            output: "ERROR:    Error loading ASGI app. Could not import module \"main\".",
            files: &[
                ("Procfile", "web: uvicorn main:app --port $PORT\n"),
                ("app/main.py", "from fastapi import FastAPI\nserver = FastAPI()\n"),
            ],
            mended: ("Procfile", "web: uvicorn app.main:server --port $PORT"),
        },
        Case {
            name: "the same as gunicorn says it",
            failed: ended(Start, Python),
            output: MODULE,
            files: &[
                ("Procfile", "web: gunicorn main:app\n"),
                ("server.py", "from flask import Flask\napp = Flask(__name__)\n"),
            ],
            mended: ("Procfile", "web: gunicorn server:app"),
        },
        Case {
            name: "no reloader",
            failed: ended(Start, Python),
            output: "OSError: OS file watch limit reached. about [\"/srv/root\"]",
            files: &[("Procfile", "web: uvicorn main:app --reload --port $PORT\n")],
            mended: ("Procfile", "web: uvicorn main:app --port $PORT"),
        },
        Case {
            name: "a script that is not executable",
            failed: ended(Start, Runtime::Command),
            output: "/bin/sh: 1: ./start.sh: Permission denied",
            files: &[
                ("Procfile", "web: ./start.sh\n"),
                ("start.sh", "#!/usr/bin/env bash\nexec python3 -m http.server $PORT\n"),
            ],
            mended: ("Procfile", "web: bash ./start.sh"),
        },
    ]
}

fn settings() -> Vec<Case> {
    use Phase::{Build, Release, Start};
    use Runtime::{Node, Php, Python, Ruby};
    vec![
        Case {
            name: "an answer for Artisan",
            failed: ended(Release, Php),
            output: "  Are you sure you want to run this command? (yes/no) [no]",
            files: &[("backend-im.yml", "release: php artisan migrate\n")],
            mended: ("backend-im.yml", "release: php artisan migrate --force"),
        },
        Case {
            name: "migrations before the switch",
            failed: ended(Start, Ruby),
            output: PENDING,
            files: &[("bin/rails", "#!/usr/bin/env ruby\n")],
            mended: ("backend-im.yml", "release: bundle exec rails db:migrate"),
        },
        Case {
            name: "a start script for what the framework builds",
            failed: ended(Start, Node),
            output: "npm error Missing script: \"start\"",
            files: &[("package.json", MANIFEST)],
            mended: ("package.json", "    \"start\": \"next start\","),
        },
        Case {
            name: "webpack for a configuration of webpack",
            failed: ended(Build, Node),
            output: "⨯ ERROR: This build is using Turbopack, with a `webpack` config and no `turbopack` config.",
            files: &[("package.json", MANIFEST)],
            mended: ("package.json", "    \"build\": \"next build --webpack\""),
        },
        Case {
            name: "UTF-8",
            failed: ended(Start, Python),
            output: "UnicodeDecodeError: 'ascii' codec can't decode byte 0xc3 in position 8: ordinal not in range(128)",
            files: &[("backend-im.yml", "env:\n  A: b\n")],
            mended: ("backend-im.yml", "  PYTHONUTF8: \"1\""),
        },
    ]
}

fn ports() -> Vec<Case> {
    use Runtime::{Go, Java, Node, Python, Ruby};
    let case = |name, runtime, port: &str, files, mended| Case {
        name,
        failed: elsewhere(runtime, &format!("127.0.0.1:{port}")),
        output: "",
        files,
        mended,
    };
    vec![
        case(
            "Node",
            Node,
            "3000",
            &[("server.js", "app.listen(3000)\n")],
            ("server.js", "app.listen(process.env.PORT || 3000)"),
        ),
        case(
            "Python",
            Python,
            "5000",
            &[("app.py", "import os\napp.run(port=5000)\n")],
            ("app.py", "app.run(port=int(os.environ.get(\"PORT\", 5000)))"),
        ),
        case(
            "Go",
            Go,
            "8080",
            &[(
                "main.go",
                "package main\n\nimport (\n\t\"net/http\"\n\t\"os\"\n)\n\nfunc main() {\n\thttp.ListenAndServe(\":8080\", nil)\n}\n",
            )],
            ("main.go", "\thttp.ListenAndServe(\":\" + os.Getenv(\"PORT\"), nil)"),
        ),
        case(
            "Ruby",
            Ruby,
            "4567",
            &[("app.rb", "set :port, 4567\n")],
            ("app.rb", "set :port, ENV.fetch(\"PORT\", 4567)"),
        ),
        case(
            "Spring",
            Java,
            "9090",
            &[("src/main/resources/application.yml", "server:\n  port: 9090\n")],
            ("src/main/resources/application.yml", "  port: ${PORT:9090}"),
        ),
    ]
}

#[test]
fn every_kind_of_patch_applies_and_changes_no_more_than_it_must() {
    for (number, case) in
        packages().into_iter().chain(commands()).chain(settings()).chain(ports()).enumerate()
    {
        let files: BTreeMap<&str, &str> = case.files.iter().copied().collect();
        let read = |path: &str| files.get(path).map(|text| text.as_bytes().to_vec());
        let lines: Vec<String> = case.output.lines().map(str::to_owned).collect();
        let found = diagnose(&case.failed, &lines, &read);
        let patch = found.patch.clone().unwrap_or_else(|| panic!("{}: no patch in {found:#?}", case.name));
        let changes = patch.lines().filter(|line| {
            line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---")
        });
        assert!(changes.count() <= 5, "{}: {patch}", case.name);
        let folder = folder(number);
        for (path, text) in case.files {
            write(&folder.join(path), text);
        }
        apply(&folder, &patch, case.name);
        let (file, line) = case.mended;
        let text = fs::read_to_string(folder.join(file)).expect("the mended file");
        assert!(text.lines().any(|there| there == line), "{}: {text}\n{patch}", case.name);
        fs::remove_dir_all(&folder).expect("the folder goes");
    }
}

fn folder(number: usize) -> PathBuf {
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("patch-{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, text).expect("a file");
}

fn apply(folder: &Path, patch: &str, name: &str) {
    let mut git = Command::new("git")
        .args(["apply", "-p1", "-"])
        .current_dir(folder)
        .env("GIT_CEILING_DIRECTORIES", folder.parent().expect("a parent"))
        .stdin(Stdio::piped())
        .spawn()
        .expect("git runs");
    git.stdin.take().expect("a pipe").write_all(patch.as_bytes()).expect("it reads");
    assert!(git.wait().expect("it ends").success(), "{name}: {patch}");
}
