"""The table in an XLSX workbook: the values of its first visible sheet; formulas and links are ignored.

Calamine reads most workbooks, in a fifteenth of the time. openpyxl reads those with errors or with numbers
whose format matters, which calamine does not report.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime, time
from functools import partial
from itertools import chain, islice
from typing import Any, Final

import openpyxl
from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from bot.domain.customers.tables import Block, Row, Table, cell
from bot.domain.customers.uploads import FileProblem
from bot.spreadsheets.errors import FileError
from bot.spreadsheets.row_blocks import BLOCK_ROWS, blocks_of, next_rows
from bot.spreadsheets.xlsx_survey import calamine_can_read

MAX_UNPACKED_BYTES: Final = 500 * 1024 * 1024
"""A million rows are about 100 MB."""
ENCRYPTED: Final = 0x1
"""The flag of an encrypted ZIP entry."""
MIN_SHORTENED: Final = 100_000_000_000
"""From 12 digits on, Excel shows a number as 1.23457E+11 unless its cell has a format."""
MIN_INEXACT: Final = 1_000_000_000_000_000
"""From 16 digits on, Excel has lost the last digits."""
UNFORMATTED: Final = "General"
WHOLE: Final = "0"


def sheet_table(data: bytes) -> Table:
    """Open the first visible sheet; raise FileError for a bad, encrypted or far too large workbook."""
    if calamine_can_read(_open(data)):
        with suppress(Exception):  # what calamine does not understand openpyxl may read, or name the problem
            return CalamineTable(data)
    return OpenpyxlTable(data)


class CalamineTable:
    """The table as calamine reads it; openpyxl takes over at the first number that may be shortened."""

    def __init__(self, data: bytes) -> None:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        visible = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.visible is SheetVisibleEnum.Visible and sheet.typ is SheetTypeEnum.WorkSheet
        ]
        if not visible:
            raise FileError(FileProblem.EMPTY)
        self.title = visible[0]
        self.sheet = self.title if len(visible) > 1 else ""
        self._data = data
        self._table = book.get_sheet_by_name(visible[0])
        # calamine's table begins at the first column that is filled
        self._left: list[Any] = [""] * (self._table.start or (0, 0))[1]

    def head(self, most: int) -> list[Row]:
        """Read the first rows."""
        return next_rows(iter(_texts(islice(self._rows(), most))), most)

    def blocks(self, column: int, first: int) -> Iterator[Block]:
        """Read a column."""
        rows, at = islice(self._rows(), first - 1, None), first
        while found := list(islice(rows, BLOCK_ROWS)):
            cells: list[Any] = [cell(row, column) for row in found]
            if any(_may_be_shortened(value) for value in cells if type(value) is not str):
                yield from OpenpyxlTable(self._data).blocks(column, at)
                return
            texts = [value if type(value) is str else text_of(value) for value in cells]
            yield Block(texts, partial(_texts, found))
            at += len(found)

    def _rows(self) -> Iterator[list[Any]]:
        rows = self._table.iter_rows()
        return ([*self._left, *row] for row in rows) if self._left else rows


class OpenpyxlTable:
    """The table as openpyxl reads it, row by row and only once."""

    def __init__(self, data: bytes) -> None:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if not visible:
            raise FileError(FileProblem.EMPTY)
        sheet: Any = visible[0]
        sheet.reset_dimensions()  # its stated size is often wrong, and can be a bomb of empty cells
        self.title = str(sheet.title)
        self.sheet = self.title if len(visible) > 1 else ""
        self._head: list[Row] = []
        self._rest: Iterator[Row] = (
            [
                text_of(each.value, each.number_format if _may_be_shortened(each.value) else UNFORMATTED)
                for each in row
            ]
            for row in sheet.iter_rows()
        )

    def head(self, most: int) -> list[Row]:
        """Read the first rows, once."""
        self._head = next_rows(self._rest, most)
        return self._head

    def blocks(self, column: int, first: int) -> Iterator[Block]:
        """Read a column, once: a workbook is read only in order."""
        return blocks_of(islice(chain(self._head, self._rest), first - 1, None), column)


def text_of(value: object, form: str = UNFORMATTED) -> str:
    """Write a cell's value; a number that Excel shows shortened is written so too, and never guessed.

    >>> text_of(1001), text_of(123456789012), text_of(123456789012, "0"), text_of(12.5)
    ('1001', '1.23457E+11', '123456789012', '1.25000E+01')
    """
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case int() | float():
            whole = isinstance(value, int) or value.is_integer()
            if whole and abs(value) < (MIN_SHORTENED if form == UNFORMATTED else MIN_INEXACT):
                return str(int(value))
            return f"{value:.5E}"
        case datetime() | date() | time():
            return value.isoformat()
    return str(value)


def _open(data: bytes) -> zipfile.ZipFile:
    """Check the list of entries before anything is unpacked."""
    try:
        book = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise FileError(FileProblem.BROKEN) from error
    entries = book.infolist()
    if any(entry.flag_bits & ENCRYPTED for entry in entries):
        raise FileError(FileProblem.ENCRYPTED)
    if "xl/workbook.xml" not in {entry.filename for entry in entries}:
        raise FileError(FileProblem.KIND)
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise FileError(FileProblem.BOMB)
    return book


def _texts(rows: Iterable[list[Any]]) -> list[Row]:
    """Write rows to show them, long numbers with all their digits."""
    return [[value if type(value) is str else text_of(value, WHOLE) for value in row] for row in rows]


def _may_be_shortened(value: object) -> bool:
    """Return whether the cell's format matters, which is slow to look up."""
    return isinstance(value, int | float) and abs(value) >= MIN_SHORTENED
