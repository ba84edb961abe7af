//! `main.py`: the application itself.

use super::python;
use crate::generation::blueprint::{Blueprint, Entity};

/// The whole file.
pub(super) fn write(blueprint: &Blueprint, title: &str) -> String {
    let mut routers: Vec<String> = blueprint.entities.iter().map(|entity| entity.name.plural()).collect();
    routers.sort();
    let names: Vec<&str> = routers.iter().map(String::as_str).collect();
    let import = python::import("routers", &names);
    let include = |entity: &Entity| format!("app.include_router({}.router)\n", entity.name.plural());
    let includes: String = blueprint.entities.iter().map(include).collect();
    let title = python::string(title);
    format!(
        r#""""The application: its routes, and its database while it runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from sqlalchemy import select

from database import Database, connect
{import}

@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Open the database before the first request and close it after the last."""
    engine = connect()
    yield
    engine.dispose()


app = FastAPI(title={title}, version="0.1.0", lifespan=lifespan)
{includes}

@app.get("/", include_in_schema=False)
def root() -> RedirectResponse:
    """Lead whoever opens the address in a browser to the documentation."""
    return RedirectResponse("docs")


@app.get("/health", tags=["health"])
def health(db: Database) -> dict[str, str]:
    """Say whether the application and its database answer."""
    db.execute(select(1))
    return {{"status": "ok"}}
"#
    )
}
