"""What channels have given, added up for their budgets."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, func, or_, select

from bot.database.connection import BaseRepository, Database, Transaction, Values
from bot.database.mapping import encode, from_micros, rule_of, to_micros
from bot.database.schema import batches, channels, customers, requests
from bot.domain.ids import ChannelId, RequestId
from bot.domain.policy.budget import Grant
from bot.domain.requests.request import State


def _grants() -> Any:
    """Select what each other request of a channel gave or may have given."""
    of_batches = batches.c.request == requests.c.id
    maybe_given = (
        select(func.coalesce(func.sum(batches.c.given + batches.c.unknown), 0))
        .where(of_batches)
        .scalar_subquery()
    )
    settled = select(func.coalesce(func.sum(batches.c.size), 0)).where(of_batches).scalar_subquery()
    started = (
        select(func.coalesce(func.sum(customers.c.size), 0))
        .where(customers.c.request == requests.c.id, customers.c.starts > 0)
        .scalar_subquery()
    )
    return select(
        requests.c.ended_at,
        requests.c.rule,
        requests.c.state,
        requests.c.customers,
        maybe_given,
        settled,
        started,
    ).where(
        requests.c.channel == bindparam("which"),
        requests.c.id != bindparam("but"),
        requests.c.started_at.is_not(None),
        or_(requests.c.ended_at.is_(None), requests.c.ended_at > bindparam("since")),
    )


_GRANTS: Final = _grants()
_LOCK: Final = select(channels.c.id).where(channels.c.id == bindparam("which")).with_for_update()


class BudgetRepository(BaseRepository):
    """Grants by channel."""

    async def grants(self, channel: ChannelId, since: datetime, *, but: RequestId) -> tuple[Grant, ...]:
        """Read what a channel's other requests gave since a time, may have given, or are giving."""
        return await _read(self._database, channel, since, but)


async def grants_locked(
    database: Database, transaction: Transaction, channel: ChannelId, since: datetime, but: RequestId
) -> tuple[Grant, ...]:
    """Read the same under a lock of the channel: of two simultaneous requests, the second sees the first."""
    insert = database.insert(channels).on_conflict_do_nothing(index_elements=["id"])
    await transaction.run(insert, {"id": encode(channel)})
    await transaction.run(_LOCK, {"which": encode(channel)})
    return await _read(transaction, channel, since, but)


async def _read(
    where: Database | Transaction, channel: ChannelId, since: datetime, but: RequestId
) -> tuple[Grant, ...]:
    values: Values = {"which": encode(channel), "since": to_micros(since), "but": encode(but)}
    grants = []
    for ended_at, rule, state, asked, maybe_given, settled, started in await where.run(_GRANTS, values):
        if rule is not None:
            giving = state == State.GIVING.value
            count = asked if giving else int(maybe_given) + max(int(started) - int(settled), 0)
            at = None if ended_at is None else from_micros(ended_at)
            grants.append(Grant(at=at, rule=rule_of(rule), customers=count))
    return tuple(grants)
