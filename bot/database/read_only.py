"""Reads a database as it is: nothing is made, migrated or written, not even a file beside it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from bot.database.connection import is_sqlite, translate_errors
from bot.database.engine_pool import TimedSyncConnection
from bot.database.postgres import connect_parameters
from bot.database.sqlite import BUSY_TIMEOUT_MS, read_only_name


@contextmanager
def open_read_only(url: URL) -> Iterator[Engine]:
    """Open a database, in which nothing can be written, or raise DatabaseUnavailable."""
    if is_sqlite(url):
        engine = create_engine("sqlite://", creator=lambda: _sqlite(url), poolclass=NullPool)
    else:
        parameters = connect_parameters(url, read_only=True)
        engine = create_engine(
            "postgresql+psycopg://",
            creator=lambda: TimedSyncConnection.connect(**parameters),
            poolclass=NullPool,
            execution_options={"postgresql_readonly": True},
        )
    try:
        with translate_errors("SQLite" if is_sqlite(url) else "PostgreSQL", DBAPIError, but=()):
            yield engine
    finally:
        engine.dispose()


def _sqlite(url: URL) -> sqlite3.Connection:
    name = read_only_name(url.database or "")
    return sqlite3.connect(name, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1000)
