"""The table in CSV, TSV and plain lists: finds the separator and reads the rows."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice, repeat
from typing import Final

from bot.domain.customers.row_fit import RowFit
from bot.domain.customers.separators import MAX_COLUMNS, SEPARATORS, rows_of, separator_of
from bot.domain.customers.tables import Block, Place, Row, block_of
from bot.domain.customers.uploads import FileProblem
from bot.spreadsheets.chunks import Content, Stream
from bot.spreadsheets.encodings import decoded, encoding_of, errors_of
from bot.spreadsheets.errors import FileError
from bot.spreadsheets.quoted_rows import QuotedRows
from bot.spreadsheets.row_blocks import blocks_of, next_rows

SAMPLE_LINES: Final = 200
"""Lines that decide on the separator."""
MAX_CELL_LENGTH: Final = 100_000
MIN_LIST_CELLS: Final = 6
"""From this many cells on, a file of a single line is a list and not a table with one row."""
CODE: Final = re.compile(
    r"\A(?:<[!?%a-z]|[\[{]|ID;P|TABLE\s+0,1|(?:MIME-Version|Content-Type):|BEGIN:V|#!|/\*|insert\s+into\s"
    r"|(?:create\s+(?:temp\w*\s+)?table|delete\s+from|drop\s+table|select\s.*\sfrom|update\s.*\sset)\s)"
    r"|^[ \t]*(?:export[ \t]+)?(?:const|let|var)?[ \t]*[$\w.]+[ \t]*(?::=|=>?)[ \t]*(?:array)?[\[({]"
    r"|^(?:from[ \t]\S+[ \t]import\s|(?:import|package|using|use)[ \t]+[\w.]+;|(?:def|function)[ \t]\w+\()",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)
"""How markup, JSON, SQL, programs and formats of other applications begin."""


class TextTable:
    """A text's table, with the separator that most of its rows agree on.

    Raises:
        FileError: it is not text. Reading may raise `csv.Error` (an endless cell) and `UnicodeError`
        (damaged).
    """

    sheet = title = ""
    place = Place()

    def __init__(self, content: Content) -> None:
        csv.field_size_limit(MAX_CELL_LENGTH)
        self._content = content
        self._encoding = encoding_of(content)
        if CODE.search(content.start.decode(self._encoding, errors="replace").lstrip("\ufeff \t\r\n")):
            raise FileError(FileProblem.CODE)
        self._sample = list(islice(_lines(content.chunks, self._encoding), SAMPLE_LINES))
        self._names_separator, self._separator = _separator(self._sample)
        self._is_quoted = b'"' in content

    @property
    def dialect(self) -> tuple[str, str, bool]:
        """The separator, the encoding, and whether the first line names the separator."""
        return self._separator, self._encoding, self._names_separator

    def head(self, most: int) -> list[Row]:
        """Read the first rows."""
        return next_rows(self._rows(self._content.chunks), most)

    def blocks(self, column: int, first: int) -> Iterator[Block]:
        """Read a column, once; in a file without quotes each line is a row, which is faster to read."""
        fit = RowFit(rows_of(self._sample, self._separator), column)
        if self._is_quoted:
            rows = map(fit.fitted, self._rows(self._content.consume()))
            return blocks_of(islice(rows, first - 1, None), column)
        return self._blocks_of_lines(column, first, fit)

    def _rows(self, chunks: Iterable[bytes]) -> Iterator[Row]:
        lines = _lines(chunks, self._encoding)
        if not self._names_separator:
            return self._split(lines)
        next(lines, "")
        return chain([()], self._split(lines))

    def _blocks_of_lines(self, column: int, first: int, fit: RowFit) -> Iterator[Block]:
        skip, new_lines = first - 1, b"\r" in self._content
        for lines in _complete_lines(decoded(self._content.consume(), self._encoding, new_lines=new_lines)):
            if rest := lines[skip:] if skip else lines:
                yield self._block(rest, column, fit)
            skip = max(skip - len(lines), 0)

    def _block(self, lines: list[str], column: int, fit: RowFit) -> Block:
        """Take a column out of lines without quotes, with the same result as `csv` in a third of the time."""
        separator = self._separator
        if max(map(len, lines)) > MAX_COLUMNS:  # a line may have an endless cell or too many cells
            rows = next_rows(self._split(lines), len(lines))
        else:
            counts = set(map(str.count, lines, repeat(separator))) if column == 1 else ()
            if counts == {fit.width - 1} and not fit.is_split:
                return Block(
                    [line.partition(separator)[0] for line in lines], lambda: list(self._split(lines))
                )
            rows = [line.split(separator) if line else [] for line in lines]
        return block_of(list(map(fit.fitted, rows)), column)

    def _split(self, lines: Iterable[str]) -> Iterator[Row]:
        if self._is_quoted:
            return iter(QuotedRows(lines, self._separator, self._sample))
        return csv.reader(lines, delimiter=self._separator)


def _complete_lines(texts: Iterable[str]) -> Iterator[list[str]]:
    """Yield the complete lines of each text, and keep an incomplete one for the next text."""
    incomplete: list[str] = []
    for text in texts:
        if "\n" in text:
            lines = "".join([*incomplete, text]).split("\n")
            incomplete = [lines.pop()]
            yield lines
        else:
            incomplete.append(text)
    if last := "".join(incomplete):
        yield [last]


def _separator(lines: list[str]) -> tuple[bool, str]:
    """Find the separator, and whether the first line only names it, as Excel's `sep=;` does."""
    first = lines[0].strip().strip('"') if lines else ""
    if first.casefold().startswith("sep=") and len(first) == len("sep=;"):
        return True, first[-1]
    for separator in SEPARATORS:
        rows = rows_of(lines, separator)
        if len(rows) == 1 and len(rows[0]) >= MIN_LIST_CELLS:
            raise FileError(FileProblem.ONE_LINE)
    if found := separator_of(lines):
        return False, found
    raise FileError(FileProblem.SEPARATOR)


def _lines(chunks: Iterable[bytes], encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.BufferedReader(Stream(iter(chunks))), encoding=encoding, errors=errors_of(encoding), newline=""
    )
