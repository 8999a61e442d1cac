"""Reads the lists that the bot writes, as a spreadsheet does."""

import csv
import io
import unicodedata

import openpyxl
from hypothesis import strategies as st

from sandbox.slack.state.uploads import Uploads

STARTS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
UNSEEN = ("Cc", "Cf", "Zs", "Zl", "Zp")
CELLS = st.lists(
    st.sampled_from([*STARTS, *",;\t|\r\n\"' a1(!)\u200b\ufeff\xa0\xad\x00\u2028", "=1+1", "\ud800"])
    | st.characters(),
    max_size=8,
).map("".join)
"""Cells of a hostile file."""


def is_formula(shown: str) -> bool:
    """Tell whether a spreadsheet may compute a cell, after it drops what nobody sees at the start."""
    seen = (sign for sign in shown if sign != '"' and unicodedata.category(sign) not in UNSEEN)
    return next(seen, "") in tuple(STARTS)


def rows_of(content: bytes, *, separator: str = ";", encoding: str = "utf-8-sig") -> list[list[str]]:
    """Read a workbook, or a text with this separator and encoding; all cells of a workbook are texts."""
    if not content.startswith(b"PK"):
        return list(csv.reader(io.StringIO(content.decode(encoding), newline=""), delimiter=separator))
    (sheet,) = openpyxl.load_workbook(io.BytesIO(content)).worksheets
    rows = [list(row) for row in sheet.iter_rows()]
    assert {cell.data_type for row in rows for cell in row if cell.value is not None} <= {"s", "inlineStr"}
    return [["" if cell.value is None else str(cell.value) for cell in row] for row in rows]


def records_of(content: bytes, *, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    """Read a list's rows by the names of its columns."""
    names, *rows = rows_of(content, encoding=encoding)
    return [dict(zip(names, row, strict=True)) for row in rows]


def sent(uploads: Uploads, file: str) -> bytes:
    """Return a file that the bot sent to the sandbox."""
    return uploads.files[file].content or b""
