"""Tells which rows do not fit their table: a line break or a separator inside a cell moves the ids."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from bot.domain.customers.cells import problem_in
from bot.domain.customers.tables import Row, cell, marked

DIGIT: Final = re.compile(r"\d")
LETTER: Final = re.compile(r"[^\W\d_]")


class RowFit:
    """The number of cells of a table's rows, and what the ids of complete rows look like."""

    def __init__(self, sample: Sequence[Row], column: int) -> None:
        rows = sample or [[]]
        ((usual, _),) = Counter(count for row in rows if (count := len(row)) > 1).most_common(1) or [(1, 0)]
        self.width = usual if any(map(DIGIT.search, rows[0])) else max(usual, len(rows[0]))
        self._column = column
        self._shapes = {_shape(cell(row, column)) for row in rows if len(row) == self.width}

    def fitted(self, row: Row) -> Row:
        """Mark a row that does not fit: none of its cells gives an id.

        Empty cells may be missing or too many. In the first column, ids stay where they are when a later
        cell has a separator, unless a whole row follows on the same line.
        """
        count, value = len(row), cell(row, self._column)
        if count == self.width or problem_in(value):
            return row
        if count < self.width:
            is_fit = DIGIT.search(value) is not None and _shape(value) in self._shapes
        else:
            is_first = self._column == 1 and count < 2 * self.width - 1
            is_fit = is_first or not any(map(str.strip, row[self.width :]))
        return row if is_fit else marked(row)


def _shape(value: str) -> str:
    return DIGIT.sub("0", LETTER.sub("a", value.strip()))
