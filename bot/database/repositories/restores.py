"""Restored backups: each pauses the bot, until somebody has looked at what it lacks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, or_, select, update

from bot.database.audit.log import ChainHead, append
from bot.database.connection import BaseRepository, Database
from bot.database.mapping import from_micros, to_columns, to_micros
from bot.database.repositories.pause import begin
from bot.database.schema import restores
from bot.domain.requests.audit_entries import paused
from bot.domain.requests.pause import Pause

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


class RestoreRepository(BaseRepository):
    """Notes each restored backup, and who knows of it."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
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
