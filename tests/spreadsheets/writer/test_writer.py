"""A separate process writes lists completely, in bounded memory, and even if a file is unreadable."""

import io
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import replace

import openpyxl
import pytest

from bot.cli.runner import run_async
from bot.domain.requests.batches import PackedOutcomes
from bot.spreadsheets.reader.reader import Reader
from bot.spreadsheets.writer.writer import ListWriter
from tests.spreadsheets.sample_files import workbook
from tests.spreadsheets.writer.sample_lists import SHORT, ends, list_job, read, source_file, table
from tests.support.lists import rows_of

IN_PROCESS = ListWriter(few=0)
CUSTOMERS = 40_000
MAX_BYTES = 2 * 1024 * 1024
"""Memory that a list takes in the bot, however long it is."""


@pytest.mark.parametrize("list_writer", [ListWriter(), IN_PROCESS], ids=["thread", "process"])
async def test_a_list_is_the_same_from_a_thread_and_from_a_process(list_writer: ListWriter) -> None:
    portions = ends(refused=[("a", "=no"), ("b", "")], unknown=["c"]), ends(not_tried=["ø"], row=9)
    assert await table(list_job(*portions, there=["c"]), list_writer) == [
        ["customer_id", "row", "outcome", "reason", "request"],
        ["a", "1", "refused", "=no", SHORT],
        ["b", "2", "refused", "no reason", SHORT],
        ["c", "3", "unconfirmed", "no answer, but there", SHORT],
        ["ø", "9", "not sent", "it stopped", SHORT],
    ]


def test_a_list_is_written_on_the_loop_that_the_bot_runs_on() -> None:
    job = list_job(ends(unknown=["k7"]), files=[source_file(b"Navn;Kundenr\nAnn;k7\n")])
    assert run_async(table(job, IN_PROCESS))[1] == ["Ann", "k7", "2", "unconfirmed", "no answer", SHORT]


async def test_outcomes_are_counted() -> None:
    file = await IN_PROCESS.write(list_job(ends(refused=[("a", "no")], unknown=["b", "c"])))
    assert (file.rows, dict(file.counts)) == (3, {"refused": 1, "unconfirmed": 2})
    file.content.close()


WINDOWS = "Kundenr|Sted\r\nk1|Tromsø\r\n".encode("cp1252")
POLISH = "Kundenr|Sted\r\nk1|Łódź\r\n".encode("utf-16")
BOOK = workbook([["Kundenr"], ["k1"]])


@pytest.mark.parametrize(
    ("files", "suffix", "start"),
    [
        (
            [(WINDOWS, "a.txt")],
            ".txt",
            "Kundenr|Sted|row|outcome|reason|request\r\nk1|Tromsø|2|".encode("cp1252"),
        ),
        ([(POLISH, "a.csv")], ".csv", "\ufeffKundenr|Sted|row".encode("utf-16-le")),
        ([(WINDOWS, "a.csv"), (WINDOWS.replace(b"k1", b"k2"), "b.txt")], ".csv", b"Kundenr|Sted|file|row|"),
        ([(WINDOWS, "a.csv"), (POLISH, "b.csv")], ".xlsx", b"PK"),
        ([(WINDOWS, "a.csv"), (BOOK, "b.csv")], ".xlsx", b"PK"),
        ([(BOOK, "a.csv")], ".xlsx", b"PK"),
        ([], ".xlsx", b"PK"),
    ],
)
async def test_a_list_comes_back_in_the_format_of_its_files(
    files: list[tuple[bytes, str]], suffix: str, start: bytes
) -> None:
    sources = [source_file(data, name=name) for data, name in files]
    file = await IN_PROCESS.write(list_job(ends(unknown=["k1", "k2"]), files=sources))
    assert file.suffix == suffix
    assert read(file).startswith(start)


@pytest.mark.parametrize("data", [WINDOWS, POLISH, BOOK])
async def test_an_uploaded_list_names_its_request_and_has_the_same_customers(data: bytes) -> None:
    file = await IN_PROCESS.write(list_job(ends(unknown=["k1", "+47"]), files=[source_file(data)]))
    content = read(file)

    async def pieces() -> AsyncIterator[bytes]:
        yield content

    read_result = await Reader().read([replace(source_file(b""), pieces=pieces)])
    assert read_result.everybody.unpacked() == ("k1", "+47")
    assert [one.request for one in read_result.files] == [SHORT]


async def test_a_workbook_comes_back_with_the_name_of_its_sheet() -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].title = "Høst 2026"
    book.worksheets[0].append(["Kundenr"])
    book.worksheets[0].append(["00123"])
    saved = io.BytesIO()
    book.save(saved)
    file = await IN_PROCESS.write(list_job(ends(unknown=["00123"]), files=[source_file(saved.getvalue())]))
    sheet = openpyxl.load_workbook(io.BytesIO(read(file))).worksheets[0]
    assert (sheet.title, sheet["A2"].value, sheet["A2"].number_format) == ("Høst 2026", "00123", "@")


async def test_a_files_rows_keep_its_columns() -> None:
    data = b"Navn;Kundenr\n" + b"".join(f"Person {number};k{number}\n".encode() for number in range(500))
    rows = await table(list_job(ends(unknown=["k7", "k499"]), files=[source_file(data)]))
    assert rows == [
        ["Navn", "Kundenr", "row", "outcome", "reason", "request"],
        ["Person 7", "k7", "9", "unconfirmed", "no answer", SHORT],
        ["Person 499", "k499", "501", "unconfirmed", "no answer", SHORT],
    ]


async def test_the_first_refused_customers_have_their_rows_in_the_files() -> None:
    data = b"Navn;Kundenr\n" + b"".join(f"Person {number};k{number}\n".encode() for number in range(500))
    refused = [(f"k{number}", "no") for number in (7, 55, 56, 100, 101, 102)]
    file = await IN_PROCESS.write(list_job(ends(refused=refused), files=[source_file(data)]))
    file.content.close()
    assert [row for _file, row in file.refused_rows] == [9, 57, 58, 102, 103]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no workbook", b"\0\0\0"])
async def test_customers_of_an_unreadable_file_are_still_listed(data: bytes) -> None:
    rows = await table(list_job(ends(unknown=["a", "b"]), files=[source_file(data)]))
    assert [row[:3] for row in rows] == [
        ["customer_id", "row", "outcome"],
        ["a", "1", "unconfirmed"],
        ["b", "2", "unconfirmed"],
    ]


async def test_a_file_that_takes_too_long_is_left_out() -> None:
    rows = await table(list_job(ends(unknown=["a"]), files=[source_file(b"id\na\n")]), ListWriter(seconds=0))
    assert rows[0] == ["customer_id", "row", "outcome", "reason", "request"]


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
    content = read(file)
    assert rows_of(content)[-1] == [f"customer-{CUSTOMERS}", str(CUSTOMERS), "not sent", "it stopped", SHORT]
    assert most < MAX_BYTES
