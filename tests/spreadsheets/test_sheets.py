"""Which sheet of a workbook is read, and what happens to what a sheet hides."""

from typing import Any

import pytest

from bot.domain.customers.extraction import UniqueIds
from bot.domain.customers.uploads import NO_COLUMN, Column, FileProblem, FileRead, OtherSheet
from bot.domain.ids import CustomerId
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.errors import FileError
from bot.spreadsheets.reader.__main__ import read
from tests.spreadsheets.sample_files import column, raw_workbook, workbook
from tests.spreadsheets.test_csv_table import no_ids

SUMMARY = '<row r="1"><c r="A1" t="str"><v>Antall</v></c><c r="B1"><v>2</v></c></row>'
IDS = column("Kundenr", "a1", "b2")
HIDDEN = column("Kundenr", "a1", "b2", "c3", hidden={3, 4})


def outcome(data: bytes, chosen: int | None = None, **options: Any) -> tuple[list[CustomerId], FileRead]:
    ids: list[CustomerId] = []
    found = read(Content([data]), chosen, UniqueIds(ids.extend), **options)
    assert isinstance(found, FileRead), found
    return ids, found


def asked(data: bytes) -> list[tuple[str, int, bool]]:
    columns = read(Content([data]), None, no_ids())
    assert isinstance(columns, tuple), columns
    return [(one.sheet_name, one.number, one.is_hidden) for one in columns]


@pytest.mark.parametrize("state", ["visible", "hidden", "veryHidden"])
def test_a_sheet_with_a_known_name_is_read_wherever_it_stands(state: str) -> None:
    data = raw_workbook(SUMMARY, state=state, sheets=[("Liste", "visible", IDS)])
    ids, found = outcome(data)
    assert ids == ["a1", "b2"]
    assert (found.sheet, found.other_sheets) == (
        "Liste",
        (OtherSheet("Ark1", 1, is_hidden=state != "visible"),),
    )


def test_a_header_without_a_row_is_no_list() -> None:
    data = raw_workbook(column("Kundenr"), sheets=[("Liste", "visible", IDS)])
    assert outcome(data)[0] == ["a1", "b2"]


def test_a_hidden_sheet_is_never_read_without_a_question() -> None:
    data = raw_workbook(SUMMARY, sheets=[("Skjult", "hidden", IDS)])
    assert asked(data) == [("Ark1", 1, False), ("Ark1", 2, False), ("Skjult", 1, True)]
    assert asked(raw_workbook(IDS, state="hidden")) == [("", 1, True)]
    assert outcome(raw_workbook(IDS, state="hidden"), 1, sheet=1)[0] == ["a1", "b2"]


ROWS = [["Ann", "c-1"], ["Bo", "c-2"], ["Cy", "c-3"], ["Di", "c-4"]]


def test_a_column_offered_has_three_values() -> None:
    columns = read(Content([workbook([["Navn", "Kode"], *ROWS])]), None, no_ids())
    assert columns == (
        Column(1, "Navn", ("Ann", "Bo", "Cy"), sheet=1),
        Column(2, "Kode", ("c-1", "c-2", "c-3"), sheet=1),
    )


@pytest.mark.parametrize("how", ['hidden="1"', 'width="0"'])
def test_a_hidden_column_is_asked_about(how: str) -> None:
    rows = (
        '<row r="1"><c r="A1" t="str"><v>Navn</v></c><c r="B1" t="str"><v>Kundenr</v></c></row>'
        '<row r="2"><c r="A2" t="str"><v>Ann</v></c><c r="B2" t="str"><v>a1</v></c></row>'
    )
    data = raw_workbook(rows, before=f'<cols><col min="2" max="16384" {how}/></cols>')
    assert asked(data) == [("", 1, False), ("", 2, True)]
    assert outcome(data, 2, sheet=1)[0] == ["a1"]


def test_hidden_rows_are_taken_and_counted() -> None:
    ids, found = outcome(raw_workbook(HIDDEN), hidden=True)
    assert (ids, found.hidden) == (["a1", "b2", "c3"], 2)


def test_none_of_these_and_a_missing_sheet_give_nothing() -> None:
    with pytest.raises(FileError) as error:
        outcome(raw_workbook(IDS), NO_COLUMN)
    assert error.value.why is FileProblem.NONE_CHOSEN
    with pytest.raises(FileError) as error:
        outcome(raw_workbook(IDS), 1, sheet=9)
    assert error.value.why is FileProblem.NO_COLUMN
