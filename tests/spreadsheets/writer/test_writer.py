"""A separate process writes lists completely, in bounded memory, and even if a file is unreadable."""

import tracemalloc
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.cli.runner import run_async
from bot.domain.customers.uploads import Upload
from bot.domain.ids import FileId
from bot.domain.requests.batches import PackedOutcomes
from bot.spreadsheets.reader.reader import FileSource
from bot.spreadsheets.writer.writer import ListWriter
from tests.spreadsheets.writer.sample_lists import ends, list_job, read, table

IN_PROCESS = ListWriter(few=0)
CUSTOMERS = 40_000


def source_file(data: bytes, *, name: str = "vip.csv", column: int | None = None) -> FileSource:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(data), 1_000):
            yield zlib.compress(data[at : at + 1_000])

    return FileSource(Upload(FileId("F1"), name, column), pieces)


@pytest.mark.parametrize("list_writer", [ListWriter(), IN_PROCESS], ids=["thread", "process"])
async def test_a_list_is_the_same_from_a_thread_and_from_a_process(list_writer: ListWriter) -> None:
    portions = ends(refused=[("a", "=no"), ("b", "")], unknown=["c"]), ends(not_tried=["ø"], row=9)
    assert await table(list_job(*portions, there=["c"]), list_writer) == [
        ["customer_id", "row", "outcome", "reason"],
        ["a", "1", "refused", "'=no"],
        ["b", "2", "refused", "no reason"],
        ["c", "3", "unknown", "no answer, but there"],
        ["ø", "9", "not tried", "it stopped"],
    ]


def test_a_list_is_written_on_the_loop_that_the_bot_runs_on() -> None:
    job = list_job(ends(unknown=["k7"]), files=[source_file(b"Navn;Kundenr\nAnn;k7\n")])
    assert run_async(table(job, IN_PROCESS))[1] == ["Ann", "k7", "2", "unknown", "no answer"]


async def test_excel_reads_the_list_as_utf_8_and_outcomes_are_counted() -> None:
    file = await IN_PROCESS.write(list_job(ends(refused=[("a", "no")], unknown=["b", "c"])))
    assert (file.rows, dict(file.counts)) == (3, {"refused": 1, "unknown": 2})
    with file.content as content:
        content.seek(0)
        assert content.read(3) == b"\xef\xbb\xbf"


async def test_a_files_rows_keep_its_columns() -> None:
    data = b"Navn;Kundenr\n" + b"".join(f"Person {number};k{number}\n".encode() for number in range(500))
    rows = await table(list_job(ends(unknown=["k7", "k499"]), files=[source_file(data)]))
    assert rows == [
        ["Navn", "Kundenr", "row", "outcome", "reason"],
        ["Person 7", "k7", "9", "unknown", "no answer"],
        ["Person 499", "k499", "501", "unknown", "no answer"],
    ]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no workbook", b"\0\0\0"])
async def test_customers_of_an_unreadable_file_are_still_listed(data: bytes) -> None:
    rows = await table(list_job(ends(unknown=["a", "b"]), files=[source_file(data)]))
    assert [row[:3] for row in rows] == [
        ["customer_id", "row", "outcome"],
        ["a", "1", "unknown"],
        ["b", "2", "unknown"],
    ]


async def test_a_file_that_takes_too_long_is_left_out() -> None:
    rows = await table(list_job(ends(unknown=["a"]), files=[source_file(b"id\na\n")]), ListWriter(seconds=0))
    assert rows[0] == ["customer_id", "row", "outcome", "reason"]


async def test_no_list_is_written_if_the_database_fails_halfway() -> None:
    async def half() -> AsyncIterator[PackedOutcomes]:
        yield ends(unknown=["a"])
        raise OSError("the database is away")

    for list_writer in (ListWriter(), IN_PROCESS):
        with pytest.raises(OSError, match="away"):
            await list_writer.write(replace(list_job(), ends=half))


async def test_only_a_portion_of_a_long_list_is_in_memory() -> None:
    portion = 4_000

    async def many() -> AsyncIterator[PackedOutcomes]:
        for row in range(1, CUSTOMERS, portion):
            yield ends(not_tried=[f"customer-{number}" for number in range(row, row + portion)], row=row)

    tracemalloc.start()
    file = await IN_PROCESS.write(replace(list_job(), ends=many))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert file.rows == CUSTOMERS
    text = await read(file)
    assert text.splitlines()[-1] == f"customer-{CUSTOMERS},{CUSTOMERS},not tried,it stopped"
    assert most < file.length
