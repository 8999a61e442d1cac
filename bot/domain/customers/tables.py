"""A table of cells, whatever file it stood in: its first rows, and from some row on the cells of one column, block by block."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows on end: the cells of the one column, empty where a row is too short, and the whole rows for whoever has to see them."""

    values: list[str]
    rows: Callable[[], Sequence[Row]]


class Table(Protocol):
    """Rows as a spreadsheet counts them, empty ones included."""

    sheet: str
    """The name of the sheet, where there are several."""

    def head(self, most: int) -> list[Row]:
        """Read the first rows; whatever is wrong with one may be raised."""

    def blocks(self, column: int, first: int) -> Iterator[Block]:
        """Read a column, by its number from 1, from a row on, the first being 1; whatever is wrong with one may be raised."""


def cell(row: Row, column: int) -> str:
    """Read a cell, empty where the row is too short."""
    return row[column - 1] if len(row) >= column else ""


def block_of(rows: list[Row], column: int) -> Block:
    """Make a block of rows that are there already."""
    at = column - 1
    return Block([row[at] if len(row) > at else "" for row in rows], lambda: rows)
