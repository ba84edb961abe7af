//! Writes a blueprint as a `FastAPI` project: `SQLAlchemy` models, Pydantic schemas, routers, tests and what belongs to them.
//!
//! What is the same in every project stands as a file of its own in `files/`.

mod columns;
mod main;
mod models;
mod python;
mod readme;
mod routers;
mod schemas;
mod sql;
mod tests;

use std::collections::BTreeMap;

use super::blueprint::{Blueprint, Kind};
use super::name;

/// What the project needs to run, with versions that install on Python 3.9 to 3.13.
const REQUIREMENTS: &[&str] =
    &["fastapi==0.128.8", "pydantic==2.13.5", "sqlalchemy==2.0.58", "uvicorn==0.39.0"];
/// What validates e-mail addresses.
const EMAIL_REQUIREMENT: &str = "email-validator==2.3.0";
/// What its tests need besides.
const DEV_REQUIREMENTS: &[&str] = &["-r requirements.txt", "httpx==0.28.1", "pytest==8.4.2"];

/// The files of the project, path to text.
pub(super) fn write(blueprint: &Blueprint, title: &str) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut add = |path: &str, text: String| {
        files.insert(path.to_owned(), text);
    };
    add("main.py", main::write(blueprint, title));
    add("database.py", include_str!("files/database.py").to_owned());
    add("crud.py", include_str!("files/crud.py").to_owned());
    add("models.py", models::write(blueprint));
    add("schemas.py", schemas::write(blueprint));
    add("schema.sql", sql::write(blueprint, title));
    add("requirements.txt", requirements(blueprint));
    add("requirements-dev.txt", lines(DEV_REQUIREMENTS));
    add(".env.example", include_str!("files/env.example").to_owned());
    add(".gitignore", include_str!("files/gitignore").to_owned());
    add("pytest.ini", include_str!("files/pytest.ini").to_owned());
    add("README.md", readme::write(blueprint, title));
    add("routers/__init__.py", "\"\"\"The routes, one module for each table.\"\"\"\n".to_owned());
    add("tests/conftest.py", include_str!("files/conftest.py").to_owned());
    add("tests/test_main.py", include_str!("files/test_main.py").to_owned());
    add("tests/factories.py", tests::factories(blueprint));
    if let Some(columns) = columns::write(blueprint) {
        add("columns.py", columns);
    }
    if has(blueprint, |kind| *kind == Kind::Password) {
        add("security.py", include_str!("files/security.py").to_owned());
    }
    for index in 0..blueprint.entities.len() {
        let plural = blueprint.entities[index].name.plural();
        add(&format!("routers/{plural}.py"), routers::write(blueprint, index));
        add(&format!("tests/test_{plural}_api.py"), tests::write(blueprint, index));
    }
    files
}

/// Whether any field is of such a kind.
fn has(blueprint: &Blueprint, wanted: impl Fn(&Kind) -> bool) -> bool {
    blueprint.entities.iter().flat_map(|entity| &entity.fields).any(|field| wanted(&field.kind))
}

fn requirements(blueprint: &Blueprint) -> String {
    let mut requirements = REQUIREMENTS.to_vec();
    if has(blueprint, |kind| *kind == Kind::Email) {
        requirements.push(EMAIL_REQUIREMENT);
    }
    requirements.sort_unstable();
    lines(&requirements)
}

fn lines(lines: &[&str]) -> String {
    lines.iter().flat_map(|line| [*line, "\n"]).collect()
}

/// The class of an enumeration: `OrderStatus`.
fn enum_class(blueprint: &Blueprint, entity: usize, field: &str) -> String {
    let words = name::words(field);
    let class = format!("{}{}", blueprint.entities[entity].name.class(), name::class_case(&words));
    let taken = blueprint.entities.iter().any(|entity| entity.name.class() == class);
    if taken { format!("{class}Choice") } else { class }
}

/// The attribute of a relationship: its name, unless Python or `SQLAlchemy` keeps that.
fn attribute(wanted: &str) -> String {
    match name::field_name(wanted) {
        Some((_, name::Taken::Yes)) => format!("{wanted}_"),
        _ => wanted.to_owned(),
    }
}
