"""Reads rows in blocks, and rejects rows that are wider than any table."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from bot.domain.customers.separators import MAX_COLUMNS
from bot.domain.customers.tables import Block, Row, block_of
from bot.domain.customers.uploads import FileProblem
from bot.spreadsheets.errors import FileError

BLOCK_ROWS: Final = 5_000


def next_rows(rows: Iterator[Row], count: int) -> list[Row]:
    """Read the next rows; raise FileError if one has too many cells."""
    found = list(islice(rows, count))
    if max(map(len, found), default=0) > MAX_COLUMNS:
        raise FileError(FileProblem.LONG_LINE)
    return found


def blocks_of(rows: Iterator[Row], column: int) -> Iterator[Block]:
    """Read the remaining rows in blocks; raises what `next_rows` does."""
    while found := next_rows(rows, BLOCK_ROWS):
        yield block_of(found, column)
