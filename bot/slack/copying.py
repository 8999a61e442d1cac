"""Copies files while they are read: whoever reads waits neither for the packing nor for the database."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from bot.giving.ports import Keep
from bot.reading.reader import Source

AT_ONCE: Final = 1024 * 1024
"""Bytes that are kept as one piece; the last one is shorter."""


@asynccontextmanager
async def copied(sources: Sequence[Source], keep: Keep | None) -> AsyncIterator[Sequence[Source]]:
    """Hand every piece that is read of these to `keep` as well; when the block ends, all of it was taken."""
    if keep is None:
        yield sources
        return
    copies = [_Copy(number, source, keep) for number, source in enumerate(sources)]
    taking = [asyncio.create_task(copy.take()) for copy in copies]
    try:
        yield [replace(copy.source, pieces=copy.pieces) for copy in copies]
        for copy in copies:
            copy.came.put_nowait(b"")
        await asyncio.gather(*taking)
    finally:
        for task in taking:
            task.cancel()
        await asyncio.gather(*taking, return_exceptions=True)


@dataclass(slots=True)
class _Copy:
    number: int
    source: Source
    keep: Keep
    came: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)

    async def pieces(self) -> AsyncIterator[bytes]:
        async for piece in self.source.pieces():
            if piece:
                self.came.put_nowait(piece)
            yield piece

    async def take(self) -> None:
        """Keep what came, until the empty piece ends it."""
        number, waits = 0, bytearray()
        while piece := await self.came.get():
            waits += piece
            if len(waits) >= AT_ONCE:
                await self.keep(self.number, number, bytes(waits))
                number, waits = number + 1, bytearray()
        if waits:
            await self.keep(self.number, number, bytes(waits))
