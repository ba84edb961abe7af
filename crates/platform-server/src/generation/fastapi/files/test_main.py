"""Tests of what is not about one table: health, and schema.sql beside the models."""

import os
import sqlite3
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

SCHEMA = Path(__file__).parent.parent / "schema.sql"


def describe(connection: sqlite3.Connection) -> dict[str, Any]:
    """Return what SQLite knows about each table, in an order of its own."""
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {
        table: {
            "columns": sorted(
                (name, required, key > 0)
                for _, name, _, required, _, key in pragma(
                    connection, "table_info", table
                )
            ),
            "references": sorted(
                (column, to, on_delete)
                for _, _, to, column, _, _, on_delete, _ in pragma(
                    connection, "foreign_key_list", table
                )
            ),
            "unique": sorted(
                [column for _, _, column in pragma(connection, "index_info", index)]
                for _, index, unique, *_ in pragma(connection, "index_list", table)
                if unique
            ),
        }
        for (table,) in tables.fetchall()
    }


def pragma(connection: sqlite3.Connection, name: str, argument: str) -> list[Any]:
    """Return the rows of a PRAGMA."""
    return connection.execute(f'PRAGMA {name}("{argument}")').fetchall()


def test_health(client: TestClient) -> None:
    """A running application says so."""
    response = client.get("/health")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


def test_root_leads_to_the_documentation(client: TestClient) -> None:
    """Whoever opens the address in a browser sees what there is."""
    assert client.get("/").status_code == 200


def test_schema_file_is_equal_to_the_models(client: TestClient) -> None:
    """The tables of schema.sql are the tables that the models create."""
    written = sqlite3.connect(":memory:")
    written.executescript(SCHEMA.read_text(encoding="utf-8"))
    created = sqlite3.connect(Path(os.environ["DATA_DIR"]) / "app.db")
    try:
        assert describe(written) == describe(created)
    finally:
        written.close()
        created.close()
