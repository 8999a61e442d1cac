"""Surveys a workbook's XML: whether calamine, the fast reader, can read all of it."""

import re
import zipfile
from collections.abc import Iterator
from typing import Final

from openpyxl.utils import column_index_from_string

CHUNK_BYTES: Final = 1024 * 1024
OVERLAP_BYTES: Final = 200
"""The end of a chunk that is searched again with the next one, so no match is lost in between."""
ERROR: Final = re.compile(rb"\st=[\"']e[\"']")
"""A cell with an Excel error, which calamine reads as empty."""
COLUMN: Final = re.compile(rb"<c\s[^<>]*?\br=\"([A-Z]{1,3})\d")
ROW: Final = re.compile(rb"<row\s[^<>]*?\br=\"(\d{1,7})\"")
CELL_BYTES: Final = 32
"""Memory of a cell in calamine's table, which has every cell between the first and the last."""
MAX_TABLE_BYTES: Final = 150 * 1024 * 1024
MAX_UNPACKED_BYTES: Final = 250 * 1024 * 1024
"""Calamine keeps all texts in memory."""
NOT_SHEETS: Final = frozenset({"xl/sharedStrings.xml", "xl/styles.xml"})


def calamine_can_read(book: zipfile.ZipFile) -> bool:
    """Return whether calamine reads everything in the workbook, and has enough memory."""
    if sum(part.file_size for part in book.infolist()) > MAX_UNPACKED_BYTES:
        return False
    columns, rows = set[bytes](), 0
    for part in book.infolist():
        if part.filename.endswith(".xml") and part.filename not in NOT_SHEETS:
            for chunk in _chunks(book, part):
                if ERROR.search(chunk):
                    return False
                columns.update(COLUMN.findall(chunk))
                rows = max(rows, max(map(int, ROW.findall(chunk)), default=0))
    cells = max((column_index_from_string(name.decode()) for name in columns), default=0) * rows
    return 0 < cells * CELL_BYTES <= MAX_TABLE_BYTES


def _chunks(book: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    with book.open(part) as file:
        before = b""
        while chunk := file.read(CHUNK_BYTES):
            yield before + chunk
            before = chunk[-OVERLAP_BYTES:]
