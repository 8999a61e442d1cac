"""The room of what was given before: the same rule to some of the same customers, by requests of the last days."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, or_, select

from bot.database.connection import BaseRepository, Kept
from bot.database.encoding import decode, encode, to_micros
from bot.database.schema import batches, customers, requests
from bot.domain.customers.packing import unpacked
from bot.domain.ids import ChannelId, RequestId, ShortId
from bot.domain.requests.batches import BatchOutcome
from bot.domain.requests.outcome_codec import outcome_of
from bot.domain.requests.prior_grants import PriorGrants, PriorRequest
from bot.domain.requests.request import Request

REQUESTS: Final = 20
"""Earlier requests that are looked at, the newest first."""
IDS: Final = 1_000_000
"""Customer ids that are looked at; unpacking so many takes a second or two of a thread."""

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
    .limit(REQUESTS + 1)
)
_PORTIONS: Final = (
    select(customers.c.portion, customers.c.size)
    .where(customers.c.request == bindparam("which"))
    .order_by(customers.c.portion)
)
_IDS: Final = select(customers.c.ids).where(
    customers.c.request == bindparam("which"), customers.c.portion == bindparam("number")
)
_OUTCOMES: Final = select(batches.c.portion, batches.c.batch, batches.c.size, batches.c.ends).where(
    batches.c.request == bindparam("which"), batches.c.portion == bindparam("number")
)


class PriorGrantsRepository(BaseRepository):
    """Looks through the customers of earlier requests; what is long is unpacked and compared in a thread."""

    async def prior_grants(self, request: Request, since: datetime) -> PriorGrants:
        """Find who of a request's customers were given its rule since a moment; nobody where none was given it then."""
        if request.rule is None:
            return PriorGrants()
        values: dict[str, Kept] = {
            "rule": encode(request.rule.id),
            "account": encode(request.account),
            "but": encode(request.id),
            "since": to_micros(since),
        }
        rows = await self._database.run(_EARLIER, values)
        asked = await self._all(request.id) if rows else frozenset()
        found, by, looked = set[str](), list[PriorRequest](), 0
        for id_, short, channel, card_ts, batch_size in rows[:REQUESTS]:
            if looked > IDS:
                break
            given, read = await self._given(id_, max(batch_size, 1), asked)
            looked += read
            found |= given
            if given:
                by.append(
                    PriorRequest(
                        RequestId(decode(id_)),
                        ShortId(decode(short)),
                        ChannelId(decode(channel)),
                        card_ts,
                        len(given),
                    )
                )
        return PriorGrants(len(found), tuple(by), more=len(rows) > REQUESTS or looked > IDS)

    async def _all(self, request: str) -> frozenset[str]:
        ids = set[str]()
        for portion, _ in await self._database.run(_PORTIONS, {"which": encode(request)}):
            ids |= set(await self._ids(request, portion))
        return frozenset(ids)

    async def _given(self, request: str, batch_size: int, asked: frozenset[str]) -> tuple[set[str], int]:
        """Find whom an earlier request has given it, among those that are asked for now, and count the ids looked at."""
        given, read = set[str](), 0
        for portion, size in await self._database.run(_PORTIONS, {"which": request}):
            rows = await self._database.run(_OUTCOMES, {"which": request, "number": portion})
            if rows:
                ids = await self._ids(request, portion)
                given |= await asyncio.to_thread(_given_of, ids, rows, batch_size, asked)
                read += size
        return given, read

    async def _ids(self, request: str, portion: int) -> list[str]:
        rows = await self._database.run(_IDS, {"which": encode(request), "number": portion})
        return await asyncio.to_thread(unpacked, rows[0][0]) if rows else []


def _given_of(ids: Sequence[str], rows: Sequence[Any], batch_size: int, asked: frozenset[str]) -> set[str]:
    """Keep those of a portion whose batch went through, and who are not among the ones it left out."""
    outcomes: list[BatchOutcome] = [outcome_of(row) for row in rows]
    through = {outcome.batch for outcome in outcomes}
    left_out = {str(one.customer) for outcome in outcomes for one in outcome.refused}
    left_out |= {str(customer) for outcome in outcomes for customer in (*outcome.unknown, *outcome.not_tried)}
    return {
        one
        for at, one in enumerate(ids)
        if one in asked and at // batch_size in through and one not in left_out
    }
