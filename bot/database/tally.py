"""Adds up the outcomes of a request's customers in one query."""

from typing import Any, Final

from sqlalchemy import BindParameter, bindparam, func, select

from bot.database.connection import Rows
from bot.database.schema import batches, customers, requests
from bot.domain.requests.batches import Tally

_WHICH: Final[BindParameter[str]] = bindparam("which")
_CUSTOMERS: Final = select(func.sum(customers.c.size)).where(customers.c.request == _WHICH)
_SUMS: Final[tuple[Any, ...]] = (
    *map(func.sum, (batches.c.given, batches.c.refused, batches.c.unknown, batches.c.size)),
    _CUSTOMERS.scalar_subquery(),
    _CUSTOMERS.where(customers.c.starts > 0).scalar_subquery(),
    select(requests.c.had_before).where(requests.c.id == _WHICH).scalar_subquery(),
    select(requests.c.maybe_before).where(requests.c.id == _WHICH).scalar_subquery(),
)
TALLY: Final = select(*(func.coalesce(total, 0) for total in _SUMS)).where(batches.c.request == _WHICH)


def tally_of(rows: Rows) -> Tally:
    """Read the sums. A batch that was started and has no outcome counts as unknown."""
    given, refused, unknown, settled, asked, started, had, maybe = map(int, rows[0])
    unknown += max(started - settled, 0)
    return Tally(asked, given, refused, unknown, had_before=had, maybe_before=maybe)
