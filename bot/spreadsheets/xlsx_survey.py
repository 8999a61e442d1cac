"""What a workbook's XML says before it is read: how large its tables are, and whether they hold what the quick reader does not tell."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

PIECE: Final = 1024 * 1024
OVERLAP: Final = 200
"""Bytes of a piece that are looked at again with the next, so that nothing is missed where one ends."""
ERROR: Final = re.compile(rb"\st=[\"']e[\"']")
"""A cell with an error of Excel's, which the quick reader takes for an empty one."""
COLUMN: Final = re.compile(rb"<c\s[^<>]*?\br=\"([A-Z]{1,3})\d")
ROW: Final = re.compile(rb"<row\s[^<>]*?\br=\"(\d{1,7})\"")
CELL: Final = 32
"""Bytes of a cell in the quick reader's table, which has all cells between the first and the last."""
MOST_CELLS: Final = 150 * 1024 * 1024
"""Bytes that its table may take."""
MOST_UNPACKED: Final = 250 * 1024 * 1024
"""Bytes to which a workbook may unpack that it reads: it holds all texts at once."""
NO_SHEETS: Final = frozenset({"xl/sharedStrings.xml", "xl/styles.xml"})


@dataclass(frozen=True, slots=True)
class WorkbookStats:
    """What was found in all sheets together."""

    unpacked: int
    columns: int
    rows: int
    errors: bool

    @property
    def plain(self) -> bool:
        """Say whether the quick reader tells all that there is, and has room for it."""
        known = self.columns > 0 and self.rows > 0
        return (
            known
            and not self.errors
            and self.unpacked <= MOST_UNPACKED
            and self.columns * self.rows * CELL <= MOST_CELLS
        )


def survey_of(book: zipfile.ZipFile) -> WorkbookStats:
    """Go through the XML of all sheets, piece by piece."""
    unpacked = sum(part.file_size for part in book.infolist())
    if unpacked > MOST_UNPACKED:
        return WorkbookStats(unpacked, 0, 0, errors=False)
    columns, rows, errors = set[bytes](), 0, False
    for part in book.infolist():
        if part.filename.endswith(".xml") and part.filename not in NO_SHEETS:
            for piece in _pieces(book, part):
                columns.update(COLUMN.findall(piece))
                rows = max(rows, max(map(int, ROW.findall(piece)), default=0))
                errors = errors or ERROR.search(piece) is not None
    return WorkbookStats(unpacked, max(map(_number, columns), default=0), rows, errors)


def _pieces(book: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    with book.open(part) as file:
        before = b""
        while piece := file.read(PIECE):
            yield before + piece
            before = piece[-OVERLAP:]


def _number(letters: bytes) -> int:
    """Number a column from 1, as a spreadsheet names it.

    >>> _number(b"A"), _number(b"AB")
    (1, 28)
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
