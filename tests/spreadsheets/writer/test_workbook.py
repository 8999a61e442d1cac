"""A workbook's cells are texts, exactly as given, in every library that reads it."""

import io
import re
import zipfile
from collections.abc import Iterator

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from bot.spreadsheets.chunks import Content
from bot.spreadsheets.detection import table_of
from bot.spreadsheets.writer.workbook import MAX_COLUMNS, WorkbookFormat
from tests.support.lists import rows_of

CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
ROWS = st.lists(st.lists(CELLS.filter(lambda text: "_x" not in text), min_size=3, max_size=3), min_size=1)


def written(*rows: list[str], sheet: str = "customers") -> bytes:
    return b"".join(WorkbookFormat(sheet).pieces(rows))


@given(ROWS)
def test_cells_are_read_back_as_they_are(rows: list[list[str]]) -> None:
    data = written(*rows)
    assert rows_of(data) == rows
    calamine = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
    assert calamine.to_python() == rows
    assert table_of(Content([data])).head(99) == rows


@pytest.mark.parametrize(
    "cell", ["00123", "=1+1", "+4791234567", "1E5", "2024-01-02", "TRUE", " a ", "#N/A", "a\nb"]
)
def test_a_cell_is_a_text_whatever_it_looks_like(cell: str) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(written(["customer_id"], [cell]))).worksheets[0]
    assert (sheet["A2"].value, sheet["A2"].data_type, sheet["A2"].number_format) == (cell, "s", "@")
    assert (sheet.column_dimensions["A"].number_format, sheet.freeze_panes) == ("@", "A2")


def test_characters_that_xml_has_not_are_written_as_excel_does() -> None:
    data = written(["customer_id"], ["a\x00\r\x0b\uffff_x0041_"])
    sheet = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()
    assert "<t>a_x0000__x000D__x000B__xFFFF__x005F_x0041_</t>" in sheet


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        *[("Høst – kampanje", "Høst – kampanje"), ("a" * 40, "a" * 31), ("'a'", "a")],
        *[("a/b[1]:?*\\", "a_b_1_____"), ("", "customers"), ("a\x01\ud800", "a__"), ("<&>\"'x", "<&>\"'x")],
    ],
)
def test_a_sheet_keeps_its_name_as_far_as_excel_allows(name: str, kept: str) -> None:
    assert openpyxl.load_workbook(io.BytesIO(written(["id"], sheet=name))).sheetnames == [kept]


def test_a_cell_and_a_row_are_no_longer_than_excel_allows() -> None:
    assert len(rows_of(written(["id"], ["x" * 40_000]))[1][0]) == 32_767
    assert len(rows_of(written(["x"] * MAX_COLUMNS))[0]) == MAX_COLUMNS
    with pytest.raises(ValueError, match="16385 columns"):
        written(["x"] * (MAX_COLUMNS + 1))


def test_rows_are_written_as_they_come() -> None:
    asked: list[int] = []

    def rows() -> Iterator[list[str]]:
        for number in range(20_000):
            asked.append(number)
            yield [f"customer-{number}"]

    pieces = WorkbookFormat().pieces(rows())
    next(pieces)
    assert len(asked) < 5_000
    assert re.match(rb"PK\x05\x06", list(pieces)[-1][-22:])
