"""The database: one SQLite file in $DATA_DIR, or whatever $DATABASE_URL names."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Union

from fastapi import Depends
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker


class Base(DeclarativeBase):
    """What every table has."""

    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)


open_session = sessionmaker()


def database_url() -> Union[str, URL]:
    """Return $DATABASE_URL, else a file in $DATA_DIR, else a file in ./data."""
    url = os.environ.get("DATABASE_URL")
    if url:
        return url
    folder = Path(os.environ.get("DATA_DIR") or "data").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return URL.create("sqlite", database=str(folder / "app.db"))


def connect() -> Engine:
    """Open the database and create the tables that do not exist yet."""
    engine = create_engine(database_url())
    Base.metadata.create_all(engine)
    open_session.configure(bind=engine)
    return engine


@event.listens_for(Engine, "connect")
def configure_sqlite(connection: Any, _record: Any) -> None:
    """Switch on what SQLite leaves off: foreign keys, and readers beside a writer."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA busy_timeout = 5000")


def session() -> Iterator[Session]:
    """Give each request a session of its own."""
    with open_session() as db:
        yield db


Database = Annotated[Session, Depends(session)]
