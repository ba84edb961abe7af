//! Projects that are made to hurt: huge files, bombs, cycles, noise. Each ends in a plan or a clear error, having read
//! little, whatever its bytes are.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use build_plan::{ListedFile, Listing, Plan, PlanError, plan};

/// The most that detection may read of any project, in bytes.
const READ_BYTES_MAX: usize = 40 << 20;

/// Every file that a detector of any runtime may open.
const NAMES: &[&str] = &[
    "backend-im.yml",
    "Procfile",
    "Dockerfile",
    "docker-compose.yml",
    "requirements.txt",
    "requirements/prod.txt",
    "pyproject.toml",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile",
    "Pipfile.lock",
    "setup.py",
    "setup.cfg",
    "manage.py",
    "main.py",
    "app/__init__.py",
    "mysite/settings.py",
    "mysite/wsgi.py",
    "streamlit_app.py",
    ".python-version",
    ".tool-versions",
    "mise.toml",
    "packages.txt",
    "package.json",
    "package-lock.json",
    "pnpm-workspace.yaml",
    "deno.json",
    "server.js",
    "next.config.js",
    "go.mod",
    "go.work",
    "main.go",
    "cmd/a/main.go",
    "Cargo.toml",
    "rust-toolchain.toml",
    "src/main.rs",
    "Gemfile",
    "config.ru",
    "app.rb",
    "config/routes.rb",
    "composer.json",
    "artisan",
    "index.php",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "gradle/libs.versions.toml",
    "gradle/wrapper/gradle-wrapper.properties",
    "a/b.csproj",
    "global.json",
    "mix.exs",
    "config/runtime.exs",
    "Staticfile",
    "_redirects",
    "index.html",
    "mkdocs.yml",
    "config.toml",
    "content/a.md",
    "backend/requirements.txt",
    "backend/main.py",
    "api/package.json",
];

fn listed(path: &str, size: u64) -> ListedFile {
    ListedFile { path: path.to_owned(), size, mode: "100644", oid: "0".repeat(40) }
}

/// Plans these files, and checks how much of them was read.
fn planned(files: &BTreeMap<String, Vec<u8>>) -> Result<Plan, PlanError> {
    let listing =
        Listing::new(files.iter().map(|(path, content)| listed(path, content.len() as u64)).collect());
    let read = Cell::new(0_usize);
    let planned = plan(&listing, &|path| {
        let content = files.get(path)?;
        read.set(read.get() + content.len());
        Some(content.clone())
    });
    assert!(read.get() <= READ_BYTES_MAX, "{} bytes were read", read.get());
    if let Err(error) = &planned {
        assert!(!error.code().is_empty() && !error.to_string().is_empty());
    }
    planned
}

fn project(files: &[(&str, &[u8])]) -> BTreeMap<String, Vec<u8>> {
    files.iter().map(|(path, content)| ((*path).to_owned(), content.to_vec())).collect()
}

#[test]
fn files_of_two_gigabytes_are_never_read() {
    for name in NAMES {
        let listing = Listing::new(vec![listed(name, 2 << 30)]);
        let planned = plan(&listing, &|path| panic!("{path} must not be read"));
        assert!(planned.is_ok() || !planned.unwrap_err().to_string().is_empty(), "{name}");
    }
}

#[test]
fn thousands_of_large_files_are_read_only_as_far_as_the_budget_goes() {
    let mut files = BTreeMap::new();
    let source = format!("def create_app():\n    pass\n{}", "# x\n".repeat(50_000));
    for n in 0..400 {
        files.insert(format!("p{}/m{n}.py", n % 50), source.clone().into_bytes());
        files.insert(format!("s{n}/requirements.txt"), b"flask\n".repeat(20_000));
        files.insert(format!("c{n}/main.go"), source.clone().into_bytes());
    }
    files.insert("go.mod".to_owned(), b"module x\n".to_vec());
    planned(&files).unwrap_err();
}

#[test]
fn locks_with_cycles_end() {
    let package = |n: usize| {
        format!(
            "[[package]]\nname = \"p{n}\"\nversion = \"1\"\ndependencies = [{{ name = \"p{}\" }}, {{ name = \"p{}\" }}]\n",
            (n + 1) % 2_000,
            (n * 7) % 2_000
        )
    };
    let lock: String = (0..2_000).map(package).collect();
    let files = project(&[
        ("pyproject.toml", b"[project]\nname = \"p0\"\ndependencies = [\"fastapi\", \"p1\"]\n"),
        ("uv.lock", lock.as_bytes()),
        ("main.py", b"from fastapi import FastAPI\napp = FastAPI()\n"),
    ]);
    planned(&files).unwrap();
    let includes = project(&[
        ("requirements.txt", b"-r a.txt\nflask\n"),
        ("a.txt", b"-r requirements.txt\n-r ./a.txt\n"),
        ("app.py", b"from flask import Flask\napp = Flask(__name__)\n"),
    ]);
    planned(&includes).unwrap();
}

#[test]
fn bombs_are_refused_or_ignored() {
    let mut yaml = "a0: &a0 [x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        writeln!(yaml, "a{n}: &a{n} [*a{p}, *a{p}, *a{p}, *a{p}, *a{p}, *a{p}, *a{p}, *a{p}]", p = n - 1)
            .expect("a text");
    }
    assert_eq!(
        planned(&project(&[("backend-im.yml", yaml.as_bytes())])).unwrap_err().code(),
        "invalid_config"
    );
    let page = ("index.html", &b"<p>"[..]);
    for name in ["docker-compose.yml", "mkdocs.yaml", "pnpm-workspace.yaml"] {
        planned(&project(&[(name, yaml.as_bytes()), page])).unwrap();
    }
    for (name, open) in
        [("package.json", "["), ("composer.json", "{\"a\":"), ("deno.json", "["), ("Pipfile.lock", "[")]
    {
        let deep = open.repeat(150_000);
        // An error, or a plan from what else is there; what counts is that it comes back.
        drop(planned(&project(&[(name, deep.as_bytes()), ("Pipfile", b""), ("index.php", b"")])));
    }
    for name in ["pyproject.toml", "Cargo.toml", "Pipfile"] {
        planned(&project(&[(name, "x = [".repeat(150_000).as_bytes())])).unwrap_err();
    }
    let xml = format!("<project>{}", "<parent><dependencies>".repeat(20_000));
    planned(&project(&[("pom.xml", xml.as_bytes())])).unwrap_err();
}

#[test]
fn names_are_never_taken_for_commands() {
    for path in ["$(reboot).py", "a b/`id`.py", "-rf.py", "../../etc.py", "a\nb.py", "é.py", "\u{202e}.py"] {
        let page = b"import streamlit as st\nst.title('x')\n";
        let files = project(&[("requirements.txt", b"streamlit\n"), (path, page)]);
        let Ok(plan) = planned(&files) else { continue };
        let start = plan.start.unwrap();
        let quoted = start.contains(&format!("'{path}'")) || start.contains(&format!("'./{path}'"));
        let is_plain = path.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./".contains(&b));
        assert!(quoted || is_plain, "{start}");
    }
    let folders = project(&[
        ("go.mod", b"module x\n"),
        ("cmd/$(reboot)/main.go", b"package main\nfunc main() {}\n"),
        ("a;b/c.csproj", b"<Project Sdk=\"Microsoft.NET.Sdk.Web\">"),
    ]);
    if let Ok(plan) = planned(&folders) {
        let commands = format!("{:?} {:?} {:?}", plan.install, plan.build, plan.start);
        assert!(!commands.contains("reboot") && !commands.contains("a;b"), "{commands}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 64, ..Default::default() })]

    #[test]
    fn any_bytes_in_any_manifest_end_in_a_plan_or_an_error(
        picked in proptest::collection::vec((0..NAMES.len(), proptest::collection::vec(proptest::num::u8::ANY, 0..200)), 1..6),
    ) {
        let files: BTreeMap<String, Vec<u8>> =
            picked.into_iter().map(|(at, bytes)| (NAMES[at].to_owned(), bytes)).collect();
        let first = planned(&files);
        proptest::prop_assert_eq!(first, planned(&files));
    }

    #[test]
    fn broken_manifests_end_in_a_plan_or_an_error(
        at in 0..TEXTS.len(),
        cut in 0.0..1.0_f64,
        flipped in 0.0..1.0_f64,
        byte in proptest::num::u8::ANY,
    ) {
        let (name, text) = TEXTS[at];
        let mut bytes = text.as_bytes().to_vec();
        bytes.truncate(place(bytes.len() + 1, cut));
        if !bytes.is_empty() {
            let at = place(bytes.len(), flipped);
            bytes[at] = byte;
        }
        planned(&project(&[
            (name, &bytes),
            ("main.py", b"from fastapi import FastAPI\napp = FastAPI()\n"),
            ("main.go", b"package main\nfunc main() {}\n"),
        ])).map(drop).unwrap_or_default();
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a short length"
)]
fn place(length: usize, share: f64) -> usize {
    ((length as f64) * share) as usize
}

/// Manifests that are whole, to be broken in one place.
const TEXTS: &[(&str, &str)] = &[
    (
        "pyproject.toml",
        "[project]\nname = \"x\"\ndependencies = [\"fastapi[standard]>=1; python_version > '3'\"]\n[project.scripts]\nx = \"main:app.run\"\n[tool.poetry.dependencies]\npython = \"^3.11\"\nx = {extras = [\"a\"], version = \"*\"}\n",
    ),
    (
        "requirements.txt",
        "-r a.txt\nflask[async]==3 \\\n --hash=sha256:aa # x\ngit+https://x/y#egg=z\n-e .\n",
    ),
    (
        "Pipfile",
        "[packages]\nflask = {version = \"*\", extras = [\"a\"]}\n[requires]\npython_version = \"3.11\"\n",
    ),
    (
        "Dockerfile",
        "FROM a:b AS c\nRUN apt-get install -y \\\n x y && z\nEXPOSE 80/tcp\nENTRYPOINT [\"a\", \"b\"]\nCMD [\"--port\", \"80\"]\n",
    ),
    ("go.mod", "module a.b/c/v2\n\ngo 1.22\ntoolchain go1.22.1\nrequire (\n\tx v1 // indirect\n)\n"),
    ("Gemfile", "ruby '3.3'\ngem 'rails', '~> 7'\ngem(\"pg\")\n"),
    ("composer.json", "{\"require\": {\"php\": \"^8\", \"ext-gd\": \"*\", \"laravel/framework\": \"^11\"}}"),
    (
        "pom.xml",
        "<project><parent><version>1</version></parent><artifactId>a</artifactId><build><finalName>x</finalName><plugin>spring-boot-maven-plugin</plugin></build></project>",
    ),
    (
        "build.gradle.kts",
        "plugins { id(\"org.springframework.boot\") version \"3\" }\njava { toolchain { languageVersion = JavaLanguageVersion.of(21) } }\n",
    ),
    ("mix.exs", "app: :x,\nelixir: \"~> 1.15\",\n{:phoenix, \"~> 1.7\"},\n\"assets.deploy\": []\n"),
    (
        "a.csproj",
        "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><TargetFramework>net8.0</TargetFramework></Project>",
    ),
    ("docker-compose.yml", "services:\n  db: &a\n    image: x\n  b: *a\n"),
    ("Procfile", "web: a --port $PORT\nrelease: b\nworker: c\n"),
    (
        "Cargo.toml",
        "[package]\nname = \"x\"\n[dependencies]\naxum = { version = \"0.8\" }\n[[bin]]\nname = \"y\"\npath = \"src/main.rs\"\n",
    ),
];
