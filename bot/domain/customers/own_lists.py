"""The bot's own lists of customers who were not given the discount: their columns, and how to find them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.domain.customers.columns import PREAMBLE, IdColumn, find
from bot.domain.customers.parsing import bare
from bot.domain.customers.tables import Block, Row, cell
from bot.domain.customers.uploads import Column

CUSTOMER_ID: Final = "customer_id"
REQUEST: Final = "request"
ENDING: Final = ("row", "outcome", "reason", REQUEST)
"""The last columns of a list: the row in its file, or the place in the request; and what happened."""
MAX_REQUESTS: Final = 5
SHORT_ID: Final = re.compile("R-[2-9A-HJ-NP-Z]{5}")


@dataclass(frozen=True, slots=True)
class OwnHeader:
    """The column names of a list of the bot, and the number (from 1) where those of `ENDING` begin."""

    names: tuple[str, ...]
    ending: int

    @property
    def id_column(self) -> int | None:
        """The number of the last `customer_id` before the ending, if there is one."""
        before = self.names[: self.ending - 1]
        return max((at for at, name in enumerate(before, start=1) if name == CUSTOMER_ID), default=None)


def own_header(head: Sequence[Row]) -> OwnHeader | None:
    """Find the header of a list of the bot; None in any other table."""
    for row in head[:PREAMBLE]:
        names = tuple(map(bare, row))
        for at in range(len(names) - len(ENDING), -1, -1):
            if names[at : at + len(ENDING)] == ENDING:
                return OwnHeader(names, at + 1)
    return None


def find_ids(head: Sequence[Row], chosen: int | None) -> IdColumn | tuple[Column, ...]:
    """Find the id column as `find` does, but a list of the bot has it in `customer_id`, if there is one.

    >>> found = find_ids([["Kundenr", "customer_id", *ENDING], ["7", "c-1"]], chosen=None)
    >>> isinstance(found, IdColumn) and found.column.number
    2
    """
    own = own_header(head)
    return find(head, chosen or (own.id_column if own else None))


@dataclass(slots=True)
class RequestColumn:
    """Collects the short ids in the column `request` of a table, if it has one."""

    header: Row
    _short_ids: set[str] = field(default_factory=set)

    def consume(self, block: Block) -> None:
        """Collect a block's short ids."""
        if (number := self._number()) and len(self._short_ids) < MAX_REQUESTS:
            self._short_ids.update(
                value for row in block.rows() if SHORT_ID.fullmatch(value := bare(cell(row, number)))
            )

    @property
    def request(self) -> str:
        """The short ids of the table's requests, apart by spaces; empty if there is none."""
        return " ".join(sorted(self._short_ids)[:MAX_REQUESTS])

    def _number(self) -> int:
        numbers = [at for at, name in enumerate(self.header, start=1) if bare(name).casefold() == REQUEST]
        return numbers[-1] if numbers else 0
