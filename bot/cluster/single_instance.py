"""Keeps a second bot from an SQLite file, where it would repeat every message; on PostgreSQL, bots share."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
from sqlalchemy import URL

from bot.database.connection import is_sqlite, parse_url
from bot.errors import DatabaseUnavailable

PATIENCE_SECONDS: Final = 15.0
"""How long to wait for a bot that is ending; the server may notice the end of a killed one late."""
POLL_INTERVAL_SECONDS: Final = 0.25
_LOCK: Final = 0x64_69_73_63_62_6F_74
"""The number of the advisory lock: "discbot" in ASCII."""


@asynccontextmanager
async def single_instance(url: str, *, patience: float = PATIENCE_SECONDS) -> AsyncIterator[None]:
    """Be the only bot on an SQLite file, or raise DatabaseUnavailable; wait for one that is ending."""
    parsed = parse_url(url)
    if not is_sqlite(parsed):
        yield
        return
    give_up_at = asyncio.get_running_loop().time() + patience
    while not (lock := await asyncio.to_thread(_lock_file, parsed)):
        if asyncio.get_running_loop().time() >= give_up_at:
            raise _in_use()
        await asyncio.sleep(POLL_INTERVAL_SECONDS)
    try:
        yield
    finally:
        await asyncio.to_thread(lock.close)


def _lock_file(url: URL) -> sqlite3.Connection | None:
    """Lock a file beside the database by SQLite's own lock, which works wherever SQLite does."""
    path = f"{url.database}.lock"
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
    except sqlite3.Error as error:
        raise DatabaseUnavailable(f"SQLite: {error}") from error
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        connection.close()
        return None
    return connection


async def shared_lock(
    connection: psycopg.AsyncConnection[Any], *, patience: float = PATIENCE_SECONDS
) -> None:
    """Keep older versions, which allow no peers, out, or raise DatabaseUnavailable; wait as above."""
    give_up_at = asyncio.get_running_loop().time() + patience
    while True:
        cursor = await connection.execute("SELECT pg_try_advisory_lock_shared(%s)", (_LOCK,))
        if (await cursor.fetchall())[0][0]:
            return
        if asyncio.get_running_loop().time() >= give_up_at:
            raise _in_use()
        await asyncio.sleep(POLL_INTERVAL_SECONDS)


def _in_use() -> DatabaseUnavailable:
    return DatabaseUnavailable(
        "Another discount-bot is using this database.", advice="Stop it, or use a different DATABASE_URL."
    )
