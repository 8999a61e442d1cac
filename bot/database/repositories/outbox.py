"""The outbox: messages to send, in order within a lane."""

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, exists, func, or_, select, tuple_, update

from bot.database.connection import BaseRepository
from bot.database.mapping import OUTBOX_COLUMNS, THREAD_LANE, encode, outbox_message_of, to_columns, to_micros
from bot.database.schema import OVER, PENDING, of_request, outbox, pause, requests
from bot.domain.requests.notification import ChannelKind, Notification, OutboxMessage

MAX_DELAY_MICROS: Final = 600_000_000
"""No message waits for longer. If one seems to, the clock was set back, and the message is due."""
ROWS_PER_DELETE: Final = 1_000
"""More would make clicks wait for SQLite's only writer."""

_MESSAGE: Final = outbox.c.id == bindparam("this")
_CARD: Final = outbox.alias("card")

# GROUP BY, not NOT EXISTS: without statistics, as after a sudden filling, PostgreSQL compared all rows with
# all rows (measured: 60 ms instead of 3 ms for 900 messages).
_HEADS: Final = select(func.min(outbox.c.id)).where(PENDING).group_by(outbox.c.request, outbox.c.lane)
_CARD_PENDING: Final = exists().where(
    _CARD.c.request == outbox.c.request,
    _CARD.c.lane == THREAD_LANE,
    _CARD.c.kind == ChannelKind.CARD.value,
    _CARD.c.said_ts.is_(None),
    _CARD.c.given_up.is_(None),
)
_DUE: Final = (
    select(*OUTBOX_COLUMNS)
    .join(requests, requests.c.id == outbox.c.request)
    .where(
        outbox.c.id.in_(_HEADS),
        or_(outbox.c.due <= bindparam("now"), outbox.c.due > bindparam("farthest")),
        or_(outbox.c.lane == THREAD_LANE, requests.c.card_ts.is_not(None), ~_CARD_PENDING),
    )
    .order_by(outbox.c.id)
    .limit(bindparam("most"))
)
_MARK_ATTEMPT: Final = update(outbox).where(_MESSAGE).values(tried=1, attempts=outbox.c.attempts + 1)
_UPDATE: Final = update(outbox).where(_MESSAGE)
_MARK_SENT: Final = (
    update(outbox)
    .where(_MESSAGE, or_(outbox.c.said_ts.is_(None), outbox.c.said_ts == bindparam("ts")))
    .values(said_ts=bindparam("ts"))
    .returning(outbox.c.id)
)
_SENT_OTHERWISE: Final = select(outbox.c.id).where(_MESSAGE, outbox.c.said_ts != bindparam("ts"))
_VERSIONS: Final = (
    select(*OUTBOX_COLUMNS, outbox.c.said_ts)
    .where(of_request(outbox), outbox.c.key.startswith(bindparam("message")))
    .order_by(outbox.c.id)
)
_PAUSED_SINCE: Final = select(pause.c.since).where(pause.c.id == 1).scalar_subquery()
_UNFINISHED: Final = select(outbox.c.request, outbox.c.lane).where(PENDING)
_END_WAITS: Final = update(outbox).where(PENDING, outbox.c.due > bindparam("now"))
_FORGET: Final = (
    delete(outbox)
    .where(
        outbox.c.id.in_(
            select(outbox.c.id)
            .where(
                OVER,
                outbox.c.happened_at < bindparam("before"),
                outbox.c.happened_at < func.coalesce(_PAUSED_SINCE, bindparam("before")),
                tuple_(outbox.c.request, outbox.c.lane).not_in(_UNFINISHED),
            )
            .order_by(outbox.c.happened_at)
            .limit(ROWS_PER_DELETE)
        )
    )
    .returning(outbox.c.id)
)
_LOCK_REQUEST: Final = (
    select(requests.c.id).where(requests.c.id == bindparam("which")).with_for_update(key_share=True)
)
"""Before its messages, as every unit of work does."""
_MAY_BE_SENT: Final = update(outbox).where(PENDING).values(tried=1)
_SET_CARD: Final = update(requests).where(requests.c.id == bindparam("which"))


class OutboxRepository(BaseRepository):
    """The outbox of all requests; `mapping.lane` says which messages keep their order.

    A message outside the card's thread links to the card, so it waits until the card is posted or has failed.
    """

    async def due_messages(self, now: datetime, *, limit: int) -> tuple[OutboxMessage, ...]:
        """Read the messages due now: each lane's oldest pending one, unless it is rescheduled."""
        values = {"now": to_micros(now), "farthest": to_micros(now) + MAX_DELAY_MICROS, "most": limit}
        return tuple(map(outbox_message_of, await self._database.run(_DUE, values)))

    async def mark_attempt(self, outbox_message: OutboxMessage) -> None:
        """Record that an attempt starts."""
        await self._database.run(_MARK_ATTEMPT, {"this": outbox_message.id})

    async def mark_sent(self, outbox_message: OutboxMessage, *, ts: str) -> bool:
        """Record the delivery, a card's with its request; False if it was sent under another `ts`."""
        done = to_columns(this=outbox_message.id, ts=ts)
        if outbox_message.notification.kind is not ChannelKind.CARD:
            marked = await self._database.run(_MARK_SENT, done)
        else:
            async with self._database.transaction() as transaction:
                card = {"which": encode(outbox_message.request), "card_ts": encode(ts)}
                await transaction.run(_LOCK_REQUEST, {"which": card["which"]})
                if marked := await transaction.run(_MARK_SENT, done):
                    await transaction.run(_SET_CARD, card)
        # a message that is forgotten by now was sent; this copy may be the only one
        return bool(marked) or not await self._database.run(_SENT_OTHERWISE, done)

    async def versions(self, outbox_message: OutboxMessage) -> tuple[Notification, Notification, str | None]:
        values = {"which": encode(outbox_message.request), "message": outbox_message.posted_as}
        rows = await self._database.run(_VERSIONS, values)
        oldest, newest = (outbox_message_of(row[:-1]).notification for row in (rows[0], rows[-1]))
        return oldest, newest, rows[0][-1]

    async def reschedule(self, outbox_message: OutboxMessage, *, until: datetime, clean: bool) -> None:
        """Reschedule it; `clean`: surely nothing was posted."""
        tried = outbox_message.tried or not clean
        await self._database.run(_UPDATE, to_columns(this=outbox_message.id, due=until, tried=tried))

    async def search_before_sending(self) -> None:
        """Search Slack for each pending message first: if a backup was put back, it may have been sent."""
        await self._database.run(_MAY_BE_SENT, {})

    async def end_waits(self, now: datetime) -> None:
        """Make every message due that waits for a later time."""
        await self._database.run(_END_WAITS, {"now": to_micros(now), "due": to_micros(now)})

    async def mark_failed(self, outbox_message: OutboxMessage, *, why: str) -> None:
        """Record that it can never be delivered."""
        await self._database.run(_UPDATE, {"this": outbox_message.id, "given_up": encode(why)})

    async def forget_sent(self, before: datetime) -> None:
        """Delete the messages from before a time that were sent or can never be; none is read again.

        Those since the pause began stay as long as it: the messages about it are edited at its end. Those of
        a lane with a pending message stay too: it may be such an edit.
        """
        values = {"before": to_micros(before)}
        while len(await self._database.run(_FORGET, values)) == ROWS_PER_DELETE:
            pass
