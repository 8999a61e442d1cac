"""CSV, TSV and plain lists: which separator parts them, and their rows."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Final

from bot.domain.customers.tables import Block, Row, block_of
from bot.domain.customers.uploads import FileProblem
from bot.spreadsheets.chunks import Content, Stream
from bot.spreadsheets.encodings import decoded, encoding_of
from bot.spreadsheets.errors import FileError
from bot.spreadsheets.row_blocks import WIDEST, blocks_of, some

SEPARATORS: Final = (";", "\t", "|", ",")
"""Where two part a file equally well, the first counts: a comma is the likeliest to stand inside a cell."""
NO_SEPARATOR: Final = "\x1f"
LOOKED_AT: Final = 200
"""Rows by which the separator is found."""
LONGEST_CELL: Final = 100_000
ONE_LINE: Final = 6
"""Cells from which a file of a single line is a list, and not a table of one row."""
DECIMAL: Final = re.compile(r"-?\d+,\d+(?:E[+-]\d+)?", re.IGNORECASE)
"""A number as it is written in the north: where every row is one, its comma parts nothing."""


class TextTable:
    """A text's table, parted by the separator that most of its rows agree on.

    Raises:
        Unreadable: it is no text. While it is read, `csv.Error` says that a cell is endless, and `UnicodeError` that it is damaged.
    """

    sheet = ""

    def __init__(self, content: Content) -> None:
        csv.field_size_limit(LONGEST_CELL)
        self._content = content
        self._encoding = encoding_of(content)
        self._named, self._separator = _separator(content, self._encoding)

    def head(self, most: int) -> list[Row]:
        """Read the first rows."""
        return some(self._rows(self._content), most)

    def blocks(self, column: int, first: int) -> Iterator[Block]:
        """Read a column, once; where no quote stands anywhere each line is a row, and only the column is taken out of it."""
        if b'"' in self._content:
            return blocks_of(islice(self._rows(self._content.let_go()), first - 1, None), column)
        return self._blocks_of_lines(column, first)

    def _rows(self, pieces: Iterable[bytes]) -> Iterator[Row]:
        return _rows(pieces, self._encoding, self._separator, skip=self._named)

    def _blocks_of_lines(self, column: int, first: int) -> Iterator[Block]:
        skip, new_lines = first - 1, b"\r" in self._content
        for lines in _lines_by_piece(decoded(self._content.let_go(), self._encoding, new_lines=new_lines)):
            if rest := lines[skip:] if skip else lines:
                yield self._block(rest, column)
            skip = max(skip - len(lines), 0)

    def _block(self, lines: list[str], column: int) -> Block:
        if (
            len(max(lines, key=len)) > WIDEST
        ):  # so that it may have an endless cell, or more of them than any table
            return block_of(some(self._parted(lines), len(lines)), column)
        return Block(_cells(lines, self._separator, column), lambda: list(self._parted(lines)))

    def _parted(self, lines: list[str]) -> Iterator[Row]:
        return csv.reader(lines, delimiter=self._separator)


def _cells(lines: list[str], separator: str, column: int) -> list[str]:
    """Take a column out of lines without quotes: what `csv` finds there, in a third of the time."""
    if column == 1:
        return [line.partition(separator)[0] for line in lines]
    parted = (line.split(separator, column) for line in lines)
    return [cells[column - 1] if len(cells) >= column else "" for cells in parted]


def _lines_by_piece(pieces: Iterable[str]) -> Iterator[list[str]]:
    """Read whole lines, as many as a piece ends."""
    open_: list[str] = []
    for piece in pieces:
        if "\n" in piece:
            lines = "".join([*open_, piece]).split("\n")
            open_ = [lines.pop()]
            yield lines
        else:
            open_.append(piece)
    if last := "".join(open_):
        yield [last]


def _separator(content: Content, encoding: str) -> tuple[bool, str]:
    """Find the separator, and say whether the first line does nothing but name it, as Excel's `sep=;`."""
    first = next(_lines(content, encoding), "").strip().strip('"')
    if first.casefold().startswith("sep=") and len(first) == len("sep=;"):
        return True, first[-1]
    return False, max(SEPARATORS, key=lambda one: _agreement(content, encoding, one), default="") if _parted(
        content, encoding
    ) else NO_SEPARATOR


def _parted(content: Content, encoding: str) -> bool:
    """Say whether any separator parts the rows the same way."""
    return any(_agreement(content, encoding, one) > (0, 0) for one in SEPARATORS)


def _agreement(content: Content, encoding: str, separator: str) -> tuple[float, int]:
    """Say which share of the rows has the usual number of cells, and how many those are; nothing where that is one cell."""
    rows = [
        row
        for row in islice(_rows(content, encoding, separator), LOOKED_AT)
        if any(one.strip() for one in row)
    ]
    if len(rows) == 1 and len(rows[0]) >= ONE_LINE:
        raise FileError(FileProblem.ONE_LINE)
    wide = next((at for at, row in enumerate(rows) if len(row) > 1), None)
    if wide is None or (separator == "," and all(DECIMAL.fullmatch(",".join(row)) for row in rows[wide:])):
        return 0, 0
    usual, times = _usual(rows[wide:])
    if usual == 1 or times * 3 < len(rows[wide:]) * 2:
        return 0, 0
    return times / len(rows), usual


def _usual(rows: Sequence[Row]) -> tuple[int, int]:
    ((usual, times),) = Counter(map(len, rows)).most_common(1)
    return usual, times


def _rows(pieces: Iterable[bytes], encoding: str, separator: str, *, skip: bool = False) -> Iterator[Row]:
    lines = _lines(pieces, encoding)
    if not skip:
        return csv.reader(lines, delimiter=separator)
    next(lines, "")
    return chain([()], csv.reader(lines, delimiter=separator))


def _lines(pieces: Iterable[bytes], encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedReader(Stream(iter(pieces))), encoding=encoding, newline="")
