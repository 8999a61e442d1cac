"""Daily tasks: the retention of old requests, and the notice to admins of the audit's head."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from bot.database.audit.log import Audit, ChainHead
from bot.domain.ports import Clock
from bot.services.retention import RetentionService

NOTICE_INTERVAL: Final = timedelta(days=1)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DailyTasks:
    """Run every hour; a task that failed is tried again in the next."""

    retention: RetentionService
    audit: Audit
    clock: Clock
    tell: Callable[[ChainHead], Awaitable[None]]

    async def run_once(self) -> None:
        """Run both tasks; a failure in one does not skip the other."""
        try:
            if purged := await self.retention.purge():
                log.info("purged", requests=purged)
            if not await self.retention.erase():
                log.warning("purged data is still in the write-ahead log; the next hour tries again")
        finally:
            await self._tell_head()

    async def _tell_head(self) -> None:
        """Send the admins the head of the chain, then keep it; not if nothing was added since."""
        last, head = await self.audit.head_kept_at(), await self.audit.head()
        sent = {kept.seq for kept in (await self.audit.heads())[-1:]}
        too_soon = last is not None and self.clock.now() - last < NOTICE_INTERVAL
        if head is None or head.seq <= 1 or too_soon or head.seq - 1 in sent:
            return
        await self.tell(head)
        await self.audit.keep_head(head)
