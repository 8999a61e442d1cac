"""The pause: one row, which every request locks when its giving starts.

The message to each channel is enqueued in the transaction that changes the row, so no crash comes between.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import uuid4

from sqlalchemy import bindparam, func, insert, select, update

from bot.database.audit.log import append
from bot.database.connection import BaseRepository, Transaction, Values
from bot.database.mapping import PAUSES, decode, notification_row, pause_of, to_columns
from bot.database.schema import outbox, pause, requests
from bot.domain.ids import RequestId, UserId
from bot.domain.requests.audit_entries import Entry, EntryKind, paused
from bot.domain.requests.notification import OPEN_HERE, ChannelKind, Notification, NotificationType
from bot.domain.requests.pause import Pause, PauseState
from bot.domain.requests.request import State

_ROW: Final = pause.c.id == 1
_CHANGED: Final = {"changes": pause.c.changes + 1}

READ: Final = select(*PAUSES.columns).where(_ROW)
LOCK: Final = READ.with_for_update(read=True)
"""A shared lock: requests that start exclude a new pause, but not each other."""
_BEGIN: Final = update(pause).where(_ROW, pause.c.since.is_(None)).values(**_CHANGED).returning(pause.c.id)
_CHANGE: Final = update(pause).where(_ROW).values(**_CHANGED)
_SET_MESSAGES: Final = update(pause).where(_ROW)
_TO_CHANGE: Final = (
    select(*PAUSES.columns, pause.c.changes, pause.c.messages)
    .where(_ROW, pause.c.since.is_not(None))
    .with_for_update()
)
_SENT_LATER: Final = (State.WAITING, State.APPROVED, State.GIVING)
_CHANNELS: Final = (
    select(requests.c.channel, func.min(requests.c.id), func.count())
    .where(requests.c.state.in_([bindparam(None, state.value) for state in _SENT_LATER]))
    .group_by(requests.c.channel)
)
"""The channels with open requests, with one of them and their number."""
_ENQUEUE: Final = insert(outbox)
_TOLD: Final = (
    select(outbox.c.request, outbox.c.addressee, requests.c.purged_at)
    .join(requests, requests.c.id == outbox.c.request)
    .where(outbox.c.key == bindparam("of_key"))
)
COUNT_FAULT: Final = update(pause).where(_ROW).values(faults=pause.c.faults + 1).returning(pause.c.faults)
FORGET_FAULTS: Final = update(pause).where(_ROW, pause.c.faults > 0).values(faults=0)
_PAUSED: Final = select(pause.c.id).where(_ROW, pause.c.since.is_not(None)).exists()
# It has its own transaction: a giving that ends holds its request's row, then wants the pause's row.
_STOP_REQUESTS: Final = update(requests).where(
    requests.c.state == State.GIVING.value, requests.c.pausing == PauseState.NO.value, _PAUSED
)
_UNANNOUNCED: Final = select(pause.c.changes).where(_ROW, pause.c.changes > pause.c.told)
_MARK_ANNOUNCED: Final = (
    update(pause).where(_ROW, pause.c.told < bindparam("change")).values(told=bindparam("change"))
)


async def begin(transaction: Transaction, pause: Pause) -> bool:
    """Pause the bot, and tell each channel with open requests; return False if it is paused already."""
    begun = bool(await transaction.run(_BEGIN, PAUSES.write(pause)))
    if begun:
        await _announce(transaction, pause)
    return begun


async def _announce(transaction: Transaction, pause: Pause) -> str:
    """Tell each channel with open requests; return the keys of the messages."""
    rows = [
        _row(request, channel, _news(pause), key=str(uuid4()), waiting=waiting)
        for channel, request, waiting in await transaction.run(_CHANNELS, {})
    ]
    await transaction.run_many(_ENQUEUE, rows)
    messages = " ".join(str(row["key"]) for row in rows)
    await transaction.run(_SET_MESSAGES, {"messages": messages})
    return messages


async def _change(transaction: Transaction, row: Values, news: Notification) -> bool:
    """Change or end the pause, and edit the messages about it; return False if the bot is not paused."""
    changed = await transaction.run(_TO_CHANGE, {})
    for *begun, change, stored in changed:
        # a pause that an earlier version began is announced now
        messages = await _announce(transaction, PAUSES.read(begun)) if stored is None else stored
        await transaction.run(_CHANGE, row)
        waiting = {channel: count for channel, _, count in await transaction.run(_CHANNELS, {})}
        for key in messages.split():
            for request, channel, purged_at in await transaction.run(_TOLD, {"of_key": key}):
                said = replace(news, note="") if purged_at else news
                edit = _row(request, channel, said, key=f"{key}.{change}", waiting=waiting.get(channel, 0))
                await transaction.run(_ENQUEUE, edit)
    return bool(changed)


def _news(pause: Pause) -> Notification:
    return Notification(
        kind=ChannelKind.NOTICE,
        happened=NotificationType.PAUSED,
        at=pause.since,
        by=pause.by,
        note=pause.why,
    )


def _row(request: str, channel: str, news: Notification, *, key: str, waiting: int) -> Values:
    to_channel = replace(news, to=decode(channel), facts={OPEN_HERE: str(waiting)})
    return notification_row(RequestId(decode(request)), to_channel, key=key)


class PauseRepository(BaseRepository):
    """Whether giving is paused."""

    async def pause(self) -> Pause | None:
        return pause_of(await self._database.run(READ, {}))

    async def begin_pause(self, pause: Pause) -> bool:
        async with self._database.transaction() as transaction:
            begun = await begin(transaction, pause)
            if begun:
                await append(transaction, [paused(pause)], pause.since)
        return begun

    async def replace_pause(self, pause: Pause) -> bool:
        row = {name: value for name, value in PAUSES.write(pause).items() if name != "since"}
        return await self._write(row, _news(pause), paused(pause))

    async def end_pause(self, by: UserId, at: datetime) -> bool:
        row = to_columns(since=None, doer=None, why="", faults=0, messages=None)
        news = Notification(kind=ChannelKind.NOTICE, happened=NotificationType.RESUMED, at=at)
        return await self._write(row, news, Entry(kind=EntryKind.RESUMED, who=by))

    async def _write(self, row: Values, news: Notification, entry: Entry) -> bool:
        async with self._database.transaction() as transaction:
            changed = await _change(transaction, row, news)
            if changed:
                await append(transaction, [entry], news.at)
        return changed

    async def stop_for_pause(self) -> None:
        await self._database.run(_STOP_REQUESTS, {"pausing": PauseState.ASKED.value})

    async def unannounced_change(self) -> int | None:
        rows = await self._database.run(_UNANNOUNCED, {})
        return int(rows[0][0]) if rows else None

    async def mark_announced(self, change: int) -> None:
        await self._database.run(_MARK_ANNOUNCED, {"change": change})
