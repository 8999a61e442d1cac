"""A table of cells, independent of its file format, and cells for a file that a spreadsheet opens."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

Row = Sequence[str]

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets take the wide ones too
"""A spreadsheet computes a cell that begins with one of these."""

MISFIT: Final = "\ufdd0"
"""Marks the cells of a row that does not fit its table; no text has this sign."""


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive rows: the cells of one column (empty if a row is too short), and whole rows on demand."""

    values: list[str]
    rows: Callable[[], Sequence[Row]]


class Table(Protocol):
    """Rows as a spreadsheet counts them, empty ones included. Reading may raise errors of the format."""

    sheet: str
    """The name of the sheet, if there are several."""

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
