"""Tells which rows do not fit their table: a line break or a separator inside a cell moves the ids."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from bot.domain.customers.cells import LETTER, problem_in
from bot.domain.customers.columns import DIGIT
from bot.domain.customers.tables import Row, cell, marked

LONG: Final = 8
"""Characters of a random id, which has letters and digits anywhere."""


class RowFit:
    """The number of cells of a table's rows, and what the ids of complete rows look like."""

    def __init__(self, sample: Sequence[Row], column: int) -> None:
        rows = sample or [[]]
        ((usual, _),) = Counter(count for row in rows if (count := len(row)) > 1).most_common(1) or [(1, 0)]
        has_names = not any(map(DIGIT.search, rows[0])) and any(len(row) >= len(rows[0]) for row in rows[1:])
        self.width = max(usual, len(rows[0])) if has_names else usual
        self._column = column
        ids = [cell(row, column) for row in rows if len(row) == self.width]
        shapes = Counter(map(_shape, ids))
        self._shapes = {shape for shape, count in shapes.items() if count > 1} or set(shapes)
        self._long = {length for one in ids if (length := len(one.strip())) >= LONG}
        self.is_split = False
        """Whether the last row was cut, so that the next one may begin with its rest."""

    def fitted(self, row: Row) -> Row:
        """Mark a row that does not fit: none of its cells gives an id.

        Empty cells may be missing or too many. In the first column, ids stay where they are when a later
        cell has a separator, unless a whole row follows on the same line. An id may be cut by either, and
        the row below a cut one may begin with its rest: then it has to look like the others.
        """
        count, value = len(row), cell(row, self._column)
        was_split, self.is_split = self.is_split, False
        if (count == self.width and not was_split) or problem_in(value):
            return row
        is_fit = self._is_usual(value)
        if count > self.width:
            is_first = self._column == 1 and count < 2 * self.width - 1
            is_fit = (is_fit and is_first) or not any(map(str.strip, row[self.width :]))
        self.is_split = count < self.width and not is_fit
        return row if is_fit else marked(row)

    def _is_usual(self, value: str) -> bool:
        """Tell whether an id has letters and digits in the same places as another, or is as long."""
        return _shape(value) in self._shapes or len(value.strip()) in self._long


def _shape(value: str) -> str:
    return DIGIT.sub("0", LETTER.sub("a", value.strip()))
