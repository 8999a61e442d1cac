"""What channels have given, added up for their budgets."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    bindparam,
    func,
    null,
    or_,
    select,
    union_all,
    update,
)

from bot.database.connection import BaseRepository, Database, Transaction, Values
from bot.database.mapping import decode, encode, from_micros, rule_of, to_columns
from bot.database.schema import BEGUN, ENDS, batches, channels, customers, requests
from bot.domain.customers.parsing import RESERVED
from bot.domain.ids import ChannelId, RequestId, UserId
from bot.domain.policy.budget import Asked, Grant
from bot.domain.requests.request import OPEN, Request, State
from bot.domain.rules.rule import cost


def _sum(counts: ColumnElement[int], *where: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.coalesce(func.sum(counts), 0)).where(*where).scalar_subquery()


DRAFT_MICROS: Final = 2 * 86_400 * 10**6
"""No request was a draft for longer than that."""
MOST_AMOUNT: Final = 2**40
"""Of larger amounts, a sum might not fit into a column: they are added up each time."""
_SINCE: Final = bindparam("since", type_=BigInteger)
_OF_BATCHES: Final = batches.c.request == requests.c.id
_GIVEN_AT: Final = func.coalesce(batches.c.given_at, requests.c.ended_at)
"""When a batch was given; for batches of earlier versions, the end of their request, if it has one."""
_SINCE_THEN: Final = or_(_GIVEN_AT.is_(None), _GIVEN_AT > _SINCE)
_GIVEN_BEFORE: Final = _sum(batches.c.given, _OF_BATCHES, _GIVEN_AT <= _SINCE)
_OLDEST: Final = select(func.min(batches.c.given_at)).where(_OF_BATCHES, _SINCE_THEN).scalar_subquery()
_OPEN_GRANTS: Final = select(
    *(requests.c[name] for name in ("ended_at", "rule", "state", "customers")),
    _sum(batches.c.given + batches.c.unknown, _OF_BATCHES, _SINCE_THEN),
    _GIVEN_BEFORE,
    _sum(batches.c.size, _OF_BATCHES),
    _sum(customers.c.size, customers.c.request == requests.c.id, customers.c.starts > 0),
    _OLDEST,
).where(
    requests.c.channel == bindparam("which"),
    requests.c.id != bindparam("but"),
    BEGUN,
    _SINCE < ENDS,
    requests.c.granted_from <= _SINCE,
)
"""The requests whose grants have to be added up: not ended, or begun before that time."""
_ENDED_GRANTS: Final = select(
    null(),
    null(),
    null(),
    func.sum(requests.c.granted),
    func.sum(requests.c.granted_amount),
    null(),
    null(),
    null(),
    func.min(requests.c.granted_from),
).where(requests.c.channel == bindparam("which"), requests.c.granted_from > _SINCE)
"""The sum of the others, as one row without a state."""
_GRANTS: Final[CompoundSelect[Any]] = union_all(_OPEN_GRANTS, _ENDED_GRANTS)
"""One statement: between two, a request could end, and count in both."""
_SUMS: Final[tuple[Any, ...]] = (
    _sum(batches.c.given + batches.c.unknown, _OF_BATCHES),
    _sum(batches.c.size, _OF_BATCHES),
    _sum(customers.c.size, customers.c.request == requests.c.id, customers.c.starts > 0),
    func.coalesce(select(func.min(_GIVEN_AT)).where(_OF_BATCHES).scalar_subquery(), requests.c.ended_at),
)
_TOTAL: Final = select(*_SUMS).where(requests.c.id == bindparam("which"))
_KEEP_TOTAL: Final = update(requests).where(requests.c.id == bindparam("which"))
_OWN: Final = select(_GIVEN_BEFORE).where(requests.c.id == bindparam("which"))
_ASKED: Final = select(
    *(requests.c[name] for name in ("requester", "rule", "state", "customers", "first_customer")),
    _sum(batches.c.given + batches.c.unknown, _OF_BATCHES),
).where(
    requests.c.channel == bindparam("which"),
    requests.c.id != bindparam("but"),
    requests.c.created_at > _SINCE - DRAFT_MICROS,
    requests.c.asked_at > _SINCE,
    requests.c.asked_at < bindparam("until", type_=BigInteger),
)
LOCK: Final = select(channels.c.id).where(channels.c.id == bindparam("which")).with_for_update()
"""Of two requests that start at once, the second waits, and sees the grants of the first."""


class BudgetRepository(BaseRepository):
    """Grants by channel."""

    async def grants(self, channel: ChannelId, since: datetime, *, but: RequestId) -> tuple[Grant, ...]:
        return await read_grants(self._database, channel, since, but)

    async def asked_between(self, request: Request, since: datetime, until: datetime) -> tuple[Asked, ...]:
        return await read_asked(self._database, request, since, until)

    async def given_before(self, request: RequestId, since: datetime) -> int:
        return await read_given_before(self._database, request, since)


async def read_given_before(where: Database | Transaction, request: RequestId, since: datetime) -> int:
    """Read the same, perhaps in a transaction."""
    rows = await where.run(_OWN, to_columns(which=request, since=since))
    return int(rows[0][0]) if rows else 0


async def read_grants(
    where: Database | Transaction, channel: ChannelId, since: datetime, but: RequestId
) -> tuple[Grant, ...]:
    """Read the same, perhaps in a transaction that holds `LOCK`."""
    values = to_columns(which=channel, since=since, but=but)
    found = []
    for row in await where.run(_GRANTS, values):
        _, rule, state, customers, amount, *_, first = row
        if state is None and first is not None:
            found.append(Grant(from_micros(first), int(customers), int(amount)))
        elif rule is not None:
            found.append(_grant(*row))
    return tuple(found)


async def keep_total(transaction: Transaction, request: Request) -> None:
    """Write what an ended request counts for, so that nobody adds it up again."""
    if request.rule is None or request.started_at is None:
        return
    which = {"which": encode(request.id)}
    ((counted, settled, started, first),) = await transaction.run(_TOTAL, which)
    if first is None:  # neither a batch nor an end has a time: it is added up each time
        return
    count = int(counted) + max(int(started) - int(settled), 0)
    price = cost(request.rule, count)
    amount = price.total if price else 0
    if amount < MOST_AMOUNT:
        total: Values = {"granted": count, "granted_amount": amount, "granted_from": first}
        await transaction.run(_KEEP_TOTAL, {**which, **total})


def _grant(
    ended_at: int | None,
    rule: str,
    state: str,
    asked: int,
    since_then: int,
    before: int,
    settled: int,
    started: int,
    oldest: int | None,
) -> Grant:
    """Make a grant: all that is left of a giving, or what was given since then or may have been."""
    unsettled = max(int(started) - int(settled), 0)
    count = asked - int(before) if state == State.GIVING.value else int(since_then) + unsettled
    at = oldest if oldest is not None else ended_at
    price = cost(rule_of(rule), count)
    return Grant(None if at is None else from_micros(at), count, price.total if price else 0)


async def read_asked(
    where: Database | Transaction, request: Request, since: datetime, until: datetime
) -> tuple[Asked, ...]:
    """Read the same, perhaps in a transaction that holds `LOCK`; an ended request counts what it gave."""
    values = to_columns(which=request.channel, but=request.id, since=since, until=until)
    found = []
    for requester, rule, state, asked, first, maybe_given in await where.run(_ASKED, values):
        count = asked if State(state) in OPEN else int(maybe_given)
        if rule is not None and decode(first) not in RESERVED:
            price = cost(rule_of(rule), count)
            found.append(Asked(UserId(decode(requester)), count, price.total if price else 0))
    return tuple(sorted(found, key=lambda one: (one.requester, one.customers, one.amount)))
