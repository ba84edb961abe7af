"""The API through its own client, on a database of its own."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import main


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(main, "DATABASE", tmp_path / "todo.sqlite")
    with TestClient(main.app) as client:
        yield client


def test_a_todo_is_made_changed_and_deleted(client: TestClient) -> None:
    made = client.post("/todos", json={"title": "water the plants"})
    assert made.status_code == 201
    todo = made.json()
    assert todo == {"id": 1, "title": "water the plants", "done": False}

    changed = client.patch("/todos/1", json={"done": True})
    assert changed.json() == {**todo, "done": True}
    assert client.get("/todos").json() == [changed.json()]

    assert client.delete("/todos/1").status_code == 204
    assert client.get("/todos/1").status_code == 404


def test_a_todo_needs_a_title(client: TestClient) -> None:
    assert client.post("/todos", json={"title": ""}).status_code == 422


def test_it_is_healthy(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok"}
