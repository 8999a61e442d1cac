"""SQLite as the books' database: one connection that writes, one that reads; knows nothing of what is kept in it.

Statements are Core's, compiled once, and go to the driver in a single hop to its thread. SQLAlchemy's asyncio engine
takes three to five hops and a checkout (measured: 0.5 ms instead of 0.2 ms a statement), which an ack cannot spare.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import aiosqlite
from sqlalchemy import URL, Table
from sqlalchemy.dialects import sqlite

from bot.errors import BooksUnavailable
from bot.store.database import Rows, Statement, Values

PATIENCE: Final = 5_000
"""Milliseconds to wait for another process that writes; within this one, writers queue."""

_DIALECT: Final = sqlite.dialect(paramstyle="named")
_WRITER: Final = ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={PATIENCE}", "foreign_keys=ON")
_READER: Final = (f"busy_timeout={PATIENCE}", "query_only=ON")


@dataclass(slots=True)
class SqliteDatabase:
    """One file.

    Writers take turns by a lock, first come first served, so that none of this process ever meets another in SQLITE_BUSY.
    A transaction is a real `BEGIN IMMEDIATE`: the driver's own handling of transactions is switched off.
    """

    writer: aiosqlite.Connection
    reader: aiosqlite.Connection
    _turn: asyncio.Lock
    _whose: asyncio.Task[Any] | None = None

    def insert(self, table: Table) -> sqlite.Insert:
        """Begin an INSERT of SQLite's."""
        return sqlite.insert(table)

    async def run(self, statement: Statement, values: Values) -> Rows:
        """Run one statement; SQLite begins and commits around it by itself, a write as in `BEGIN IMMEDIATE`."""
        with _said_plainly():
            if statement.is_select:
                return await _run(self.reader, statement, values)
            async with self._my_turn():
                return await _run(self.writer, statement, values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["SqliteTransaction"]:
        """Begin to write."""
        with _said_plainly():
            async with self._my_turn():
                try:
                    await self.writer.execute_fetchall("BEGIN IMMEDIATE")
                    yield SqliteTransaction(self.writer)
                    await self.writer.commit()
                except BaseException:
                    # Queued behind whatever still runs, at once: a second cancellation cannot keep it from being done.
                    await self.writer.rollback()
                    raise

    @asynccontextmanager
    async def _my_turn(self) -> AsyncIterator[None]:
        """Wait for the writing connection.

        Raises:
            RuntimeError: this task has a page open, and would wait for itself.
        """
        if self._whose is asyncio.current_task():
            raise RuntimeError("write by the open page, not beside it")
        async with self._turn:
            self._whose = asyncio.current_task()
            try:
                yield
            finally:
                self._whose = None


@dataclass(frozen=True, slots=True)
class SqliteTransaction:
    """What is open between `BEGIN IMMEDIATE` and its end."""

    writer: aiosqlite.Connection

    async def run(self, statement: Statement, values: Values) -> Rows:
        """Run a statement of the transaction."""
        return await _run(self.writer, statement, values)


@asynccontextmanager
async def open_sqlite(url: URL) -> AsyncIterator[SqliteDatabase]:
    """Open the file, which must have been migrated, and close it."""
    path = url.database or ""
    async with _connection(path, _WRITER) as writer, _connection(path, _READER) as reader:
        yield SqliteDatabase(writer, reader, asyncio.Lock())


@asynccontextmanager
async def _connection(path: str, pragmas: tuple[str, ...]) -> AsyncIterator[aiosqlite.Connection]:
    with _said_plainly():
        async with aiosqlite.connect(path, isolation_level=None) as connection:
            for pragma in pragmas:
                await connection.execute_fetchall(f"PRAGMA {pragma}")
            yield connection


async def _run(connection: aiosqlite.Connection, statement: Statement, values: Values) -> Rows:
    sql, constants = _compiled(statement, tuple(values))
    return list(await connection.execute_fetchall(sql, {**constants, **values}))


@lru_cache(maxsize=256)
def _compiled(statement: Statement, names: tuple[str, ...]) -> tuple[str, Mapping[str, Any]]:
    """Write a statement as SQL, once: its text, and the constants in it."""
    compiled = statement.compile(dialect=_DIALECT, column_keys=names)
    return str(compiled), compiled.params


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise
    except sqlite3.DatabaseError as error:
        raise BooksUnavailable(f"SQLite: {error}") from error
