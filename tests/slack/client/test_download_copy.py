"""A file is stored while it is read, all of it; a failure to store is raised at the end and delays nobody."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from bot.domain.customers.uploads import Upload
from bot.domain.ids import FileId
from bot.errors import DatabaseUnavailable
from bot.slack.client.download_copy import MAX_PENDING_PIECES, PIECE_BYTES, copied
from bot.spreadsheets.reader.reader import FileSource

FILES = (os.urandom(3 * PIECE_BYTES + 12_345), b"", os.urandom(PIECE_BYTES), b"kari\nola\n")


def source(content: bytes, size: int = 64 * 1024 - 7) -> FileSource:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(content), size):
            yield content[at : at + size]

    return FileSource(Upload(FileId("F0"), "list.csv"), pieces)


async def read(one: FileSource) -> bytes:
    return b"".join([piece async for piece in one.pieces()])


async def test_every_byte_is_stored_and_read() -> None:
    kept: dict[tuple[int, int], bytes] = {}

    async def keep(file: int, piece: int, content: bytes) -> None:
        kept[file, piece] = content

    async with copied([source(file) for file in FILES], keep) as sources:
        assert [await read(one) for one in sources] == list(FILES)
    for number, file in enumerate(FILES):
        pieces = [kept[which] for which in sorted(kept) if which[0] == number]
        assert b"".join(pieces) == file
        assert all(PIECE_BYTES <= len(piece) < 2 * PIECE_BYTES for piece in pieces[:-1])


async def test_a_failure_is_raised_after_reading_and_stops_the_storing() -> None:
    tried: list[int] = []

    async def keep(_file: int, piece: int, _content: bytes) -> None:
        tried.append(piece)
        if piece == 1:
            raise DatabaseUnavailable("the disk is full")

    large = bytes(PIECE_BYTES) * (2 * MAX_PENDING_PIECES)
    with pytest.raises(DatabaseUnavailable):
        async with copied([source(large, PIECE_BYTES)], keep) as (one,):
            assert await read(one) == large
    assert tried == [0, 1]


async def test_the_download_pauses_while_storage_is_far_behind() -> None:
    go, came, kept, most = asyncio.Event(), 0, 0, 0

    async def keep(_file: int, _piece: int, _content: bytes) -> None:
        nonlocal kept
        await go.wait()
        kept += 1

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal came, most
        for _ in range(4 * MAX_PENDING_PIECES):
            came += 1
            most = max(most, came - kept)
            if most > MAX_PENDING_PIECES:
                go.set()
            yield bytes(PIECE_BYTES)

    async with copied([FileSource(Upload(FileId("F0"), "list.csv"), pieces)], keep) as (one,):
        async for _ in one.pieces():
            pass
    assert (kept, most) == (4 * MAX_PENDING_PIECES, MAX_PENDING_PIECES + 1)


async def test_storing_stops_when_reading_fails() -> None:
    begun = asyncio.Event()
    ends: list[str] = []

    async def keep(_file: int, _piece: int, _content: bytes) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise

    async def failing() -> None:
        async with copied([source(bytes(2 * PIECE_BYTES), PIECE_BYTES)], keep) as (one,):
            await read(one)
            await begun.wait()
            raise ValueError("unreadable")

    with pytest.raises(ValueError, match="unreadable"):
        await failing()
    assert ends == ["cancelled"] * 2
