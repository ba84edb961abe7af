//! Plans of realistic projects. A project is a text: `=== path` lines, each followed by the file's content.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::*;
use crate::ListedFile;

pub(super) struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    pub(super) fn parse(text: &str) -> Self {
        let mut files = BTreeMap::new();
        for part in text.trim_start().split("=== ").skip(1) {
            let (path, content) = part.split_once('\n').unwrap_or((part, ""));
            files.insert(path.trim().to_owned(), content.trim_start().as_bytes().to_vec());
        }
        Self(files)
    }

    fn listing(&self) -> Listing {
        let file = |(path, content): (&String, &Vec<u8>)| ListedFile {
            path: path.clone(),
            size: content.len() as u64,
            mode: "100644",
            oid: format!("{:040x}", content.len()),
        };
        Listing::new(self.0.iter().map(file).collect())
    }

    pub(super) fn plan(&self) -> Result<Plan, PlanError> {
        plan(&self.listing(), &|path| self.0.get(path).cloned())
    }
}

/// The plan as a person would want to read it: decisions with their sources, then warnings.
fn shown(text: &str) -> String {
    match Files::parse(text).plan() {
        Ok(plan) => {
            let mut lines: Vec<String> =
                plan.evidence.iter().map(|e| format!("{}: {}   [{}]", e.field, e.value, e.source)).collect();
            if let Some(install) = &plan.install {
                let extra = format!("{:?} {:?} + {:?}", install.method, install.inputs, install.extra);
                lines.push(format!("layer: {extra}"));
            }
            lines.extend(plan.env.iter().map(|(name, value)| format!("env {name}={value}")));
            lines.extend(plan.warnings.iter().map(|warning| format!("warning: {warning}")));
            lines.join("\n")
        }
        Err(error) => format!("{}: {error}\nhint: {}", error.code(), error.hint().unwrap_or_default()),
    }
}

/// The projects whose plans are kept as snapshots.
const PROJECTS: &[(&str, &str)] = &[
    (
        "fastapi_with_requirements",
        "
=== main.py
from fastapi import FastAPI

app = FastAPI()
=== requirements.txt
fastapi==0.115.0
sqlalchemy
=== .python-version
3.12
=== tests/test_main.py
from main import app
",
    ),
    (
        "fastapi_with_uv_lock_beats_requirements",
        "
=== pyproject.toml
[project]
name = \"todo\"
requires-python = \">=3.11\"
dependencies = [\"fastapi>=0.115\", \"hypercorn-adapter\"]
[dependency-groups]
dev = [\"gunicorn\"]
=== uv.lock
version = 1
[[package]]
name = \"todo\"
source = { virtual = \".\" }
dependencies = [{ name = \"fastapi\" }, { name = \"hypercorn-adapter\" }]
[[package]]
name = \"hypercorn-adapter\"
dependencies = [{ name = \"uvicorn\" }]
[[package]]
name = \"uvicorn\"
dependencies = [{ name = \"hypercorn-adapter\" }]
[[package]]
name = \"gunicorn\"
=== requirements.txt
fastapi
=== app/__init__.py
=== app/main.py
from fastapi import FastAPI
from app.db import engine

app = FastAPI()
=== app/db.py
engine = None
",
    ),
    (
        "fastapi_in_src_layout_without_lock",
        "
=== pyproject.toml
[project]
name = \"todo\"
dependencies = [\"fastapi\"]
=== src/todo/__init__.py
=== src/todo/service.py
from fastapi import FastAPI
from .db import engine
web = FastAPI()
",
    ),
    (
        "fastapi_standard_with_sibling_imports",
        "
=== requirements.txt
-r requirements/base.txt
=== requirements/base.txt
fastapi[standard]
-r ../requirements.txt
=== backend/main.py
from fastapi import FastAPI
from models import User
app = FastAPI()
=== backend/models.py
class User: pass
",
    ),
    (
        "flask_factory",
        "
=== requirements.txt
Flask>=3
=== app/__init__.py
from flask import Flask
from .views import bp

def create_app(config=None):
    app = Flask(__name__)
    app.register_blueprint(bp)
    return app
=== app/views.py
bp = None
",
    ),
    (
        "flask_with_wsgi_module",
        "
=== requirements.txt
flask
gunicorn
=== wsgi.py
from shop import create_app

application = create_app()
=== shop/__init__.py
from flask import Flask

def create_app(config=None):
    return Flask(__name__)
",
    ),
    (
        "django",
        "
=== manage.py
=== requirements.txt
Django==5.1
=== mysite/__init__.py
=== mysite/asgi.py
from django.core.asgi import get_asgi_application
application = get_asgi_application()
=== mysite/wsgi.py
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
",
    ),
    (
        "python_script_with_procfile",
        "
=== Procfile
web: python bot.py
worker: python worker.py
=== bot.py
print(1)
=== worker.py
print(2)
=== requirements.txt
requests
",
    ),
    (
        "python_http_server_script",
        "
=== main.py
import os
from http.server import HTTPServer, BaseHTTPRequestHandler
HTTPServer((os.environ['HOST'], int(os.environ['PORT'])), BaseHTTPRequestHandler).serve_forever()
",
    ),
    (
        "express_with_lock",
        "
=== package.json
{\"name\": \"hello\", \"scripts\": {\"start\": \"node server.js\"}, \"dependencies\": {\"express\": \"^4\"}, \"engines\": {\"node\": \">=20\"}}
=== package-lock.json
{}
=== server.js
const express = require('express')
const app = express()
app.listen(3000)
",
    ),
    (
        "express_typescript_with_build",
        "
=== package.json
{\"scripts\": {\"build\": \"tsc\", \"start\": \"node --enable-source-maps dist/index.js\", \"prestart\": \"echo hi\"}, \"dependencies\": {\"express\": \"^4\"}}
=== pnpm-lock.yaml
=== .nvmrc
v22.1.0
=== src/index.ts
import express from 'express'
express().listen(process.env.PORT)
",
    ),
    (
        "plain_node_http_without_package_json",
        "
=== server.js
const http = require('node:http')
http.createServer((q, s) => s.end('hi')).listen(process.env.PORT)
",
    ),
    (
        "vite_pages",
        "
=== package.json
{\"scripts\": {\"dev\": \"vite\", \"build\": \"vite build\"}, \"devDependencies\": {\"vite\": \"^7\"}}
=== package-lock.json
{}
=== index.html
<script type=module src=/src/main.js></script>
=== src/main.js
",
    ),
    ("static_site_at_the_top", "\n=== index.html\n<h1>hi</h1>\n=== style.css\n"),
    ("static_site_in_public", "\n=== public/index.html\n<h1>hi</h1>\n=== README.md\n"),
    (
        "axum",
        "
=== Cargo.toml
[package]
name = \"hello\"
rust-version = \"1.85\"
[dependencies]
axum = \"0.8\"
=== Cargo.lock
=== src/main.rs
fn main() {}
",
    ),
    (
        "rocket_workspace_with_one_server",
        "
=== Cargo.toml
[workspace]
members = [\"crates/*\"]
=== rust-toolchain.toml
[toolchain]
channel = \"1.90\"
=== crates/api/Cargo.toml
[package]
name = \"api\"
[dependencies]
rocket = \"0.5\"
=== crates/api/src/main.rs
=== crates/core/Cargo.toml
[package]
name = \"core\"
=== crates/core/src/lib.rs
=== crates/cli/Cargo.toml
[package]
name = \"cli\"
=== crates/cli/src/main.rs
",
    ),
    (
        "settings_decide_everything",
        "
=== backend-im.yml
name: shop
runtime: python:3.12
install: pip install -e .
build: make
test: pytest
start: gunicorn --bind 0.0.0.0:5000 shop:app
health_path: /up
port: 5000
env: {MODE: prod}
scaling: {min: 2}
=== Procfile
web: nothing
=== Dockerfile
FROM x
=== setup.py
=== shop.py
",
    ),
    (
        "older_settings_with_entrypoint",
        "
=== backend.yml
runtime: node:20
entrypoint: web/index.js
=== package.json
{\"dependencies\": {\"fastify\": \"5\"}}
=== package-lock.json
{}
=== web/index.js
import Fastify from 'fastify'
Fastify().listen({ port: Number(process.env.PORT) })
",
    ),
    ("start_command_for_an_unknown_runtime", "\n=== backend-im.yml\nstart: ./serve.sh\n=== serve.sh\n=== go.mod\n"),
    (
        "fastapi_beside_a_frontend",
        "
=== main.py
from fastapi import FastAPI
app = FastAPI()
=== requirements.txt
fastapi
uvicorn
=== package.json
{\"scripts\": {\"start\": \"vite\", \"build\": \"vite build\"}, \"devDependencies\": {\"vite\": \"7\"}}
=== index.html
",
    ),
    (
        "flask_in_a_folder_serves_the_pages_beside_it",
        "
=== backend/app.py
from flask import Flask
app = Flask(__name__, static_folder='../frontend/build', static_url_path='/')
=== backend/requirements.txt
flask
gunicorn
=== frontend/package.json
{\"scripts\": {\"build\": \"react-scripts build\"}, \"dependencies\": {\"react-scripts\": \"5\"}}
=== frontend/yarn.lock
=== frontend/src/index.js
",
    ),
    (
        "django_whose_styles_are_made_with_tailwind_and_has_no_database",
        "
=== manage.py
os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')
import django
=== site1/settings.py
WSGI_APPLICATION = 'site1.wsgi.application'
STATIC_ROOT = BASE_DIR / 'collected'
=== site1/wsgi.py
=== requirements.txt
django
whitenoise
gunicorn
=== package.json
{\"scripts\": {\"build\": \"npm run build:css\", \"build:css\": \"tailwindcss -i in.css -o static/site.css\"}}
=== package-lock.json
{}
",
    ),
    (
        "styles_that_are_there_are_not_made_again",
        "
=== app.py
from flask import Flask
app = Flask(__name__)
=== requirements.txt
flask
gunicorn
=== static/site.css
=== package.json
{\"scripts\": {\"build\": \"tailwindcss -i in.css -o ./static/site.css\"}}
",
    ),
    (
        "go_embeds_pages",
        "
=== go.mod
module example.com/clock

go 1.24
=== main.go
package main

import (
\t\"embed\"
\t\"net/http\"
)

//go:embed all:web/dist
var pages embed.FS

func main() { http.ListenAndServe(\":\"+os.Getenv(\"PORT\"), http.FileServerFS(pages)) }
=== web/package.json
{\"scripts\": {\"build\": \"vite build\"}, \"devDependencies\": {\"vite\": \"7\"}}
=== web/pnpm-lock.yaml
",
    ),
    (
        "pages_are_built_into_the_server",
        "
=== server/main.py
from fastapi import FastAPI
app = FastAPI()
=== server/requirements.txt
fastapi
uvicorn
=== web/package.json
{\"scripts\": {\"build\": \"vite build\"}, \"devDependencies\": {\"vite\": \"7\"}}
=== web/vite.config.ts
export default defineConfig({ build: { outDir: '../server/static', emptyOutDir: true } })
=== web/index.html
",
    ),
];

#[test]
fn realistic_projects_get_the_plan_that_a_person_would_make() {
    for (name, text) in PROJECTS {
        insta::assert_snapshot!(*name, shown(text));
    }
}

/// Projects that get no plan, and what is said.
const REFUSED: &[(&str, &str)] = &[
    ("nothing_known", "\n=== notes.txt\nhi\n"),
    ("misspelt_requirements", "\n=== requirement.txt\nfastapi\n=== main.py\nprint(1)\n"),
    ("procfile_with_an_ending", "\n=== Procfile.txt\nweb: x\n"),
    ("python_without_a_framework", "\n=== main.py\nprint('hello')\n=== requirements.txt\nrequests\n"),
    (
        "application_without_requirements",
        "\n=== main.py\nfrom fastapi import FastAPI\napp = FastAPI()\n=== index.html\n",
    ),
    (
        "application_whose_imports_say_what_is_missing",
        "\n=== app.py\nfrom flask import Flask\nimport yaml, store\nfrom PIL import Image\nimport somebodys_own\napp = Flask(__name__)\n=== store.py\nimport json, requests\n",
    ),
    (
        "factory_that_needs_arguments",
        "\n=== app.py\nfrom flask import Flask\ndef create_app(config):\n    return Flask(__name__)\n=== requirements.txt\nflask\n",
    ),
    ("package_json_without_start", "\n=== package.json\n{\"name\": \"lib\"}\n"),
    ("broken_package_json", "\n=== package.json\n{\"name\": \"x\"\n\"main\": 1}\n"),
    ("broken_pyproject", "\n=== pyproject.toml\n[project]\nname = \n"),
    ("rust_library", "\n=== Cargo.toml\n[package]\nname = \"x\"\n=== src/lib.rs\n"),
    (
        "several_rust_programs",
        "\n=== Cargo.toml\n[package]\nname = \"x\"\n[dependencies]\naxum = \"0.8\"\n=== src/bin/api.rs\n=== src/bin/admin.rs\n",
    ),
    (
        "two_servers",
        "\n=== main.py\nfrom flask import Flask\napp = Flask(__name__)\n=== requirements.txt\nflask\n=== package.json\n{\"dependencies\": {\"express\": \"4\"}, \"scripts\": {\"start\": \"node a.js\"}}\n=== a.js\nrequire('express')().listen(process.env.PORT)\n",
    ),
    (
        "several_applications_in_unusual_places",
        "\n=== requirements.txt\nfastapi\n=== one/svc.py\nfrom fastapi import FastAPI\napp = FastAPI()\n=== two/svc.py\nfrom fastapi import FastAPI\napp = FastAPI()\n",
    ),
    (
        "poetry_only",
        "\n=== pyproject.toml\n[tool.poetry]\nname = \"x\"\n[tool.poetry.dependencies]\nfastapi = \"*\"\n=== main.py\nfrom fastapi import FastAPI\napp = FastAPI()\n",
    ),
    ("another_runtime", "\n=== go.mod\nmodule x\n=== main.go\n"),
    (
        "project_in_a_subfolder",
        "\n=== README.md\n=== backend/requirements.txt\nflask\n=== frontend/package.json\n{}\n",
    ),
    ("two_settings_files", "\n=== backend-im.yml\nname: a\n=== backend.yml\nname: b\n"),
    ("unknown_setting", "\n=== backend-im.yml\nname: a\nstrat: python main.py\n"),
    ("static_root_that_is_not_there", "\n=== backend-im.yml\nstatic_root: dist\n=== src/a.js\n"),
    ("runtime_without_anything_to_start", "\n=== backend-im.yml\nruntime: node\n=== a.txt\n"),
];

#[test]
fn what_cannot_be_planned_says_why_and_what_to_do() {
    let all: Vec<String> = REFUSED.iter().map(|(name, text)| format!("## {name}\n{}", shown(text))).collect();
    insta::assert_snapshot!("refused", all.join("\n\n"));
    assert_eq!(Files(BTreeMap::new()).plan().unwrap_err().code(), "empty_folder");
}

#[test]
fn the_hash_follows_every_decision_and_every_file() {
    let files = |text: &str| Files::parse(text);
    let base = "\n=== main.py\nfrom fastapi import FastAPI\napp = FastAPI()\n=== requirements.txt\nfastapi\n";
    let hash = files(base).plan().unwrap().plan_hash;
    assert_eq!(hash, files(base).plan().unwrap().plan_hash);
    assert!(hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()));
    for changed in ["=== notes.md\nx", "=== backend-im.yml\nport: 9000", "=== backend-im.yml\nenv: {A: b}"] {
        assert_ne!(hash, files(&format!("{base}{changed}")).plan().unwrap().plan_hash, "{changed}");
    }
    let listing = |mode: &'static str| {
        let file = ListedFile { path: "index.html".to_owned(), size: 0, mode, oid: "0".repeat(40) };
        plan(&Listing::new(vec![file]), &|_| Some(Vec::new())).unwrap().plan_hash
    };
    assert_ne!(listing("100644"), listing("100755"));
}

fn large(count: usize) -> BTreeMap<String, Vec<u8>> {
    let mut files: BTreeMap<String, Vec<u8>> = (0..count)
        .map(|n| {
            (format!("pkg{}/mod{}/file{n}.py", n % 40, n % 7), b"import os\n\ndef f():\n    pass\n".to_vec())
        })
        .collect();
    files.insert("requirements.txt".to_owned(), b"fastapi\n".to_vec());
    files.insert("data.bin".to_owned(), vec![0; 1_000]);
    files.insert("main.py".to_owned(), b"from fastapi import FastAPI\napp = FastAPI()\n".to_vec());
    files
}

#[test]
fn only_the_files_that_decide_are_read_and_each_once() {
    let files = large(3_000);
    let listing = Files(files.clone()).listing();
    let read = RefCell::new(Vec::new());
    plan(&listing, &|path| {
        read.borrow_mut().push(path.to_owned());
        files.get(path).cloned()
    })
    .unwrap();
    let mut read = read.into_inner();
    read.sort_unstable();
    assert_eq!(read, ["main.py", "requirements.txt"]);
}

#[test]
fn hostile_files_end_in_errors_that_name_them() {
    let huge = |path: &str| {
        let file = ListedFile { path: path.to_owned(), size: 2 << 30, mode: "100644", oid: "0".repeat(40) };
        plan(&Listing::new(vec![file]), &|path| panic!("{path} must not be read"))
    };
    for path in
        ["package.json", "requirements.txt", "pyproject.toml", "Cargo.toml", "Procfile", "backend-im.yml"]
    {
        let error = huge(path).unwrap_err();
        assert!(error.code() == "unreadable_file" && error.to_string().contains(path), "{error}");
    }
    assert_eq!(huge("main.py").unwrap_err().code(), "unrecognised_project");
    let bytes =
        |path: &str, content: &[u8]| Files(BTreeMap::from([(path.to_owned(), content.to_vec())])).plan();
    assert_eq!(bytes("package.json", b"\xff\x80{}").unwrap_err().code(), "unreadable_file");
    assert_eq!(bytes("package.json", &b"[".repeat(100_000)).unwrap_err().code(), "invalid_config");
    assert_eq!(bytes("Cargo.toml", &b"a.".repeat(100_000)).unwrap_err().code(), "invalid_config");
    assert_eq!(bytes("pyproject.toml", &b"x=[".repeat(100_000)).unwrap_err().code(), "invalid_config");
    let unreadable = plan(&Files::parse("\n=== package.json\n{}\n").listing(), &|_| None);
    assert_eq!(unreadable.unwrap_err().code(), "unreadable_file");
    let deep = format!("{}index.html", "a/".repeat(5_000));
    assert_eq!(bytes(&deep, b"").unwrap_err().code(), "unrecognised_project");
}

#[test]
fn links_are_not_followed_and_said() {
    let file = |path: &str, mode| ListedFile { path: path.to_owned(), size: 9, mode, oid: "0".repeat(40) };
    let listing = Listing::new(vec![file("index.html", "100644"), file("package.json", "120000")]);
    let plan = plan(&listing, &|_| None).unwrap();
    assert_eq!(plan.warnings, ["`package.json` is a symbolic link, which detection does not follow"]);
}

#[test]
fn names_of_files_cannot_become_commands() {
    let text = "\n=== backend-im.yml\nentrypoint: a $(reboot).js\n=== a $(reboot).js\nrequire('http').createServer().listen(process.env.PORT)\n";
    assert_eq!(Files::parse(text).plan().unwrap().start.as_deref(), Some("node 'a $(reboot).js'"));
}

proptest::proptest! {
    #[test]
    fn no_project_makes_it_panic(files in proptest::collection::btree_map(
        "(main\\.py|app/main\\.py|src/a\\.py|package\\.json|requirements\\.txt|Cargo\\.toml|src/main\\.rs|Procfile|backend-im\\.yml|pyproject\\.toml|uv\\.lock|server\\.js|index\\.html|[a-c]/[a-c])",
        "(from fastapi import FastAPI\napp = FastAPI\\(\\)|\\{\"main\": \"a\"\\}|\\{\"scripts\":\\{\"start\":\"node x\"\\}\\}|fastapi|-r [a-c]|\\[package\\]\nname = \"x\"|\\[project\\]\ndependencies = \\[\"flask\"\\]|web: x|start: y|\\PC{0,40})",
        0..8,
    )) {
        let files = Files(files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect());
        let first = files.plan();
        proptest::prop_assert_eq!(first, files.plan());
    }
}
