"""What is done once a day: purging what was kept long enough, and telling the admins where the audit ends."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from bot.database.audit.log import Audit, ChainHead
from bot.domain.ports import Clock
from bot.services.retention import RetentionService

A_DAY: Final = timedelta(days=1)
TellHead = Callable[[ChainHead], Awaitable[None]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DailyTasks:
    """Looked at every hour; what failed is tried again in the next."""

    retention: RetentionService
    audit: Audit
    clock: Clock
    tell: TellHead

    async def run_once(self) -> None:
        """Do what is due; one failing keeps the other from nothing."""
        try:
            await self._purge()
        finally:
            await self._tell_head()

    async def _purge(self) -> None:
        purged = await self.retention.purge()
        if purged:
            log.info("purged", requests=purged)

    async def _tell_head(self) -> None:
        """Tell where the chain ends, and keep it once it was told; a day without an entry, or a first start, has nothing to tell."""
        last, head = await self.audit.head_kept_at(), await self.audit.head()
        told = {kept.seq for kept in (await self.audit.heads())[-1:]}
        if (
            head is None
            or head.seq <= 1
            or (last and self.clock.now() - last < A_DAY)
            or head.seq - 1 in told
        ):
            return
        await self.tell(head)
        await self.audit.keep_head(head)
