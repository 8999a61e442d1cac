"""SQLite's write-ahead log, brought into the file while nothing is written; knows nothing of statements.

By itself SQLite does so in whichever commit makes the log a thousand pages long: one ack in a thousand would wait for
all that the others wrote.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from bot.database.sqlite_thread import SqliteThread, open_thread

QUIET: Final = 0.1
"""Seconds without a write after which the log is brought in: of people who click together, the last one has been answered."""
LONGEST: Final = 10_000
"""Pages of 4 kB after which a commit brings it in all the same, where there has been no quiet: 40 MB."""


class WalCheckpointer:
    """Waits for quiet after writes; a thread of its own, so that a write that comes meanwhile waits for nothing."""

    def __init__(self, thread: SqliteThread) -> None:
        self._thread = thread
        self._written_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._bringing_in: asyncio.Task[None] | None = None

    def written(self) -> None:
        """Hear of a write."""
        loop = asyncio.get_running_loop()
        self._written_at = loop.time()
        if self._timer is None:
            self._timer = loop.call_later(QUIET, self._look)

    async def end(self) -> None:
        """Wait for what is being brought in; the rest is brought in when the file is closed."""
        if self._timer:
            self._timer.cancel()
        if self._bringing_in:
            await asyncio.wait({self._bringing_in})

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        left = self._written_at + QUIET - loop.time()
        self._timer = loop.call_later(left, self._look) if left > 0 else None
        if self._timer is None:
            self._bringing_in = loop.create_task(self._bring_in())

    async def _bring_in(self) -> None:
        # a full disk, or another process that has the file: the next quiet is as good
        with suppress(sqlite3.Error):
            await self._thread.execute_fetchall("PRAGMA wal_checkpoint(PASSIVE)")


@asynccontextmanager
async def open_checkpointer(path: str) -> AsyncIterator[WalCheckpointer]:
    """Keep a file's log until the block ends."""
    async with open_thread(path, ("busy_timeout=0",)) as thread:
        keeper = WalCheckpointer(thread)
        try:
            yield keeper
        finally:
            await keeper.end()
