"""How long a write of the bot waits while `discount-bot backup` copies its database."""

import asyncio
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from bench.metrics import Figure, within
from bench.processes import run_command
from bot.database.repositories.repository import SqlRepository, open_repository

LONGEST_WAIT: Final = 2.0
"""Clicks are answered within 2.5 s."""
PIECE: Final = 1_000_000
PAUSE_SECONDS: Final = 0.005


async def measure(folder: Path, *, megabytes: int) -> list[Figure]:
    """Write all the time, before a backup and while it runs."""
    url = f"sqlite:///{folder}/bot.db"
    async with open_repository(url) as repository:
        await asyncio.to_thread(_fill, folder / "bot.db", megabytes)
        alone = await _longest_write(repository, asyncio.create_task(asyncio.sleep(1.0)))
        began = time.monotonic()
        backup = asyncio.create_task(
            run_command("backup", str(folder / "backups"), folder=folder, settings={"DATABASE_URL": url})
        )
        longest = await _longest_write(repository, backup)
        took = time.monotonic() - began
    size = f"{megabytes:,} MB"
    return [
        within(
            f"a write while {size} are backed up, longest",
            longest,
            LONGEST_WAIT,
            baseline=alone,
            against="the longest one before",
        ),
        Figure(what=f"backup of {size}, checked and hashed", ours=took),
    ]


async def _longest_write(repository: SqlRepository, until: "asyncio.Task[None]") -> float:
    longest = 0.0
    while not until.done():
        began = time.monotonic()
        await repository.ping()
        longest = max(longest, time.monotonic() - began)
        await asyncio.sleep(PAUSE_SECONDS)
    await until
    return longest


def _fill(path: Path, megabytes: int) -> None:
    with closing(sqlite3.connect(path, timeout=60)) as file:
        file.execute("CREATE TABLE filler (content BLOB)")
        for _ in range(megabytes):
            with file:
                file.execute("INSERT INTO filler VALUES (?)", [os.urandom(PIECE)])
