"""Detects a file's format by its first bytes, never by its name, and opens its table."""

import codecs
from importlib import import_module
from typing import Final

from bot.domain.customers.tables import Table
from bot.domain.customers.uploads import FileProblem
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.encodings import ENCODINGS
from bot.spreadsheets.errors import FileError

ZIP: Final = b"PK\x03\x04"
OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Excel files until 2003, and the container of a workbook with a password."""
ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
UNSUPPORTED: Final = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"{\\rtf",
    b"\x1f\x8b",
    b"Rar!",
    b"7z\xbc\xaf",
)


def prepare(content: Content | None = None) -> None:
    """Import what reading this file, or any file, needs: later, the process can open nothing."""
    for encoding in ENCODINGS:
        codecs.lookup(encoding)
    modules = ["heapq"]  # for `Counter.most_common`
    if content is None or content.start.startswith(ZIP):
        modules.append("bot.spreadsheets.xlsx.table")
    if content is None or not content.start.startswith(ZIP):
        modules.append("bot.spreadsheets.csv_table")
    for module in modules:
        import_module(module)


def table_of(content: Content, sheet: int = 0) -> Table:
    """Open a file's table, or the sheet with this number (from 1); raises FileError if it is unreadable."""
    if content.is_blank:
        raise FileError(FileProblem.EMPTY)
    if content.start.startswith(ZIP):
        from bot.spreadsheets.xlsx.table import sheet_table  # noqa: PLC0415 - a text file starts faster without it

        return sheet_table(content.whole(), sheet)
    if content.start.startswith(OLE):
        raise FileError(FileProblem.ENCRYPTED if ENCRYPTED in content.whole() else FileProblem.OLD_EXCEL)
    if content.start.startswith(UNSUPPORTED):
        raise FileError(FileProblem.KIND)

    from bot.spreadsheets.csv_table import TextTable  # noqa: PLC0415

    return TextTable(content)
