"""The room of the pause: one row, which everybody locks who begins to give."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select, update

from bot.database.audit.chain import append
from bot.database.connection import BaseRepository, Values
from bot.database.encoding import decode, encode, from_micros, to_micros
from bot.database.mapping import kept
from bot.database.schema import pause, requests
from bot.domain.ids import UserId
from bot.domain.requests.audit_entries import Entry, EntryKind, paused
from bot.domain.requests.request import Pause, PauseState, State

_ROW: Final = pause.c.id == 1
_CHANGED: Final = {"changes": pause.c.changes + 1}

READ: Final = select(pause.c.since, pause.c.doer, pause.c.why).where(_ROW)
LOCK: Final = READ.with_for_update(read=True)
"""Shared: those who begin to give keep out only whoever pauses, and nobody else who begins."""
BEGIN: Final = update(pause).where(_ROW, pause.c.since.is_(None)).values(**_CHANGED).returning(pause.c.id)
COUNT: Final = update(pause).where(_ROW).values(faults=pause.c.faults + 1).returning(pause.c.faults)
FORGET: Final = update(pause).where(_ROW, pause.c.faults > 0).values(faults=0)
_END: Final = update(pause).where(_ROW, pause.c.since.is_not(None)).values(**_CHANGED).returning(pause.c.id)
_PAUSED: Final = select(pause.c.id).where(_ROW, pause.c.since.is_not(None)).exists()
# Not in one transaction with the pause itself: whoever ends a giving holds its row and then wants the pause's.
_HOLD_UP: Final = update(requests).where(
    requests.c.state == State.GIVING.value, requests.c.pausing == PauseState.NO.value, _PAUSED
)
_UNTOLD: Final = select(pause.c.changes).where(_ROW, pause.c.changes > pause.c.told)
_TOLD: Final = update(pause).where(_ROW, pause.c.told < bindparam("change")).values(told=bindparam("change"))


def pause_row(value: Pause) -> Values:
    """Write a pause."""
    return {"since": to_micros(value.since), "doer": kept(value.by), "why": encode(value.why)}


def pause_of(rows: Sequence[Any]) -> Pause | None:
    """Read the pause, where there is one."""
    if not rows or rows[0][0] is None:
        return None
    since, doer, why = rows[0]
    return Pause(from_micros(since), None if doer is None else UserId(decode(doer)), decode(why))


class PauseRepository(BaseRepository):
    """Whether nothing is given for now."""

    async def pause(self) -> Pause | None:
        """Say whether the bot is paused."""
        return pause_of(await self._database.run(READ, {}))

    async def begin_pause(self, pause: Pause) -> bool:
        """Pause the bot; false where it is paused already."""
        async with self._database.transaction() as transaction:
            begun = bool(await transaction.run(BEGIN, pause_row(pause)))
            await append(transaction, [paused(pause)] if begun else [], pause.since)
        return begun

    async def end_pause(self, by: UserId, at: datetime) -> bool:
        """Resume; false where nothing was paused. What Dintero's faults were counted is forgotten."""
        async with self._database.transaction() as transaction:
            ended = bool(await transaction.run(_END, {"since": None, "doer": None, "why": "", "faults": 0}))
            await append(transaction, [Entry(kind=EntryKind.RESUMED, who=by)] if ended else [], at)
        return ended

    async def stop_for_pause(self) -> None:
        """While the bot is paused, ask everything that is being given to stop after its batches in flight."""
        await self._database.run(_HOLD_UP, {"pausing": PauseState.ASKED.value})

    async def unannounced_change(self) -> int | None:
        """Answer the number of the last pause or resumption, while the cards do not show it."""
        rows = await self._database.run(_UNTOLD, {})
        return int(rows[0][0]) if rows else None

    async def mark_announced(self, change: int) -> None:
        """Note that the cards show a change."""
        await self._database.run(_TOLD, {"change": change})
