"""XLSX: the rows of its first visible sheet, as values; no formula is run, and no link followed.

Calamine reads most workbooks, in a fifteenth of the time; openpyxl those with what calamine does not tell: errors, and how numbers are
formatted.
"""

import io
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import chain, islice
from typing import Any, Final

import openpyxl
from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from bot.domain.customers.tables import Block, Row, Table
from bot.domain.customers.uploads import FileProblem
from bot.spreadsheets.errors import FileError
from bot.spreadsheets.row_blocks import AT_ONCE, blocks_of, some
from bot.spreadsheets.xlsx_survey import survey_of

UNPACKED: Final = 500 * 1024 * 1024
"""Bytes to which a workbook may unpack; a million rows are about 100 MB."""
ENCRYPTED: Final = 0x1
"""The flag of a ZIP file's entry."""
SHOWN: Final = 100_000_000_000
"""From here on, 12 digits, Excel shows a number as 1.23457E+11 unless its cell has a format."""
EXACT: Final = 1_000_000_000_000_000
"""From here on, 16 digits, Excel has lost the last of them."""
UNFORMATTED: Final = "General"
WHOLE: Final = "0"


def sheet_table(data: bytes) -> Table:
    """Open the first visible sheet.

    Raises:
        Unreadable: it is no workbook, is damaged, has a password, or unpacks to too much.
    """
    if survey_of(_looked_into(data)).plain:
        with suppress(
            Exception
        ):  # whatever it does not understand, the careful one may, or says what is wrong
            return CalamineTable(data)
    return OpenpyxlTable(data)


class CalamineTable:
    """The table as calamine reads it, all at once; from the first number on that nobody may have seen whole, the careful one goes on."""

    def __init__(self, data: bytes) -> None:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        visible = [
            one
            for one in book.sheets_metadata
            if one.visible is SheetVisibleEnum.Visible and one.typ is SheetTypeEnum.WorkSheet
        ]
        if not visible:
            raise FileError(FileProblem.EMPTY)
        self.sheet = visible[0].name if len(visible) > 1 else ""
        self._data = data
        self._table = book.get_sheet_by_name(visible[0].name)
        self._before: list[Any] = [""] * (self._table.start or (0, 0))[
            1
        ]  # it begins at the first column that is filled

    def head(self, most: int) -> list[Row]:
        """Read the first rows."""
        return some(map(_texts, self._rows()), most)

    def blocks(self, column: int, first: int) -> Iterator[Block]:
        """Read a column."""
        rows, at = islice(self._rows(), first - 1, None), first
        while found := list(islice(rows, AT_ONCE)):
            cells = [row[column - 1] if len(row) >= column else "" for row in found]
            if any(_long(value) for value in cells if type(value) is not str):
                yield from OpenpyxlTable(self._data).blocks(column, at)
                return
            yield Block(
                [value if type(value) is str else text_of(value) for value in cells],
                partial(_all_texts, found),
            )
            at += len(found)

    def _rows(self) -> Iterator[list[Any]]:
        before = self._before
        return ([*before, *row] for row in self._table.iter_rows()) if before else self._table.iter_rows()


class OpenpyxlTable:
    """The table as openpyxl reads it, row by row and once."""

    def __init__(self, data: bytes) -> None:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if not visible:
            raise FileError(FileProblem.EMPTY)
        sheet: Any = visible[0]
        sheet.reset_dimensions()  # what it says of its own size is often wrong, and can be a bomb of empty cells
        self.sheet = str(sheet.title) if len(visible) > 1 else ""
        self._head: list[Row] = []
        self._rest = _rows(sheet)

    def head(self, most: int) -> list[Row]:
        """Read the first rows, once."""
        self._head = some(self._rest, most)
        return self._head

    def blocks(self, column: int, first: int) -> Iterator[Block]:
        """Read a column, once: what stands in a workbook comes in its order alone."""
        return blocks_of(islice(chain(self._head, self._rest), first - 1, None), column)


def text_of(value: object, form: str = UNFORMATTED) -> str:
    """Write a cell's value; a number of which a person cannot have seen every digit is written as Excel shows it, and never guessed.

    >>> text_of(1001), text_of(123456789012), text_of(123456789012, "0"), text_of(12.5)
    ('1001', '1.23457E+11', '123456789012', '1.25000E+01')
    """
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return str(value).upper()
        case int() | float():
            return _number(value, form)
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
    return str(value)


def _number(value: float, form: str) -> str:
    whole = isinstance(value, int) or value.is_integer()
    if whole and abs(value) < (SHOWN if form == UNFORMATTED else EXACT):
        return str(int(value))
    return f"{value:.5E}"


def _looked_into(data: bytes) -> zipfile.ZipFile:
    """Look at the list of what is inside before anything is unpacked."""
    try:
        book = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise FileError(FileProblem.BROKEN) from error
    inside = book.infolist()
    if any(one.flag_bits & ENCRYPTED for one in inside):
        raise FileError(FileProblem.ENCRYPTED)
    if "xl/workbook.xml" not in {one.filename for one in inside}:
        raise FileError(FileProblem.KIND)
    if sum(one.file_size for one in inside) > UNPACKED:
        raise FileError(FileProblem.BOMB)
    return book


def _rows(sheet: Any) -> Iterator[Row]:
    for row in sheet.iter_rows():
        yield [text_of(cell.value, cell.number_format if _long(cell.value) else UNFORMATTED) for cell in row]


def _texts(row: list[Any]) -> Row:
    """Write a row for whoever has to see it whole, long numbers with all their digits."""
    return [value if type(value) is str else text_of(value, WHOLE) for value in row]


def _all_texts(rows: list[list[Any]]) -> list[Row]:
    return [_texts(row) for row in rows]


def _long(value: object) -> bool:
    """Say whether how a cell is formatted matters; looking it up takes longer than all else."""
    return isinstance(value, int | float) and abs(value) >= SHOWN
