from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.customers.extraction import UniqueIds
from bot.domain.customers.tables import Block
from bot.domain.customers.uploads import FileProblem, FileRead, RowProblem
from bot.domain.ids import CustomerId
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.reader.__main__ import answer_of, read
from bot.spreadsheets.row_blocks import AT_ONCE
from bot.spreadsheets.xlsx_table import CalamineTable, OpenpyxlTable, sheet_table
from tests.spreadsheets.sample_files import bomb, locked, replaced, workbook
from tests.spreadsheets.test_csv_table import ids_of, nobody

SHEET = "xl/worksheets/sheet1.xml"


def why_not(data: bytes) -> FileProblem:
    return FileProblem(answer_of(Content([data]), None, nobody())["why"])


def test_a_workbook_comes_to_its_ids_under_a_preamble() -> None:
    rows: list[list[Any]] = [
        ["Utvalg høst"],
        [],
        ["Navn", "Kundenr"],
        ["Ann", "a1"],
        ["Bo", 1002],
        ["Cy", 1003.0],
    ]
    assert ids_of(workbook(rows)) == ["a1", "1002", "1003"]


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (123456789012, "General"),
        (1.23457e11, "General"),
        (12.5, "General"),
        (1234567890123456, "0"),
        (1e300, "0"),
        (-0.5, "0.0"),
    ],
)
def test_a_number_of_which_nobody_saw_every_digit_is_refused_by_its_row(value: float, form: str) -> None:
    found = read(Content([workbook([["Kundenr"], [1001], [value]], formats={"A3": form})]), None, nobody())
    assert isinstance(found, FileRead)
    assert [(odd.row, odd.why) for odd in found.odd_rows] == [(3, RowProblem.SHORTENED)]


def test_a_long_number_that_is_shown_whole_is_taken() -> None:
    assert ids_of(workbook([["Kundenr"], [123456789012], ["123456789013"]], formats={"A2": "0"})) == [
        "123456789012",
        "123456789013",
    ]


CELLS = (
    st.none()
    | st.text("ab1 é\n_", max_size=5)
    | st.integers(-10, 10**16)
    | st.booleans()
    | st.floats(-1e18, 1e18).map(float)
)


@given(
    rows=st.lists(st.lists(CELLS, max_size=4), min_size=1, max_size=8),
    column=st.integers(1, 5),
    first=st.integers(1, 4),
)
@settings(max_examples=25, deadline=None)
def test_the_quick_reader_finds_what_the_careful_one_does(
    rows: list[list[Any]], column: int, first: int
) -> None:
    data = workbook(rows)
    quick, careful = (list(table(data).blocks(column, first)) for table in (CalamineTable, OpenpyxlTable))
    assert _values(quick) == _values(careful)


def _values(blocks: list[Block]) -> list[str]:
    """Put the cells together as ids are taken from them, without space around them, but for empty ones at the end."""
    values = [value.strip() for block in blocks for value in block.values]
    while values and not values[-1]:
        values.pop()
    return values


def test_a_plain_workbook_is_read_quickly_wherever_its_table_begins() -> None:
    rows: list[list[Any]] = [
        [],
        [None, None, "Navn", "Kundenr"],
        [None, None, "Ann", "a1"],
        [],
        [None, None, None, 1002],
    ]
    data = workbook(rows)
    assert isinstance(sheet_table(data), CalamineTable)
    assert ids_of(data) == ["a1", "1002"]
    found = read(Content([data]), None, nobody())
    assert isinstance(found, FileRead)
    assert (found.header, found.column.number) == (2, 4)


def test_from_a_long_number_on_the_careful_reader_goes_on() -> None:
    many = AT_ONCE + 10
    rows: list[list[Any]] = [
        ["Kundenr"],
        *([f"c-{number}"] for number in range(many)),
        [123456789012],
        [123456789013],
        ["c-last"],
    ]
    data = workbook(rows, formats={f"A{many + 2}": "0"})
    found = read(Content([data]), None, nobody())
    assert isinstance(sheet_table(data), CalamineTable)
    assert isinstance(found, FileRead)
    assert (found.found, [odd.row for odd in found.odd_rows]) == (many + 2, [many + 3])


def test_an_error_of_excels_is_told_by_its_row() -> None:
    data = workbook([["Kundenr"], ["a1"], ["#N/A"], ["b2"]])
    assert isinstance(sheet_table(data), OpenpyxlTable)
    found = read(Content([data]), None, nobody())
    assert isinstance(found, FileRead)
    assert [(odd.row, odd.why) for odd in found.odd_rows] == [(3, RowProblem.ERROR)]


def test_a_cell_far_away_takes_no_memory() -> None:
    data = workbook([["Kundenr"], ["a1"]], far="SZ30000")
    assert isinstance(sheet_table(data), OpenpyxlTable)
    assert ids_of(data) == ["a1"]


def test_no_formula_is_run() -> None:
    ids: list[CustomerId] = []
    found = read(
        Content([workbook([["Kundenr", "Navn"], ["=1+1", "Ann"], ["a1", "Bo"]])]), None, UniqueIds(ids.extend)
    )
    assert isinstance(found, FileRead)
    assert ids == ["a1"]
    assert [(odd.row, odd.why) for odd in found.odd_rows] == [(2, RowProblem.EMPTY)]


def test_of_several_sheets_the_first_visible_one_is_read_and_named() -> None:
    found = read(Content([workbook([["Kundenr"], ["a1"]], sheets=["Annet"])]), None, nobody())
    assert isinstance(found, FileRead)
    assert found.sheet == "Sheet"


def test_a_sheet_that_says_it_is_huge_is_read_as_it_is() -> None:
    honest = workbook([["Kundenr"], ["a1"]])
    lie = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:XFD1048576"/><sheetData>'
    rows = b'<row r="1"><c r="A1" t="inlineStr"><is><t>Kundenr</t></is></c></row><row r="30000"><c r="A30000"><v>7</v></c></row>'
    assert ids_of(replaced(honest, SHEET, lie + rows + b"</sheetData></worksheet>")) == ["7"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (workbook([["Kundenr"], ["a1"]])[:-200], FileProblem.BROKEN),
        (workbook([["Kundenr"], ["a1"]])[:100], FileProblem.BROKEN),
        (replaced(workbook([["Kundenr"]]), SHEET, b"<worksheet"), FileProblem.BROKEN),
        (
            replaced(
                workbook([["Kundenr"]]),
                SHEET,
                b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
            ),
            FileProblem.BROKEN,
        ),
        (locked(), FileProblem.ENCRYPTED),
        (workbook([]), FileProblem.EMPTY),
    ],
    ids=["cut off", "cut off early", "no XML", "entities", "password", "empty"],
)
def test_a_workbook_that_cannot_be_read_says_why(data: bytes, why: FileProblem) -> None:
    assert why_not(data) is why


def test_a_bomb_is_not_unpacked() -> None:
    assert why_not(bomb()) is FileProblem.BOMB


def test_another_office_file_is_none_of_these() -> None:
    assert why_not(b"PK\x03\x04" + openpyxl.__version__.encode()) is FileProblem.BROKEN
