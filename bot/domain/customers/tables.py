"""A table of cells, independent of its file format, and cells for a file that a spreadsheet opens."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from bot.domain.customers.uploads import Column, OtherSheet, RowProblem

Row = Sequence[str]

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets take the wide ones too
"""A spreadsheet computes a cell that begins with one of these."""


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

    def head(self, most: int) -> list[Row]:
        """Read the first rows."""

    def blocks(self, column: int, first: int) -> Iterator[Block]:
        """Read a column from a row on; columns and rows count from 1."""


def cell(row: Row, column: int) -> str:
    """Read a cell; empty if the row is too short."""
    return row[column - 1] if len(row) >= column else ""


def block_of(rows: list[Row], column: int) -> Block:
    """Make a block of rows in memory."""
    return Block([cell(row, column) for row in rows], lambda: rows)


def escape_formula(value: object) -> str:
    """Write a cell that a spreadsheet shows and never computes.

    >>> escape_formula("=1+1"), escape_formula("R-7K2QF"), escape_formula(None)
    ("'=1+1", 'R-7K2QF', '')
    """
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
