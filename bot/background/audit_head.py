"""Keeps the audit's head in Slack, and detects a restored backup: a database that lacks this head."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.background.restored_backup import RestoredBackup
from bot.database.audit.log import ChainHead
from bot.database.repositories.repository import SqlRepository
from bot.database.repositories.restores import Restore
from bot.domain.ports import Clock
from bot.errors import DatabaseUnavailable
from bot.slack.client.audit_notice import AuditNotices
from bot.slack.client.errors import CALL_ERRORS, describe, is_transient

NOTICE_INTERVAL: Final = timedelta(days=1)
CLOSING_SECONDS: Final = 0.5
"""The time to note the last head when the program ends."""
FIRST: Final = 1
"""The number of the row whose hash names the chain."""

log = structlog.get_logger()


@dataclass(slots=True)
class AuditHeadKeeper:
    """Tells the admins the head once a day, notes it after each change, and pauses if a noted one is gone."""

    repository: SqlRepository
    notices: AuditNotices
    restored: RestoredBackup
    clock: Clock
    may: Callable[[], bool] = lambda: True
    """Whether this process is the leader, which alone writes to Slack."""
    _noted: ChainHead | None = None
    _compared_at: datetime | None = None
    """When the database last had the noted head, as far as this process knows."""

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Compare before anything is given, waiting for Slack if it is away; note the head at the end.

        The admins hear of it from `run_once`: to search Slack takes minutes, and clicks wait for the start.
        """
        chain = await self.repository.audit.hash_of(FIRST)
        self._noted = await self.notices.last_for_sure(chain)  # of a new database: any that was here before
        await self._compare()
        yield
        with suppress(TimeoutError, DatabaseUnavailable):
            async with asyncio.timeout(CLOSING_SECONDS):
                await self.run_once()

    async def run_once(self) -> None:
        """Compare, and bring Slack up to date; what fails is logged, and repeated the next time."""
        if not self.notices.admins:
            return  # nobody has a notice, and a head that is kept would be a new row each time
        if not self.may():
            self._noted = None
            return
        try:
            await self._run_once()
        except CALL_ERRORS as error:
            log.debug("audit head not noted", why=describe(error))
            if not is_transient(error):
                self.notices.newest = None  # somebody deleted it: the next turn sends another

    async def _run_once(self) -> None:
        chain, audit = await self.repository.audit.hash_of(FIRST), self.repository.audit
        if chain is None:
            return
        self._noted = self._noted or await self.notices.last(chain)
        await self._compare()
        if restore := await self.repository.open_restore():
            await self._tell(chain, restore)
        head = await audit.head()
        if head and await self._is_due(head):
            await self.notices.tell(chain, head)
            await audit.keep_head(head)
        elif head and head != self._noted:
            await self.notices.note(chain, head)
        self._noted = head

    async def _is_due(self, head: ChainHead) -> bool:
        """Whether Slack has no notice yet; or a day has passed, or the clock was put back, with new rows."""
        if self.notices.newest is None:
            return head.seq > FIRST
        sent, sent_at = await self.repository.audit.last_kept() or (None, None)
        too_soon = sent_at is not None and abs(self.clock.now() - sent_at) < NOTICE_INTERVAL
        return head.seq > FIRST and not too_soon and head.seq - 1 != sent

    async def _compare(self) -> None:
        """Pause if the database lacks the noted head; a person who resumes has compared it with Slack."""
        lost, now = self._noted, self.clock.now()
        if lost is None or await self.repository.audit.hash_of(lost.seq) == lost.hash:
            self._compared_at = now
        elif await self.restored.pause(lost, until=self._compared_at):
            log.error(
                "the database lacks what the bot has seen: an old backup, or a new one; the bot is paused",
                lost_row=lost.seq,
            )

    async def _tell(self, chain: str, restore: Restore) -> None:
        """Tell the admins what a restored backup lacks, then why the bot is paused; each once."""
        failure: Exception | None = None
        if not restore.is_searched:
            try:
                await self.restored.tell_lost(restore.backup_at)
            except CALL_ERRORS as error:
                failure = error
            else:
                await self.repository.mark_searched(restore, self.clock.now())
        if not restore.is_told and (head := await self.repository.audit.head()):
            is_new, is_searched = restore.backup_at is None, failure is None
            await self.notices.tell_restored(
                chain, head, restore.lost, is_new=is_new, is_searched=is_searched
            )
            await self.repository.mark_told(restore, self.clock.now())
            self._noted = head
        if failure:
            raise failure
