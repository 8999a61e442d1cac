"""Writes rows as a text in the format of another: its separator, encoding and byte order mark."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import PurePath
from typing import Final

from bot.domain.customers.separators import SEPARATORS
from bot.domain.customers.tables import escape_formula
from bot.spreadsheets.csv_table import TextTable
from bot.spreadsheets.writer.columns import Cells

MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order marks, and the encodings that follow them."""
DEFAULT_SEPARATOR: Final = SEPARATORS[0]
SUFFIXES: Final = frozenset({".csv", ".tsv", ".tab", ".txt"})
ROWS_PER_PIECE: Final = 2_000


@dataclass(frozen=True, slots=True)
class TextFormat:
    """A text's separator, encoding and byte order mark; `names_separator` begins it with `sep=;`."""

    separator: str = DEFAULT_SEPARATOR
    encoding: str = "utf-8"
    mark: bytes = b""
    names_separator: bool = False
    suffix: str = field(default=".csv", compare=False)

    @classmethod
    def of(cls, table: TextTable, start: bytes, name: str) -> "TextFormat":
        """Take the format of a text that begins with these bytes, and the end of its name."""
        separator, encoding, names_separator = table.dialect
        marks = (each for each in MARKS if start.startswith(each[0]))
        mark, encoding = next(marks, (b"", encoding))
        suffix = PurePath(name).suffix.lower()
        return cls(
            separator if separator in SEPARATORS else DEFAULT_SEPARATOR,
            encoding,
            mark,
            names_separator and separator in SEPARATORS,
            suffix if suffix in SUFFIXES else ".csv",
        )

    def for_texts(self, texts: Iterable[str]) -> "TextFormat":
        """Return this format, or UTF-8 with a mark if its encoding lacks a character of these texts."""
        try:
            "".join(texts).encode(self.encoding)
        except UnicodeEncodeError:
            return replace(self, encoding="utf-8", mark=codecs.BOM_UTF8)
        return self

    def pieces(self, rows: Iterable[Cells]) -> Iterator[bytes]:
        """Write many rows in each piece; no cell is a formula in a spreadsheet, in whatever way it splits."""
        yield self.mark
        if self.names_separator:
            yield f"sep={self.separator}\r\n".encode(self.encoding)
        remaining = iter(rows)
        while some := list(islice(remaining, ROWS_PER_PIECE)):
            text = io.StringIO(newline="")
            csv.writer(text, delimiter=self.separator).writerows(map(escape_formula, row) for row in some)
            yield text.getvalue().encode(self.encoding, errors="backslashreplace")
