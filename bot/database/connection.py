"""The interface of a database connection, which SQLite and PostgreSQL implement."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import datetime
from functools import lru_cache
from sqlite3 import SQLITE_ERROR
from typing import Any, Protocol, TypeAlias

from sqlalchemy import URL, Dialect, Select, Table, UpdateBase, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError

from bot.errors import ConfigError, DatabaseUnavailable

ColumnValue: TypeAlias = str | int | bytes | None
"""A value that no driver has to convert."""
Values: TypeAlias = Mapping[str, ColumnValue]
Rows: TypeAlias = Sequence[Sequence[Any]]
Statement: TypeAlias = Select[Any] | UpdateBase


class Transaction(Protocol):
    """Statements that are committed together, or not at all."""

    async def run(self, statement: Statement, values: Values) -> Rows:
        """Run a statement with these values for its parameters and columns."""


class Database(Protocol):
    """SQLite or PostgreSQL; if it is down, full or locked too long, it raises `DatabaseUnavailable`."""

    @property
    def insert(self) -> Callable[[Table], sqlite.Insert | postgresql.Insert]:
        """The function that begins an INSERT in the database's own dialect, which has ON CONFLICT."""

    async def run(self, statement: Statement, values: Values) -> Rows:
        """Run one statement as its own transaction."""

    async def time(self) -> datetime | None:
        """Return the server's time; None for SQLite, which has only the machine's."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction for writing: commit at the end of the block, roll back if it raises."""


class BaseRepository:
    """A part of the repository; all parts share one database."""

    def __init__(self, database: Database) -> None:
        self._database = database


def parse_url(url: str) -> URL:
    """Parse `DATABASE_URL`, and set the driver that the bot uses for it.

    >>> parse_url("sqlite:///bot.db").database
    'bot.db'
    >>> parse_url("postgresql://bot@db/bot").drivername
    'postgresql+psycopg'

    Raises:
        ConfigError: it names neither an SQLite file nor a PostgreSQL database.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigError(
            ["DATABASE_URL: not a database URL; use sqlite:///file or postgresql://…"]
        ) from None
    backend = parsed.drivername.partition("+")[0]
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed.set(drivername="sqlite")
    raise ConfigError(["DATABASE_URL: must be a file (sqlite:///file) or a PostgreSQL (postgresql://…)"])


def is_sqlite(url: URL) -> bool:
    """Return whether the URL names an SQLite file."""
    return url.drivername == "sqlite"


@lru_cache(maxsize=512)
def compiled(dialect: Dialect, statement: Statement, names: tuple[str, ...]) -> tuple[str, Mapping[str, Any]]:
    """Compile a statement to SQL and its constants; cached, because compiling takes longer than running."""
    sql = statement.compile(dialect=dialect, column_keys=names)
    return str(sql), sql.params


@contextmanager
def translate_errors(
    database: str, failures: type[Exception], *, but: tuple[type[Exception], ...]
) -> Iterator[None]:
    """Raise a driver's `failures` as `DatabaseUnavailable`, except `but`, the faults of a statement."""
    try:
        yield
    except but:
        raise
    except failures as error:
        passes = getattr(error, "sqlite_errorcode", None) != SQLITE_ERROR
        raise DatabaseUnavailable(f"{database}: {getattr(error, 'orig', error)}", passes=passes) from error
