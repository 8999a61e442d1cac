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
from bot.spreadsheets.row_blocks import BLOCK_ROWS
from bot.spreadsheets.xlsx_table import CalamineTable, OpenpyxlTable, sheet_table
from tests.spreadsheets.sample_files import bomb, locked, replaced, workbook
from tests.spreadsheets.test_csv_table import ids_of, no_ids

SHEET = "xl/worksheets/sheet1.xml"


def problem_of(data: bytes) -> FileProblem:
    return FileProblem(answer_of(Content([data]), None, no_ids())["why"])


def test_ids_are_read_from_a_workbook_with_a_preamble() -> None:
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
def test_a_number_that_excel_shortens_is_reported_by_its_row(value: float, form: str) -> None:
    found = read(Content([workbook([["Kundenr"], [1001], [value]], formats={"A3": form})]), None, no_ids())
    assert isinstance(found, FileRead)
    assert [(odd.row, odd.why) for odd in found.odd_rows] == [(3, RowProblem.SHORTENED)]


def test_a_long_number_that_excel_shows_whole_is_read() -> None:
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
def test_calamine_finds_what_openpyxl_finds(rows: list[list[Any]], column: int, first: int) -> None:
    data = workbook(rows)
    quick, careful = (list(table(data).blocks(column, first)) for table in (CalamineTable, OpenpyxlTable))
    assert _values(quick) == _values(careful)


def _values(blocks: list[Block]) -> list[str]:
    """Join the cells without outer space, and drop empty ones at the end."""
    values = [value.strip() for block in blocks for value in block.values]
    while values and not values[-1]:
        values.pop()
    return values


def test_calamine_reads_a_plain_workbook_wherever_its_table_begins() -> None:
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
    found = read(Content([data]), None, no_ids())
    assert isinstance(found, FileRead)
    assert (found.header, found.column.number) == (2, 4)


def test_openpyxl_takes_over_at_a_long_number() -> None:
    many = BLOCK_ROWS + 10
    rows: list[list[Any]] = [
        ["Kundenr"],
        *([f"c-{number}"] for number in range(many)),
        [123456789012],
        [123456789013],
        ["c-last"],
    ]
    data = workbook(rows, formats={f"A{many + 2}": "0"})
    found = read(Content([data]), None, no_ids())
    assert isinstance(sheet_table(data), CalamineTable)
    assert isinstance(found, FileRead)
    assert (found.found, [odd.row for odd in found.odd_rows]) == (many + 2, [many + 3])


def test_an_excel_error_is_reported_by_its_row() -> None:
    data = workbook([["Kundenr"], ["a1"], ["#N/A"], ["b2"]])
    assert isinstance(sheet_table(data), OpenpyxlTable)
    found = read(Content([data]), None, no_ids())
    assert isinstance(found, FileRead)
    assert [(odd.row, odd.why) for odd in found.odd_rows] == [(3, RowProblem.ERROR)]


def test_a_distant_cell_takes_no_memory() -> None:
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


def test_the_first_visible_of_several_sheets_is_read_and_named() -> None:
    found = read(Content([workbook([["Kundenr"], ["a1"]], sheets=["Annet"])]), None, no_ids())
    assert isinstance(found, FileRead)
    assert found.sheet == "Sheet"


def test_a_sheet_that_claims_to_be_huge_is_read_as_it_is() -> None:
    honest = workbook([["Kundenr"], ["a1"]])
    lie = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b'<dimension ref="A1:XFD1048576"/><sheetData>'
    )
    rows = (
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>Kundenr</t></is></c></row>'
        b'<row r="30000"><c r="A30000"><v>7</v></c></row>'
    )
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
def test_an_unreadable_workbook_has_a_reason(data: bytes, why: FileProblem) -> None:
    assert problem_of(data) is why


def test_a_bomb_is_not_unpacked() -> None:
    assert problem_of(bomb()) is FileProblem.BOMB


def test_another_zip_file_is_broken() -> None:
    assert problem_of(b"PK\x03\x04" + openpyxl.__version__.encode()) is FileProblem.BROKEN
