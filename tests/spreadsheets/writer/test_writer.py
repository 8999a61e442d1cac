"""Lists that a process of its own writes: whole or not at all, in bounded memory, and in any case the list."""

import tracemalloc
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.domain.requests.batches import PackedOutcomes
from bot.spreadsheets.writer.writer import ListWriter, SourceFile
from tests.spreadsheets.writer.sample_lists import ends, read, table, wanted

BY_PROCESS = ListWriter(few=0)
MANY = 40_000


def original(data: bytes, *, name: str = "vip.csv", column: int | None = None) -> SourceFile:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(data), 1_000):
            yield zlib.compress(data[at : at + 1_000])

    return SourceFile(name, column, pieces)


@pytest.mark.parametrize("list_writer", [ListWriter(), BY_PROCESS], ids=["here", "elsewhere"])
async def test_a_list_is_the_same_wherever_it_is_written(list_writer: ListWriter) -> None:
    portions = ends(refused=[("a", "=no"), ("b", "")], unknown=["c"]), ends(not_tried=["ø"], row=9)
    assert await table(wanted(*portions, there=["c"]), list_writer) == [
        ["customer_id", "row", "outcome", "reason"],
        ["a", "1", "refused", "'=no"],
        ["b", "2", "refused", "no reason"],
        ["c", "3", "unknown", "no answer, but there"],
        ["ø", "9", "not tried", "it stopped"],
    ]


async def test_excel_reads_it_as_utf_8_and_it_is_counted_how_each_ended() -> None:
    file = await BY_PROCESS.write(wanted(ends(refused=[("a", "no")], unknown=["b", "c"])))
    assert (file.rows, dict(file.counts)) == (3, {"refused": 1, "unknown": 2})
    with file.content as content:
        content.seek(0)
        assert content.read(3) == b"\xef\xbb\xbf"


async def test_the_rows_of_a_file_come_back_in_its_columns() -> None:
    data = b"Navn;Kundenr\n" + b"".join(f"Person {number};k{number}\n".encode() for number in range(500))
    rows = await table(wanted(ends(unknown=["k7", "k499"]), files=[original(data)]))
    assert rows == [
        ["Navn", "Kundenr", "row", "outcome", "reason"],
        ["Person 7", "k7", "9", "unknown", "no answer"],
        ["Person 499", "k499", "501", "unknown", "no answer"],
    ]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no workbook", b"\0\0\0"])
async def test_whoever_came_from_a_file_that_cannot_be_read_again_is_listed_all_the_same(data: bytes) -> None:
    rows = await table(wanted(ends(unknown=["a", "b"]), files=[original(data)]))
    assert [row[:3] for row in rows] == [
        ["customer_id", "row", "outcome"],
        ["a", "1", "unknown"],
        ["b", "2", "unknown"],
    ]


async def test_a_file_that_would_take_too_long_is_done_without() -> None:
    rows = await table(wanted(ends(unknown=["a"]), files=[original(b"id\na\n")]), ListWriter(seconds=0))
    assert rows[0] == ["customer_id", "row", "outcome", "reason"]


async def test_no_list_is_made_of_what_the_books_could_not_read_to_the_end() -> None:
    async def half() -> AsyncIterator[PackedOutcomes]:
        yield ends(unknown=["a"])
        raise OSError("the database is away")

    for list_writer in (ListWriter(), BY_PROCESS):
        with pytest.raises(OSError, match="away"):
            await list_writer.write(replace(wanted(), ends=half))


async def test_no_more_of_a_long_list_is_in_memory_than_a_portion() -> None:
    portion = 4_000

    async def many() -> AsyncIterator[PackedOutcomes]:
        for row in range(1, MANY, portion):
            yield ends(not_tried=[f"customer-{number}" for number in range(row, row + portion)], row=row)

    tracemalloc.start()
    file = await BY_PROCESS.write(replace(wanted(), ends=many))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert file.rows == MANY
    text = await read(file)
    assert text.splitlines()[-1] == f"customer-{MANY},{MANY},not tried,it stopped"
    assert most < file.length
