//! Plans of realistic projects. A project is a text: `=== path` lines, each followed by the file's content.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::*;
use crate::ListedFile;

struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    fn parse(text: &str) -> Self {
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

    fn plan(&self) -> Result<Plan, PlanError> {
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
];

#[test]
fn realistic_projects_get_the_plan_that_a_person_would_make() {
    for (name, text) in PROJECTS {
        insta::assert_snapshot!(*name, shown(text));
    }
}
