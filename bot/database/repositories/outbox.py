"""The room of what is to be said: in order within a lane, and each until it is said or given up."""

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, exists, func, or_, select, update

from bot.database.connection import BaseRepository, Kept
from bot.database.encoding import encode, to_micros
from bot.database.mapping import THREAD, UNSAID, unsaid_of
from bot.database.schema import PENDING, outbox, requests
from bot.domain.requests.notification import ChannelKind, OutboxMessage

FARTHEST: Final = 600_000_000
"""Microseconds: nothing is put off for longer. What seems to be was put off by a clock that was set back since, and is said."""

_THIS: Final = outbox.c.id == bindparam("this")
_CARD: Final = outbox.alias("card")

# By GROUP BY, and not by asking for an earlier one: an outbox that has just filled up has no statistics, and then PostgreSQL
# compared everything with everything (measured: 60 ms instead of 3 for 900 notices).
_HEADS: Final = select(func.min(outbox.c.id)).where(PENDING).group_by(outbox.c.request, outbox.c.lane)
_CARD_TO_COME: Final = exists().where(
    _CARD.c.request == outbox.c.request,
    _CARD.c.lane == THREAD,
    _CARD.c.kind == ChannelKind.CARD.value,
    _CARD.c.said_ts.is_(None),
    _CARD.c.given_up.is_(None),
)
_UNSAID: Final = (
    select(*UNSAID)
    .join(requests, requests.c.id == outbox.c.request)
    .where(
        outbox.c.id.in_(_HEADS),
        or_(outbox.c.due <= bindparam("now"), outbox.c.due > bindparam("farthest")),
        or_(outbox.c.lane == THREAD, requests.c.card_ts.is_not(None), ~_CARD_TO_COME),
    )
    .order_by(outbox.c.id)
    .limit(bindparam("most"))
)
_SAYING: Final = update(outbox).where(_THIS).values(tried=1, attempts=outbox.c.attempts + 1)
_CHANGE: Final = update(outbox).where(_THIS)
_CARD_POSTED: Final = update(requests).where(requests.c.id == bindparam("which"))


class OutboxRepository(BaseRepository):
    """What stands in the outbox.

    A lane holds what has to keep its order: the card with its thread, or one other channel or person (`rows.lane`).
    What goes elsewhere links to the card, so it waits until that is posted, or given up.
    """

    async def due_messages(self, now: datetime, *, limit: int) -> tuple[OutboxMessage, ...]:
        """Read what can be said now: of each lane only its oldest unsaid notice, unless that is put off."""
        values = {"now": to_micros(now), "farthest": to_micros(now) + FARTHEST, "most": limit}
        return tuple(map(unsaid_of, await self._database.run(_UNSAID, values)))

    async def mark_attempt(self, outbox_message: OutboxMessage) -> None:
        """Note that an attempt to say it goes out."""
        await self._database.run(_SAYING, {"this": outbox_message.id})

    async def mark_sent(self, outbox_message: OutboxMessage, *, ts: str) -> None:
        """Note that it was said; a card's `ts` goes to its request."""
        done: dict[str, Kept] = {"this": outbox_message.id, "said_ts": encode(ts)}
        if outbox_message.notification.kind is not ChannelKind.CARD:
            await self._database.run(_CHANGE, done)
            return
        async with self._database.transaction() as transaction:
            await transaction.run(
                _CARD_POSTED, {"which": encode(outbox_message.request), "card_ts": encode(ts)}
            )
            await transaction.run(_CHANGE, done)

    async def reschedule(self, outbox_message: OutboxMessage, *, until: datetime, clean: bool) -> None:
        """Try later; `clean` where it is sure that this attempt posted nothing. An earlier one may have, all the same."""
        tried = outbox_message.tried or not clean
        await self._database.run(
            _CHANGE, {"this": outbox_message.id, "due": to_micros(until), "tried": int(tried)}
        )

    async def mark_failed(self, outbox_message: OutboxMessage, *, why: str) -> None:
        """Note that it can never be said."""
        await self._database.run(_CHANGE, {"this": outbox_message.id, "given_up": encode(why)})
