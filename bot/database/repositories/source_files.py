"""The files that customers were read from: kept with the draft, and deleted with the customers."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from isal import isal_zlib
from sqlalchemy import bindparam, select

from bot.database.connection import BaseRepository, Database, Values
from bot.database.mapping import encode
from bot.database.schema import files, of_request
from bot.domain.customers.packing import QUICK
from bot.domain.ids import RequestId

_FILE: Final = (
    of_request(files) & (files.c.reading == bindparam("of_reading")) & (files.c.file == bindparam("number"))
)
_PIECES: Final = select(files.c.piece).where(_FILE).order_by(files.c.piece)
_PIECE: Final = select(files.c.content).where(_FILE, files.c.piece == bindparam("at"))


class SourceFileRepository(BaseRepository):
    """Files, one row for each piece; only one piece is in memory at a time."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._keep_piece = database.insert(files).on_conflict_do_nothing(
            index_elements=["request", "reading", "file", "piece"]
        )

    async def keep_piece(
        self, request: RequestId, reading: str, file: int, piece: int, content: bytes
    ) -> None:
        """Compress and keep a piece of a file that is read for a draft."""
        row: Values = {
            "request": encode(request),
            "reading": encode(reading),
            "file": file,
            "piece": piece,
            "content": await asyncio.to_thread(isal_zlib.compress, content, QUICK),
        }
        await self._database.run(self._keep_piece, row)

    async def pieces(self, request: RequestId, reading: str, file: int) -> AsyncIterator[bytes]:
        """Read the compressed pieces of a file."""
        values: Values = {"which": encode(request), "of_reading": encode(reading), "number": file}
        for (piece,) in await self._database.run(_PIECES, values):
            for (content,) in await self._database.run(_PIECE, {**values, "at": piece}):
                yield bytes(content)
