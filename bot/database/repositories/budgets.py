"""What channels have given, added up for their budgets."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, func, or_, select

from bot.database.connection import BaseRepository, Database, Rows, Transaction
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
        return _read(await self._database.run(_GRANTS, _values(channel, since, but)))


async def grants_locked(
    database: Database, transaction: Transaction, channel: ChannelId, since: datetime, but: RequestId
) -> tuple[Grant, ...]:
    """Read the same under a lock of the channel: of two simultaneous requests, the second sees the first."""
    await transaction.run(
        database.insert(channels).on_conflict_do_nothing(index_elements=["id"]), {"id": encode(channel)}
    )
    await transaction.run(_LOCK, {"which": encode(channel)})
    return _read(await transaction.run(_GRANTS, _values(channel, since, but)))


def _values(channel: ChannelId, since: datetime, but: RequestId) -> dict[str, str | int]:
    return {"which": encode(channel), "since": to_micros(since), "but": encode(but)}


def _read(rows: Rows) -> tuple[Grant, ...]:
    return tuple(
        Grant(
            at=None if ended_at is None else from_micros(ended_at),
            rule=rule_of(rule),
            customers=asked
            if state == State.GIVING.value
            else int(maybe_given) + max(int(started) - int(settled), 0),
        )
        for ended_at, rule, state, asked, maybe_given, settled, started in rows
        if rule is not None
    )
