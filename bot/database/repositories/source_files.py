"""The files that customers were read from: kept with the draft, and deleted with the customers."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

from isal import isal_zlib
from sqlalchemy import Column, ScalarSelect, bindparam, delete, func, select

from bot.database.connection import BaseRepository, Database
from bot.database.mapping import to_columns
from bot.database.schema import customers, files, of_request, requests
from bot.domain.customers.packing import QUICK
from bot.domain.ids import RequestId, UserId

_READING: Final = of_request(files) & (files.c.reading == bindparam("of_reading"))
_FILE: Final = _READING & (files.c.file == bindparam("number"))
FORGET_READING: Final = delete(files).where(_READING)
_PIECES: Final = select(files.c.piece).where(_FILE).order_by(files.c.piece)
_PIECE: Final = select(files.c.content).where(_FILE, files.c.piece == bindparam("at"))

_RECENT: Final = select(requests.c.id).where(
    requests.c.requester == bindparam("who"), requests.c.created_at >= bindparam("since")
)


def _bytes_of(column: Column[bytes]) -> ScalarSelect[int]:
    of_recent = column.table.c.request.in_(_RECENT)
    return select(func.coalesce(func.sum(func.length(column)), 0)).where(of_recent).scalar_subquery()


_KEPT_BYTES: Final = select(_bytes_of(files.c.content) + _bytes_of(customers.c.ids))


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
        packed = await asyncio.to_thread(isal_zlib.compress, content, QUICK)
        row = to_columns(request=request, reading=reading, file=file, piece=piece, content=packed)
        await self._database.run(self._keep_piece, row)

    async def forget_reading(self, request: RequestId, reading: str) -> None:
        await self._database.run(FORGET_READING, to_columns(which=request, of_reading=reading))

    async def kept_bytes(self, requester: UserId, since: datetime) -> int:
        rows = await self._database.run(_KEPT_BYTES, to_columns(who=requester, since=since))
        return int(rows[0][0])

    async def pieces(self, request: RequestId, reading: str, file: int) -> AsyncIterator[bytes]:
        values = to_columns(which=request, of_reading=reading, number=file)
        for (piece,) in await self._database.run(_PIECES, values):
            for (content,) in await self._database.run(_PIECE, {**values, "at": piece}):
                yield bytes(content)
