"""SQLite as the books' database: one connection that writes, one that reads; knows nothing of what is kept in it.

Statements are Core's, compiled once, and go to the driver in a single hop to its thread. SQLAlchemy's asyncio engine
takes three to five hops and a checkout (measured: 0.5 ms instead of 0.2 ms a statement), which an ack cannot spare.
Single writes that come while another is being written go in together (measured, with 50 at once: 13,000 instead of
3,000 a second): each is answered only once it is on the disk, but the disk is waited for once.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import URL, Table
from sqlalchemy.dialects import sqlite

from bot.coalescing import Coalescer
from bot.database.connection import Rows, Statement, Values, compiled
from bot.database.sqlite_checkpoint import LONGEST, WalCheckpointer, open_checkpointer
from bot.database.sqlite_thread import Call, SqliteThread, open_thread
from bot.errors import DatabaseUnavailable

PATIENCE: Final = 5_000
"""Milliseconds to wait for another process that writes; within this one, writers queue."""

_DIALECT: Final = sqlite.dialect(paramstyle="named")
_WRITER: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",
    f"busy_timeout={PATIENCE}",
    "foreign_keys=ON",
    f"wal_autocheckpoint={LONGEST}",
)
_READER: Final = (f"busy_timeout={PATIENCE}", "query_only=ON")


@dataclass(slots=True)
class SqliteDatabase:
    """One file.

    Writers take turns by a lock, first come first served, so that none of this process ever meets another in SQLITE_BUSY.
    A transaction is a real `BEGIN IMMEDIATE`: the driver's own handling of transactions is switched off.
    """

    writer: SqliteThread
    reader: SqliteThread
    checkpointer: WalCheckpointer
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _whose: asyncio.Task[Any] | None = None
    _writes: Coalescer[Call, Rows] = field(init=False)

    def __post_init__(self) -> None:
        """Let single writes that come together go in together."""
        self._writes = Coalescer(self._write_all, turn=self._my_turn)

    def insert(self, table: Table) -> sqlite.Insert:
        """Begin an INSERT of SQLite's."""
        return sqlite.insert(table)

    async def run(self, statement: Statement, values: Values) -> Rows:
        """Run one statement; SQLite begins and commits around it by itself, a write as in `BEGIN IMMEDIATE`."""
        call = _call(statement, values)
        with translate_errors():
            return await (self.reader.execute_fetchall(*call) if statement.is_select else self._write(call))

    async def time(self) -> datetime | None:
        """Tell nothing: a file has no clock."""
        return None

    async def _write(self, call: Call) -> Rows:
        self._not_beside_a_page()
        return await self._writes.submit(call)

    async def _write_all(self, calls: Sequence[Call]) -> Sequence[Rows | sqlite3.Error]:
        ends = await self.writer.together(calls)
        self.checkpointer.written()
        return ends

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["SqliteTransaction"]:
        """Begin to write."""
        with translate_errors():
            async with self._my_turn():
                try:
                    await self.writer.execute_fetchall("BEGIN IMMEDIATE")
                    yield SqliteTransaction(self.writer)
                    await self.writer.execute_fetchall("COMMIT")
                    self.checkpointer.written()
                except BaseException:
                    # Queued behind whatever still runs, at once: a second cancellation cannot keep it from being done.
                    await self.writer.do(sqlite3.Connection.rollback)
                    raise

    @asynccontextmanager
    async def _my_turn(self) -> AsyncIterator[None]:
        """Wait for the writing connection."""
        self._not_beside_a_page()
        async with self._turn:
            self._whose = asyncio.current_task()
            try:
                yield
            finally:
                self._whose = None

    def _not_beside_a_page(self) -> None:
        """Refuse what could never be written.

        Raises:
            RuntimeError: this task has a page open, and would wait for itself.
        """
        if self._whose is asyncio.current_task():
            raise RuntimeError("write by the open page, not beside it")


@dataclass(frozen=True, slots=True)
class SqliteTransaction:
    """What is open between `BEGIN IMMEDIATE` and its end."""

    writer: SqliteThread

    async def run(self, statement: Statement, values: Values) -> Rows:
        """Run a statement of the transaction."""
        return await self.writer.execute_fetchall(*_call(statement, values))


@asynccontextmanager
async def open_sqlite(url: URL) -> AsyncIterator[SqliteDatabase]:
    """Open the file, which must have been migrated, and close it."""
    path = url.database or ""
    async with AsyncExitStack() as stack:
        with translate_errors():
            writer = await stack.enter_async_context(open_thread(path, _WRITER))
            reader = await stack.enter_async_context(open_thread(path, _READER))
            checkpointer = await stack.enter_async_context(open_checkpointer(path))
        yield SqliteDatabase(writer, reader, checkpointer)


def _call(statement: Statement, values: Values) -> Call:
    sql, constants = compiled(_DIALECT, statement, tuple(values))
    return sql, {**constants, **values}


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise SQLite's failures as DatabaseUnavailable."""
    try:
        yield
    except (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise
    except sqlite3.DatabaseError as error:
        raise DatabaseUnavailable(f"SQLite: {error}") from error
