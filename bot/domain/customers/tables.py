"""A table of cells, independent of its file format, and cells for a text that a spreadsheet opens."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from bot.domain.customers.uploads import Column, OtherSheet, RowProblem

Row = Sequence[str]

STARTS: Final = "-=+@\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20"
"""A spreadsheet computes a cell that begins with one of these; the last are small and wide forms."""
UNSEEN: Final = (
    ' "\\0-\\x08\v\f\\x0e-\\x1f\\x7f-\xa0\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f'
    "\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Spaces, quotes and invisible characters that a spreadsheet may drop before it looks at a cell."""
CELL: Final = "(^|[,;|\t\r\n])"
"""Where a cell begins, whatever the list separator in the spreadsheet's settings is."""
FORMULA: Final = re.compile(f"^(?=[\t\r\n])|{CELL}(?='*[{UNSEEN}]*[{STARTS}])")
PLAIN: Final = re.compile("[0-9A-Za-z\xc0-\u024f][^,;|\t\r\n]*").fullmatch
"""Matches a cell that is surely no formula, in a tenth of the time: most are."""

LONGEST_TEXT: Final = 200
"""Characters kept of a row without an id."""
MISFIT: Final = "\ufdd0"
"""Marks the cells of a row that does not fit its table; no text has this sign."""


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive rows: the cells of one column (empty if a row is too short), and whole rows on demand."""

    values: list[str]
    rows: Callable[[], Sequence[Row]]
    problems: Mapping[int, RowProblem] = field(default_factory=dict)
    """Why some cells give no value, by their place in `values`, where they are empty."""
    hidden: frozenset[int] = frozenset()
    """The places of rows that the sheet hides."""

    def count_hidden(self) -> int:
        """Count the hidden rows that have a value, or have none for a reason."""
        return sum(1 for at in self.hidden if self.values[at] or at in self.problems)

    def without_hidden(self) -> "Block":
        """Refuse the hidden rows."""
        values = self.values.copy()
        problems = dict(self.problems)
        for at in self.hidden:
            if values[at] or at in problems:
                values[at], problems[at] = "", RowProblem.HIDDEN_ROW
        return Block(values, self.rows, problems)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table is in its workbook."""

    number: int = 0
    """The number of its sheet, from 1; 0 in a text."""
    name: str = ""
    """The name of its sheet, if there are several."""
    is_hidden: bool = False
    hidden_columns: frozenset[int] = frozenset()
    other_sheets: tuple[OtherSheet, ...] = ()
    """The other sheets that have something in them."""
    rivals: tuple[Column, ...] = ()
    """Columns of this and other sheets that could hold the ids as well."""

    def mark(self, column: Column) -> Column:
        """Say where a column of this table is."""
        is_hidden = self.is_hidden or column.number in self.hidden_columns
        return replace(column, sheet=self.number, sheet_name=self.name, is_hidden=is_hidden)


class Table(Protocol):
    """Rows as a spreadsheet counts them, empty ones included. Reading may raise errors of the format."""

    sheet: str
    """The name of the sheet, if there are several."""
    place: Place
    title: str
    """The name of the sheet in any case; empty in a text."""

    def head(self, most: int) -> list[Row]:
        """Read the first rows."""

    def blocks(self, column: int, first: int) -> Iterator[Block]:
        """Read a column from a row on; columns and rows count from 1."""


def cell(row: Row, column: int) -> str:
    """Read a cell; empty if the row is too short."""
    return row[column - 1] if len(row) >= column else ""


def marked(row: Row) -> Row:
    """Mark a row that does not fit its table: none of its cells gives an id."""
    return [f"{MISFIT}{value}" for value in row]


def excerpt(text: str) -> str:
    """Return what is shown of a row without an id."""
    return text.replace(MISFIT, "")[:LONGEST_TEXT]


def block_of(rows: list[Row], column: int) -> Block:
    """Make a block of rows in memory."""
    return Block([cell(row, column) for row in rows], lambda: rows)


def escape_formula(value: object) -> str:
    """Write a cell of a text that a spreadsheet shows and never computes, whatever its list separator is.

    >>> escape_formula("=1+1"), escape_formula("a; -2"), escape_formula("R-7K2QF"), escape_formula(None)
    ("'=1+1", "a;' -2", 'R-7K2QF', '')
    """
    text = "" if value is None else str(value)
    return text if PLAIN(text) else FORMULA.sub(r"\1'", text)
