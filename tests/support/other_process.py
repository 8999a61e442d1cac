"""A second program on a SQLite file, in a thread: the bot may need the loop to release the file."""

import asyncio
import sqlite3
from contextlib import closing

PATIENT = 30.0


async def elsewhere(url: str, *statements: str) -> None:
    """Run statements in one transaction."""
    await asyncio.to_thread(_run, url, statements)


def _run(url: str, statements: tuple[str, ...]) -> None:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=PATIENT)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
