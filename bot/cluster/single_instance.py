"""Keeps a second bot from working on the same SQLite: it would post what the first one posts. On a PostgreSQL they share the work."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol

import psycopg
from sqlalchemy import URL

from bot.database.connection import is_sqlite, parse_url
from bot.errors import DatabaseUnavailable

PATIENCE: Final = 15.0
"""Seconds until a bot that has just ended must have let go; a killed one's connection can take a moment to be noticed."""
POLL_INTERVAL: Final = 0.25
_LOCK: Final = 0x64_69_73_63_62_6F_74
"""The advisory lock's number: "discbot", in ASCII."""


class Lock(Protocol):
    """What holds the lock; closing it lets go, and so does the end of the process."""

    def close(self) -> None:
        """Let go."""


@asynccontextmanager
async def single_instance(url: str, *, patience: float = PATIENCE) -> AsyncIterator[None]:
    """Be the only bot on a SQLite until the block ends; waits a moment for one that is just ending. Others may work on a PostgreSQL.

    Raises:
        DatabaseUnavailable: another one works on it, or it cannot be reached.
    """
    where = parse_url(url)
    if not is_sqlite(where):
        yield
        return
    held = await _within(patience, lambda: _hold_file(where))
    try:
        yield
    finally:
        await asyncio.to_thread(held.close)


async def _within(patience: float, hold: Callable[[], Lock | None]) -> Lock:
    end = asyncio.get_running_loop().time() + patience
    while not (held := await asyncio.to_thread(hold)):
        if asyncio.get_running_loop().time() >= end:
            raise _another()
        await asyncio.sleep(POLL_INTERVAL)
    return held


def _hold_file(where: URL) -> Lock | None:
    """Hold SQLite's own lock on a file beside the database, which works wherever SQLite does."""
    try:
        connection = sqlite3.connect(
            f"{where.database}.lock", isolation_level=None, check_same_thread=False, timeout=0
        )
    except sqlite3.Error as error:
        raise DatabaseUnavailable(f"SQLite: {error}") from error
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        connection.close()
        return None
    return connection


async def shared_lock(connection: psycopg.AsyncConnection[Any], *, patience: float = PATIENCE) -> None:
    """Keep programs of before, which take a PostgreSQL to be theirs alone, out while the connection lasts; wait for one that is ending.

    Raises:
        DatabaseUnavailable: one of them works on it.
    """
    try:
        await connection.execute(f"SET lock_timeout = '{patience:g}s'".encode())
        await connection.execute("SELECT pg_advisory_lock_shared(%s)", (_LOCK,))
        await connection.execute("RESET lock_timeout")
    except psycopg.errors.LockNotAvailable as error:
        raise _another() from error


def _another() -> DatabaseUnavailable:
    return DatabaseUnavailable(
        "Another discount-bot works on this database.",
        advice="Stop it first, or give this one a DATABASE_URL of its own.",
    )
