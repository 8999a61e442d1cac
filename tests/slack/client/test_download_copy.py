"""A file is kept while it is read: all of it, piece by piece; one that cannot be kept says so in the end, and holds up nobody."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from bot.domain.customers.uploads import Upload
from bot.domain.ids import FileId
from bot.errors import DatabaseUnavailable
from bot.slack.client.download_copy import AT_ONCE, BEHIND, copied
from bot.spreadsheets.reader.reader import FileSource

FILES = (os.urandom(3 * AT_ONCE + 12_345), b"", os.urandom(AT_ONCE), b"kari\nola\n")


def source(content: bytes, size: int = 64 * 1024 - 7) -> FileSource:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(content), size):
            yield content[at : at + size]

    return FileSource(Upload(FileId("F0"), "list.csv"), pieces)


async def read(one: FileSource) -> bytes:
    return b"".join([piece async for piece in one.pieces()])


async def test_all_of_it_is_kept_and_read() -> None:
    kept: dict[tuple[int, int], bytes] = {}

    async def keep(file: int, piece: int, content: bytes) -> None:
        kept[file, piece] = content

    async with copied([source(file) for file in FILES], keep) as sources:
        assert [await read(one) for one in sources] == list(FILES)
    for number, file in enumerate(FILES):
        pieces = [kept[which] for which in sorted(kept) if which[0] == number]
        assert b"".join(pieces) == file
        assert all(AT_ONCE <= len(piece) < 2 * AT_ONCE for piece in pieces[:-1])


async def test_what_cannot_be_kept_is_raised_once_all_is_read_and_nothing_more_is_kept() -> None:
    tried: list[int] = []

    async def keep(_file: int, piece: int, _content: bytes) -> None:
        tried.append(piece)
        if piece == 1:
            raise DatabaseUnavailable("the disk is full")

    large = bytes(AT_ONCE) * (2 * BEHIND)
    with pytest.raises(DatabaseUnavailable):
        async with copied([source(large, AT_ONCE)], keep) as (one,):
            assert await read(one) == large
    assert tried == [0, 1]


async def test_a_file_waits_where_what_keeps_it_is_far_behind() -> None:
    go, came, kept, most = asyncio.Event(), 0, 0, 0

    async def keep(_file: int, _piece: int, _content: bytes) -> None:
        nonlocal kept
        await go.wait()
        kept += 1

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal came, most
        for _ in range(4 * BEHIND):
            came += 1
            most = max(most, came - kept)
            if most > BEHIND:
                go.set()
            yield bytes(AT_ONCE)

    async with copied([FileSource(Upload(FileId("F0"), "list.csv"), pieces)], keep) as (one,):
        async for _ in one.pieces():
            pass
    assert (kept, most) == (4 * BEHIND, BEHIND + 1)


async def test_nothing_more_is_kept_where_the_reading_fails() -> None:
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
        async with copied([source(bytes(2 * AT_ONCE), AT_ONCE)], keep) as (one,):
            await read(one)
            await begun.wait()
            raise ValueError("unreadable")

    with pytest.raises(ValueError, match="unreadable"):
        await failing()
    assert ends == ["cancelled"] * 2
