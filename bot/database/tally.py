"""Adds up what came of a request's customers: the four outcomes, in one query."""

from typing import Any, Final

from sqlalchemy import BindParameter, bindparam, func, select

from bot.database.connection import Rows
from bot.database.schema import batches, customers
from bot.domain.requests.batches import Tally

_WHICH: Final[BindParameter[str]] = bindparam("which")


def _tally() -> Any:
    """Add up in one statement; a batch that was started counts as unknown until it has an outcome."""
    asked = select(func.sum(customers.c.size)).where(customers.c.request == _WHICH)
    started = asked.where(customers.c.starts > 0)
    of_batches = select(
        func.coalesce(func.sum(batches.c.given), 0),
        func.coalesce(func.sum(batches.c.refused), 0),
        func.coalesce(func.sum(batches.c.unknown), 0),
        func.coalesce(func.sum(batches.c.size), 0),
        func.coalesce(asked.scalar_subquery(), 0),
        func.coalesce(started.scalar_subquery(), 0),
    )
    return of_batches.where(batches.c.request == _WHICH)


TALLY: Final = _tally()


def tally_of(rows: Rows) -> Tally:
    """Read what was added up."""
    given, refused, unknown, settled, asked, started = map(int, rows[0])
    return Tally(asked, given=given, refused=refused, unknown=unknown + max(started - settled, 0))
