"""Rows of whatever file, block by block, none of them wider than a table is."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from bot.domain.customers.tables import Block, Row, block_of
from bot.domain.customers.uploads import FileProblem
from bot.spreadsheets.errors import FileError

AT_ONCE: Final = 5_000
"""Rows of a block."""
WIDEST: Final = 2_000
"""Columns of a row; a spreadsheet's export has fewer, and a list on one line has more."""


def some(rows: Iterator[Row], most: int) -> list[Row]:
    """Read the next rows.

    Raises:
        Unreadable: one of them has more cells than any table.
    """
    found = list(islice(rows, most))
    if max(map(len, found), default=0) > WIDEST:
        raise FileError(FileProblem.LONG_LINE)
    return found


def blocks_of(rows: Iterator[Row], column: int) -> Iterator[Block]:
    """Read all that is left, block by block; raises what `some` does."""
    while found := some(rows, AT_ONCE):
        yield block_of(found, column)
