"""Restored backups, and the requests that they lack, found by their cards in Slack."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, func, or_, select, update

from bot.database.audit.log import ChainHead, append
from bot.database.connection import BaseRepository, Database
from bot.database.mapping import RowMapper, decode, encode, from_micros, to_columns, to_micros
from bot.database.repositories.pause import begin
from bot.database.schema import lost_requests, requests, restores
from bot.domain.ids import RequestId, RuleId, ShortId, UserId
from bot.domain.requests.audit_entries import Entry, EntryKind, paused
from bot.domain.requests.lost import LostRequest
from bot.domain.requests.request import Pause, State

_LOST: Final = RowMapper(LostRequest, lost_requests, id="request", rule="rule_id")
_IS_UNSETTLED: Final = lost_requests.c.settled_at.is_(None)
COUNT_UNSETTLED: Final = select(func.count()).where(_IS_UNSETTLED)
_UNSETTLED: Final = select(*_LOST.columns).where(_IS_UNSETTLED)
_ALL: Final = _UNSETTLED.order_by(lost_requests.c.card_ts)
# A card of a version that did not write its rule down may be about any.
_OF_RULE: Final = _ALL.where(lost_requests.c.rule_id.in_(["", bindparam("rule")]))
_ONE: Final = select(*_LOST.columns).where(
    or_(lost_requests.c.short == bindparam("name"), lost_requests.c.request == bindparam("name"))
)
_SETTLE: Final = update(lost_requests).where(_IS_UNSETTLED).returning(lost_requests.c.short)
_KNOWN: Final = select(requests.c.short).where(
    requests.c.short == bindparam("short"), requests.c.state != State.DRAFT.value
)
_OF_RESTORE: Final = restores.c.lost_hash == bindparam("which")
_RESTORE: Final = select(restores.c.lost_hash).where(_OF_RESTORE)
_OPEN_RESTORE: Final = (
    select(*restores.c)
    .where(or_(restores.c.searched_at.is_(None), restores.c.told_at.is_(None)))
    .order_by(restores.c.told_at.is_not(None), restores.c.lost_seq)
    .limit(1)
)
_SEARCHED: Final = update(restores).where(_OF_RESTORE).values(searched_at=bindparam("at"))
_TOLD: Final = update(restores).where(_OF_RESTORE).values(told_at=bindparam("at"))


@dataclass(frozen=True, slots=True)
class Restore:
    """A restored backup that the bot has not dealt with: a head of the audit that it lacks."""

    lost: ChainHead
    backup_at: datetime | None
    """When the bot last wrote something down before it; None if the database is a new one."""
    is_searched: bool
    """Whether the requests that it lacks were searched for in Slack, and the admins told of them."""
    is_told: bool
    """Whether the admins know why the bot is paused."""


class LostRequestRepository(BaseRepository):
    """Keeps them until an admin has settled what became of their customers."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._note = database.insert(lost_requests).on_conflict_do_nothing(index_elements=["short"])
        self._restore = (
            database.insert(restores)
            .on_conflict_do_nothing(index_elements=["lost_hash"])
            .returning(restores.c.lost_hash)
        )

    async def knows_restore(self, lost: ChainHead) -> bool:
        """Tell whether the bot was paused for a lost head before."""
        return bool(await self._database.run(_RESTORE, {"which": lost.hash}))

    async def begin_restore(self, lost: ChainHead, backup_at: datetime | None, pause: Pause) -> bool:
        """Note a restored backup and pause the bot, at once; return False if it was noted before."""
        row = to_columns(lost_hash=lost.hash, lost_seq=lost.seq, backup_at=backup_at)
        async with self._database.transaction() as transaction:
            if not await transaction.run(self._restore, row):
                return False
            if await begin(transaction, pause):
                await append(transaction, [paused(pause)], pause.since)
        return True

    async def open_restore(self) -> Restore | None:
        """Read a restored backup that the bot has not dealt with; one that nobody was told of comes first."""
        for hash_, seq, backup_at, searched_at, told_at in await self._database.run(_OPEN_RESTORE, {}):
            at = None if backup_at is None else from_micros(backup_at)
            return Restore(ChainHead(seq, hash_), at, searched_at is not None, told_at is not None)
        return None

    async def mark_searched(self, restore: Restore, at: datetime) -> None:
        """Note that Slack was searched for requests that a restored backup lacks."""
        await self._database.run(_SEARCHED, {"which": restore.lost.hash, "at": to_micros(at)})

    async def mark_told(self, restore: Restore, at: datetime) -> None:
        """Note that the admins know of a restored backup."""
        await self._database.run(_TOLD, {"which": restore.lost.hash, "at": to_micros(at)})

    async def note_lost(self, found: Sequence[LostRequest], at: datetime) -> tuple[LostRequest, ...]:
        """Keep those that the database does not know, and return all that nobody has settled."""
        for one in found:
            if not await self._database.run(_KNOWN, {"short": encode(one.short)}):
                await self._database.run(self._note, _LOST.write(replace(one, noted_at=at)))
        return await self.lost()

    async def lost(self, rule: RuleId | None = None) -> tuple[LostRequest, ...]:
        statement, values = (_ALL, {}) if rule is None else (_OF_RULE, {"rule": encode(rule)})
        return tuple(map(_LOST.read, await self._database.run(statement, values)))

    async def find_lost(self, name: RequestId | ShortId) -> LostRequest | None:
        rows = await self._database.run(_ONE, {"name": encode(name)}) if name else ()
        return _LOST.read(rows[0]) if rows else None

    async def settle_lost(self, by: UserId, at: datetime) -> int:
        values = to_columns(settled_at=at, settled_by=by)
        async with self._database.transaction() as transaction:
            settled = [decode(short) for (short,) in await transaction.run(_SETTLE, values)]
            if settled:
                entry = Entry(kind=EntryKind.SETTLED, who=by, facts={"requests": sorted(settled)})
                await append(transaction, [entry], at)
        return len(settled)
