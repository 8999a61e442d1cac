"""What kind of file it is, by its first bytes and never by its name, and its rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.giving.columns import Row
from bot.giving.uploads import Trouble

ZIP: Final = b"PK\x03\x04"
OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""What Excel wrote until 2003, and what a workbook with a password is put into."""
LOCKED: Final = "EncryptedPackage".encode("utf-16-le")
OTHERS: Final = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"{\\rtf", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf")


class Unreadable(Exception):
    """A file cannot be read; says why."""

    def __init__(self, why: Trouble) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Rows:
    """A file's rows, each of them a spreadsheet's too, empty ones included; `sheet` names the sheet where there are several."""

    rows: Iterator[Row]
    sheet: str = ""


def rows_of(data: bytes) -> Rows:
    """Open a file for reading row by row.

    Raises:
        Unreadable: it cannot be read; reading the rows may raise it as well.
    """
    if not data.strip():
        raise Unreadable(Trouble.EMPTY)
    if data.startswith(ZIP):
        from bot.reading.workbooks import sheet_of  # noqa: PLC0415 - a text needs none of it, and starts the quicker

        return sheet_of(data)
    if data.startswith(OLE):
        raise Unreadable(Trouble.ENCRYPTED if LOCKED in data else Trouble.OLD_EXCEL)
    if data.startswith(OTHERS):
        raise Unreadable(Trouble.KIND)

    from bot.reading.texts import text_rows  # noqa: PLC0415

    return Rows(text_rows(data))
