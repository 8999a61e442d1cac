from typing import Any

import openpyxl
import pytest

from bot.giving.ids import CustomerId
from bot.giving.taking import Everybody
from bot.giving.uploads import FileRead, Odd, Trouble
from bot.reading.__main__ import answer_of, read
from bot.reading.content import Content
from tests.reading.files import bomb, locked, replaced, workbook
from tests.reading.test_texts import ids_of, nobody

SHEET = "xl/worksheets/sheet1.xml"


def why_not(data: bytes) -> Trouble:
    return Trouble(answer_of(Content([data]), None, nobody())["why"])


def test_a_workbook_comes_to_its_ids_under_a_preamble() -> None:
    rows: list[list[Any]] = [["Utvalg høst"], [], ["Navn", "Kundenr"], ["Ann", "a1"], ["Bo", 1002], ["Cy", 1003.0]]
    assert ids_of(workbook(rows)) == ["a1", "1002", "1003"]


@pytest.mark.parametrize(
    ("value", "form"),
    [(123456789012, "General"), (1.23457e11, "General"), (12.5, "General"), (1234567890123456, "0"), (1e300, "0"), (-0.5, "0.0")],
)
def test_a_number_of_which_nobody_saw_every_digit_is_refused_by_its_row(value: float, form: str) -> None:
    found = read(Content([workbook([["Kundenr"], [1001], [value]], formats={"A3": form})]), None, nobody())
    assert isinstance(found, FileRead)
    assert [(odd.row, odd.why) for odd in found.odd_rows] == [(3, Odd.SHORTENED)]


def test_a_long_number_that_is_shown_whole_is_taken() -> None:
    assert ids_of(workbook([["Kundenr"], [123456789012], ["123456789013"]], formats={"A2": "0"})) == ["123456789012", "123456789013"]


def test_no_formula_is_run() -> None:
    ids: list[CustomerId] = []
    found = read(Content([workbook([["Kundenr", "Navn"], ["=1+1", "Ann"], ["a1", "Bo"]])]), None, Everybody(ids.extend))
    assert isinstance(found, FileRead)
    assert ids == ["a1"]
    assert [(odd.row, odd.why) for odd in found.odd_rows] == [(2, Odd.EMPTY)]


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
        (workbook([["Kundenr"], ["a1"]])[:-200], Trouble.BROKEN),
        (workbook([["Kundenr"], ["a1"]])[:100], Trouble.BROKEN),
        (replaced(workbook([["Kundenr"]]), SHEET, b"<worksheet"), Trouble.BROKEN),
        (replaced(workbook([["Kundenr"]]), SHEET, b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'), Trouble.BROKEN),
        (locked(), Trouble.ENCRYPTED),
        (workbook([]), Trouble.EMPTY),
    ],
    ids=["cut off", "cut off early", "no XML", "entities", "password", "empty"],
)
def test_a_workbook_that_cannot_be_read_says_why(data: bytes, why: Trouble) -> None:
    assert why_not(data) is why


def test_a_bomb_is_not_unpacked() -> None:
    assert why_not(bomb()) is Trouble.BOMB


def test_another_office_file_is_none_of_these() -> None:
    assert why_not(b"PK\x03\x04" + openpyxl.__version__.encode()) is Trouble.BROKEN
