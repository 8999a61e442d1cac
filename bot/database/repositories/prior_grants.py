"""Grants of the same rule to some of the same customers, by open requests and those of the last days."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from typing import Any, Final, TypeAlias

from sqlalchemy import BigInteger, bindparam, or_, select

from bot.database.connection import BaseRepository, Database, Rows, Transaction, Values
from bot.database.mapping import decode, encode, from_micros, to_columns, to_micros
from bot.database.schema import BEGAN_AT, BEGUN, ENDS, SUBMITTED, batches, customers, of_request, requests
from bot.domain.customers.packing import unpacked
from bot.domain.ids import ChannelId, CustomerId, RequestId, ShortId
from bot.domain.requests.batches import BatchOutcome
from bot.domain.requests.outcome_codec import left_of, outcome_of
from bot.domain.requests.prior_grants import KeyUse, PriorGrants, PriorRequest
from bot.domain.requests.request import OPEN, Request

MAX_REQUESTS: Final = 300
"""How many other requests are compared, the newest first; a modal's metadata holds the ids of so many."""
SMALL: Final = 500
"""Customers of a request that is read together with others: a query for each would take far longer."""
REQUESTS_PER_QUERY: Final = 100
MAX_IDS: Final = 1_000_000
"""How many customer ids are compared; unpacking them takes a thread one or two seconds."""

_OPEN: Final = requests.c.state.in_([bindparam(None, state.value) for state in sorted(OPEN)])
_OF_RULE: Final = (
    select(
        requests.c.id,
        requests.c.batch_size,
        _OPEN.label("open"),
        requests.c.customers,
        requests.c.short,
        requests.c.channel,
        requests.c.card_ts,
        requests.c.asked_at,
        BEGUN.label("begun"),
    )
    .where(
        SUBMITTED,
        requests.c.rule_id == bindparam("rule"),
        requests.c.account == bindparam("account"),
        requests.c.id != bindparam("but"),
    )
    .order_by(BEGAN_AT.desc(), requests.c.id)
    .limit(MAX_REQUESTS + 1)
)
_EARLIER: Final = _OF_RULE.where(
    # a remainder shares its key with its first request, so nobody gets it from both
    or_(requests.c.once_key != bindparam("key"), requests.c.own_key == 1),
    bindparam("since", type_=BigInteger) < ENDS,
    or_(_OPEN, BEGUN),
)
_SAME_KEY: Final = _OF_RULE.add_columns(requests.c.purged_at).where(
    requests.c.once_key == bindparam("key"), or_(_OPEN, BEGUN)
)
_PORTIONS: Final = (
    select(customers.c.portion, customers.c.starts).where(of_request(customers)).order_by(customers.c.portion)
)
_IDS: Final = select(customers.c.ids).where(of_request(customers), customers.c.portion == bindparam("number"))
_OUTCOME: Final = (batches.c.portion, batches.c.batch, batches.c.size, batches.c.ends)
_SEVERAL: Final = [f"request_{number}" for number in range(REQUESTS_PER_QUERY)]
_SMALL_PORTIONS: Final = select(
    customers.c.request, customers.c.portion, customers.c.starts, customers.c.ids
).where(customers.c.request.in_(list(map(bindparam, _SEVERAL))))
_SMALL_OUTCOMES: Final = select(batches.c.request, *_OUTCOME).where(
    batches.c.request.in_(list(map(bindparam, _SEVERAL)))
)
_OUTCOMES: Final = select(*_OUTCOME).where(of_request(batches), batches.c.portion == bindparam("number"))


async def earlier_requests(where: Database | Transaction, request: Request, since: datetime) -> Rows:
    """Read the other requests of the same rule that gave since a time or may give, the newest first."""
    return await where.run(_EARLIER, {**_others(request), "since": to_micros(since)})


def _others(request: Request) -> Values:
    rule = request.rule.id if request.rule else ""
    return to_columns(rule=rule, account=request.account, but=request.id, key=request.once_key)


class PriorGrantsRepository(BaseRepository):
    """Searches the customers of earlier requests; a thread unpacks and compares them."""

    async def prior_grants(self, request: Request, since: datetime) -> PriorGrants:
        rows = await earlier_requests(self._database, request, since)
        if not rows:
            return PriorGrants()
        asked = await self._asked(encode(request.id))
        found, by = set[CustomerId](), list[PriorRequest]()
        overlaps, more = await self._overlaps(rows, asked)
        for overlap, row in overlaps:
            if same := overlap.given | overlap.unknown:
                found |= same
                by.append(_prior_request(row, overlap))
        among = frozenset(RequestId(decode(id_)) for id_, *_ in rows)
        return PriorGrants(len(found), tuple(by), more=more, among=among)

    async def key_use(self, request: Request, *, given: bool = False) -> KeyUse:
        rows = await self._database.run(_SAME_KEY, _others(request))
        if not rows:
            return KeyUse()
        wanted = await self._customers(request, given=given)
        had, maybe, by, forgotten = set[CustomerId](), set[CustomerId](), list[PriorRequest](), False
        overlaps, more = await self._overlaps(rows, wanted, are_over=given)
        for overlap, row in overlaps:
            had |= overlap.given
            maybe |= overlap.unknown
            forgotten |= row[-1] is not None
            used = _prior_request(row, overlap)
            if used.begun or used.customers:
                by.append(used)
        return KeyUse(len(had), len(maybe - had), tuple(by), forgotten=forgotten, more=more)

    async def _overlaps(
        self, rows: Rows, wanted: frozenset[CustomerId], *, are_over: bool = False
    ) -> tuple[list[tuple["_Overlap", Sequence[Any]]], bool]:
        """Compare customers with those of other requests; say whether there are more than can be compared."""
        small, found, compared = await self._read_small(rows), list[tuple[_Overlap, Sequence[Any]]](), 0
        for row in rows[:MAX_REQUESTS]:
            if compared > MAX_IDS:
                break
            id_, batch_size, is_open, *_ = row
            overlap = _Overlap(wanted, max(batch_size, 1), is_open=bool(is_open) and not are_over)
            compared += await self._compare(id_, overlap, small)
            found.append((overlap, row))
        return found, len(rows) > MAX_REQUESTS or compared > MAX_IDS

    async def _customers(self, request: Request, *, given: bool) -> frozenset[CustomerId]:
        """Read the customers who got it from a request, or all others."""
        own = encode(request.id)
        asked = await self._asked(own)
        if request.started_at is None:
            return frozenset() if given else asked
        overlap = _Overlap(asked, max(request.batch_size, 1), is_open=False)
        await self._compare(own, overlap, {})
        return frozenset(overlap.given if given else asked - overlap.given)

    async def _asked(self, request: str) -> frozenset[CustomerId]:
        portions = await self._database.run(_PORTIONS, {"which": request})
        return frozenset([id_ for portion, *_ in portions for id_ in await self._ids(request, portion)])

    async def _read_small(self, rows: Rows) -> "_Read":
        """Read the customers and outcomes of those requests that are small, many in a query."""
        small = [id_ for id_, _, _, size, *_ in rows[:MAX_REQUESTS] if size <= SMALL]
        found: _Read = {}
        for start in range(0, len(small), REQUESTS_PER_QUERY):
            ids = small[start : start + REQUESTS_PER_QUERY]
            values = dict(zip_longest(_SEVERAL, ids, fillvalue=""))
            portions = await self._database.run(_SMALL_PORTIONS, values)
            outcomes = await self._database.run(_SMALL_OUTCOMES, values)
            found |= await asyncio.to_thread(_unpacked, portions, outcomes)
        return found

    async def _compare(self, request: str, overlap: "_Overlap", small: "_Read") -> int:
        """Compare the customers of an earlier request, and count them."""
        if request in small:
            return sum(overlap.add(*portion) for portion in small[request])
        count = 0
        for portion, starts in await self._database.run(_PORTIONS, {"which": request}):
            rows = await self._database.run(_OUTCOMES, {"which": request, "number": portion})
            if rows or starts or overlap.is_open:
                ids = await self._ids(request, portion)
                count += await asyncio.to_thread(overlap.add, ids, list(map(outcome_of, rows)), starts)
        return count

    async def _ids(self, request: str, portion: int) -> list[CustomerId]:
        rows = await self._database.run(_IDS, {"which": request, "number": portion})
        return await asyncio.to_thread(unpacked, rows[0][0]) if rows else []


@dataclass(slots=True)
class _Overlap:
    """The customers of `asked` who got it from an earlier request, and those who may have or get it."""

    asked: frozenset[CustomerId]
    batch_size: int
    is_open: bool
    given: set[CustomerId] = field(default_factory=set)
    unknown: set[CustomerId] = field(default_factory=set)

    def add(self, ids: Sequence[CustomerId], outcomes: Sequence[BatchOutcome], starts: int) -> int:
        """Add a portion, without the refused and the untried of an end; return how many were compared."""
        if not (outcomes or starts or self.is_open):
            return 0
        both = self.asked.intersection(ids)
        if both:
            left = left_of(ids, outcomes, self.batch_size, started=starts > 0)
            refused = {one.customer for outcome in outcomes for one in outcome.refused}
            self.given |= both.difference(left.unknown, left.not_tried, refused)
            self.unknown |= both.intersection(left.unknown)
            if self.is_open:
                self.unknown |= both.intersection(left.not_tried)
        return len(ids)


_Read: TypeAlias = dict[str, list[tuple[list[CustomerId], list[BatchOutcome], int]]]
"""Ids, outcomes and starts of all portions, by request."""


def _unpacked(portions: Rows, outcomes: Rows) -> _Read:
    of_portion: defaultdict[tuple[str, int], list[BatchOutcome]] = defaultdict(list)
    for request, *row in outcomes:
        of_portion[request, row[0]].append(outcome_of(row))
    found: defaultdict[str, list[tuple[list[CustomerId], list[BatchOutcome], int]]] = defaultdict(list)
    for request, portion, starts, ids in portions:
        found[request].append((unpacked(ids), of_portion[request, portion], starts))
    return found


def _prior_request(row: Sequence[Any], overlap: _Overlap) -> PriorRequest:
    id_, _, _, _, short, channel, card_ts, asked_at, has_begun, *_ = row
    return PriorRequest(
        RequestId(decode(id_)),
        ShortId(decode(short)),
        ChannelId(decode(channel)),
        card_ts,
        len(overlap.given | overlap.unknown),
        unknown=len(overlap.unknown),
        open=overlap.is_open,
        asked_at=asked_at and from_micros(asked_at),
        begun=bool(has_begun),
    )
