"""A to-do list as a REST API. Its data is one SQLite file in $DATA_DIR."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Query, status
from pydantic import BaseModel, Field

DATABASE = Path(os.environ.get("DATA_DIR", ".")) / "todo.sqlite"

SCHEMA = """
CREATE TABLE IF NOT EXISTS todo (
    id    INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    done  INTEGER NOT NULL DEFAULT 0
)
"""


class NewTodo(BaseModel):
    """What a client sends to make a to-do."""

    title: str = Field(min_length=1, max_length=200)


class TodoChange(BaseModel):
    """What a client sends to change one; absent fields stay as they are."""

    title: str | None = Field(default=None, min_length=1, max_length=200)
    done: bool | None = None


class Todo(BaseModel):
    """A to-do as clients see it."""

    id: int
    title: str
    done: bool


def database() -> Iterator[sqlite3.Connection]:
    """Lends a connection for one request; commits when the request succeeds."""
    connection = sqlite3.connect(DATABASE, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    try:
        with connection:
            yield connection
    finally:
        connection.close()


Database = Annotated[sqlite3.Connection, Depends(database)]


@asynccontextmanager
async def lifespan(_: FastAPI):
    """Makes the table before the first request."""
    connection = sqlite3.connect(DATABASE)
    try:
        with connection:
            connection.execute(SCHEMA)
    finally:
        connection.close()
    yield


app = FastAPI(title="Todo", lifespan=lifespan)


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/")
def index() -> dict[str, str]:
    return {"name": "todo", "docs": "/docs"}


@app.get("/todos")
def list_todos(db: Database, limit: Annotated[int, Query(ge=1, le=100)] = 50) -> list[Todo]:
    rows = db.execute("SELECT id, title, done FROM todo ORDER BY id LIMIT ?", (limit,))
    return [Todo(**row) for row in rows]


@app.post("/todos", status_code=status.HTTP_201_CREATED)
def create_todo(new: NewTodo, db: Database) -> Todo:
    cursor = db.execute("INSERT INTO todo (title) VALUES (?)", (new.title,))
    return find(db, cursor.lastrowid)


@app.get("/todos/{todo_id}")
def read_todo(todo_id: int, db: Database) -> Todo:
    return find(db, todo_id)


@app.patch("/todos/{todo_id}")
def change_todo(todo_id: int, change: TodoChange, db: Database) -> Todo:
    todo = find(db, todo_id).model_copy(update=change.model_dump(exclude_none=True))
    db.execute("UPDATE todo SET title = ?, done = ? WHERE id = ?", (todo.title, todo.done, todo_id))
    return todo


@app.delete("/todos/{todo_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_todo(todo_id: int, db: Database) -> None:
    find(db, todo_id)
    db.execute("DELETE FROM todo WHERE id = ?", (todo_id,))


def find(db: sqlite3.Connection, todo_id: int | None) -> Todo:
    """The to-do, or the 404 that says there is none."""
    row = db.execute("SELECT id, title, done FROM todo WHERE id = ?", (todo_id,)).fetchone()
    if row is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"there is no to-do {todo_id}")
    return Todo(**row)
