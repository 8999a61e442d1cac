"""Stores files while they are read: the reader waits for storage only when storage is far behind."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from bot.domain.ports import Keep
from bot.spreadsheets.reader.reader import FileSource

PIECE_BYTES: Final = 1024 * 1024
"""Size of a stored piece; the last one is shorter."""
MAX_PENDING_PIECES: Final = 24
"""Pieces received and not yet stored: beyond that the download pauses, since packing is slower."""
MAX_CONCURRENT_PIECES: Final = 2


@asynccontextmanager
async def copied(sources: Sequence[FileSource], keep: Keep | None) -> AsyncIterator[Sequence[FileSource]]:
    """Hand every piece that is read to `keep` too; when the block ends, all of them are stored."""
    if keep is None:
        yield sources
        return
    copy = _Copy(keep)
    try:
        yield [
            replace(source, pieces=partial(copy.pieces, number, source))
            for number, source in enumerate(sources)
        ]
        await asyncio.gather(*copy.tasks)
        if copy.failure:
            raise copy.failure
    finally:
        for task in copy.tasks:
            task.cancel()
        await asyncio.gather(*copy.tasks, return_exceptions=True)


@dataclass(slots=True)
class _Copy:
    keep: Keep
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    failure: Exception | None = None
    """The first failure, after which no further piece is stored."""
    _pending: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_PENDING_PIECES))
    _running: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_CONCURRENT_PIECES))

    async def pieces(self, file: int, source: FileSource) -> AsyncIterator[bytes]:
        number, buffer = 0, bytearray()
        async for piece in source.pieces():
            buffer += piece
            if len(buffer) >= PIECE_BYTES:
                await self._start(file, number, bytes(buffer))
                number, buffer = number + 1, bytearray()
            yield piece
        if buffer:
            await self._start(file, number, bytes(buffer))

    async def _start(self, file: int, piece: int, content: bytes) -> None:
        if self.failure is None:
            await self._pending.acquire()
            self.tasks.append(asyncio.create_task(self._store(file, piece, content)))

    async def _store(self, file: int, piece: int, content: bytes) -> None:
        try:
            async with self._running:
                if self.failure is None:
                    await self.keep(file, piece, content)
        except Exception as failure:  # noqa: BLE001 - raised when the block ends
            self.failure = self.failure or failure.with_traceback(None)  # the traceback would hold the piece
        finally:
            self._pending.release()
