"""XLSX: the rows of its first visible sheet, as values; no formula is run, and no link followed."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from typing import Any, Final

import openpyxl

from bot.giving.tables import Block, Row
from bot.giving.uploads import Trouble
from bot.reading.formats import Unreadable
from bot.reading.rows import blocks_of, some

UNPACKED: Final = 500 * 1024 * 1024
"""Bytes to which a workbook may unpack; a million rows are about 100 MB."""
ENCRYPTED: Final = 0x1
"""The flag of a ZIP file's entry."""
SHOWN: Final = 100_000_000_000
"""From here on, 12 digits, Excel shows a number as 1.23457E+11 unless its cell has a format."""
EXACT: Final = 1_000_000_000_000_000
"""From here on, 16 digits, Excel has lost the last of them."""
UNFORMATTED: Final = "General"


class SheetTable:
    """The table of the first visible sheet.

    Raises:
        Unreadable: it is no workbook, is damaged, has a password, or unpacks to too much.
    """

    def __init__(self, data: bytes) -> None:
        _look_inside(data)
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if not visible:
            raise Unreadable(Trouble.EMPTY)
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
        return blocks_of(chain(islice(self._head, first - 1, None), self._rest), column)


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


def _look_inside(data: bytes) -> None:
    """Look at the list of what is inside before anything is unpacked."""
    try:
        inside = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except zipfile.BadZipFile as error:
        raise Unreadable(Trouble.BROKEN) from error
    if any(one.flag_bits & ENCRYPTED for one in inside):
        raise Unreadable(Trouble.ENCRYPTED)
    if "xl/workbook.xml" not in {one.filename for one in inside}:
        raise Unreadable(Trouble.KIND)
    if sum(one.file_size for one in inside) > UNPACKED:
        raise Unreadable(Trouble.BOMB)


def _rows(sheet: Any) -> Iterator[Row]:
    for row in sheet.iter_rows():
        yield [text_of(cell.value, cell.number_format if _long(cell.value) else UNFORMATTED) for cell in row]


def _long(value: object) -> bool:
    """Say whether how a cell is formatted matters; looking it up takes longer than all else."""
    return isinstance(value, int | float) and abs(value) >= SHOWN
