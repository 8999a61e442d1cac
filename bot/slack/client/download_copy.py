"""Copies files while they are read: whoever reads waits for neither the packing nor the database, but where those are far behind."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from bot.domain.ports import Keep
from bot.spreadsheets.reader.reader import FileSource

AT_ONCE: Final = 1024 * 1024
"""Bytes that are kept as one piece; the last one is shorter."""
BEHIND: Final = 24
"""Pieces that may have come and are not kept yet, since a file comes faster than it is packed; it waits then."""
AT_WORK: Final = 2
"""Pieces that are packed and written beside each other."""


@asynccontextmanager
async def copied(sources: Sequence[FileSource], keep: Keep | None) -> AsyncIterator[Sequence[FileSource]]:
    """Hand every piece that is read of these to `keep` as well; when the block ends, all of it was taken."""
    if keep is None:
        yield sources
        return
    keeping = _Keeping(keep)
    try:
        yield [
            replace(source, pieces=_Copy(number, source, keeping).pieces)
            for number, source in enumerate(sources)
        ]
        await asyncio.gather(*keeping.tasks)
        if keeping.failed:
            raise keeping.failed
    finally:
        for task in keeping.tasks:
            task.cancel()
        await asyncio.gather(*keeping.tasks, return_exceptions=True)


@dataclass(slots=True)
class _Keeping:
    keep: Keep
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    failed: Exception | None = None
    _behind: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(BEHIND))
    _at_work: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_WORK))

    async def begin(self, file: int, piece: int, content: bytes) -> None:
        """Have a piece kept; once one has failed no other is, and nobody waits for that."""
        if self.failed is None:
            await self._behind.acquire()
            self.tasks.append(asyncio.create_task(self._keep(file, piece, content)))

    async def _keep(self, file: int, piece: int, content: bytes) -> None:
        try:
            async with self._at_work:
                if self.failed is None:
                    await self.keep(file, piece, content)
        except Exception as failure:  # noqa: BLE001 - whatever it is, it is raised in the end
            self.failed = self.failed or failure.with_traceback(None)  # which would hold the piece
        finally:
            self._behind.release()


@dataclass(frozen=True, slots=True)
class _Copy:
    number: int
    source: FileSource
    keeping: _Keeping

    async def pieces(self) -> AsyncIterator[bytes]:
        number, waits = 0, bytearray()
        async for piece in self.source.pieces():
            waits += piece
            if len(waits) >= AT_ONCE:
                await self.keeping.begin(self.number, number, bytes(waits))
                number, waits = number + 1, bytearray()
            yield piece
        if waits:
            await self.keeping.begin(self.number, number, bytes(waits))
