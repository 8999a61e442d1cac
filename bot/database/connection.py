"""What the rooms of the books need of a database; knows nothing of what is kept in it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

from sqlalchemy import URL, Dialect, Select, Table, UpdateBase, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError

from bot.errors import ConfigError

Kept: TypeAlias = str | int | bytes | None
"""What a column may be given: nothing that a driver would have to convert."""
Values: TypeAlias = Mapping[str, Kept]
Rows: TypeAlias = Sequence[Sequence[Any]]
Statement: TypeAlias = Select[Any] | UpdateBase
Insert: TypeAlias = sqlite.Insert | postgresql.Insert


class Transaction(Protocol):
    """Statements that go in together, or not at all."""

    async def run(self, statement: Statement, values: Values) -> Rows:
        """Run a statement with these values for its parameters and columns."""


class Database(Protocol):
    """SQLite or PostgreSQL.

    Whatever it cannot do for reasons of its own (down, full, locked for too long) is raised as `DatabaseUnavailable`.
    """

    def insert(self, table: Table) -> Insert:
        """Begin an INSERT that can say what happens ON CONFLICT, which each database's dialect writes itself."""

    async def run(self, statement: Statement, values: Values) -> Rows:
        """Run one statement, which is its own transaction."""

    async def time(self) -> datetime | None:
        """Tell the server's time; None where there is none but the machine's."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Begin to write: commit when the block ends, roll back when it raises or is cancelled."""


def parse_url(url: str) -> URL:
    """Read `DATABASE_URL`, and name the driver that is used for it.

    >>> address("sqlite:///books.db").database
    'books.db'
    >>> address("postgresql://bot@db/books").drivername
    'postgresql+psycopg'

    Raises:
        ConfigError: it is neither a file of SQLite's nor a PostgreSQL.
    """
    try:
        read = make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigError(
            ["DATABASE_URL: not a database's address; use sqlite:///file or postgresql://…"]
        ) from None
    kind = read.drivername.partition("+")[0]
    if kind in ("postgresql", "postgres"):
        return read.set(drivername="postgresql+psycopg")
    if kind == "sqlite" and read.database not in (None, "", ":memory:"):
        return read.set(drivername="sqlite")
    raise ConfigError(["DATABASE_URL: must be a file (sqlite:///file) or a PostgreSQL (postgresql://…)"])


def is_sqlite(url: URL) -> bool:
    """Say which of the two it is."""
    return url.drivername == "sqlite"


@lru_cache(maxsize=512)
def compiled(dialect: Dialect, statement: Statement, names: tuple[str, ...]) -> tuple[str, Mapping[str, Any]]:
    """Write a statement as SQL, once: its text, and the constants in it."""
    written = statement.compile(dialect=dialect, column_keys=names)
    return str(written), written.params


class BaseRepository:
    """A part of the books; all parts share one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
