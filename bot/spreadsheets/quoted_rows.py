"""Rows of a text with quotes; a quote that somebody forgot to close does not swallow the rows below it."""

import csv
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from bot.domain.customers.cells import NAMES, letters_of
from bot.domain.customers.columns import DIGIT
from bot.domain.customers.separators import rows_of
from bot.domain.customers.tables import Row, marked

QUOTE: Final = '"'

Shape = tuple[bool, ...]
"""For each cell of a row, whether it has a digit."""


class QuotedRows:
    """Splits lines into rows as `csv` does, but judges each quoted cell that goes over several lines.

    It is a cell if none of its lines is as wide as a row, or if its row has the columns' names.
    It is a row with a forgotten quote if no quote closes it, or if most of its lines look like rows. Else
    all its lines are marked, and none gives an id.
    """

    def __init__(self, lines: Iterable[str], separator: str, sample: Sequence[str]) -> None:
        self._lines = iter(lines)
        self._separator = separator
        self._taken: list[str] = []
        self._again: deque[str] = deque()
        self._is_at_end = False
        shapes = Counter(map(_shape, rows_of(sample, separator)))
        self._usual: Shape = max(shapes, key=shapes.__getitem__, default=())

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows; raises `csv.Error` if a line is too long."""
        reader = self._reader()
        while (row := self._read(reader)) is not None:
            if len(self._taken) == 1:
                yield row
            else:
                yield from self._judged(row)
                reader = self._reader()
            self._taken.clear()

    def _read(self, reader: Iterator[Row]) -> Row | None:
        """Read the next row; one with text behind a quote keeps its quotes, an endless cell gives none."""
        try:
            return next(reader, None)
        except csv.Error:
            if len(self._taken) > 1:
                return []
            if len(self._taken[0]) > csv.field_size_limit():
                raise
            return self._split(self._taken[0])

    def _judged(self, row: Row) -> Iterator[Row]:
        first, *others = self._taken
        shapes = [_shape(self._split(line)) for line in others]
        alike = sum(1 for shape in shapes if shape == self._usual)
        is_alike = any(self._usual) and alike * 2 > len(others)
        if not row or self._is_at_end or len(self._usual) == 1 or is_alike:
            self._again.extendleft(reversed(others))
            self._is_at_end = False
            yield self._unclosed(first)
        elif _has_names(row):
            yield row
        elif any(len(shape) == len(self._usual) for shape in shapes):
            yield from (marked(self._split(line)) for line in self._taken)
        else:
            yield row

    def _reader(self) -> Iterator[Row]:
        return csv.reader(self._next_lines(), delimiter=self._separator, strict=True)

    def _next_lines(self) -> Iterator[str]:
        while True:
            line = self._again.popleft() if self._again else next(self._lines, None)
            if line is None:
                self._is_at_end = bool(self._taken)
                return
            self._taken.append(line)
            yield line

    def _unclosed(self, line: str) -> Row:
        """Split a line at whose end a quote is open, and mark the cell of the quote."""
        *cells, last = next(csv.reader([line.rstrip("\r\n") + QUOTE], delimiter=self._separator))
        return [*cells, f"{QUOTE}{last}"]

    def _split(self, line: str) -> Row:
        return line.rstrip("\r\n").split(self._separator)


def _has_names(row: Row) -> bool:
    """Tell whether it has the columns' names; kunde beside digits is a customer's type."""
    return any(letters_of(cell) in NAMES for cell in row) and not any(map(DIGIT.search, row))


def _shape(row: Row) -> Shape:
    return tuple(bool(DIGIT.search(cell)) for cell in row)
