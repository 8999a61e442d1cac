"""The workbook of the rows without an id: as they stood there, and no ids until somebody fills them in."""

import io

import openpyxl

from bot.domain.customers.extraction import UniqueIds
from bot.domain.customers.uploads import Column, FileProblem, FileRead, RowProblem, UnreadableRow
from bot.domain.ids import CustomerId
from bot.slack.language.texts import ENGLISH, NORWEGIAN, use_language
from bot.slack.messages.files import unreadable_rows_file
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.reader.__main__ import answer_of
from tests.support.lists import records_of
from tests.support.samples import REQUEST

TEXTS = ["1.5E+3", "a1, b2", "=1+1", "00123", "4711"]


ODD_ROWS = tuple(
    UnreadableRow(at, why, text) for at, (why, text) in enumerate(zip(RowProblem, TEXTS, strict=False))
)
FILE = FileRead(name="=vip.csv", found=1, column=Column(1), odd=9, odd_rows=ODD_ROWS)


def built() -> bytes:
    message = unreadable_rows_file.build(REQUEST, [FILE])
    assert message.name == "R-7K2QF-skipped.xlsx"
    assert "The first 5 of 9 skipped rows from =vip.csv" in message.comment
    return message.content.read()


def read(data: bytes) -> tuple[list[CustomerId], FileProblem | None]:
    ids: list[CustomerId] = []
    answer = answer_of(Content([data]), None, UniqueIds(ids.extend))
    return ids, answer.get("why")


def test_the_rows_are_as_they_stood_in_the_file() -> None:
    assert [row["original text"] for row in records_of(built())] == TEXTS
    assert {row["file"] for row in records_of(built())} == {"=vip.csv"}


def test_uploaded_again_it_gives_nobody_anything() -> None:
    assert read(built()) == ([], FileProblem.NO_ID)


def test_uploaded_again_it_gives_the_ids_that_somebody_filled_in() -> None:
    book = openpyxl.load_workbook(io.BytesIO(built()))
    book.worksheets[0]["E3"] = "00042"
    saved = io.BytesIO()
    book.save(saved)
    assert read(saved.getvalue()) == (["00042"], None)


def test_the_same_rows_have_the_same_mark_in_every_language() -> None:
    marks = set()
    for language in (ENGLISH, NORWEGIAN):
        with use_language(language):
            marks.add(unreadable_rows_file.build(REQUEST, [FILE]).title.rpartition("(")[2])
    assert len(marks) == 1
