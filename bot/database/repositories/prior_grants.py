"""Earlier grants of the same rule to some of the same customers, by requests of the last days."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, or_, select

from bot.database.connection import BaseRepository, Rows, Values
from bot.database.mapping import decode, encode, to_micros
from bot.database.schema import batches, customers, of_request, requests
from bot.domain.customers.packing import unpacked
from bot.domain.ids import ChannelId, CustomerId, RequestId, ShortId
from bot.domain.requests.outcome_codec import left_of, outcome_of
from bot.domain.requests.prior_grants import PriorGrants, PriorRequest
from bot.domain.requests.request import Request

MAX_REQUESTS: Final = 20
"""How many earlier requests are compared, the newest first."""
MAX_IDS: Final = 1_000_000
"""How many customer ids are compared; unpacking them takes a thread one or two seconds."""

_EARLIER: Final = (
    select(requests.c.id, requests.c.short, requests.c.channel, requests.c.card_ts, requests.c.batch_size)
    .where(
        requests.c.rule_id == bindparam("rule"),
        requests.c.account == bindparam("account"),
        requests.c.id != bindparam("but"),
        requests.c.started_at.is_not(None),
        or_(requests.c.ended_at.is_(None), requests.c.ended_at > bindparam("since")),
    )
    .order_by(requests.c.started_at.desc(), requests.c.id)
    .limit(MAX_REQUESTS + 1)
)
_PORTIONS: Final = (
    select(customers.c.portion, customers.c.size).where(of_request(customers)).order_by(customers.c.portion)
)
_IDS: Final = select(customers.c.ids).where(of_request(customers), customers.c.portion == bindparam("number"))
_OUTCOMES: Final = select(batches.c.portion, batches.c.batch, batches.c.size, batches.c.ends).where(
    of_request(batches), batches.c.portion == bindparam("number")
)


class PriorGrantsRepository(BaseRepository):
    """Searches the customers of earlier requests; a thread unpacks and compares them."""

    async def prior_grants(self, request: Request, since: datetime) -> PriorGrants:
        """Find a request's customers who were given its rule since a time, and the requests that gave it."""
        if request.rule is None:
            return PriorGrants()
        values: Values = {
            "rule": encode(request.rule.id),
            "account": encode(request.account),
            "but": encode(request.id),
            "since": to_micros(since),
        }
        rows = await self._database.run(_EARLIER, values)
        if not rows:
            return PriorGrants()
        own = encode(request.id)
        portions = await self._database.run(_PORTIONS, {"which": own})
        asked = frozenset([id_ for portion, _ in portions for id_ in await self._ids(own, portion)])
        found, by, compared = set[CustomerId](), list[PriorRequest](), 0
        for id_, short, channel, card_ts, batch_size in rows[:MAX_REQUESTS]:
            if compared > MAX_IDS:
                break
            given, count = await self._given(id_, max(batch_size, 1), asked)
            compared += count
            found |= given
            if given:
                of = RequestId(decode(id_)), ShortId(decode(short)), ChannelId(decode(channel))
                by.append(PriorRequest(*of, card_ts, len(given)))
        return PriorGrants(len(found), tuple(by), more=len(rows) > MAX_REQUESTS or compared > MAX_IDS)

    async def _given(
        self, request: str, batch_size: int, asked: frozenset[CustomerId]
    ) -> tuple[set[CustomerId], int]:
        """Find the customers of `asked` who received an earlier request, and count the ids compared."""
        given, count = set[CustomerId](), 0
        for portion, size in await self._database.run(_PORTIONS, {"which": request}):
            rows = await self._database.run(_OUTCOMES, {"which": request, "number": portion})
            if rows:
                ids = await self._ids(request, portion)
                given |= await asyncio.to_thread(_given_of, ids, rows, batch_size, asked)
                count += size
        return given, count

    async def _ids(self, request: str, portion: int) -> list[CustomerId]:
        rows = await self._database.run(_IDS, {"which": request, "number": portion})
        return await asyncio.to_thread(unpacked, rows[0][0]) if rows else []


def _given_of(
    ids: Sequence[CustomerId], rows: Rows, batch_size: int, asked: frozenset[CustomerId]
) -> frozenset[CustomerId]:
    """Return the ids of `asked` whose batch has an outcome that does not exclude them."""
    outcomes = tuple(map(outcome_of, rows))
    refused = {one.customer for outcome in outcomes for one in outcome.refused}
    left = left_of(ids, outcomes, batch_size, started=True)
    return asked.intersection(ids).difference(refused, left.unknown, left.not_tried)
