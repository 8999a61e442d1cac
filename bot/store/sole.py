"""Keeps a second bot from working on the same database: it would post what the first one posts. Replicas will share it by leases."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, Protocol

import psycopg
from sqlalchemy import URL

from bot.errors import BooksUnavailable
from bot.store.database import address, is_sqlite

PATIENCE: Final = 15.0
"""Seconds until a bot that has just ended must have let go; a killed one's connection can take a moment to be noticed."""
LOOK: Final = 0.25
CONNECT_SECONDS: Final = 10
_LOCK: Final = 0x64_69_73_63_62_6F_74
"""The advisory lock's number: "discbot", in ASCII."""


class Held(Protocol):
    """What holds the lock; closing it lets go, and so does the end of the process."""

    def close(self) -> None:
        """Let go."""


@asynccontextmanager
async def alone(url: str, *, patience: float = PATIENCE) -> AsyncIterator[None]:
    """Be the only bot on this database until the block ends; waits a moment for one that is just ending.

    Raises:
        BooksUnavailable: another one works on it, or it cannot be reached.
    """
    where = address(url)
    hold = _hold_file if is_sqlite(where) else _hold_postgres
    held = await _within(patience, lambda: hold(where))
    try:
        yield
    finally:
        await asyncio.to_thread(held.close)


async def _within(patience: float, hold: Callable[[], Held | None]) -> Held:
    end = asyncio.get_running_loop().time() + patience
    while not (held := await asyncio.to_thread(hold)):
        if asyncio.get_running_loop().time() >= end:
            raise BooksUnavailable(
                "Another discount-bot works on this database.", advice="Stop it first, or give this one a DATABASE_URL of its own."
            )
        await asyncio.sleep(LOOK)
    return held


def _hold_file(where: URL) -> Held | None:
    """Hold SQLite's own lock on a file beside the database, which works wherever SQLite does."""
    try:
        connection = sqlite3.connect(f"{where.database}.lock", isolation_level=None, check_same_thread=False, timeout=0)
    except sqlite3.Error as error:
        raise BooksUnavailable(f"SQLite: {error}") from error
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        connection.close()
        return None
    return connection


def _hold_postgres(where: URL) -> Held | None:
    """Hold an advisory lock on a connection of its own."""
    address_ = where.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        connection = psycopg.connect(address_, autocommit=True, connect_timeout=CONNECT_SECONDS)
    except psycopg.OperationalError as error:
        raise BooksUnavailable("PostgreSQL cannot be reached.") from error
    held = connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
    if held and held[0]:
        return connection
    connection.close()
    return None
