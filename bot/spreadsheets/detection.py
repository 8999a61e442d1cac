"""What kind of file it is, by its first bytes and never by its name, and the table in it."""

from typing import Final

from bot.domain.customers.tables import Table
from bot.domain.customers.uploads import FileProblem
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.errors import FileError

ZIP: Final = b"PK\x03\x04"
OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""What Excel wrote until 2003, and what a workbook with a password is put into."""
LOCKED: Final = "EncryptedPackage".encode("utf-16-le")
OTHERS: Final = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"{\\rtf",
    b"\x1f\x8b",
    b"Rar!",
    b"7z\xbc\xaf",
)


def table_of(content: Content) -> Table:
    """Open a file for reading.

    Raises:
        Unreadable: it cannot be read; reading the table may raise it as well.
    """
    if not content:
        raise FileError(FileProblem.EMPTY)
    if content.start.startswith(ZIP):
        from bot.spreadsheets.xlsx_table import sheet_table  # noqa: PLC0415 - a text needs none of it, and starts the quicker

        return sheet_table(content.whole())
    if content.start.startswith(OLE):
        raise FileError(FileProblem.ENCRYPTED if LOCKED in content.whole() else FileProblem.OLD_EXCEL)
    if content.start.startswith(OTHERS):
        raise FileError(FileProblem.KIND)

    from bot.spreadsheets.csv_table import TextTable  # noqa: PLC0415

    return TextTable(content)
