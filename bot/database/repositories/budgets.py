"""What channels have given, added up for their budgets."""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, bindparam, func, or_, select

from bot.database.connection import BaseRepository, Database, Transaction, Values
from bot.database.mapping import encode, from_micros, rule_of, to_micros
from bot.database.schema import batches, channels, customers, requests
from bot.domain.ids import ChannelId, RequestId
from bot.domain.policy.budget import Grant
from bot.domain.requests.request import State


def _sum(counts: ColumnElement[int], *where: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.coalesce(func.sum(counts), 0)).where(*where).scalar_subquery()


_OF_BATCHES: Final = batches.c.request == requests.c.id
_GRANTS: Final = select(
    *(requests.c[name] for name in ("ended_at", "rule", "state", "customers")),
    _sum(batches.c.given + batches.c.unknown, _OF_BATCHES),
    _sum(batches.c.size, _OF_BATCHES),
    _sum(customers.c.size, customers.c.request == requests.c.id, customers.c.starts > 0),
).where(
    requests.c.channel == bindparam("which"),
    requests.c.id != bindparam("but"),
    requests.c.started_at.is_not(None),
    or_(requests.c.ended_at.is_(None), requests.c.ended_at > bindparam("since")),
)
LOCK: Final = select(channels.c.id).where(channels.c.id == bindparam("which")).with_for_update()
"""Of two requests that start at once, the second waits, and sees the grants of the first."""


class BudgetRepository(BaseRepository):
    """Grants by channel."""

    async def grants(self, channel: ChannelId, since: datetime, *, but: RequestId) -> tuple[Grant, ...]:
        """Read what a channel's other requests gave since a time, may have given, or are giving."""
        return await read_grants(self._database, channel, since, but)


async def read_grants(
    where: Database | Transaction, channel: ChannelId, since: datetime, but: RequestId
) -> tuple[Grant, ...]:
    """Read the same, perhaps in a transaction that holds `LOCK`."""
    values: Values = {"which": encode(channel), "since": to_micros(since), "but": encode(but)}
    grants = []
    for ended_at, rule, state, asked, maybe_given, settled, started in await where.run(_GRANTS, values):
        if rule is not None:
            giving = state == State.GIVING.value
            count = asked if giving else int(maybe_given) + max(int(started) - int(settled), 0)
            at = None if ended_at is None else from_micros(ended_at)
            grants.append(Grant(at=at, rule=rule_of(rule), customers=count))
    return tuple(grants)
